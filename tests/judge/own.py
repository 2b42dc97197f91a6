"""The judge held against itself: its reader against the maker of random streams, its reading of figures against figures by hand."""
import generate
from stream import Recording
from truth import Query, Truth
from words import differ

FIGURES = (
    ("17.0 MiB", ("size", 17825792), True), ("17.0 MiB", ("size", 16388 << 10), False), ("1 MiB", ("size", 1 << 20), True), ("1 MiB", ("size", 1363148), False),
    ("539 MiB", ("size", (539 << 20) + 300000), True), ("0 B", ("size", 0), True), ("1024 KiB", ("size", 1 << 20), True), ("4 KiB", ("size", 4000), False),
    ("3.399 s", ("time", 3398921757), True), ("1000 ms", ("time", 999999999), True), ("1.784 ms", ("time", 1784000), True), ("2m05s", ("time", 125400000000), True),
    ("89%", ("percent", (89, 100)), True), ("less than 1%", ("percent", (1, 1000)), True), ("0%", ("percent", (6, 1000)), False), ("12.5", ("kib", 12800), True),
    ("12", ("kib", 12800), False), ("+12", ("kib", 12288), True), ("-4", ("kib", -4096), True), ("27 regions", ("n", 27), True), ("0x1000 to 0x2000", ("hex", 4096), False),
    ("libc.so.6", ("n", 6), False), ("x86-64", ("n", 64), False), ("(20732)", ("n", 20732), True), ("in all 5: see", ("n", 5), True),
)


def figures():
    """Sentences on figures that are read wrongly."""
    return ["%r for %s is taken as %s" % (text, value, not fits) for text, value, fits in FIGURES if (differ(text, [value]) == "") != fits]


def replayed(seed):
    """Sentences on what the reader has other than the maker had at the end."""
    life = generate.Life(seed)
    out = life.live(life.random.choice((3, 12, 25, 40)))
    truth = Truth(Recording([generate.write(line) for line in out]), Query("table"))
    wrong = []
    for process in life.processes:
        read = {(key, region.start, region.end, region.perms, region.kind, region.m.get("rss")) for key, region in truth.state(process.pid).items()}
        made = {(key, region["start"], region["end"], region["perms"], region["kind"], region.get("rss")) for key, region in process.regions.items()}
        wrong += ["seed %d, process %d: %s" % (seed, process.pid, one) for one in sorted(map(str, read ^ made))]
    for pid in life.ended:
        if truth.state(pid):
            wrong.append("seed %d: process %d has regions after its end" % (seed, pid))
    return wrong
