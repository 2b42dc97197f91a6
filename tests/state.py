#!/usr/bin/python3 -I
"""Prints the last state of a process before its end, from a tracked stream on stdin, in the form of /proc/PID/maps.

  state.py [PID] <tracked.ndjson     start-end perms offset dev inode name, separated by blanks; preset: the first process

It replays as vmpipe-stream(5) defines: a key frame replaces the state, a change deletes `gone` and sets `id`.
"""
import json
import sys

pid = '"pid":%d,' % int(sys.argv[1]) if len(sys.argv) > 1 else None
regions = {}


def take(line):
    seen = json.loads(line)
    event = seen.get("event")
    if event == "EXIT":
        return False
    for gone in seen.get("gone", ()):
        regions.pop(gone, None)
    if event == "MUNMAP_REMOVE" or (event == "BRK_SHRINK" and seen["start"] == seen["end"]):
        regions.pop(seen["id"], None)
    else:
        regions[seen["id"]] = seen
    return True


for line in sys.stdin:
    if pid is None and line.startswith('{"type":"process"'):
        pid = '"pid":%d,' % json.loads(line)["pid"]
    if pid is None or pid not in line[:80]:
        continue
    if line.startswith('{"type":"snapshot"'):
        fresh = json.loads(line)
        ahead = fresh["regions"]
    elif line.startswith('{"type":"region"') and '"id":' in line[:120]:
        if ahead == fresh["regions"]:
            regions.clear()
        ahead -= 1
        take(line)
    elif line.startswith('{"type":"change"') and not take(line):
        break
for it in sorted(regions.values(), key=lambda it: it["start"]):
    print("%x-%x" % (int(it["start"], 16), int(it["end"], 16)), it["perms"], "%08x" % int(it.get("offset", "0"), 16),
          it.get("dev", "00:00"), it.get("inode", "0"), it.get("name", ""))
