"""Consecutive samples of an invented process: most rows are unchanged, some come, go, change, tear or cannot be read.

    parse_cache.py SEED LOOKS maps|smaps FOLDER

writes FOLDER/all.ndjson with all samples, and FOLDER/N.ndjson with the N-th alone. The output of vm-parse for a sample must not depend on
the samples before it."""
import json
import random
import sys

seed, looks, detail, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
rng = random.Random(seed)
NAMES = ["", "", "", "", "[heap]", "[stack]", "[vdso]", "[vvar]", "/usr/bin/python3.11", "/usr/lib/libc.so.6", "/usr/lib/libjvm.so", "/memfd:x (deleted)",
         "/tmp/a b  c", "/tmp/\\012\"", "[anon:stack_and_tls:7]", "[anon: Go: heap]", "/dev/shm/s", "/usr/share/fonts/x.ttf"]
PERMS = ["r--p", "r-xp", "rw-p", "rw-p", "rw-p", "---p", "rwxp", "rw-s"]
FLAGS = ["rd wr mr mw me ac", "rd ex mr mw me", "rd wr mr mw me ac nh", "rd wr mr mw me gd", "mr mw me"]


def fresh(start, size):
    name = rng.choice(NAMES)
    file = name.startswith("/")
    return {"start": start, "end": start + size, "perms": rng.choice(PERMS), "name": name, "offset": rng.choice([0, 4096]) if file else 0,
            "dev": "fe:00" if file else "00:00", "inode": rng.randrange(1, 99999) if file else 0, "rss": rng.randrange(0, 64), "flags": rng.choice(FLAGS), "bad": rng.random() < 0.01}


def text_of(regions):
    lines = []
    for r in regions:
        row = "%08x-%08x %s %08x %s %d" % (r["start"], r["end"], r["perms"], r["offset"], r["dev"], r["inode"])
        lines.append(row.ljust(73) + r["name"] if r["name"] else row + " ")
        if r["bad"]:
            lines.append("no row at all")
        if detail == "smaps":
            lines.append("Size:           %8d kB" % ((r["end"] - r["start"]) // 1024))
            lines.append("Rss:            %8d kB" % (4 * r["rss"]))
            lines.append("Shared_Dirty:   %8d kB" % 0)
            lines.append("Private_Dirty:  %8d kB" % (4 * r["rss"]))
            if r["rss"] % 5 == 0:
                lines.append("Novelty:        %8d kB" % r["rss"])
            lines.append("THPeligible:    %8d" % 0)
            lines.append("VmFlags: %s " % r["flags"])
    text = "\n".join(lines) + "\n"
    if rng.random() < 0.03:
        text = text[:-rng.randrange(1, 40)]
    return text


def step(regions):
    for _ in range(rng.choice([0, 0, 1, 1, 2, 6])):
        if not regions:
            return
        i = rng.randrange(len(regions))
        r = dict(regions[i])
        what = rng.randrange(9)
        if what == 0:
            del regions[i]
            continue
        if what == 1:
            r["perms"] = rng.choice(PERMS)
        if what == 8 and i:  # the neighbour grows or shrinks
            r["start"] = regions[i - 1]["end"] + rng.choice([0, 4096])
            if r["start"] >= r["end"]:
                r["start"] = regions[i]["start"]
        if what == 2:
            r["name"] = rng.choice(NAMES)
        if what == 3:
            r["rss"] = rng.randrange(0, 64)
        if what == 4 and r["end"] - r["start"] > 4096:  # split
            middle = r["start"] + (r["end"] - r["start"]) // 8192 * 4096
            if middle > r["start"]:
                regions.insert(i + 1, dict(r, start=middle, perms=rng.choice(PERMS)))
                r["end"] = middle
        if what == 5:  # a hole is filled
            top = regions[i + 1]["start"] if i + 1 < len(regions) else r["end"] + (1 << 20)
            if top > r["end"]:
                regions.insert(i + 1, fresh(r["end"], min(top - r["end"], 4096 * rng.randrange(1, 40))))
        if what == 6:
            del regions[i + 1:i + rng.randrange(1, 30)]
        if what == 7:
            r["flags"] = rng.choice(FLAGS)
        regions[i] = r


def torn(regions):
    """A torn read of a process that maps meanwhile: a row overlaps the next, or begins below the row before."""
    regions = [dict(r) for r in regions]
    if len(regions) > 3 and rng.random() < 0.15:
        i = rng.randrange(1, len(regions) - 1)
        if rng.random() < 0.5:
            regions[i]["end"] = regions[i + 1]["start"] + 4096
        else:
            regions[i]["start"] = max(regions[i - 1]["start"] + 4096, 4096)
    return [r for r in regions if r["start"] < r["end"]]


def library(start, name):
    """Five rows whose kinds depend on each other: beside code a writable row is data, and the row after it bss."""
    made, inode = [], rng.randrange(1, 99999)
    for i, perms in enumerate(["r--p", "r-xp", "r--p", "rw-p", "rw-p"]):
        r = dict(fresh(start, 4096 * rng.randrange(1, 20)), perms=perms, name=name if i < 4 else "", inode=inode if i < 4 else 0,
                 dev="fe:00" if i < 4 else "00:00", offset=4096 * i if i < 4 else 0)
        made.append(r)
        start = r["end"]
    return made


regions, at = [], 0x400000
for _ in range(rng.randrange(5, 80)):
    if rng.random() < 0.1:
        at = max(at, rng.choice([0xc000000000, 0x55d0c8a4f000, 0x7f1948a00000]))
    if rng.random() < 0.2:
        regions += library(at, rng.choice(["/usr/bin/node", "/usr/lib/libc.so.6", "/usr/lib/libm.so.6"]))
        at = regions[-1]["end"]
    size = 4096 * rng.choice([1, 1, 2, 16, 33, 16384])
    regions.append(fresh(at, size))
    at += size + (4096 * rng.randrange(0, 50) if rng.random() < 0.4 else 0)

head = json.dumps({"type": "stream", "t": 0, "version": 1, "program": "again", "sources": ["procfs"], "began": "2024-01-01T00:00:00.000000000Z"})
end = json.dumps({"type": "end", "t": looks, "reason": "exit"})
every = [head]
stack = 4096
for seq in range(looks):
    one = [json.dumps({"type": "sample", "t": seq, "pid": 7, "seq": seq})]
    if rng.random() < 0.1:
        stack = rng.choice(regions)["end"] - 64 if regions else 4096
    if stack != 4096:
        threads = "7 0x%x 0x0\n8 0x%x 0x%x\n" % (stack, stack, stack)
        one.append(json.dumps({"type": "raw", "t": seq, "pid": 7, "seq": seq, "source": "procfs", "format": "linux-threads", "part": 0, "last": True, "text": threads}))
    one.append(json.dumps({"type": "raw", "t": seq, "pid": 7, "seq": seq, "source": "procfs", "format": "linux-" + detail, "part": 0, "last": True,
                           "text": text_of(torn(regions))}))
    every += one
    with open("%s/%d.ndjson" % (folder, seq), "w") as out:
        out.write("\n".join([head] + one + [end]) + "\n")
    step(regions)
with open(folder + "/all.ndjson", "w") as out:
    out.write("\n".join(every + [end]) + "\n")
