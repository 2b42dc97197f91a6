"""The peer of parse + diff: a script that takes an hour to write. naive.py TEXT-A TEXT-B -> ms per sample: median, least, most."""
import re, sys, time

ROW = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) (\S+) (\d+) *(.*)")

def parse(text):
    regions, region = {}, None
    for line in text.splitlines():
        row = ROW.match(line)
        if row:
            start, end, perms, offset, dev, inode, name = row.groups()
            region = {"start": int(start, 16), "end": int(end, 16), "perms": perms, "offset": int(offset, 16), "name": name}
            regions[region["start"]] = region
        else:
            key, value = line.split(":", 1)
            region[key] = int(value.split()[0]) if value.endswith(" kB") else value.strip()
    return regions

def diff(a, b):
    return [k for k in a.keys() | b.keys() if a.get(k) != b.get(k)]

texts, last, figures = [open(path).read() for path in sys.argv[1:3]], {}, []
for turn in range(400):
    began = time.process_time()
    now = parse(texts[turn % 2])
    changed, last = diff(last, now), now
    figures.append((time.process_time() - began) * 1e3)
    assert changed
figures.sort()
print(*("%.6f" % f for f in (figures[200], figures[0], figures[-1])))
