"""The figures of `finding` lines, computed from the recording that they are about.

  hold_findings(recording)  ->  ["0.300000000 grows of 7: 'from' is 4096, expected 8192", ...]

Also says what one look is enough for, and no line has told.
"""
from bisect import bisect_right

from stream import nanoseconds, words
from words import differ, fits, tokens

GIB, MIB = 1 << 30, 1 << 20
NEVER_GROW = {"reserved", "guard", "stack", "vdso", "vvar", "vsyscall"}
FIRST = 16  # ids in a line


class Look:
    """A process at one time."""

    def __init__(self, t, regions):
        self.t = t
        self.regions = sorted(regions, key=lambda one: (one.start, one.id))

    def value(self, subject):
        """What grows: the size of a region, the size or rss of a kind, how many regions are of a sort; None where there is none."""
        what, key = subject
        if what == "region":
            return next((one.size for one in self.regions if one.id == key), None)
        if what == "sort":
            return sum(1 for one in self.regions if sort_of(one) == key)
        if what == "count":
            return sum(1 for one in self.regions if one.kind == key)
        ones = [one for one in self.regions if one.kind == key]
        return sum(one.size if what == "size" else one.m.get("rss", 0) for one in ones)


def sort_of(region):
    return region.kind, region.perms, region.size.bit_length()


class Life:
    """The looks at a process since it was last another program."""

    def __init__(self, recording, pid):
        self.process = recording.processes[pid]
        self.looks, state, at = [], {}, 0
        steps = [step for step in recording.steps if step.pid == pid]
        for t in self.process.looks:
            while at < len(steps) and steps[at].t <= t:
                state.pop(steps[at].id, None)
                if steps[at].after is not None:
                    state[steps[at].id] = steps[at].after
                at += 1
            self.looks.append(Look(t, state.values()))
        self.times = [look.t for look in self.looks]

    def until(self, t):
        """The looks of this program up to a time."""
        begun = max([when for when, why, _ in self.process.renewals if when <= t and why != "first"], default=-1)
        return [look for look in self.looks if begun <= look.t <= t]

    def at(self, t):
        i = bisect_right(self.times, t)
        return self.looks[i - 1] if i else Look(t, [])

    def line(self, t):
        """What the last `process` line up to a time says."""
        return next((line for when, _, line in reversed(self.process.renewals) if when <= t), {})


class Holder:
    def __init__(self, recording):
        self.recording, self.wrong = recording, []
        self.lives = {pid: Life(recording, pid) for pid, process in recording.processes.items() if process.looks}
        self.host = next((line["host"] for _, line in recording.heads if "host" in line), {})

    def say(self, line, text):
        if text:
            self.wrong.append("finding at %s, %s of %s: %s" % (line["t"], line["rule"], line.get("pid", "?"), text))

    def members(self, line, **values):
        for name, value in values.items():
            got = line.get(name)
            same = abs(float(got) - value) <= 0.0006 if isinstance(value, float) and got is not None else got == value
            if not same:
                self.say(line, "%s is %s, expected %s" % (name, got, value))

    def ids(self, line, regions):
        if line.get("ids", []) != [one.id for one in regions][:FIRST]:
            self.say(line, "ids are %s, expected %s" % (line.get("ids"), [one.id for one in regions][:FIRST]))

    # ---- one look ----

    def writable_executable(self, line, look, _):
        ones = [one for one in look.regions if one.kind == line["kind"] and "w" in one.perms and "x" in one.perms]
        self.members(line, regions=len(ones), size=sum(one.size for one in ones))
        self.ids(line, ones)
        self.say(line, differ(line["text"], [("n", len(ones)), ("size", sum(one.size for one in ones))]))

    def unguarded(self, line, look, _):
        ones = unguarded_of(look)
        self.members(line, regions=len(ones))
        self.ids(line, ones)
        self.say(line, differ(line["text"], [("n", len(ones))]))

    def stack_near_limit(self, line, look, life):
        if line["severity"] == "info" and line["text"].startswith("a thread"):
            ones = [one for one in look.regions if one.kind == "thread-stack" and "rss" in one.m and one.size >= 64 << 10]
            most = max(ones, key=lambda one: one.m["rss"] / one.size, default=None)
            used, limit = (most.m["rss"], most.size) if most is not None else (0, 0)
        else:
            most = max((one for one in look.regions if one.kind == "stack"), key=lambda one: one.size, default=None)
            used, limit = most.size if most is not None else 0, life.line(look.t).get("stack_limit", 0)
        if most is None:
            self.say(line, "there is no stack")
            return
        self.members(line, size=used, limit=limit, share=used / limit if limit else 0.0)
        if len(line.get("ids", ())) != 1:
            self.say(line, "it has not one id")
        self.say(line, differ(line["text"], [("size", used), ("size", limit), ("percent", (used, limit))]))

    def map_count(self, line, look, _):
        limit = self.host.get("max_map_count", 0)
        self.members(line, regions=len(look.regions), limit=limit, share=len(look.regions) / limit if limit else 0.0)
        self.say(line, differ(line["text"], [("n", len(look.regions)), ("n", limit), ("percent", (len(look.regions), limit))]))

    def reserved(self, line, look, _):
        ones = [one for one in look.regions if is_reserved(one, self.host.get("memory", 0))]
        usable = sum(one.size for one in ones if "r" in one.perms or "w" in one.perms)
        self.members(line, regions=len(ones), size=sum(one.size for one in ones), usable=usable)
        self.ids(line, ones)
        self.say(line, differ(line["text"], [("size", sum(one.size for one in ones)), ("n", len(ones)), ("size", usable)]))

    def fragmented(self, line, look, _):
        holes, end = [], 0
        for one in look.regions:
            if one.start >> 63 == 0 and end and one.start > end:
                holes.append(one.start - end)
            end = max(end, one.end)
        narrow = [hole for hole in holes if hole < MIB]
        self.members(line, holes=len(holes), narrow=len(narrow), largest=max(holes, default=0), regions=len(look.regions))
        if "free" in line:
            self.members(line, free=sum(holes))
            values = [("size", sum(holes)), ("n", len(holes)), ("size", max(holes, default=0))]
        else:
            values = [("n", len(narrow)), ("n", len(holes)), ("size", MIB)]
        self.say(line, differ(line["text"], values))

    def cgroup_limit(self, line, look, life):
        mine, used, members, limit = life.line(look.t), {0}, 0, life.line(look.t).get("memory_limit", 0)
        for other in self.lives.values():
            told, ended = other.line(look.t), other.process.ended(look.t)
            if told.get("cgroup") != mine.get("cgroup") or told.get("memory_limit") != limit or ended is not None:
                continue
            members += 1
            then = {charged(other.at(look.t)), charged(look if other is life else other.at(look.t - 1))}  # it may not have been looked at yet
            used = {one + more for one in used for more in then}
        stated = line.get("pss", line.get("rss"))
        used = stated if stated in used else max(used)
        self.members(line, limit=limit, processes=members, share=used / limit if limit else 0.0)
        self.members(line, **{"pss" if "pss" in line else "rss": used})
        self.say(line, differ(line["text"], [("size", used), ("n", members), ("size", limit), ("percent", (used, limit))]))

    # ---- growth ----

    def growth(self, line, look, life):
        """from, to, since, samples, slope, confidence: of groups of 1, 2, 4 ... looks, each by its least value."""
        subject, names = self.subject(line, look)
        since = nanoseconds(str(line["since"]))
        looks = [one for one in life.until(look.t) if one.value(subject) is not None]
        values = [one.value(subject) for one in looks]
        if "ended" in line:
            self.ended(line, look, subject, looks, values, since, names)
            return
        begin = min(range(len(looks)), key=lambda i: abs(looks[i].t - since), default=None)
        if begin is None:
            self.say(line, "there was nothing")
            return
        count = line["samples"] + 1
        before = looks[begin:-1]  # a value is one of a group once the next look has come
        fitting = [power for power in range(24) if count << power <= len(before) < (count + 1) << power]
        tries = [fit([(one.t, one.value(subject)) for one in before], count, 1 << power) for power in fitting]
        if not tries:
            self.say(line, "%d samples since %d ns: there were %d looks" % (count - 1, since, len(before)))
            return
        piles = line["rule"] == "piles-up"
        best = min(tries, key=lambda one: abs(one["slope"] - float(line["slope"])))
        now = values[-1]
        self.members(line, confidence=best["confidence"])
        if abs(float(line["slope"]) - best["slope"]) > best["slope"] * .02 + (.001 if piles else 1):
            self.say(line, "slope is %s, expected %.3f" % (line["slope"], best["slope"]))
        if "splits" in line:
            self.members(line, regions=now)
            limit = [("n", self.recording.most_regions)] if self.recording.most_regions else []
            self.say(line, differ(line["text"], [("n", now), *limit, ("n", now - best["from"]), ("time", since), ("number", float(line["slope"]))], names))
            return
        if piles:
            ones = [one for one in look.regions if sort_of(one) == subject[1]]
            self.members(line, regions=len(ones), size=sum(one.size for one in ones))
            self.ids(line, ones)
            self.say(line, differ(line["text"], [("n", len(ones)), ("size", min((one.size for one in ones), default=0)), ("n", now - best["from"]), ("time", since),
                                                 ("number", float(line["slope"]))], names))
            return
        self.members(line, **{"from": best["from"], "to": now})
        values = [("n", best["rising"]), ("n", count - 1), ("time", since), ("size", best["slope"]), ("size", best["from"]), ("size", now)]
        if subject[0] != "region":
            values.insert(0, ("n", sum(1 for one in look.regions if one.kind == line["kind"])))
        else:
            values = [("hex", one.start) for one in look.regions if one.id == subject[1] and not one.name] + values
        self.say(line, differ(line["text"], values, names))

    def failed_call(self, line, look, life):
        """Why a call failed: what the line itself states, as the moment lies between two looks."""
        if line["why"] == "map_count" and line["regions"] + 3 < line["limit"]:
            self.say(line, "%d regions are far from %d" % (line["regions"], line["limit"]))
        if line["why"] == "address_limit" and sum(one.size for one in look.regions) + line["size"] <= line["limit"]:
            self.say(line, "the limit leaves room")

    def subject(self, line, look):
        """What a line of growth is about, and its names."""
        if line["rule"] == "piles-up":
            names = [line[one] for one in ("name", "call", "functions") if one in line]
            if "splits" in line:
                return ("count", line["kind"]), names
            ones = [one for one in look.regions if one.id in line.get("ids", ())]
            if "name" in line and 5 * sum(1 for one in ones if words(one.name) == line["name"]) < 4 * len(ones):
                self.say(line, "%r is not what most of its regions are of" % line["name"])
            return ("sort", sort_of(ones[0]) if ones else None), names
        ids = line.get("ids", ())
        named = [one for one in look.regions if one.id in ids]
        if len(ids) == 1 and not line["text"].startswith(line["kind"] + " ("):
            return ("region", ids[0]), sorted({words(one.name) for one in named if one.name}, key=len, reverse=True)
        return ("rss" if line.get("measure") == "rss" else "size", line["kind"]), ()

    def ended(self, line, look, subject, looks, values, since, _):
        """Growth that is no more: only its highest value can be held, as a line does not say which region it was."""
        texts = [token for token in tokens(line["text"]) if token.kind == "size"]
        if not texts and line["rule"] == "grows":
            self.say(line, "%r has no size" % line["text"])
        elif texts and not fits(texts[0], ("size", line["to"])):
            self.say(line, "%r, where `to` is %d" % (line["text"], line["to"]))
        if not line["from"] < line["to"]:
            self.say(line, "it grew from %d to %d" % (line["from"], line["to"]))
        if not since <= nanoseconds(str(line["ended"])) <= look.t:
            self.say(line, "it ended at %s" % line["ended"])

    def hold(self):
        told = {}
        for t, line in self.recording.lines:
            if line["type"] != "finding" or line.get("pid", -1) not in self.lives or line["rule"] in ("budget", "aslr"):
                continue
            life = self.lives[line.get("pid", -1)]
            held = self.growth if line["rule"] in ("grows", "piles-up") else getattr(self, line["rule"].replace("-", "_"), None)
            if held is None:
                self.say(line, "the rule is not known")
                continue
            held(line, life.at(t), life)
            told.setdefault((line.get("pid", -1), line["rule"], line.get("kind")), []).append(t)
        self.untold(told)
        return self.wrong

    def untold(self, told):
        """What one look is enough for is told at the first that has it."""
        for pid, life in self.lives.items():
            seen, renewals = set(), [t for t, why, _ in life.process.renewals if why != "first"]
            for look in life.looks:
                if renewals and look.t >= renewals[0]:
                    seen, renewals = set(), renewals[1:]
                found = {("writable-executable", one.kind) for one in look.regions if "w" in one.perms and "x" in one.perms}
                found |= {("unguarded", None)} if unguarded_of(look) else set()
                for rule, kind in found - seen:
                    if look.t not in told.get((pid, rule, kind), ()):
                        self.wrong.append("at %d ns no finding tells %s of %s in %d" % (look.t, rule, kind, pid))
                seen |= found


def charged(look):
    measure = "pss" if any("pss" in one.m for one in look.regions) else "rss"
    return sum(one.m.get(measure, 0) for one in look.regions)


def unguarded_of(look):
    """Stacks with memory that can be read or written right below, and no guard."""
    found, below = [], None
    for one in look.regions:
        if one.kind in ("stack", "thread-stack") and below is not None and below.end == one.start and ("r" in below.perms or "w" in below.perms):
            if "gu" not in str(one.raw.get("flags", "")).split():
                found.append(one)
        below = one
    return found


def is_reserved(region, memory):
    if region.size < GIB:
        return False
    if "rss" in region.m:
        return region.m["rss"] < region.size // 1024
    return not ("r" in region.perms or "w" in region.perms) or bool(memory and region.size > memory)


def fit(points, count, width):
    """The last `count` groups of `width` points from the first: {from, rising, slope, confidence}."""
    groups = [points[i:i + width] for i in range(0, count * width, width)]
    ones = [(group[0][0], min(value for _, value in group)) for group in groups]
    slopes, rising, falling = [], 0, 0
    for i, (t, value) in enumerate(ones):
        for later, more in ones[i + 1:]:
            rising, falling = rising + (more > value), falling + (more < value)
            if later > t:
                slopes.append((more - value) / ((later - t) / 1e9))
    slopes.sort()
    pairs = count * (count - 1) / 2
    return {"from": ones[0][1], "rising": sum(1 for (_, a), (_, b) in zip(ones, ones[1:]) if b > a),
            "slope": slopes[len(slopes) // 2] if slopes else 0.0, "confidence": (rising - falling) / pairs if pairs else 0.0}


def hold_findings(recording):
    return Holder(recording).hold()
