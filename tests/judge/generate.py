"""Makes random streams by a seed, as vm-track writes them: processes that live, fork, execute and end, and regions that come, go, grow, shrink,
split, merge, move, change their permissions, names and kinds; with measures, without, or with some that are not known.

  lines(7)  ->  [{"type":"stream",...}, {"type":"process",...}, ...]

What a seed gives is valid by the contract: times never fall, ids are unique, no two regions overlap, a key frame says what the changes have led to.
"""
import json
import random

PAGE = 4096
FILES = ("/usr/lib/libone.so.6", "/usr/lib/libtwo.so", "/opt/app/demo", "/opt/app/data.bin", "/opt/app/plug-in 2.so")
STRANGE = ("/usr/lib/lib\u00fc 2.so.6", "/usr/lib/a\"b\\c'd.so", "/opt/app/new\nline", "/opt/app/<b>&amp; 12 MiB", "/opt/app/\u540d\u524d 3.so")
KINDS = ("anon", "anon", "anon", "arena", "gc", "bss", "tls", "thread-stack", "jit", "mykind")


class Region(dict):
    """The members of a region; sizes in bytes, addresses as numbers."""


def text(address):
    return "0x%016x" % address


class Process:
    def __init__(self, pid, ppid, name):
        self.pid, self.ppid, self.name, self.seq = pid, ppid, name, 0
        self.regions = {}
        self.framed = False


class Life:
    """A machine with some processes, and the stream that tells of them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        pick = self.random.choice
        self.t = 0
        self.out = []
        self.ids = self.acts = 0
        self.heaps = {}  # by pid: of those that brk has given back
        self.files = STRANGE if random.Random("names %s" % seed).random() < .2 else FILES
        self.pids = self.random.randrange(100, 30000)
        self.processes = []
        self.ended = []
        self.measures = pick(("none", "rss", "rss", "smaps", "smaps", "smaps", "some", "comes and goes"))
        self.keyframe = pick((0, 0, 3, 7))
        self.sums = pick((True, True, False))
        self.samples = pick((True, True, True, False))
        self.system = pick((False, False, True))
        self.steps = 0

    # ---- regions ----

    def place(self, process, pages, near=None):
        """A free range of so many pages."""
        for _ in range(200):
            start = (near if near is not None else self.random.choice((0x5500, 0x7f00, 0x7f80)) << 32) + self.random.randrange(1 << 16) * PAGE
            end = start + pages * PAGE
            if all(end + PAGE <= one["start"] or start >= one["end"] + PAGE for one in process.regions.values()):
                return start, end
            near = None
        raise RuntimeError("no room")

    def measure(self, region):
        """Gives a region measures of its size."""
        r = self.random
        for name in ("rss", "pss", "dirty", "swap", "anonymous", "referenced", "shared_clean", "shared_dirty", "private_clean", "private_dirty"):
            region.pop(name, None)
        if self.measures == "some":
            region.setdefault("unknown", r.random() < 0.4)
        if self.measures == "none" or region.get("unknown") or (self.measures == "comes and goes" and r.random() < 0.4):
            return
        pages = (region["end"] - region["start"]) // PAGE
        rss = r.choice((0, pages, r.randrange(pages + 1), r.randrange(pages + 1)))
        region["rss"] = rss * PAGE
        if self.measures == "rss":
            return
        shared = r.choice((0, 0, r.randrange(rss + 1)))
        own, dirty = rss - shared, r.randrange(rss - shared + 1)
        region.update(pss=own * PAGE + shared * PAGE // r.randrange(2, 9), dirty=dirty * PAGE, referenced=rss * PAGE, anonymous=dirty * PAGE,
                      shared_clean=shared * PAGE, shared_dirty=0, private_clean=(own - dirty) * PAGE, private_dirty=dirty * PAGE,
                      swap=r.choice((0, 0, 0, pages - rss)) * PAGE)

    def region(self, process, kind=None, pages=None, near=None):
        r = self.random
        kind = kind or r.choice(KINDS + ("file", "shm", "guard", "text", "rodata", "data"))
        pages = pages or r.choice((1, 2, 3, 8, 33, 256, 300, r.randrange(1, 5000)))
        start, end = self.place(process, pages, near)
        region = Region(start=start, end=end, kind=kind, perms={"text": "r-xp", "rodata": "r--p", "guard": "---p", "jit": "rwxp", "shm": "rw-s"}.get(kind, "rw-p"))
        region["share"] = "shm" if kind == "shm" else "prv"
        if kind in ("text", "rodata", "data", "file"):
            region["name"], region["offset"], region["dev"], region["inode"] = r.choice(self.files), text(r.randrange(64) * PAGE), "fe:00", str(r.randrange(1, 99))
        elif kind == "shm":
            region["name"], region["inode"], region["dev"] = "/SYSV00000000", "7", "00:01"
        elif r.random() < 0.1:
            region["name"] = "[anon:pool %d]" % r.randrange(3)
        self.measure(region)
        return region

    def begin(self, process):
        """What a program has at first."""
        ones = [self.region(process, kind, pages) for kind, pages in (("text", 30), ("rodata", 9), ("data", 4), ("bss", 2))]
        for one in ones:
            self.add(process, one)
        heap = self.region(process, "heap", self.random.randrange(1, 99), 0x5600 << 32)
        heap["name"] = "[heap]"
        self.add(process, heap)
        stack = self.region(process, "stack", 33, 0x7ffc << 32)
        stack["name"] = "[stack]"
        self.add(process, stack)
        for _ in range(self.random.randrange(9)):
            self.add(process, self.region(process))

    def add(self, process, region):
        self.ids += 1
        process.regions[self.ids] = region
        return self.ids

    # ---- lines ----

    def put(self, type_, pid=None, **members):
        line = {"type": type_, "t": self.t}
        if pid is not None:
            line["pid"] = pid
        line.update(members)
        self.out.append(line)

    def members(self, region):
        line = {"start": text(region["start"]), "end": text(region["end"]), "size": region["end"] - region["start"]}
        line.update({key: value for key, value in region.items() if key not in ("start", "end", "unknown")})
        return line

    def snapshot(self, process, frame):
        ones = sorted(process.regions.items(), key=lambda item: item[1]["start"])
        sums = {"regions": len(ones), "size": 0}
        kinds = {}
        for _, region in ones:
            for group in (sums, kinds.setdefault(region["kind"], {"regions": 0, "size": 0})):
                group["size"] += region["end"] - region["start"]
                for name in ("rss", "pss", "dirty", "swap"):
                    if name in region:
                        group[name] = group.get(name, 0) + region[name]
            kinds[region["kind"]]["regions"] += 1
        self.put("snapshot", process.pid, seq=process.seq, **sums, **({"kinds": kinds} if self.sums else {}))
        for key, region in ones if frame else ():
            self.put("region", process.pid, seq=process.seq, id=key, **self.members(region))
        process.seq += 1

    def change(self, process, event, act, key, region, was=None, from_=(), gone=(), **more):
        line = {"event": event, "act": act, "id": key}
        if from_:
            line["from"] = list(from_)
        if gone:
            line["gone"] = list(gone)
        line.update(self.members(region))
        if was:
            line["was"] = was
        line.update(more)
        self.put("change", process.pid, **line)

    def act(self):
        self.acts += 1
        return self.acts

    # ---- what happens to regions; each returns its lines as calls ----

    def op(self, process, touched):
        """One thing that happens to a process; `touched` are ids that have had their line at this time."""
        free = [key for key in process.regions if key not in touched]
        name = self.random.choice(("map", "map", "unmap", "hole", "brk", "brk", "stack", "protect", "merge", "move", "rename", "kind", "resident", "resident", "resize"))
        if name != "map" and not free:
            return
        getattr(self, "op_" + name)(process, touched, free)

    def op_map(self, process, touched, _):
        act = self.act()
        for _ in range(self.random.choice((1, 1, 3))):
            region = self.region(process)
            key = self.add(process, region)
            touched.add(key)
            self.change(process, "MMAP_ADD", act, key, region)

    def op_unmap(self, process, touched, free):
        act = self.act()
        for key in self.random.sample(free, min(len(free), self.random.choice((1, 1, 2)))):
            region = process.regions.pop(key)
            touched.add(key)
            self.change(process, "MUNMAP_REMOVE", act, key, Region({name: value for name, value in region.items() if not isinstance(value, int) or name in ("start", "end")}))

    def was_of(self, before, now):
        was = {}
        for name in before:
            if name != "unknown" and before[name] != now.get(name):
                was[name] = text(before[name]) if name in ("start", "end") else before[name]
        if before["end"] - before["start"] != now["end"] - now["start"]:
            was["size"] = before["end"] - before["start"]
        return was

    def alter(self, process, touched, event, act, key, **members):
        before = Region(process.regions[key])
        now = process.regions[key]
        now.update(members)
        if "start" in members or "end" in members:
            self.measure(now)
        touched.add(key)
        self.change(process, event, act, key, now, self.was_of(before, now))

    def large(self, process, free, pages):
        return [key for key in free if process.regions[key]["end"] - process.regions[key]["start"] >= pages * PAGE]

    def op_hole(self, process, touched, free):
        """Punches a hole: the first piece keeps the id."""
        keys = self.large(process, free, 3)
        if keys:
            key = self.random.choice(keys)
            region = process.regions[key]
            pages = (region["end"] - region["start"]) // PAGE
            low = self.random.randrange(1, pages - 1)
            high = self.random.randrange(low + 1, pages)
            rest = Region(region, start=region["start"] + high * PAGE)
            act = self.act()
            self.alter(process, touched, "SPLIT", act, key, end=region["start"] + low * PAGE)
            self.measure(rest)
            other = self.add(process, rest)
            touched.add(other)
            self.change(process, "SPLIT", act, other, rest, from_=[key])

    def op_brk(self, process, touched, free):
        keys = [key for key in free if process.regions[key].get("name") == "[heap]"]
        if keys:
            region = process.regions[keys[0]]
            pages = (region["end"] - region["start"]) // PAGE
            if self.random.random() < 0.1:
                region = process.regions.pop(keys[0])
                nothing = Region({name: value for name, value in region.items() if not isinstance(value, int)}, start=region["start"], end=region["start"])
                self.heaps[process.pid] = Region(region)
                touched.add(keys[0])
                self.change(process, "BRK_SHRINK", self.act(), keys[0], nothing, self.was_of(region, nothing))
                return
            if pages > 1 and self.random.random() < 0.3:
                self.alter(process, touched, "BRK_SHRINK", self.act(), keys[0], end=region["start"] + self.random.randrange(1, pages) * PAGE)
                return
            end = region["end"] + self.random.randrange(1, 700) * PAGE
            if all(one is region or end <= one["start"] or region["start"] >= one["end"] for one in process.regions.values()):
                self.alter(process, touched, "BRK_GROW", self.act(), keys[0], end=end)
        elif process.pid in self.heaps and not any(region.get("name") == "[heap]" for region in process.regions.values()):
            region = self.heaps.pop(process.pid)
            if all(region["end"] <= one["start"] or region["start"] >= one["end"] for one in process.regions.values()):
                key = self.add(process, region)
                touched.add(key)
                self.change(process, "BRK_GROW", self.act(), key, region)

    def op_stack(self, process, touched, free):
        keys = [key for key in free if process.regions[key].get("name") == "[stack]"]
        if keys:
            self.alter(process, touched, "STACK_GROW", self.act(), keys[0], start=process.regions[keys[0]]["start"] - self.random.randrange(1, 40) * PAGE)

    def op_protect(self, process, touched, free):
        """Other permissions of a region, or of its middle."""
        key = self.random.choice(free)
        region, act = process.regions[key], self.act()
        perms = self.random.choice([perms for perms in ("r--p", "rw-p", "---p", "r-xp", "rwxp") if perms != region["perms"]])
        pages = (region["end"] - region["start"]) // PAGE
        if pages < 3 or self.random.random() < 0.5:
            self.alter(process, touched, "PERM_CHANGE", act, key, perms=perms)
            return
        a, b = region["start"] + PAGE, region["start"] + (pages - 1) * PAGE
        middle, last = Region(region, start=a, end=b, perms=perms), Region(region, start=b)
        self.alter(process, touched, "SPLIT", act, key, end=a)
        for piece, event in ((middle, "PERM_CHANGE"), (last, "SPLIT")):
            self.measure(piece)
            other = self.add(process, piece)
            touched.add(other)
            self.change(process, event, act, other, piece, from_=[key])

    def op_merge(self, process, touched, free):
        """Two neighbours become one, and so does what lies between them."""
        ones = sorted(free, key=lambda key: process.regions[key]["start"])
        pairs = [(a, b) for a, b in zip(ones, ones[1:]) if process.regions[a]["end"] == process.regions[b]["start"]]
        if pairs:
            a, b = self.random.choice(pairs)
            one, other = process.regions[a], process.regions.pop(b)
            before = Region(one)
            one.update(end=other["end"], perms=other["perms"])
            self.measure(one)
            touched.update((a, b))
            self.change(process, "MERGE", self.act(), a, one, self.was_of(before, one), from_=[a, b], gone=[b])

    def op_move(self, process, touched, free):
        key = self.random.choice(free)
        region = process.regions[key]
        if region.get("name") not in ("[heap]", "[stack]"):
            start, end = self.place(process, (region["end"] - region["start"]) // PAGE)
            self.alter(process, touched, "MOVE", self.act(), key, start=start, end=end)

    def op_rename(self, process, touched, free):
        self.alter(process, touched, "RENAME", self.act(), self.random.choice(free), name="[anon:%s]" % self.random.choice(("pool 0", "lake", "sea")))

    def op_kind(self, process, touched, free):
        """Something tells more of it now: another kind, by whatever change tells it."""
        key = self.random.choice(free)
        kind = self.random.choice([kind for kind in KINDS if kind != process.regions[key]["kind"]])
        region = process.regions[key]
        if self.random.random() < 0.5 and region.get("name") not in ("[stack]", "[heap]"):
            self.alter(process, touched, "RESIZE_MAPPING", self.act(), key, kind=kind, end=region["start"] + max(PAGE, (region["end"] - region["start"]) // 2 // PAGE * PAGE))
        else:
            self.alter(process, touched, "RESIDENT_CHANGE", self.act(), key, kind=kind)

    def op_resident(self, process, touched, free):
        key = self.random.choice(free)
        before, now = Region(process.regions[key]), process.regions[key]
        self.measure(now)
        if now != before:
            touched.add(key)
            self.change(process, "RESIDENT_CHANGE", self.act(), key, now, self.was_of(before, now))

    def op_resize(self, process, touched, free):
        keys = self.large(process, free, 2)
        if keys:
            key = self.random.choice(keys)
            region = process.regions[key]
            self.alter(process, touched, "RESIZE_MAPPING", self.act(), key, end=region["end"] - self.random.randrange(1, (region["end"] - region["start"]) // PAGE) * PAGE)

    # ---- processes ----

    def start(self, parent=None, name="demo"):
        self.pids += self.random.randrange(1, 9)
        process = Process(self.pids, parent.pid if parent else 1, name)
        self.processes.append(process)
        self.put("process", process.pid, why="fork" if parent else "first", ppid=process.ppid, name=name, exe="/opt/app/" + name, args=["./" + name, "--fast"], threads=1)
        return process

    def first(self):
        process = self.start(name=self.random.choice(("demo", "server", "worker 1")))
        self.tick()
        self.begin(process)
        if self.samples:
            self.put("sample", process.pid, seq=process.seq, took="0.000161204")
        self.snapshot(process, True)
        return process

    def fork(self):
        parent = self.random.choice(self.processes)
        if self.random.random() < 0.5:
            self.put("event", parent.pid, call="fork", tid=parent.pid, child=self.pids + 1)
        child = self.start(parent, parent.name)
        self.tick()
        known, act = self.random.random() < 0.7, self.act()
        for key, region in sorted(parent.regions.items()):
            copy = Region(region)
            self.measure(copy)
            other = self.add(child, copy)
            if known:
                self.change(child, "FORK", act, other, copy, from_=[key])
        self.snapshot(child, True)

    def execute(self, process):
        act, gone = self.act(), sorted(process.regions)
        process.name = self.random.choice(("demo", "sh", "cat"))
        process.regions = {}
        self.put("process", process.pid, why="exec", ppid=process.ppid, name=process.name, exe="/bin/" + process.name, args=[process.name, "x"], threads=1)
        self.tick()
        self.begin(process)
        first = True
        for key, region in sorted(process.regions.items()):
            self.change(process, "EXEC_REBUILD", act, key, region, gone=gone if first else ())
            first = False
        self.snapshot(process, True)

    def exit(self, process):
        self.put("event", process.pid, call="exit", **self.random.choice(({"status": 0}, {"status": 3}, {"signal": 9}, {})))
        act = self.act()
        for key, region in sorted(process.regions.items()):
            self.change(process, "EXIT", act, key, Region({name: value for name, value in region.items() if not isinstance(value, int) or name in ("start", "end")}), cause={"call": "exit"})
        process.regions = {}
        self.processes.remove(process)
        self.ended.append(process.pid)

    # ---- time ----

    def tick(self, least=1000):
        self.t += self.random.randrange(least, 400000000) if self.random.random() < 0.7 else self.random.randrange(least, 90000)

    def look(self, process):
        """A sample of a process, with what has changed since the last."""
        if self.samples and self.random.random() < 0.15:
            self.put("sample", process.pid, seq=process.seq, took="0.000100000", same=True)
            process.seq += 1
            return
        if self.samples:
            self.put("sample", process.pid, seq=process.seq, took="0.000161204")
        self.steps += 1
        frame = bool(self.keyframe) and self.steps % self.keyframe == 0
        touched = set()
        here = len(self.out)
        for _ in range(self.random.choice((0, 1, 1, 2, 5))):
            self.op(process, touched)
        if frame:
            self.snapshot(process, True)
        elif self.samples:
            changes, self.out = self.out[here:], self.out[:here]
            self.snapshot(process, False)
            self.out += changes

    def aside(self):
        """What is told beside regions."""
        r, pid = self.random, self.random.choice(self.processes).pid
        what = r.choice(("mark", "mark", "lost", "finding", "event", "event", "system"))
        if what == "mark":
            self.put("mark", r.choice((pid, None)), text=r.choice(("loaded data", "phase 2", "GC")))
        elif what == "lost":
            self.put("lost", r.choice((pid, None)), what="samples", count=r.randrange(1, 9), where="vm-sample", why="the schedule fell behind")
        elif what == "finding":
            self.put("finding", pid, rule="grows", severity="warning", text="[heap] grew in 9 of 9 samples, 1.2 MiB/s")
        elif what == "event":
            self.put("event", pid, call="mmap", tid=pid + r.randrange(2), name="worker", addr=text(0), length=r.randrange(1, 99) * PAGE, prot="rw-", result=text(0x7f0000000000), took="0.000004120")
        elif self.system:
            total, free, cached = 1 << 34, r.randrange(1 << 30, 1 << 33), r.randrange(1 << 33)
            self.put("system", total=total, free=free, available=free + r.randrange(cached), cached=cached, buffers=1 << 20, shared=1 << 22, swap_total=1 << 31, swap_free=r.randrange(1 << 31))

    def live(self, looks):
        self.put("stream", version=1, program="vm-sample 0.1.0", sources=["procfs"], began="2026-11-20T13:52:01.204518392Z",
                 host={"name": "box", "os": "linux", "page": PAGE, "cpus": 2, "memory": 1 << 34})
        for _ in range(self.random.choice((1, 1, 1, 2))):
            self.tick()
            self.first()
        for _ in range(looks):
            self.tick()
            chance = self.random.random()
            if not self.processes:
                break
            if chance < 0.06 and len(self.processes) < 6:
                self.fork()
            elif chance < 0.09:
                self.execute(self.random.choice(self.processes))
            elif chance < 0.11 and len(self.processes) > 1:
                self.exit(self.random.choice(self.processes))
            elif chance < 0.2:
                self.aside()
            else:
                self.look(self.random.choice(self.processes))
        if self.random.random() < 0.6:
            together = self.random.random() < 0.5
            for process in list(self.processes):
                self.t += self.random.randrange(1, 40000)
                if not together:
                    self.tick()
                    self.look(process)
                    self.tick()
                self.exit(process)
        self.t += 70000
        self.put("stage", program="vm-sample 0.1.0", read=0, wrote=len(self.out), skipped=0, late=0, cpu="0.004120000", memory=3145728)
        self.put("end", reason="duration")
        return self.out


def lines(seed, looks=None):
    """The texts of a random stream."""
    life = Life(seed)
    out = life.live(life.random.choice((3, 12, 25, 40)) if looks is None else looks)
    return [write(line) for line in out]


def parsed(seed, looks=None):
    """The same life as vm-parse tells it: each look whole, no ids, no changes. Of a process that is not looked at again before its end, what it had is lost."""
    life = Life(seed)
    out = life.live(life.random.choice((3, 12, 25, 40)) if looks is None else looks)
    kept, states, i = [], {}, 0
    while i < len(out):
        line = out[i]
        if line["type"] not in ("snapshot", "region", "change"):
            if line["type"] != "finding":
                kept.append(line)
            i += 1
            continue
        t, pid, ended, before = line["t"], line["pid"], False, len(kept)
        state = states.setdefault(pid, {})
        while i < len(out) and out[i]["t"] == t and out[i].get("pid") == pid and out[i]["type"] in ("snapshot", "region", "change"):
            line = out[i]
            if line["type"] == "region" or line.get("event") in ("MMAP_ADD", "FORK") or (line.get("event") == "BRK_GROW" and "was" not in line):
                state[line["id"]] = line
            elif line["type"] == "change":
                for gone in line.get("gone", ()):
                    state.pop(gone, None)
                state[line["id"]] = line
                if line["event"] in ("MUNMAP_REMOVE", "EXIT") or (line["event"] == "BRK_SHRINK" and line["start"] == line["end"]):
                    del state[line["id"]]
                ended |= line["event"] == "EXIT"
            elif out[i + 1:i + 2] and out[i + 1]["type"] == "region":
                state.clear()
            i += 1
        if not ended:
            kept += whole(pid, t, sum(1 for one in kept if one["type"] == "snapshot" and one["pid"] == pid), state)
        assert before <= len(kept)
    return [write(line) for line in kept]


def whole(pid, t, seq, state):
    """A snapshot with its regions."""
    drop = ("type", "t", "pid", "seq", "id", "event", "act", "from", "gone", "was", "cause")
    ones = sorted(({"type": "region", "t": t, "pid": pid, "seq": seq, **{name: value for name, value in one.items() if name not in drop}} for one in state.values()),
                  key=lambda one: one["start"])
    sums = {"regions": len(ones)}
    for name in ("size", "rss", "pss", "dirty", "swap"):
        if name == "size" or any(name in one for one in ones):
            sums[name] = sum(one.get(name, 0) for one in ones)
    return [{"type": "snapshot", "t": t, "pid": pid, "seq": seq, **sums}] + ones


def growing(seed):
    """A parsed stream of what findings are about: heaps and mappings that grow, level off or fall, sorts that pile up, stacks near their limit,
    many regions, reserved memory, a small cgroup. Looks are evenly apart."""
    life = Life(seed)
    r = life.random
    life.measures, life.samples = r.choice(("rss", "smaps")), True
    life.put("stream", version=1, program="vm-sample 0.1.0", sources=["procfs"], began="2026-11-20T13:52:01.204518392Z",
             host={"name": "box", "os": "linux", "page": PAGE, "cpus": 2, "memory": 1 << 34, "max_map_count": r.choice((65530, 60, 90))})
    kept, every, grown, limit = life.out, 100000000, [], r.choice((2 << 20, 8 << 20, 64 << 20))
    for i in range(r.choice((1, 1, 2))):
        life.t += 1000
        pid = life.pids + i
        kept.append({"type": "process", "t": life.t, "pid": pid, "why": "first", "ppid": 1, "name": "demo", "exe": r.choice(("/opt/app/demo", "/usr/bin/node")), "threads": 1,
                     "cgroup": "/demo", "memory_limit": limit, "stack_limit": r.choice((8 << 20, 1 << 20))})
        process = Process(pid, 1, "demo")
        life.begin(process)
        stack = process.regions[max(key for key, one in process.regions.items() if one["kind"] == "stack")]
        for kind in ("anon", "arena", "gc"):
            life.add(process, life.region(process, kind, 60))
        if r.random() < .5:
            big = life.region(process, r.choice(("reserved", "anon")), 300 << 18)
            big.update({name: 0 for name, value in big.items() if isinstance(value, int) and name not in ("start", "end")}, perms=r.choice(("---p", "rw-p")))
            life.add(process, big)
        grown.append((process, stack, r.choice(("heap", "arena", "gc", "none")), r.choice(("always", "levels", "falls", "saw")), r.choice(("anon", "thread-stack", "none"))))
    for look in range(r.choice((30, 70, 110))):
        life.t = (look + 1) * every
        for process, stack, kind, how, pile in grown:
            alter(life, process, look, kind, how)
            if pile != "none" and r.random() < .9:
                one = life.region(process, pile, 33)
                one.pop("name", None)
                life.add(process, one)
            if r.random() < .3:
                stack["start"] -= PAGE * r.randrange(1, 8)
                life.measure(stack)
            if r.random() < .05:
                life.add(process, life.region(process, r.choice(("jit", "anon")), 3) | {"perms": "rwxp"})
            kept.append({"type": "sample", "t": life.t, "pid": process.pid, "seq": process.seq, "took": "0.000161204"})
            kept += whole(process.pid, life.t, process.seq, {key: dict(life.members(one)) for key, one in process.regions.items()})
            process.seq += 1
    life.put("end", reason="duration")
    return [write(line) for line in kept]


def alter(life, process, look, kind, how):
    """One region grows by some pages, as long as it does."""
    r = life.random
    one = next((one for one in process.regions.values() if one["kind"] == kind), None)
    if one is None or r.random() < .08:
        return
    more = r.randrange(4, 40) * PAGE
    if how == "levels" and look > 25 or how == "falls" and look > 40:
        more = 0
    if (how == "saw" and look % 20 == 19) or (how == "falls" and look == 40):
        more = -max(0, (one["end"] - one["start"]) - 60 * PAGE)
    end = one["end"] + more
    if more and all(other is one or end <= other["start"] or one["start"] >= other["end"] for other in process.regions.values()):
        one["end"] = end
        life.measure(one)


def write(line):
    """As JSON, times with nine decimals."""
    line = dict(line, t="%d.%09d" % divmod(line["t"], 1000000000))
    text = json.dumps(line, separators=(",", ":"), ensure_ascii=False)
    for name in ("t", "took", "cpu"):
        text = text.replace('"%s":"%s"' % (name, line.get(name)), '"%s":%s' % (name, line.get(name)))
    return text


if __name__ == "__main__":
    import sys
    print("\n".join(lines(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)))
