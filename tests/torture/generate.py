#!/usr/bin/env python3
"""Writes a stream that is well-formed line by line, and whose contents are not: times backwards, ids twice, regions up to 2^64 - 1, lives
without end, changes of what is not there, snapshots with too few or too many regions, numbers at every edge.

    generate.py SEED [raw | parsed | tracked]
"""
import json
import random
import sys

seed = int(sys.argv[1])
form = sys.argv[2] if len(sys.argv) > 2 else random.Random(seed).choice(["raw", "parsed", "tracked"])
rnd = random.Random(seed)
wild = rnd.choice([0, 0.02, 0.1, 0.4])  # how often a value is any of its type

EVENTS = ["MMAP_ADD", "MUNMAP_REMOVE", "BRK_GROW", "BRK_SHRINK", "STACK_GROW", "RESIZE_MAPPING", "PERM_CHANGE", "SPLIT", "MERGE", "MOVE", "RENAME",
          "RESIDENT_CHANGE", "FORK", "EXEC_REBUILD", "EXIT"]
KINDS = ["text", "rodata", "data", "bss", "heap", "stack", "anon", "file", "gc", "tls", "thread-stack", "guard", "vdso", "shm", "jit", "", "new", "é" * 40]
NAMES = ["/usr/lib/libc.so.6", "[heap]", "[stack]", "[anon:x]", "", "/tmp/" + "n" * 300, "é\u202e", "<b>'\"\\", "/a b (deleted)", "x\ny"]
MEASURES = ["rss", "pss", "dirty", "swap", "shared_clean", "private_dirty", "anonymous", "locked", "pages", "thp", "faults"]
CALLS = ["mmap", "munmap", "brk", "mremap", "mprotect", "madvise", "exit", "fork", "execve", "page_fault", "x"]
EDGES = [0, 1, 4095, 4096, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**47 - 4096, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 4096, 2**64 - 1]
TEXTS = ["00400000-00401000 r-xp 00000000 08:01 5 /bin/x\n", "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]\n",
         "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n", "0-ffffffffffffffff rwxp 0 0:0 0\n", "5000-4000 r--p 0 0:0 0\n", "x\n",
         "Rss:                   4 kB\nPss: 18446744073709551615 kB\n", "\0\n", "00600000-00700000 rw-p 00000000 00:00 0 [heap]\nRss: 4 kB\n"]

now = 0
ids = [1, 2, 3]
pids = [rnd.randint(1, 4194304) for _ in range(rnd.choice([1, 2, 5, 60]))]
last_id = 3


def edge():
    return max(0, min(2**64 - 1, rnd.choice(EDGES) + rnd.randint(-2, 2)))


def any_value():
    return rnd.choice([None, True, -1, edge(), 1e300, -0.5, "", "x" * 5000, [], {}, [[]], {"a": {"b": []}}, "0x", "\u202e"])


def time():
    global now
    if rnd.random() < wild / 4:
        return rnd.choice([0, 1e-9, -1, 1e9, 9.2e9, 4611686018.4, 9223372036.854775807, 1e300])
    now += rnd.choice([0, 0, 1e-9, 0.001, 0.1, 1, 3600])
    return round(now, 9)


def address(value):
    return "0x%016x" % value


def region():
    start = edge() if rnd.random() < wild else rnd.choice([0x400000, 0x7f0000000000, 0x5555_0000_0000]) + rnd.randrange(400) * 4096
    end = edge() if rnd.random() < wild else start + rnd.choice([0, 4096, 4096 * 33, 1 << 30])
    end = min(end, 2**64 - 1)
    r = {"start": address(start), "end": address(end), "size": edge() if rnd.random() < wild else max(end - start, 0),
         "perms": rnd.choice(["r--p", "rw-p", "r-xp", "rwxp", "---p", "rw-s", "", "?"]), "kind": rnd.choice(KINDS)}
    if rnd.random() < 0.7:
        r["name"] = rnd.choice(NAMES)
    for m in rnd.sample(MEASURES, rnd.randint(0, 4)):
        r[m] = edge() if rnd.random() < max(wild, 0.05) else rnd.randrange(1 << 24)
    return r


def an_id():
    global last_id
    if rnd.random() < 0.3 or not ids:
        last_id += 1
        ids.append(last_id)
        return last_id
    return edge() if rnd.random() < wild else rnd.choice(ids)


def put(kind, t, pid=None, /, **more):
    line = {"type": kind, "t": t}
    if pid is not None:
        line["pid"] = pid
    line.update(more)
    if rnd.random() < wild / 3:  # a member that is missing, twice over, or of any type
        key = rnd.choice(list(line))
        if rnd.random() < 0.5:
            line.pop(key)
        else:
            line[key] = any_value()
    text = json.dumps(line, ensure_ascii=rnd.random() < 0.5, allow_nan=False)
    if rnd.random() < wild / 10:
        text = text[:rnd.randrange(len(text))]
    print(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))


def snapshot(t, pid):
    count = rnd.choice([0, 1, 3, 12])
    regions = [region() for _ in range(count)]
    if rnd.random() > wild:
        regions.sort(key=lambda r: r["start"])
    put("snapshot", t, pid, seq=rnd.randrange(99), regions=edge() if rnd.random() < wild else count)
    for r in regions:
        if form == "tracked":
            r = {"id": an_id(), **r}
        put("region", t, pid, seq=0, **r)


def change(t, pid):
    event = rnd.choice(EVENTS) if rnd.random() > wild else rnd.choice(["X", ""])
    more = {"event": event, "act": edge() if rnd.random() < wild else rnd.randrange(1, 1000)}
    if rnd.random() < 0.9:
        more["id"] = an_id()
    if rnd.random() < 0.3:
        more["gone"] = [an_id() for _ in range(rnd.randint(0, 4))]
    if rnd.random() < 0.3:
        more["from"] = [an_id() for _ in range(rnd.randint(0, 4))]
    if rnd.random() < 0.9:
        more.update(region())
    if rnd.random() < 0.6:
        more["was"] = region() if rnd.random() < 0.5 else {"size": edge(), "rss": edge()}
    if rnd.random() < 0.3:
        more["cause"] = {"call": rnd.choice(CALLS), "tid": edge(), "stack": rnd.randrange(5), "lag": rnd.choice([0, 1e-6, 9e9])}
    put("change", t, pid, **more)


def one(t, pid):
    what = rnd.randrange(14)
    if what < 3 and form == "raw":
        put("raw", t, pid, seq=rnd.randrange(99), source="procfs", format=rnd.choice(["linux-maps", "linux-smaps", "linux-threads", "linux-pages", "x"]),
            text="".join(rnd.choice(TEXTS) for _ in range(rnd.randrange(8))), **({"part": rnd.randrange(3), "last": rnd.random() < 0.6} if rnd.random() < 0.4 else {}))
    elif what < 3:
        snapshot(t, pid)
    elif what < 7 and form == "tracked":
        change(t, pid)
    elif what < 8:
        put("process", t, pid, why=rnd.choice(["first", "fork", "exec", "exit", "reused", "found", "x"]), ppid=rnd.choice(pids + [0, edge()]), name="é", threads=edge())
    elif what < 9:
        more = region()
        put("event", t, pid, call=rnd.choice(CALLS), tid=rnd.choice(pids), took=rnd.choice([0, 1e-6, 9e9]), stack=rnd.randrange(5),
            **({"known": [more], "from": more["start"], "to": more["end"]} if rnd.random() < 0.5 else more))
    elif what < 10:
        put("sample", t, pid, seq=rnd.randrange(99), took=rnd.random(), same=rnd.random() < 0.5)
    elif what == 10:
        put(rnd.choice(["mark", "lost", "finding"]), t, pid, text="m", what=rnd.choice(["samples", "end", "x"]), count=edge(), why="w", rule="grows", severity="warn", where="x")
    elif what == 11:
        put("pages", t, pid, seq=rnd.randrange(9), runs=[[address(edge()), address(edge()), rnd.choice("rsnhz")] for _ in range(rnd.randint(0, 5))], page=rnd.choice([4096, 0, edge()]))
    elif what == 12:
        put("system", t, None, total=edge(), available=edge(), free=edge(), cached=edge(), used=edge(), swap_total=edge())
    else:
        put("stack", t, pid, id=rnd.randrange(5), frames=[{"name": "f", "module": "m", "address": address(edge()), "offset": edge()} for _ in range(rnd.randint(0, 6))])


for segment in range(rnd.choice([1, 1, 2])):
    now = 0
    put("stream", 0, version=rnd.choice([1, 1, 1, 2]), program="x", sources=["procfs"], began="2026-01-01T00:00:00Z",
        host={"name": "h", "os": "linux", "page": rnd.choice([4096, 4096, 0, edge()]), "cpus": edge(), "memory": edge()})
    for _ in range(rnd.choice([3, 30, 120])):
        one(time(), edge() if rnd.random() < wild / 4 else rnd.choice(pids))
    if rnd.random() < 0.7:
        put("end", time(), reason="exit", status=edge())
