"""What vm-diff says of two recordings: its key frames, its sentence, its conditions, and how addresses vary between runs.

  hold_diff(a, b)      two untracked streams (texts)  ->  what is wrong
  hold_entropy(seed)   some runs of a program as maps texts
"""
import os
import random
import re
import subprocess
import tempfile

from stream import parse
from words import differ, fits, tokens

SUBJECTS = ("total", "heap", "anon", "kind:mykind", "perms:wx", "perms:rw-p", "name:[*]")


def last_state(texts):
    """Regions of the first process that has any, in its last whole state."""
    found = {}
    for text in texts:
        line = parse(text)
        if line["type"] == "snapshot":
            found[line["pid"]] = []
        elif line["type"] == "region":
            found[line["pid"]].append(line)
    return next(iter(found.values()), [])


def bare(region):
    return {name: value for name, value in region.items() if name not in ("type", "t", "pid", "seq", "id")}


def whole(region):
    return str(sorted(region.items()))


def hold_diff(a, b, options=()):
    """(what is wrong, the stream)"""
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in "ab"]
        for path, texts in zip(paths, (a, b)):
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write("\n".join(texts) + "\n")
        done = subprocess.run(["vm-diff", *options, *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    out = [text for text in done.stdout.decode("utf-8", "surrogateescape").split("\n") if text]
    said = done.stderr.decode("utf-8", "surrogateescape").strip().split("\n")
    lines = [parse(text) for text in out]
    for t, texts in (("0.000000000", a), ("1.000000000", b)):
        shown = [bare(line) for line in lines if line["type"] == "region" and line["t"] == t]
        wanted = [bare(region) for region in last_state(texts)]
        if sorted(map(whole, shown)) != sorted(map(whole, wanted)):
            wrong.append("the key frame at %s s has other regions: %s" % (t, [one for one in shown if one not in wanted][:1] or [one for one in wanted if one not in shown][:1]))
    sentence = next((text for text in said if re.search(r"regions? equal", text)), "")
    wrong += [text for text in hold_sentence(sentence, lines) if text]
    return wrong, out, done.returncode


def event_of(line):
    """The event; a heap that begins or ends is added or removed."""
    if line["event"] == "BRK_GROW" and "was" not in line:
        return "MMAP_ADD"
    return "MUNMAP_REMOVE" if line["event"] == "BRK_SHRINK" and line["start"] == line["end"] else line["event"]


def hold_sentence(sentence, lines):
    """"3 differences: 1 added (1 MiB), ...; 25 of 27 regions are the same; 26 moved by base, 4 bases"."""
    regions = [line for line in lines if line["type"] == "region" and line["t"] == "0.000000000"]
    real = [line for line in lines if line["type"] == "change" and "noise" not in line.get("cause", {})]
    noise = [line["cause"] for line in lines if line["type"] == "change" and "noise" in line.get("cause", {})]
    groups = {"added": ("MMAP_ADD",), "removed": ("MUNMAP_REMOVE",), "resized": ("BRK_GROW", "BRK_SHRINK", "STACK_GROW", "RESIZE_MAPPING"),
              "permissions": ("PERM_CHANGE",), "renamed": ("RENAME",), "residency": ("RESIDENT_CHANGE",), "moved": ("MOVE",), "split": ("SPLIT", "MERGE")}
    counts = {name: [line for line in real if event_of(line) in events] for name, events in groups.items()}
    yield "" if sum(map(len, counts.values())) == len(real) else "an event is of no sort"
    parts = sentence.partition(": ")[2]
    head, _, rest = parts.partition("; ")
    values = [("n", len(real))] if real else []
    for name, ones in counts.items():
        if not ones:
            continue
        values.append(("n", len(ones)))
        size = sum(line["size"] or line["was"]["size"] for line in ones) if name in ("added", "removed") else 0
        size = sum(line["size"] - line["was"].get("size", line["size"]) for line in ones) if name == "resized" else size
        size = sum(line.get("rss", 0) - line["was"].get("rss", line.get("rss", 0)) for line in ones) if name == "residency" else size
        if size:
            values.append(("size", size))
    yield differ(head, values)
    same = len(regions) - len({line["id"] for line in real if event_of(line) != "MMAP_ADD"})
    pieces = sum(1 for cause in noise if cause["noise"] == "layout")
    values = [("or",) + tuple(("n", same - n) for n in range(pieces + 1)), ("n", len(regions))]
    moved = [cause for cause in noise if cause["noise"] == "base"]
    if "split differently" in rest:
        values.append(("any", 0))
    if moved:
        values += [("n", len(moved)), ("or",) + tuple(("n", n) for n in range(1, len(moved) + 1))]
    yield differ(rest, values)


def value_of(regions, subject, measure):
    ones = [one for one in regions if fits_subject(one, subject)]
    if measure == "regions":
        return len(ones)
    if measure == "size":
        return sum(one["size"] for one in ones)
    known = [one[measure] for one in ones if measure in one]
    if known and not sum(known) and len(known) < len(ones):
        return None  # of some it is 0, of others nobody knows
    return sum(known) if known or (not ones and any(measure in one for one in regions)) else None


def fits_subject(region, subject):
    what, _, rest = subject.partition(":")
    if subject == "total":
        return True
    if what == "perms":
        return all(letter in region["perms"] for letter in rest) if "-" not in rest and "?" not in rest else rest == region["perms"]
    if what == "name":
        return region.get("name", "").startswith("[") and region.get("name", "").endswith("]")
    return region.get("kind", "unknown") == (rest or subject)


def hold_conditions(a, b, seed):
    """Conditions are said with the values of both, and hold as they say."""
    r, wrong = random.Random(seed), []
    was, now = last_state(a), last_state(b)
    for _ in range(6):
        subject, measure = r.choice(SUBJECTS), r.choice(("size", "regions", "rss", "pss", "swap"))
        one, other = value_of(was, subject, measure), value_of(now, subject, measure)
        relative = r.choice((True, False))
        amount = r.choice(("+0", "+64K", "-1M", "+5%", "-20%")) if relative else r.choice(("0", "1M", "3"))
        if measure == "regions" and amount[-1] in "KM":
            amount = "+1"
        op = r.choice((">", ">=", "<", "<=", "=", "!="))
        condition = "%s.%s %s %s" % (subject, measure, op, amount)
        _, out, status = hold_diff(a, b, ["-f", condition])
        lines = [parse(text) for text in out]
        told = [line["text"] for line in lines if line.get("rule") == "fail-if"]
        if other is None or one is None:
            if status == 0 or (status == 1 and (other is None or amount[0] in "+-")):
                wrong.append("%s: status %d, where %s is not known" % (condition, status, measure))
            continue
        scale = {"K": 1024, "M": 1 << 20}.get(amount[-1], 1)
        number = float(amount.rstrip("%KM")) * scale
        left = other
        if amount[0] in "+-":
            left = other - one
            if amount[-1] == "%":
                left = 100.0 * left / one if one else float("inf") if left > 0 else 0
        holds = {">": left > number, ">=": left >= number, "<": left < number, "<=": left <= number, "=": left == number, "!=": left != number}[op]
        if status != (1 if holds else 0):
            wrong.append("%s: status %d, of %s and %s" % (condition, status, one, other))
        if holds and len(told) != 1:
            wrong.append("%s: %d findings" % (condition, len(told)))
        word = "n" if measure == "regions" else "size"
        for text in told:
            if not text.startswith(condition + ": "):
                wrong.append("%r is not of %s" % (text, condition))
            values = [(word, one), (word, other), (word, other - one)] + ([("percent", (other - one, one))] if one else [("percent", (0, 1))] if other == one else [])
            wrong += [trouble for trouble in [differ(text[len(condition) + 2:].replace("(+", "(").replace("+", ""), values)] if trouble]
    return wrong


def hold_entropy(seed):
    """Runs of a program whose bases are drawn by hand."""
    r = random.Random(seed)
    runs, wrong = r.randrange(2, 9), []
    names = {"/opt/app/demo": (0x550000000000, 28), "[heap]": (0x560000000000, 20), "/usr/lib/libone.so.6": (0x7f0000000000, 28), "/usr/lib/libtwo.so": (0x7f8000000000, r.choice((0, 1, 3, 12))),
             "[stack]": (0x7ffc00000000, 22)}
    places = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for run in range(runs):
            rows = []
            for name, (base, bits) in names.items():
                start = base + r.randrange(1 << bits) * 4096
                if name == "/usr/lib/libtwo.so" and run and r.random() < .2:
                    continue
                places[name].append(start)
                inode = "0" if name.startswith("[") else "77"
                rows.append("%x-%x %s 00000000 %s %s %s" % (start, start + 8 * 4096, "rw-p" if name.startswith("[") else "r-xp", "00:00" if inode == "0" else "fe:00", inode, name))
            paths.append(os.path.join(folder, "run%d.txt" % run))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write("\n".join(sorted(rows)) + "\n")
        done = subprocess.run(["vm-diff", "--entropy", *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        out = done.stdout.decode()
        table = subprocess.run(["vm-render", "--trace", "--view", "aslr"], input=done.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False).stdout.decode()
    found = {}
    for text in out.split("\n"):
        line = parse(text) if text else {}
        if line.get("rule") == "aslr":
            found[line["base"]] = line
    for name, starts in places.items():
        line = next((one for base, one in found.items() if base == name or base == {"/opt/app/demo": "program", "[heap]": "heap", "[stack]": "stack"}.get(name)), None)
        if line is None:
            if starts:
                wrong.append("no line is of %s" % name)
            continue
        expected = expected_base(starts, name)
        for key, value in expected.items():
            got = line.get(key)
            got = int(got, 16) if isinstance(got, str) and got.startswith("0x") else got
            if got != value and not (value is None or got is None):
                wrong.append("%s of %s is %s, expected %s" % (key, name, line.get(key), value if isinstance(value, int) and value < 4096 else hex(value)))
        values = [fact for fact in base_facts(expected, runs)]
        wrong += [text for text in [differ(line["text"].partition(": ")[2], values)] if text]
    wrong += hold_aslr_table(table, found)
    return wrong


def expected_base(starts, name):
    """Of a stack the place is its end: the top does not move as it grows."""
    tops = [start + 8 * 4096 for start in starts] if name == "[stack]" else starts
    varies = 0
    for one in tops:
        varies |= one ^ tops[0]
    return {"runs": len(tops), "distinct": len(set(tops)), "bits": bin(varies).count("1"), "varies": varies, "low": min(tops), "high": max(tops)}


def base_facts(base, runs):
    part = [("n", base["runs"]), ("n", runs)] if base["runs"] < runs else []
    if base["runs"] < 2:
        return [("hex", base["low"])]
    if not base["varies"]:
        return [("hex", base["low"]), ("n", base["runs"])] + part
    low = (base["varies"] & -base["varies"]).bit_length() - 1
    return [("n", base["bits"]), ("n", low), ("n", base["varies"].bit_length() - 1), ("n", base["distinct"]), ("n", base["runs"])] + part + [("hex", base["low"]), ("hex", base["high"])]


def hold_aslr_table(table, found):
    """The numbers of each row are those of its line."""
    wrong, rows = [], {}
    for match in re.finditer(r'^cell (\d+) "([^"]*)" "([^"]*)"', table, re.M):
        rows.setdefault(match.group(1), {})[match.group(2)] = match.group(3)
    if len(rows) != len(found):
        wrong.append("the view aslr has %d rows, of %d bases" % (len(rows), len(found)))
    for row in rows.values():
        line = found.get(row.get("base"))
        if line is None:
            wrong.append("the row %s is of no base" % row)
            continue
        for key in ("runs", "distinct", "bits"):
            if key in row and not fits(tokens(row[key])[0], ("n", line[key])):
                wrong.append("%s of %s is %s in the view aslr, expected %s" % (key, row["base"], row[key], line[key]))
    return wrong
