"""Mutated tracked streams: check_mutants.py SEEDS MUTANTS, the streams of tests/judge.

A checker of its own, which shares no code with vm-check, replays each stream and decides whether it contradicts itself.
Where it does, vm-check must complain; a stream without a mutation must be ok. Prints what fails; exit 1 if anything did.
"""
import json
import os
import random
import subprocess
import sys

EVENTS = """MMAP_ADD MUNMAP_REMOVE BRK_GROW BRK_SHRINK STACK_GROW RESIZE_MAPPING PERM_CHANGE SPLIT MERGE MOVE RENAME RESIDENT_CHANGE FORK
EXEC_REBUILD EXIT""".split()
NOT_OF_REGION = {"type", "t", "pid", "seq", "id", "event", "act", "from", "gone", "was", "cause"}


def members(line):
    return {key: value for key, value in line.items() if key not in NOT_OF_REGION}


def length(line):
    return int(line["end"], 16) - int(line["start"], 16)


def removes(line):
    return line["event"] in ("MUNMAP_REMOVE", "EXIT") or line["event"] == "BRK_SHRINK" and line["start"] == line["end"]


def changed(state, line):
    """Applies a change to the regions of its process. Returns what is wrong, or None."""
    event, key = line.get("event"), line.get("id")
    if event not in EVENTS:
        return "unknown event"
    if "start" not in line or "end" not in line:
        return "no range"
    if "size" in line and line["size"] != length(line):
        return "another size than its range"
    if event == "MMAP_ADD" and key in state:
        return "MMAP_ADD of a live id"
    for gone in line.get("gone", ()):
        if gone not in state:
            return "an unknown id ends"
        del state[gone]
    for name, value in line.get("was", {}).items():
        if key in state and state[key].get(name, value) != value:
            return "another former value"
    if not removes(line):
        if length(line) <= 0:
            return "an empty region"
        state[key] = members(line)
    elif state.pop(key, None) is None:
        return "an unknown id ends"
    return None


def judged(lines):
    """What is wrong first, or None."""
    states, ended, act, t, at = {}, set(), 0, 0, 0
    for at, line in enumerate(lines):
        kind, pid = line["type"], line.get("pid")
        if line["t"] < t:
            return "time goes back"
        t = line["t"]
        if kind == "change":
            if line.get("act", -1) < act:
                return "acts fall"
            act = line["act"]
            if line.get("event") == "FORK" and pid not in ended:
                states.setdefault(pid, {})
            if pid not in states:
                return "a change of a process that is not known"
            wrong = changed(states[pid], line)
            if wrong:
                return wrong
            if line["event"] == "EXIT" and not states[pid]:
                del states[pid]
                ended.add(pid)
        elif kind == "process":
            ended.discard(pid)
        elif kind == "snapshot" and lines[at + 1:at + 2] and lines[at + 1]["type"] == "region":
            frame = {}
            for one in lines[at + 1:]:
                if one["type"] != "region" or one.get("pid") != pid or one.get("seq") != line.get("seq"):
                    break
                if one["id"] in frame:
                    return "an id twice in a key frame"
                if one["size"] != length(one):
                    return "another size than its range"
                frame[one["id"]] = members(one)
            if len(frame) != line["regions"]:
                return "not as many regions as stated"
            if pid in states and states[pid] != frame:
                return "the changes lead elsewhere"
            states[pid] = frame
            ended.discard(pid)
        elif kind == "snapshot" and line.get("regions") == 0:
            states.setdefault(pid, {})
    return None


def mutate(lines, r):
    """Changes one line of those that vm-check replays."""
    lines = [dict(line) for line in lines]
    at = r.choice([i for i, line in enumerate(lines) if line["type"] in ("change", "region", "snapshot")])
    line = lines[at]
    how = r.randrange(9)
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(at, dict(line))
    elif how == 2 and "id" in line:
        line["id"] = r.choice([one["id"] for one in lines if "id" in one and one["type"] in ("region", "change")])
    elif how == 3 and "event" in line:
        line["event"] = r.choice(EVENTS + ["GONE", ""])
    elif how == 4 and "size" in line:
        line["size"] += r.choice((-4096, 4096))
    elif how == 5 and "end" in line:
        line["end"] = "0x%016x" % (int(line["end"], 16) + 4096)
    elif how == 6:
        line.pop(r.choice([name for name in line if name in ("start", "event", "act", "rss", "perms")] or ["none"]), None)
        if line["type"] == "region" and "start" not in line:
            return None
    elif how == 7:
        line["pid"] = r.choice([one["pid"] for one in lines if "pid" in one] + [99999])
    else:
        other = r.randrange(len(lines))
        if not 0 < other < len(lines) - 1:
            return None
        lines.insert(other, lines.pop(at))
    return lines


def status(lines):
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    return subprocess.run(["vm-check", "-q"], input=text, text=True, capture_output=True).returncode


def main():
    seeds, mutants = int(sys.argv[1]), int(sys.argv[2])
    here, failed, wrong = os.path.dirname(os.path.abspath(__file__)), 0, 0
    for seed in range(1, seeds + 1):
        text = subprocess.run([sys.executable, "-I", "-B", os.path.join(here, "judge"), "stream", str(seed)], text=True, capture_output=True, check=True).stdout
        lines = [json.loads(line) for line in text.splitlines()]
        if judged(lines) or status(lines):
            print("seed %d: %s, status %d without a mutation" % (seed, judged(lines), status(lines)))
            failed += 1
            continue
        for number in range(mutants):
            mutant = mutate(lines, random.Random("%d %d" % (seed, number)))
            verdict = mutant and judged(mutant)
            if not verdict:
                continue
            wrong += 1
            if status(mutant) == 0:
                print("seed %d, mutant %d: %s, and vm-check says ok" % (seed, number, verdict))
                failed += 1
    print("%d mutants contradict themselves, %d failures" % (wrong, failed))
    return 1 if failed or not wrong else 0


sys.exit(main())
