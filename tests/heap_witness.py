#!/usr/bin/env python3
"""Adds up the `alloc` lines of a stream without our code: sums by stack, and of the process.

heap_witness.py sums FILE     stack live blocks allocated calls at_peak, a line each stack
heap_witness.py make SEED N   writes a stream of N random calls, by two threads, with four stacks
"""
import json
import random
import sys


def lines(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def sums(path):
    live, of, total, peak, at_peak = {}, {}, 0, 0, {}
    for line in lines(path):
        if line["type"] != "alloc" or "error" in line:
            continue
        gone = line.get("old") if line["op"] == "realloc" else line.get("addr") if line["op"] == "free" else None
        if gone in live:
            size, stack = live.pop(gone)
            of[stack][0] -= size
            of[stack][1] -= 1
            total -= size
        if line["op"] != "free" and "addr" in line:
            size, stack = line["size"], line["stack"]
            live[line["addr"]] = size, stack
            row = of.setdefault(stack, [0, 0, 0, 0])
            row[0] += size
            row[1] += 1
            row[2] += size
            row[3] += 1
            total += size
        if total > peak:
            peak = total
            at_peak = {stack: row[0] for stack, row in of.items()}
    for stack, row in sorted(of.items()):
        print(stack, *row, at_peak.get(stack, 0))


def make(seed, count):
    chance = random.Random(seed)
    put = lambda **line: print(json.dumps(line, separators=(",", ":")))
    put(type="stream", t=0.0, version=1, program="test 1.0")
    put(type="process", t=0.0, pid=7, why="first", name="made")
    for i in range(1, 5):
        put(type="stack", t=0.0, pid=7, id=i,
            frames=[{"addr": f"0x{0x1000 + i:016x}", "function": f"site{i}", "object": "/bin/made"},
                    {"addr": f"0x{0x2000:016x}", "function": "main", "object": "/bin/made"}])
    live, t = [], 0
    for i in range(count):
        t += chance.randrange(1, 1000)
        common = dict(t=t / 1e6, pid=7, tid=7 + chance.randrange(2))
        what = chance.random()
        if live and what < 0.45:
            put(type="alloc", **common, op="free", addr=live.pop(chance.randrange(len(live))))
            continue
        addr = f"0x{0x10000 + 0x40 * i:016x}"
        size = chance.choice([0, 1, 16, 24, 100, 4096, 70000])
        if what > 0.97:
            put(type="alloc", **common, op="malloc", size=1 << 50, stack=1, error="ENOMEM")
        elif live and what > 0.85:
            put(type="alloc", **common, op="realloc", old=live.pop(chance.randrange(len(live))), addr=addr, size=size,
                stack=chance.randrange(1, 5))
            live.append(addr)
        else:
            put(type="alloc", **common, op="malloc", addr=addr, size=size, stack=chance.randrange(1, 5))
            live.append(addr)
    put(type="end", t=t / 1e6, reason="exit")


if sys.argv[1] == "sums":
    sums(sys.argv[2])
else:
    make(int(sys.argv[2]), int(sys.argv[3]))
