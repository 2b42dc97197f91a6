"""Small streams by hand, each with the question whose answer was once wrong: a name, the lines, the queries.

What stands here is judged as any other stream is; the cases only make sure that it is asked.
"""
import json

from truth import Query

PAGE = 4096
MIB = 256  # pages


class Hand:
    """Lines of a stream, put down one by one."""

    def __init__(self):
        self.lines = [{"type": "stream", "t": 0, "version": 1, "program": "hand 1", "sources": ["procfs"]}]

    def put(self, type_, t, pid=None, **members):
        self.lines.append(dict({"type": type_, "t": t}, **({"pid": pid} if pid is not None else {}), **members))
        return self

    def process(self, t, pid=7, why="first", ppid=1, name="demo"):
        return self.put("process", t, pid, why=why, ppid=ppid, name=name)

    def sample(self, t, pid=7, **members):
        return self.put("sample", t, pid, seq=0, **members)

    def frame(self, t, regions, pid=7, ids=True):
        """A sample with its regions: {id: region}."""
        self.sample(t, pid)
        self.put("snapshot", t, pid, seq=0, regions=len(regions))
        for key, one in sorted(regions.items(), key=lambda item: item[1]["start"]):
            self.put("region", t, pid, seq=0, **({"id": key} if ids else {}), **one)
        return self

    def change(self, t, event, act, key, one, pid=7, **members):
        return self.put("change", t, pid, event=event, act=act, id=key, **members, **one)

    def exit(self, t, act, regions, pid=7):
        self.put("event", t, pid, call="exit", status=0)
        for key, one in regions.items():
            self.change(t, "EXIT", act, key, {name: value for name, value in one.items() if name not in MEASURES}, pid)
        return self

    def texts(self):
        self.put("end", self.lines[-1]["t"] + .00007, reason="exit")
        return [json.dumps(dict(line, t=round(line["t"], 9)), separators=(",", ":")) for line in self.lines]


MEASURES = ("rss", "pss", "dirty", "swap", "anonymous", "shared_clean", "shared_dirty", "private_clean", "private_dirty")


def region(start, end, kind="anon", perms="rw-p", **members):
    """From page to page."""
    return dict(start="0x%016x" % (start * PAGE), end="0x%016x" % (end * PAGE), size=(end - start) * PAGE, perms=perms, share="prv", kind=kind, **members)


def was(one, **now):
    """The members of a region that differ from what it is now."""
    return {name: value for name, value in one.items() if name in now and now[name] != value}


def grown_heap():
    heap = [region(0x1000, end, "heap", name="[heap]", rss=PAGE * 8) for end in (0x1100, 0x1200)]
    hand = Hand().process(0).frame(.1, {1: heap[0]})
    return hand.sample(.2).change(.2, "BRK_GROW", 1, 1, heap[1], was={"end": heap[0]["end"], "size": heap[0]["size"]})


def family_that_ends_at_once():
    hand, regions = Hand(), {}
    for pid, key in ((7, 1), (8, 2), (9, 3)):
        regions[pid] = {key: region(0x1000, 0x1000 + key * MIB, rss=PAGE * key)}
        hand.process(.1 * key, pid, "first" if pid == 7 else "fork", 7).frame(.1 * key + .01, regions[pid], pid)
    for pid in (7, 8, 9):
        hand.exit(1 + pid / 100000, pid, regions[pid], pid)
    return hand


def exit_told_twice():
    one = {1: region(0x1000, 0x1100, rss=PAGE)}
    return Hand().process(0).frame(.1, one).exit(.5, 1, one).put("event", .50004, 7, call="exit", status=0)


def measure_that_is_no_longer_known():
    hand = Hand().process(0).frame(.1, {1: region(0x1000, 0x1100, rss=MIB * PAGE)})
    return hand.sample(.2).change(.2, "RESIDENT_CHANGE", 1, 1, region(0x1000, 0x1100), was={"rss": MIB * PAGE}).sample(.3, same=True)


def kind_that_changes():
    one, other = (region(0x1000, 0x1100, kind, rss=PAGE) for kind in ("gc", "bss"))
    return Hand().process(0).frame(.1, {1: one, 2: region(0x2000, 0x2100)}).sample(.2).change(.2, "RENAME", 1, 1, other, was={"kind": "gc"})


def kind_gone_before_the_end():
    gc, heap = region(0x1000, 0x1100, "gc", rss=PAGE), region(0x2000, 0x2100, "heap", rss=PAGE)
    hand = Hand().process(0).frame(.1, {1: gc, 2: heap}).sample(1)
    return hand.change(1, "MUNMAP_REMOVE", 1, 1, region(0x1000, 0x1100, "gc")).sample(2, same=True).exit(3, 2, {2: heap})


def library_of_which_a_part_went():
    text, rodata = region(0x1000, 0x1010, "text", "r-xp", name="/lib/a.so"), region(0x1010, 0x1020, "rodata", "r--p", name="/lib/a.so")
    return Hand().process(0).frame(.1, {1: text, 2: rodata}).sample(.2).change(.2, "MUNMAP_REMOVE", 1, 2, rodata)


def region_that_moves_and_is_another_kind():
    small, large = region(0x1100, 0x1102, "tls", rss=PAGE), region(0x1000, 0x1102, "anon", rss=MIB * PAGE)
    return Hand().process(0).frame(.1, {1: small}).sample(.2).change(.2, "RESIZE_MAPPING", 1, 1, large, was=dict(start=small["start"], size=small["size"], kind="tls", rss=PAGE))


def region_that_is_renamed():
    hand = Hand().process(0).frame(.1, {1: region(0x1000, 0x1100, rss=MIB * PAGE)}).sample(.2)
    return hand.change(.2, "RENAME", 1, 1, region(0x1000, 0x1100, rss=MIB * PAGE, name="[anon:pool]"), was={"name": ""}).sample(.3, same=True)


def quiet_after_a_change():
    hand = Hand().process(0).frame(.1, {1: region(0x1000, 0x1800, rss=8 * MIB * PAGE)}).sample(.2)
    hand.change(.2, "RESIZE_MAPPING", 1, 1, region(0x1000, 0x1100, rss=MIB * PAGE), was={"end": "0x%016x" % (0x1800 * PAGE), "size": 8 * MIB * PAGE, "rss": 8 * MIB * PAGE})
    return hand.sample(.3, same=True).put("mark", .5, text="x")


def samples_before_the_first_change():
    hand = Hand().process(0).frame(.1, {1: region(0x1000, 0x1100)}).put("event", .2, 7, call="mmap", tid=7).sample(.25).sample(.3)
    return hand.change(.3, "BRK_GROW", 1, 1, region(0x1000, 0x1200), was={"end": "0x%016x" % (0x1100 * PAGE), "size": MIB * PAGE})


def loss_after_the_moment():
    return Hand().process(0).frame(.1, {1: region(0x1000, 0x1100)}).sample(.2, same=True).put("lost", .3, 7, what="samples", count=5, where="vm-sample", why="x")


def fork_before_the_time_asked_for():
    hand = Hand().process(0).frame(.1, {1: region(0x1000, 0x1100)}).process(.2, 8, "fork", 7).sample(.25, 8)
    hand.change(.25, "FORK", 1, 2, region(0x1000, 0x1100), 8, **{"from": [1]}).frame(.25, {2: region(0x1000, 0x1100)}, 8).sample(.3, 8)
    hand.change(.3, "RESIZE_MAPPING", 2, 2, region(0x1000, 0x1200), 8, was={"end": "0x%016x" % (0x1100 * PAGE), "size": MIB * PAGE})
    return hand.sample(.5, same=True).sample(.5, 8, same=True)


def parent_that_goes_on_after_its_child():
    child = {2: region(0x1000, 0x1100, rss=2 * PAGE)}
    hand = Hand().process(0).frame(.1, {1: region(0x1000, 0x1100, rss=PAGE)}).process(.2, 8, "fork", 7).sample(.25, 8)
    hand.change(.25, "FORK", 1, 2, child[2], 8, **{"from": [1]}).frame(.25, child, 8).exit(.5, 2, child, 8).sample(.9)
    return hand.change(.9, "RESIDENT_CHANGE", 3, 1, region(0x1000, 0x1100, rss=MIB * PAGE), was={"rss": PAGE})


def another_after_the_end():
    heap = {1: region(0x1000, 0x1100, "heap", rss=PAGE)}
    return Hand().process(0).frame(.1, heap).exit(.5, 1, heap).process(.6, 9).frame(.7, {2: region(0x3000, 0x3100)}, 9)


def many_small_regions():
    return Hand().process(0).frame(.1, {i: region(0x1000 + i * 4, 0x1000 + i * 4 + 2 + i % 2, "anon" if i % 2 else "gc", rss=PAGE) for i in range(1, 2000)})


def far_apart_on_a_logarithm():
    ones = {1: region(0x555500000, 0x555500010, "text", "r-xp", name="/opt/demo")}
    ones.update({i: region(0x7f8000000 + i * 64, 0x7f8000000 + i * 64 + 40, "text", "r-xp", name="/lib/l%d.so" % i, rss=PAGE) for i in range(2, 40)})
    return Hand().process(0).frame(.1, ones)


def regions_that_overlap():
    return Hand().process(0).frame(.1, {1: region(0x1000, 0x9000, "anon"), 2: region(0x2000, 0x3000, "shm", "rw-s"), 3: region(0x2800, 0x3800, "file", "r--p", name="/a")})


def raw_process_lines():
    return Hand().process(0).frame(.1, {1: region(0x1000, 0x1100)}).put("event", .2, 7, call="mmap", tid=7).sample(.3).change(.3, "MMAP_ADD", 1, 2, region(0x2000, 0x2100))


def many_moments():
    """More than a narrow picture has columns; one kind peaks where the sum does not."""
    hand = Hand().process(0).frame(.001, {1: region(0x1000, 0x1100, "heap", rss=PAGE), 2: region(0x2000, 0x2100, "gc", rss=200 * PAGE)})
    had = {1: 1, 2: 200}
    for i in range(1, 800):
        t = .001 + i * .001
        for key, kind, pages in ((1, "heap", 100 if i == 401 else 1 + i % 2), (2, "gc", 50 if i == 401 else 200)):
            if pages != had[key]:
                hand.sample(t).change(t, "RESIDENT_CHANGE", 2 * i + key, key, region(key << 12, (key << 12) + 0x100, kind, rss=pages * PAGE), was={"rss": had[key] * PAGE})
                had[key] = pages
    return hand


def high_for_an_instant():
    """Two looks so near that a picture has one column for both: the first is high, the second is what lasts."""
    hand = Hand().process(0).frame(1, {1: region(0x1000, 0x3000, "heap", rss=8192 * PAGE)})
    hand.sample(1.0001).change(1.0001, "RESIDENT_CHANGE", 1, 1, region(0x1000, 0x3000, "heap", rss=4096 * PAGE), was={"rss": 8192 * PAGE})
    return hand.sample(11).change(11, "RESIDENT_CHANGE", 2, 1, region(0x1000, 0x3000, "heap", rss=512 * PAGE), was={"rss": 4096 * PAGE})


def heap_below_a_mapping():
    """A heap grows again and again, between neighbours that stay."""
    low = {1: region(0x1000, 0x1008, "text", "r-xp", name="/opt/demo"), 2: region(0x1008, 0x100c, "rodata", "r--p", name="/opt/demo")}
    low.update({i: region(0x3000 + i * 16, 0x3000 + i * 16 + 9, "gc" if i % 2 else "anon") for i in range(4, 30)})
    hand, pages = Hand().process(0).frame(.1, {**low, 3: region(0x100c, 0x1018, "heap", name="[heap]")}), 12
    for i in range(1, 40):
        was, pages = pages, pages + 1 + i % 3
        t = .1 + i * .1
        hand.sample(t).change(t, "BRK_GROW", i, 3, region(0x100c, 0x100c + pages, "heap", name="[heap]"), was={"end": "0x%016x" % ((0x100c + was) * PAGE), "size": was * PAGE})
    return hand


def many_processes():
    """More than a picture shows; half of them end."""
    hand = Hand()
    for i in range(30):
        hand.process(i * .01, 100 + i, "first" if not i else "fork", 100 if i else 1, "demo %d" % (i % 4))
        hand.frame(i * .01, {10 * i + 1: region(0x1000 + i * 16, 0x1008 + i * 16, "heap", rss=(i + 1) * 4096 % 32768), 10 * i + 2: region(0x9000 + i, 0x9001 + i, "stack", rss=PAGE)}, 100 + i)
    for i in range(0, 30, 2):
        ones = {10 * i + 1: region(0x1000 + i * 16, 0x1008 + i * 16, "heap", rss=PAGE), 10 * i + 2: region(0x9000 + i, 0x9001 + i, "stack", rss=PAGE)}
        hand.exit(.5 + i * .01, i + 1, ones, 100 + i)
        hand.sample(.5 + i * .01, 129, same=True)
    return hand.sample(1, 129, same=True)


def queries(*views, **asked):
    return [Query(view, **asked) for view in views]


MOMENT = ("map", "cards", "table", "explain", "stats")
TIMES = ("timeline", "area", "tree", "summary", "events", "diff")
S = 1000000000

CASES = {
    "a heap that grew in the last sample is one heap": (grown_heap, queries(*MOMENT + TIMES)),
    "a family that ends at once has been there before its end": (family_that_ends_at_once, queries("timeline", "summary", "tree", "area", "table")),
    "an exit that two sources tell of is one": (exit_told_twice, queries(*MOMENT + TIMES)),
    "a measure that is no longer known is not shown": (measure_that_is_no_longer_known, queries(*MOMENT + TIMES)),
    "a kind that changes is counted once": (kind_that_changes, queries(*MOMENT + TIMES) + queries("summary", columns="kind,regions,came,went,grew,shrank,bytes_came,bytes_went")),
    "a kind that was gone before the end was not there at the end": (kind_gone_before_the_end, queries(*MOMENT + ("area", "diff"), kinds=["gc"])),
    "a part of a library that went is not counted": (library_of_which_a_part_went, queries("cards", "map")),
    "a region is told by what it is today": (region_that_moves_and_is_another_kind, queries("area", by="region") + queries("table", "map", "area")),
    "bytes go with a region that is renamed": (region_that_is_renamed, queries("area", "summary", by="name")),
    "what was there at the time asked for was there": (quiet_after_a_change, queries("summary", frm=S // 4) + queries("summary", by="name", frm=S // 4)),
    "samples and events of the time asked for are counted": (samples_before_the_first_change, queries("summary", "events", frm=S * 3 // 20)),
    "what is lost later is not lost yet": (loss_after_the_moment, queries(*MOMENT + ("summary", "events", "tree"), at=S * 3 // 20)),
    "kinship is older than the time asked for": (fork_before_the_time_asked_for, queries("compare", frm=S * 2 // 5) + queries("compare", preset="compare", frm=S * 2 // 5)),
    "what a parent has later is not what it had": (parent_that_goes_on_after_its_child, queries("compare")),
    "nothing was there after the end": (another_after_the_end, queries(*MOMENT, pid=7, frm=S * 4 // 5) + queries(*MOMENT, frm=S * 3 // 10, at=S * 2 // 5)),
    "small boxes are merged and counted": (many_small_regions, queries("map", "timeline")),
    "a logarithm of addresses loses nothing": (far_apart_on_a_logarithm, queries("map", "timeline", scale="log")),
    "regions that overlap are all seen": (regions_that_overlap, queries(*MOMENT + ("timeline",))),
    "what lasts is drawn, not what was for an instant": (high_for_an_instant, queries("area", "tree", "timeline", "summary")),
    "a row of text is what most of it is while a heap grows": (heap_below_a_mapping, queries("timeline")),
    "what is beyond the processes that a picture has room for is told": (many_processes, queries(*MOMENT + TIMES + ("compare",)) + queries("summary", by="process") + queries(*MOMENT, pid=117)),
    "raw rows are counted as they stand": (raw_process_lines, queries("events")),
    "peaks are of all moments, not of those drawn": (many_moments, queries("area", "tree")),
}
