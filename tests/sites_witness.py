"""Which stack holds which pages, page by page, from the calls alone; what holds no stack, from the maps of the recording.

  sites_witness.py FILE [AT]            "mapped live stack" for each stack, in KiB; "rest live" for pages that no call has mapped
  sites_witness.py --tree FILE [AT]     "live path" for each function of the tree of calls, in KiB; its path from the root

FILE is a stream of vm-sample or of a test: events with stacks, and texts of /proc/PID/maps where there are some.
"""
import json
import re
import sys

tree = sys.argv[1] == "--tree"
args = sys.argv[2:] if tree else sys.argv[1:]
at = float(args[1]) if len(args) > 1 else float("inf")
stacks, owners, regions, top, mapped, live, ended, gone = {}, {}, {}, {}, {}, {}, {}, {}


def names(line):
    for frame in line["frames"]:
        if "function" in frame:
            yield frame["function"], frame.get("object", "")
        elif "object" in frame and "offset" in frame:
            yield "%s+0x%x" % (frame["object"].split("/")[-1], int(frame["offset"], 16)), frame["object"]
        else:
            yield "0x%x" % int(frame["addr"], 16), ""


def pages(n):
    return (n + 4095) // 4096


def give(pid, start, count, stack):
    if count:
        mapped[stack] = mapped.get(stack, 0) + 4 * count
    for i in range(start // 4096, start // 4096 + count):
        owners[pid][i] = stack
        regions[pid].add(i)


def take(pid, start, count):
    span = range(start // 4096, start // 4096 + count)
    regions[pid].difference_update(span)
    return [owners[pid].pop(i, None) for i in span]


def end(pid):
    for owner in owners[pid].values():
        live[owner] = live.get(owner, 0) + 4
    rest[0] += 4 * len(regions[pid] - owners[pid].keys())
    owners.pop(pid), regions.pop(pid)


def see(pid, text):
    """A whole map of a process."""
    fresh, heap = set(), None
    for low, high, name in re.findall(r"^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)$", text, re.M):
        fresh.update(range(int(low, 16) // 4096, int(high, 16) // 4096))
        if name == "[heap]":
            heap = int(high, 16)
    regions[pid] = fresh
    if heap and not top.get(pid):
        top[pid] = heap


rest, text = [0], {}
for line in map(json.loads, open(args[0])):
    if line["t"] > at:
        break
    pid = line.get("pid")
    if line["type"] == "stack":
        stacks[line["id"]] = (list(names(line)), line.get("cut", False))
    if line["type"] == "raw" and line["format"] == "linux-maps":
        owners.setdefault(pid, {}), regions.setdefault(pid, set())
        text[pid] = text.get(pid, "") + line["text"]
        if line.get("last"):
            see(pid, text.pop(pid))
    if line["type"] != "event" or "error" in line:
        continue
    call, stack = line["call"], line.get("stack")
    owners.setdefault(pid, {}), regions.setdefault(pid, set())
    if call == "mmap":
        give(pid, int(line["result"], 16), pages(line["length"]), stack)
    elif call == "munmap":
        take(pid, int(line["addr"], 16), pages(line["length"]))
    elif call == "brk":
        new, was = int(line["result"], 16), top.get(pid, 0)
        if was and new > was:
            give(pid, was, (new - was) // 4096, stack)
        elif new < was:
            take(pid, new, (was - new) // 4096)
        top[pid] = new
    elif call == "mremap":
        was, new, to = pages(line["old_size"]), pages(line["new_size"]), int(line["result"], 16) // 4096
        had = take(pid, int(line["old_address"], 16), was)
        for i, owner in enumerate(had[:new]):
            owners[pid][to + i] = owner
            regions[pid].add(to + i)
        if new > was:
            give(pid, (to + was) * 4096, new - was, stack)
    elif call == "fork":
        owners[line["child"]], regions[line["child"]], top[line["child"]] = dict(owners[pid]), set(regions[pid]), top.get(pid, 0)
    elif call == "exec":
        owners[pid], regions[pid], top[pid] = {}, set(), 0
    elif call == "exit":
        end(pid)
for pid in list(owners):
    end(pid)

if not tree:
    sums = {}
    for stack in set(mapped) | set(live):
        frames, cut = stacks.get(stack, ([], False))
        words = " < ".join([name for name, _ in frames[:16]] + ["(cut)"] * (cut and len(frames) < 16)) or "none"
        had = sums.get(words, (0, 0))
        sums[words] = had[0] + mapped.get(stack, 0), had[1] + live.get(stack, 0)
    for words, (all_, still) in sums.items():
        print(all_, still, words)
    if rest[0]:
        print("rest", rest[0])
else:
    sums = {}
    for stack, held in live.items():
        frames, cut = stacks.get(stack, ([], False))
        path = ["(cut: callers unknown)"] * cut + ["%s@%s" % frame for frame in reversed(frames)] or ["(calls without a stack)"]
        for depth in range(1, len(path) + 1):
            key = " > ".join(path[:depth])
            sums[key] = sums.get(key, 0) + held
    for path, held in sums.items():
        if held:
            print(held, path)
    if rest[0]:
        print(rest[0], "rest")
