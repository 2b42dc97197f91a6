"""What is true of a recording at a moment: states, sums, stretches of life, what came and went, acts, lives.

A Query says what a user asks for (--at, --from, --to, --pid, --kind, --perms, --address ...); a Truth is a recording seen
through it. Nothing here knows how a view says it; see views.py.
"""
from stream import FOREVER, SUMS

TOGETHER = True  # False: the end of a family is that of the process that ended last
STILL = {"map", "table", "cards", "explain", "stats", "events", "tree", "summary", "diff", "compare"}


class Query:
    """What vm-render is asked for. Times in ns; None: not given."""

    def __init__(self, view, frm=None, to=None, at=None, pid=None, kinds=None, perms=None, address=None, **options):
        frm, to, at = (max(t, 0) if t is not None else None for t in (frm, to, at))
        self.view, self.frm, self.to, self.at, self.pid = view, frm, to, at, pid
        self.kinds, self.perms, self.address = kinds, perms, address
        self.options = options  # measure, by, preset, columns, sort, scale, reference, rows

    def arguments(self):
        """The command line, without the renderer."""
        words = ["--view", self.view]
        for name, value in (("from", self.frm), ("to", self.to), ("at", self.at)):
            if value is not None:
                words += ["--" + name, "%d.%09d" % divmod(value, 1000000000)]
        if self.pid is not None:
            words += ["--pid", str(self.pid)]
        if self.kinds:
            words += ["--kind", ",".join(self.kinds)]
        if self.perms:
            words += ["--perms", self.perms]
        if self.address:
            words += ["--address", "0x%x-0x%x" % self.address]
        for name, value in self.options.items():
            words += ["--" + name, str(value)]
        return words

    def narrowed(self):
        return bool(self.kinds or self.perms or self.address)

    def passes(self, region):
        """Whether the filters of regions let it through."""
        if self.address and (region.end <= self.address[0] or region.start >= self.address[1]):
            return False
        if self.kinds and region.kind not in self.kinds:
            return False
        return perms_fit(self.perms, region.perms)


def perms_fit(asked, have):
    if not asked:
        return True
    if "-" not in asked and "?" not in asked:
        return all(letter in have for letter in asked)
    return all(letter == "?" or have[i:i + 1] == letter for i, letter in enumerate(asked))


class Sum:
    """Sums of regions; a measure that no region knows is None."""

    def __init__(self, regions=()):
        self.regions = 0
        self.m = {}
        for region in regions:
            self.add(region)

    def add(self, region):
        self.regions += 1
        self.m["size"] = self.m.get("size", 0) + region.size
        for key, value in region.m.items():
            self.m[key] = self.m.get(key, 0) + value

    def get(self, measure):
        if measure == "regions":
            return self.regions
        return self.m.get(measure, 0 if measure == "size" else None)


class Span:
    """A stretch of a region's life in which range, permissions, kind and name stay."""

    def __init__(self, step):
        region = step.after
        self.pid, self.id, self.t0, self.t1 = step.pid, step.id, step.t, None
        self.start, self.end, self.perms, self.kind, self.name = region.shape()
        heap = step.event == "BRK_GROW" and step.before is None  # it came, as any other region
        self.born, self.died, self.from_ = "MMAP_ADD" if heap else step.event, None, step.from_
        self.rss = []
        self.measure(region)

    def measure(self, region):
        self.knows_rss = "rss" in region.m
        if self.knows_rss:
            self.rss.append(region.m["rss"])

    def close(self, step):
        heap = step.event == "BRK_SHRINK" and step.after is None
        self.t1, self.died = step.t, "MUNMAP_REMOVE" if heap else step.event


class Tally:
    """What came and went of a group of regions."""
    COUNTS = ("came", "went", "grew", "shrank", "split", "merged")

    def __init__(self):
        self.regions = self.size = self.rss = 0
        self.regions_start = self.size_start = self.rss_start = 0
        self.size_peak = self.rss_peak = self.bytes_came = self.bytes_went = 0
        self.pss = self.pss_start = self.pss_peak = 0
        self.has_rss = self.has_pss = self.used = False
        for name in self.COUNTS:
            setattr(self, name, 0)

    def begin(self):
        """What is now is what there was at the beginning."""
        fresh = Tally()
        fresh.regions = fresh.regions_start = self.regions
        fresh.size = fresh.size_start = fresh.size_peak = self.size
        fresh.rss = fresh.rss_start = fresh.rss_peak = self.rss
        fresh.pss = fresh.pss_start = fresh.pss_peak = self.pss
        fresh.has_rss, fresh.has_pss, fresh.used = self.has_rss, self.has_pss, self.regions > 0
        return fresh

    def hold(self, region, sign):
        self.regions += sign
        self.size += sign * region.size
        self.rss += sign * region.m.get("rss", 0)
        self.has_rss |= "rss" in region.m
        self.pss += sign * region.m.get("pss", 0)
        self.has_pss |= "pss" in region.m
        self.used = True

    def peak(self):
        self.size_peak = max(self.size_peak, self.size)
        self.rss_peak = max(self.rss_peak, self.rss)
        self.pss_peak = max(self.pss_peak, self.pss)

    def get(self, field):
        if field == "size_delta":
            return self.size - self.size_start
        if field.startswith("rss"):
            if not self.has_rss:
                return None
            return self.rss - self.rss_start if field == "rss_delta" else getattr(self, field)
        if field.startswith("pss"):
            if not self.has_pss:
                return None
            return self.pss - self.pss_start if field == "pss_delta" else getattr(self, field)
        return getattr(self, field)


class Act:
    """All lines of one act that concern what passes the filter."""

    def __init__(self, t, pid, act, event):
        self.t, self.pid, self.act, self.event = t, pid, act, event
        self.events, self.lines = [], []
        self.size = self.rss = 0
        self.has_rss = False
        self.kinds, self.names = [], []
        self.low, self.high = FOREVER * 2, 0
        self.ids = []


class Life:
    """A process from its start, or from exec, to exec or to its end."""

    def __init__(self, pid, t, ppid=None, before=None):
        self.pid, self.t0, self.t1, self.ppid, self.before = pid, t, None, ppid, before
        self.why, self.name, self.args, self.exe, self.status, self.exited = "", None, None, None, None, False


class Truth:
    """A recording as a query sees it."""

    def __init__(self, recording, query):
        self.recording, self.query = recording, query
        to = query.to if query.to is not None else FOREVER
        at = min(query.at if query.at is not None else FOREVER, to)
        self.frm = query.frm or 0
        self.at = at if at != FOREVER else None
        self.to = to
        self.limit = at if query.view in STILL else to
        times = [t for t, line in recording.lines
                 if self.frm <= t <= self.limit and "t" in line and line["type"] not in ("stage", "end")]
        self.t0, self.t1 = (times[0], max(times)) if times else (None, None)
        self.steps = self.filtered()

    def filtered(self):
        """The steps up to the limit, of what passes; [(step, before, after)]."""
        query, found = self.query, []
        for step in self.recording.steps:
            if step.t > self.limit or (query.pid is not None and step.pid != query.pid and query.view != "compare"):
                continue
            before = step.before if step.before is not None and query.passes(step.before) else None
            after = step.after if step.after is not None and query.passes(step.after) else None
            if before is not None or after is not None:
                found.append((step, before, after))
        return found

    # ---- processes ----

    def processes(self):
        """{pid: Process} of those that are told of up to the limit, in the order of first sight."""
        return {pid: one for pid, one in self.recording.processes.items() if one.t0 <= self.limit}

    def seen(self, pid):
        """Whether regions of it are told of."""
        process = self.recording.processes[pid]
        return bool(process.region_lines) and process.region_lines[0] <= self.limit and (self.query.pid in (None, pid) or self.query.view == "compare")

    def chosen(self):
        """The process that a view of one process shows."""
        known = self.processes()
        if self.query.pid is not None:
            return self.query.pid if self.query.pid in known else None
        for pid in known:
            if self.seen(pid):
                return pid
        return next(iter(known), None)

    def process_words(self, pid):
        """Numbers in "demo (42)"."""
        return [("n", pid)] if pid is not None and pid > 0 else []

    def ended(self, pid):
        return self.recording.processes[pid].ended(self.limit)

    # ---- one moment ----

    def state(self, pid, limit=None, before_end=False):
        """{id: Region} of what passes at the limit, or just before the end."""
        end = self.ended(pid) if before_end else None
        limit = self.limit if limit is None else limit
        state = {}
        for step, before, after in self.steps:
            if step.pid != pid or step.t > limit or (end is not None and step.t >= end and step.event == "EXIT"):
                continue
            if before is not None:
                state.pop(step.id, None)
            if after is not None:
                state[step.id] = after
        return state

    def moment(self, pid):
        """(time, regions by address, whether it is the moment before its end)."""
        if self.at is not None:
            return self.at, by_address(self.state(pid)), False
        end = self.ended(pid)
        if end is not None and end < self.frm:
            return end, [], True
        if end is not None:
            return end, by_address(self.state(pid, before_end=True)), True
        return self.t1, by_address(self.state(pid)), False

    def look_before(self, pid, limit=None):
        """(the last look, the one before) of a process, None where there was none."""
        looks = [t for t in self.recording.processes[pid].looks if t <= (self.limit if limit is None else limit)]
        return (looks[-1] if looks else None, looks[-2] if len(looks) > 1 else None)

    def since(self, pid):
        """(regions new, changed, gone) at the last look, as sets of ids; None where nothing is known of one before."""
        look, before = self.look_before(pid, self.at)
        if before is None:
            return None
        new, changed, gone = set(), set(), set()
        for span in self.spans():
            if span.pid != pid:
                continue
            if span.t1 == look:
                if span.died == "MUNMAP_REMOVE":
                    gone.add(span.id)
            elif span.t0 == look and span.born:
                (new if span.born in ("MMAP_ADD", "FORK") else changed).add(span.id)
        return new, changed, gone

    # ---- over time ----

    def spans(self):
        """Stretches of life, also those before the time asked for."""
        if not hasattr(self, "all_spans"):
            living, spans = {}, []
            for step, before, after in self.steps:
                key = (step.pid, step.id)
                span = living.get(key)
                if span is not None and (after is None or after.shape() != (span.start, span.end, span.perms, span.kind, span.name)):
                    span.close(step)
                    del living[key]
                    span = None
                if after is not None and span is None:
                    living[key] = Span(step)
                    spans.append(living[key])
                elif after is not None:
                    span.measure(after)
            self.all_spans = spans
        return self.all_spans

    def moments(self, pid):
        """[(t, {kind: Sum})] at each look at a process; of those not after `from` only the last."""
        looks = [t for t in self.recording.processes[pid].looks if t <= self.limit]
        early = [t for t in looks if t <= self.frm]
        looks = early[-1:] + [t for t in looks if t > self.frm]
        found, state, at = [], {}, 0
        mine = [one for one in self.steps if one[0].pid == pid]
        for t in looks:
            while at < len(mine) and mine[at][0].t <= t:
                step, before, after = mine[at]
                if before is not None:
                    state.pop(step.id, None)
                if after is not None:
                    state[step.id] = after
                at += 1
            kinds = {}
            for region in state.values():
                kinds.setdefault(region.kind, Sum()).add(region)
            found.append((t, kinds))
        return found

    # ---- the end of a family ----

    def ends(self):
        """Where all have ended: the last exits that nothing else separates, {pid}; else nothing."""
        last, alive = set(), set()
        looks = [self.recording.order[id(line)] for t, line in self.recording.lines
                 if line["type"] == "sample" and t <= self.limit and self.query.pid in (None, line.get("pid", -1))]
        for step, before, after in self.steps:
            while looks and looks[0] < step.index:
                looks.pop(0)
                last = set()
            if step.event == "EXIT":
                last = last | {step.pid} if TOGETHER else {step.pid}
            elif step.event != "segment":
                last = set()
        last = set() if looks else last
        for pid in self.processes():
            if self.state(pid):
                alive.add(pid)
        if alive or any(self.ended(pid) <= self.frm for pid in last):
            return set()
        return last

    def at_the_end(self):
        """All regions at the end of the time shown: what lives, or where all have ended what did just before."""
        last = self.ends()
        regions = []
        for pid in self.processes():
            regions += self.state(pid, before_end=pid in last).values()
        return regions

    # ---- what came and went ----

    def tallies(self):
        """{"all": Tally, "kind": {kind: Tally}, "name": {...}, "process": {...}, "events": {...}} at the end."""
        last = self.ends()
        groups = {"all": {}, "kind": {}, "name": {}, "process": {}}
        counting = self.frm <= 0
        now = None
        events, acts = {}, {}
        firsts = {"lines": 0, "came": 0, "went": 0, "rss": 0, "has_rss": False}
        for step, before, after in self.steps:
            if step.pid in last and step.event == "EXIT" and step.t >= self.ended(step.pid):
                continue
            if step.t != now:
                for group in groups.values():
                    for tally in group.values():
                        tally.peak()
                now = step.t
                if not counting and now > self.frm:
                    counting = True
                    for group in groups.values():
                        for key in group:
                            group[key] = group[key].begin()
                    events, acts = {}, {}
                    firsts = dict.fromkeys(firsts, 0)
            self.count(groups, step, before, after, counting)
            if counting:
                self.count_act(events, acts, firsts, step, before, after)
        for group in groups.values():
            for key, tally in group.items():
                tally.peak()
                if not counting:
                    group[key] = tally.begin()
        groups["events"], groups["firsts"] = events, firsts
        return groups

    def is_start(self, step, before):
        """Whether a key frame tells what was there before the recording began."""
        process = self.recording.processes[step.pid]
        later = any(t <= step.t and why in ("fork", "exec", "reused") for t, why, _ in process.renewals)
        first_segment = not self.recording.segment_times or step.t < self.recording.segment_times[0]
        return step.event in (None, "fresh") and before is None and not later and first_segment

    def count(self, groups, step, before, after, counting):
        keys = {"all": lambda region: "all", "kind": lambda region: region.kind, "name": lambda region: region.name,
                "process": lambda region: region.pid}
        start = self.is_start(step, before)
        for by, key in keys.items():
            group = groups[by]
            was = group.setdefault(key(before), Tally()) if before is not None else None
            now = group.setdefault(key(after), Tally()) if after is not None else None
            if was is not None:
                was.hold(before, -1)
            if now is not None:
                now.hold(after, 1)
            if not counting:
                continue
            if was is None and start:
                now.regions_start += 1
                now.size_start += after.size
                now.rss_start += after.m.get("rss", 0)
                now.pss_start += after.m.get("pss", 0)
            elif was is None:
                setattr(now, "split" if step.event == "SPLIT" else "came", getattr(now, "split" if step.event == "SPLIT" else "came") + 1)
                now.bytes_came += after.size
            elif now is None:
                setattr(was, "merged" if step.event == "MERGE" else "went", getattr(was, "merged" if step.event == "MERGE" else "went") + 1)
                was.bytes_went += before.size
            elif after.size > before.size:
                now.grew += 1
                now.bytes_came += after.size - before.size
            elif after.size < before.size:
                now.shrank += 1
                now.bytes_went += before.size - after.size

    def count_act(self, events, acts, firsts, step, before, after):
        size = (after.size if after is not None else 0) - (before.size if before is not None else 0)
        rss = (after.m.get("rss", 0) if after is not None else 0) - (before.m.get("rss", 0) if before is not None else 0)
        has_rss = any(one is not None and "rss" in one.m for one in (before, after))
        if step.event in (None, "fresh", "segment"):
            if not self.is_start(step, before) and not (before is not None and after is not None and not size and not rss):
                firsts["lines"] += 1
                firsts["came"] += max(size, 0)
                firsts["went"] += max(-size, 0)
                firsts["rss"] += rss
                firsts["has_rss"] = firsts["has_rss"] or has_rss
            return
        key = (step.pid, step.act)
        if key not in acts:
            acts[key] = Act(step.t, step.pid, step.act, step.event)
            events.setdefault(step.event, []).append(acts[key])
        act = acts[key]
        act.size += size
        act.rss += rss
        act.has_rss |= has_rss
        if not act.lines or act.lines[-1] is not step.line:
            act.lines.append(step.line)

    def acts(self):
        """Acts as the view events has them, in order."""
        found, last = [], None
        for step, before, after in self.steps:
            if step.t < self.frm or step.event in (None, "fresh", "segment"):
                continue
            if last is None or (last.pid, last.act) != (step.pid, step.act):
                last = Act(step.t, step.pid, step.act, step.event)
                found.append(last)
            last.size += (after.size if after is not None else 0) - (before.size if before is not None else 0)
            last.rss += (after.m.get("rss", 0) if after is not None else 0) - (before.m.get("rss", 0) if before is not None else 0)
            last.has_rss |= any(one is not None and "rss" in one.m for one in (before, after))
            if not last.lines or last.lines[-1] is not step.line:
                last.lines.append(step.line)
                if step.event not in last.events:
                    last.events.append(step.event)
                last.kinds.append(step.line.get("kind", "unknown"))
                last.names.append(step.line.get("name", ""))
                last.ids.append(step.line["id"])
                last.low = min(last.low, int(step.line["start"], 16))
                last.high = max(last.high, int(step.line["end"], 16))
        return found

    # ---- lives ----

    def lives(self):
        """Lives of processes in the order of their beginning."""
        if not hasattr(self, "all_lives"):
            self.all_lives = self.lives_made()
        return self.all_lives

    def lives_made(self):
        lives, last = [], {}

        def fresh(pid, t, **known):
            life = Life(pid, t, **known)
            lives.append(life)
            last[pid] = life
            return life

        for t, line in self.recording.lines:
            kind, pid = line["type"], line.get("pid", -1)
            if t > self.limit or (self.query.pid not in (None, pid) and self.query.view != "compare"):
                continue
            if kind in ("process", "snapshot", "region", "change") and pid not in last:
                fresh(pid, t)
            if kind == "process":
                self.life_process(fresh, last, t, line, pid)
            elif (kind == "event" and line.get("call") == "exit") or line.get("event") == "EXIT":
                if pid not in last:
                    fresh(pid, t)
                life = last[pid]
                life.t1 = t if life.t1 is None else life.t1
                life.exited = True
                if kind == "event" and life.status is None:
                    life.status = "signal %s" % line["signal"] if "signal" in line else str(line["status"]) if "status" in line else None
        return lives

    @staticmethod
    def life_process(fresh, last, t, line, pid):
        old, why = last.get(pid), line.get("why", "")
        if old.why and (old.t1 is not None or why in ("exec", "reused")):
            exec_ = why == "exec" and not old.exited
            if old.t1 is None:
                old.t1 = t
            old = fresh(pid, t, before=old if exec_ else None, ppid=old.ppid if exec_ else None)
        old.why = old.why or why or "first"
        old.ppid = line.get("ppid", old.ppid)
        old.name = line.get("name", old.name)
        old.exe = line.get("exe", old.exe)
        old.args = line.get("args", old.args)


def by_address(state):
    return sorted(state.values(), key=lambda region: (region.start, region.id or 0))


def sums_by(regions, key):
    """{key: Sum} of regions."""
    found = {}
    for region in regions:
        found.setdefault(key(region), Sum()).add(region)
    return found


def total(kinds, measure):
    """Of {kind: Sum}: bytes of a measure, 0 where nothing is known."""
    return sum(one.get(measure) or 0 for one in kinds.values())


def known(kinds, measure):
    return any(one.get(measure) is not None for one in kinds.values()) or measure in ("size", "regions")


assert SUMS[0] == "size"
