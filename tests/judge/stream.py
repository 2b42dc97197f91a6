"""Reads a stream as its contract says, without any code of the product: segments, key frames, changes, processes, exits.

  {"type":"change","t":0.2,"pid":7,"event":"BRK_GROW","act":1,"id":2,...}  ->  Step(t, pid, "BRK_GROW", 1, id 2, before, after)

A key frame replaces the state of its process; a change deletes `gone`, then sets its id; MUNMAP_REMOVE, EXIT and a BRK_SHRINK to nothing only delete.
Times are whole nanoseconds. A stream that is not tracked gives the same steps by way of vm-track, and its own regions are
laid over the tracked ones at each sample (`Recording.overlay`), so that measures and kinds are those of the sample itself.
"""
import base64
import gzip
import json
import subprocess

FOREVER = 1 << 63
SUMS = ("size", "rss", "pss", "dirty", "swap")
NOT_MEASURES = {"t", "pid", "seq", "id", "act", "size", "thp_eligible", "pkey", "page", "mmu_page"}


def lines_of(path):
    """The text lines of a file, packed or not."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] == b"\x28\xb5\x2f\xfd":
        data = subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout
    elif data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return data.decode("utf-8", "surrogateescape").split("\n")


def nanoseconds(number):
    """A JSON number of seconds, as its text, in whole nanoseconds: what is below is cut."""
    whole, _, rest = number.partition(".")
    if "e" in number or "E" in number:
        return int(float(number) * 1e9)
    return int(whole) * 1000000000 + (1 if not whole.startswith("-") else -1) * int((rest + "000000000")[:9] or 0)


class Time(str):
    """A number with a fraction, kept as its text."""


def parse(text):
    return json.loads(text, parse_float=Time)


def words(name):
    """A name as views show it: control characters stay, a newline and NUL are escaped."""
    return (name or "").replace("\n", "\\012").replace("\0", "\\000")


class Region:
    """One region of one process at one time."""
    __slots__ = ("id", "pid", "start", "end", "size", "perms", "kind", "name", "share", "m", "raw")

    def __init__(self, raw, pid):
        self.raw = raw
        self.id = raw.get("id")
        self.pid = pid
        self.start = int(raw["start"], 16)
        self.end = int(raw["end"], 16)
        self.size = int(raw.get("size", self.end - self.start))
        self.perms = raw.get("perms", "")
        self.kind = raw.get("kind", "unknown")
        self.name = words(raw.get("name", ""))
        self.share = raw.get("share", "")
        self.m = {key: value for key, value in raw.items() if isinstance(value, int) and not isinstance(value, bool) and key not in NOT_MEASURES}

    def sum(self, measure):
        """Bytes of a measure; None where it is not known."""
        return self.size if measure == "size" else 1 if measure == "regions" else self.m.get(measure)

    def shape(self):
        """What a stretch of life keeps: range, permissions, kind, name."""
        return self.start, self.end, self.perms, self.kind, self.name

    def laid_over(self, other):
        """The same region with the members of another description of it."""
        raw = dict(other.raw)
        if self.id is not None:
            raw["id"] = self.id
        return Region(raw, self.pid)


class Step:
    """What happened to one region at one time; before or after is None where it was not there. event None: a key frame told."""
    __slots__ = ("t", "pid", "event", "act", "id", "before", "after", "from_", "line", "start", "index")

    def __init__(self, t, pid, event, act, region_id, before, after, from_, line, index):
        self.t, self.pid, self.event, self.act, self.id = t, pid, event, act, region_id
        self.before, self.after, self.from_, self.line, self.index = before, after, from_, line, index
        self.start = False


class Process:
    """All that the stream tells of a pid beside its regions."""

    def __init__(self, pid, t):
        self.pid, self.t0 = pid, t
        self.name, self.ppid = None, None
        self.later = False
        self.renewals = []      # (t, why, line)
        self.exits = []         # (t, line or None)
        self.looks = []         # times at which something of its memory was told, ascending
        self.region_lines = []  # times of region and change lines

    def ended(self, limit=FOREVER):
        """When it ended, as known at `limit`: the first that told so after it was last renewed; None while it lives."""
        renewed = max((t for t, _, _ in self.renewals if t <= limit), default=-1)
        return next((t for t, _ in self.exits if renewed < t <= limit or (t == renewed and len(self.renewals) == 1)), None)

    def name_at(self, limit=FOREVER):
        name = None
        for t, _, line in self.renewals:
            if t <= limit and line.get("name") is not None:
                name = words(line["name"])
        return name

    def ppid_at(self, limit=FOREVER):
        ppid = None
        for t, _, line in self.renewals:
            ppid = line.get("ppid", ppid) if t <= limit else ppid
        return ppid


class Recording:
    """A tracked stream, read to its end."""

    def __init__(self, texts, overlay=None):
        self.lines = []          # (t, line): all with a time of their own, segments put in their places
        self.order = {}          # id of a line -> its place
        self.steps = []
        self.processes = {}
        self.segments = 0
        self.segment_times = []  # where later ones begin
        self.heads = []          # (index, line) of `stream` lines
        self.host = ""
        self.most_regions = 0  # vm.max_map_count; 0: unknown
        self.page = 4096
        self.types = {}
        self.contradictions = []
        self.said = {}           # (pid, t) -> kinds of a snapshot line
        self.state = {}          # pid -> {id: Region}
        self.frame = None        # (pid, seq, t) -> ids seen
        self.joins = False       # another recording has begun, no line of which has been read
        self.offset = self.now = 0
        self.began = None
        self.index = 0
        self.over = self.overlays(overlay) if overlay else []
        for text in texts:
            if text:
                self.take(parse(text))
        self.frame_end()
        self.flush(FOREVER)

    def by(self, program):
        """Whether a program has written the stream."""
        return any(line.get("program", "").split(" ")[0] == program for _, line in self.heads)

    def noise(self):
        """Ids of regions of which vm-diff calls all that differs noise."""
        real = {line["id"] for _, line in self.lines if line["type"] == "change" and "noise" not in line.get("cause", {})}
        return {line["id"] for _, line in self.lines if line["type"] == "change" and "noise" in line.get("cause", {})} - real

    # ---- regions as the samples themselves have them ----

    def overlays(self, texts):
        """[(t, pid, regions)] of an untracked stream of one segment."""
        found = []
        for text in texts:
            line = parse(text) if text else {}
            if line.get("type") == "snapshot":
                found.append((nanoseconds(str(line["t"])), line.get("pid", -1), []))
            elif line.get("type") == "region":
                when = nanoseconds(str(line.get("t", "0"))), line.get("pid", -1)
                if not found or found[-1][:2] != when:
                    found.append(when + ([],))  # only its regions are given
                found[-1][2].append(Region(line, line.get("pid", -1)))
        return found

    def flush(self, t):
        """Lays all samples before t over the tracked state."""
        while self.over and self.over[0][0] < t:
            when, pid, regions = self.over.pop(0)
            state = self.state.get(pid, {})
            by_place = {(region.start, region.end): region for region in regions}
            for key, region in list(state.items()):
                fresh = by_place.pop((region.start, region.end), None)
                if fresh is None:
                    self.contradictions.append("at %d of %d: tracked region %d at %#x is in no sample" % (when, pid, key, region.start))
                elif fresh.m != region.m or fresh.shape() != region.shape():
                    self.step(when, pid, "fresh", None, key, region.laid_over(fresh), None, None)
            for region in by_place.values():
                self.contradictions.append("at %d of %d: the region at %#x is not tracked" % (when, pid, region.start))

    # ---- lines ----

    def take(self, line):
        kind = line.get("type")
        self.types[kind] = self.types.get(kind, 0) + 1
        self.index += 1
        if kind == "stream":
            self.stream(line)
            return
        if kind != "region":
            self.frame_end()
        t = self.now
        if "t" in line:
            t = nanoseconds(str(line["t"])) + self.offset
            self.flush(t)
            self.now = max(self.now, t)
        if self.joins and kind not in ("stage", "end"):
            self.join(t, line)
        self.lines.append((t, line))
        self.order[id(line)] = self.index
        take = getattr(self, "take_" + str(kind), None)
        if take:
            take(t, line, line.get("pid", -1))

    def stream(self, line):
        self.frame_end()
        self.heads.append((self.index, line))
        began = line.get("began")
        began = parse_date(began) if began else None
        self.segments += 1
        if self.segments > 1:
            self.joins = True
            fits = began is not None and self.began is not None and began - self.began >= self.now
            self.offset = began - self.began if fits else self.now
        else:
            self.began = began
        self.host = line.get("host", {}).get("name", self.host)
        self.page = line.get("host", {}).get("page", self.page)
        self.most_regions = line.get("host", {}).get("max_map_count", self.most_regions)

    def join(self, t, line):
        """The first line of another recording: what the one before it has told is over."""
        self.joins = False
        for pid, state in self.state.items():
            for key in list(state):
                self.step(t, pid, "segment", None, key, None, None, line)
        self.segment_times.append(t)

    def process(self, pid, t):
        if pid not in self.processes:
            self.processes[pid] = Process(pid, t)
        return self.processes[pid]

    def look(self, t, pid):
        looks = self.process(pid, t).looks
        if not looks or looks[-1] != t:
            looks.append(t)

    def take_process(self, t, line, pid):
        process = self.process(pid, t)
        process.renewals.append((t, line.get("why", ""), line))
        process.later |= line.get("why") in ("fork", "exec", "reused")

    def take_event(self, t, line, pid):
        if line.get("call") == "exit":
            self.process(pid, t).exits.append((t, line))

    def take_sample(self, t, line, pid):
        if line.get("same") and pid in self.state:
            self.look(t, pid)

    def take_snapshot(self, t, line, pid):
        self.look(t, pid)
        self.state.setdefault(pid, {})
        if "kinds" in line:
            self.said[pid, t] = line["kinds"]

    def take_region(self, t, line, pid):
        key = (pid, line.get("seq"), t)
        if self.frame is None or self.frame[0] != key:
            self.frame_end()
            self.frame = (key, set())
        self.look(t, pid)
        self.process(pid, t).region_lines.append(t)
        self.frame[1].add(line["id"])
        self.step(t, pid, None, None, line["id"], Region(line, pid), None, line)

    def frame_end(self):
        if self.frame is None:
            return
        (pid, _, t), ids = self.frame
        self.frame = None
        for key in [key for key in self.state[pid] if key not in ids]:
            self.step(t, pid, None, None, key, None, None, None)

    def take_change(self, t, line, pid):
        self.look(t, pid)
        self.process(pid, t).region_lines.append(t)
        event, act = line["event"], line["act"]
        if event == "EXIT":
            self.process(pid, t).exits.append((t, None))
        for gone in line.get("gone", ()):
            if gone != line["id"] and gone in self.state.get(pid, {}):
                self.step(t, pid, event, act, gone, None, None, line)
        if line["id"] in line.get("gone", ()) and line["id"] in self.state.get(pid, {}):
            self.step(t, pid, event, act, line["id"], None, None, line)
        from_ = [one for one in line.get("from", ()) if one != line["id"]]
        removes = event in ("MUNMAP_REMOVE", "EXIT") or (event == "BRK_SHRINK" and line["start"] == line["end"])
        self.step(t, pid, event, act, line["id"], None if removes else Region(line, pid), from_[0] if from_ else None, line)

    def step(self, t, pid, event, act, key, after, from_, line):
        state = self.state.setdefault(pid, {})
        before = state.pop(key, None)
        if after is not None:
            state[key] = after
        if before is None and after is None:
            return
        self.steps.append(Step(t, pid, event, act, key, before, after, from_, line, self.index))


def parse_date(text):
    """RFC 3339 in UTC as ns since 1970."""
    import calendar
    import time
    whole, _, rest = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1000000000 + int((rest + "000000000")[:9])


def bytes_of(name, raw):
    """The exact bytes of a name."""
    return base64.b64decode(raw) if raw else name.encode("utf-8", "surrogateescape")
