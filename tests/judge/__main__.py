"""The judge: what each view must state of a stream, computed without any code of the product, and held against what it draws.

  judge random A-B            random streams by seed, each view in each renderer, at many moments, through filters
  judge parsed A-B            the same as vm-parse tells them, through vm-track and without
  judge findings A-B          what vm-track finds of random streams that grow
  judge diff A-B              what vm-diff says of two states of one life, and how addresses vary between runs
  judge cases [WORD]          small streams by hand (of those whose name has the word)
  judge hold FILE...          recordings, tracked or parsed; a parsed one is also judged as vm-track tells it
  judge live FILE | A-B       the picture on a screen after each of some samples
  judge own A-B               the judge against itself: its reader against the maker of random streams
  judge join A-B              two random streams one behind the other
  judge tell FILE VIEW [OPTION VALUE]...   says what the view must state: --at --from --to --pid --kind --perms --address, others as vm-render
  judge stream SEED [LOOKS]   writes a random stream, tracked
  judge untracked SEED        writes one that is parsed alone
  judge growing SEED          writes one that grows

  --lenient                   passes over notes, columns and rows that the judge does not know
  --views none | V,... --renderers R,... --moments N    less, or more

Prints what is wrong, and a last line; exit 1 if anything was. It runs vm-render and vm-track of PATH.
"""
import os
import random
import subprocess
import sys

import cases
import differences
import expect as expectations
import generate
from findings import hold_findings
import own
from judge import RENDERERS, TABLES, Judge
from stream import Recording, lines_of
from truth import Query, Truth
from views import VIEWS, expect

OPTIONS = {
    "table": ({"by": "kind"}, {"by": "name"}, {"by": "perms"}, {"sort": "-rss"}, {"preset": "kinds"}, {"preset": "smaps"}, {"preset": "pmap"}, {"preset": "pmap-x"},
              {"preset": "pmap-X"}, {"preset": "pmap-d"}, {"preset": "regions"}, {"preset": "free"}, {"preset": "free-b"},
              {"columns": "id,range,size,rss,pss,share,referenced,anonymous,shared_clean,private_dirty,kind,name"}),
    "summary": ({"by": "name"}, {"by": "process"}, {"by": "event"},
                {"columns": "kind,regions,regions_start,came,went,grew,shrank,split,merged,size,size_start,size_delta,size_peak,bytes_came,bytes_went,rss,rss_start,rss_delta,rss_peak"}),
    "events": ({"by": "change"}, {"rows": 5}, {"columns": "t,pid,level,event,act,id,lines,change,rss,kind,perms,range,start,end,name,text"}),
    "area": ({"measure": "size"}, {"measure": "pss"}, {"measure": "swap"}, {"measure": "regions"}, {"by": "region"}, {"by": "name"}, {"by": "region", "measure": "size"}, {"measure": "system"}),
    "tree": ({"measure": "size"}, {"measure": "pss"}, {"measure": "regions"}),
    "compare": ({"preset": "compare"},),
    "diff": ({"preset": "diff"}, {"preset": "all"}),
    "explain": ({"columns": "kind,regions,size,rss,resident,shared,private,dirty,swap"},),
    "timeline": ({"scale": "log"}, {"scale": "linear"}),
    "map": ({"scale": "log"}, {"scale": "linear"}),
}


def questions(recording, view, r, moments):
    """Queries of one view, and whether all renderers draw them: as it is, at moments, between times, through filters, with options."""
    times = sorted({t for t, _ in recording.lines}) or [0]
    pids, kinds = list(recording.processes), sorted({step.after.kind for step in recording.steps if step.after is not None})
    ends = [t for process in recording.processes.values() for t, _ in process.exits]
    changes = [step.t for step in recording.steps]
    yield Query(view), True
    for i in range(moments):
        t = r.choice((changes, times, ends or times, [times[-1]])[i % 4] or times)
        yield Query(view, at=t + (0, -1, 0, 1)[i % 4]), i == 0
    for i in range(moments // 2):
        a, b = sorted((r.choice(times), r.choice(times)))
        yield Query(view, **r.choice(({"frm": a}, {"to": b}, {"frm": a, "to": b}, {"frm": a, "at": b}))), False
    filters = [{"kinds": r.sample(kinds, min(2, len(kinds)))}, {"perms": r.choice(("w", "r--p", "x", "rw", "?w?p"))}, {"address": (0x560000000000, 0x7f0000000000)}]
    filters += [{"pid": r.choice(pids)}, {"pid": r.choice(pids), "kinds": ["anon"], "at": r.choice(times)}] if pids else []
    for asked in r.sample(filters, min(len(filters), moments)):
        yield Query(view, **asked), False
    known = OPTIONS.get(view, ())
    for options in r.sample(known, min(len(known), moments)):
        yield Query(view, **options, **r.choice(({}, {"at": r.choice(times)}))), options.get("preset") not in ("smaps", "pmap-X")


class Asked:
    """What the command line asks for."""

    def __init__(self, words):
        self.words, self.views, self.renderers, self.moments = [], list(VIEWS), list(RENDERERS), 2
        words = list(words)
        while words:
            word = words.pop(0)
            if word == "--views":
                self.views = [word for word in words.pop(0).split(",") if word != "none"]
            elif word == "--lenient":
                expectations.LENIENT = True
            elif word == "--renderers":
                self.renderers = words.pop(0).split(",")
            elif word == "--moments":
                self.moments = int(words.pop(0))
            else:
                self.words.append(word)


def seeds(word):
    first, _, last = word.partition("-")
    return range(int(first), int(last or first) + 1)


def judge_stream(judge, asked, name, texts, recording, seed, tracked=True):
    data = ("\n".join(texts).rstrip("\n") + "\n").encode("utf-8", "surrogateescape")
    for view in asked.views:
        if not tracked and view in ("events", "summary"):
            continue  # ids and acts are those of vm-track, and may be others in vm-render
        r = random.Random("%s %s" % (seed, view))
        for query, everywhere in questions(recording, view, r, asked.moments):
            if not tracked and "id" in query.options.get("columns", "").split(","):
                continue
            judge.hold(name, data, recording, query, asked.renderers if everywhere else asked.renderers[:1])
            if everywhere and not query.options and query.at is None and "ascii" in asked.renderers:
                judge.hold(name, data, recording, query, ["ascii"], *r.choice(((80, 24), (120, 36), (100, 60))))


def run_random(judge, asked):
    for seed in seeds(asked.words[0]):
        texts = generate.lines(seed)
        judge_stream(judge, asked, "seed %d" % seed, texts, Recording(texts), seed)


def run_join(judge, asked):
    for seed in seeds(asked.words[0]):
        texts = generate.lines(seed) + generate.lines(seed + 100000)
        judge_stream(judge, asked, "seeds %d and %d" % (seed, seed + 100000), texts, Recording(texts), seed)


def run_cases(judge, asked):
    for name, (make, queries) in cases.CASES.items():
        if asked.words and asked.words[0] not in name:
            continue
        texts = make().texts()
        data = ("\n".join(texts) + "\n").encode()
        recording = Recording(texts)
        for query in queries:
            if query.view in asked.views:
                judge.hold(name, data, recording, query, asked.renderers)
                if query.view not in TABLES and not query.options.get("preset"):
                    judge.hold(name, data, recording, query, ["trace", "ascii"], 90)


def run_hold(judge, asked):
    for path in asked.words:
        texts = lines_of(path)
        if any('"id":' in text for text in texts if '"type":"region"' in text[:200]):
            judge_stream(judge, asked, path, texts, Recording(texts), os.path.basename(path))
            continue
        judge_parsed(judge, asked, path, texts, os.path.basename(path))


def judge_parsed(judge, asked, name, texts, seed):
    """What vm-parse has written, as vm-track tells it, and without."""
    tracked = subprocess.run(["vm-track", "-q"], input="\n".join(texts).encode("utf-8", "surrogateescape"), stdout=subprocess.PIPE, check=True).stdout
    tracked = tracked.decode("utf-8", "surrogateescape").split("\n")
    recording = Recording(tracked, overlay=texts)
    judge.tell(name, ["vm-track"], recording.contradictions + hold_findings(recording))
    judge_stream(judge, asked, name + " | vm-track", tracked, recording, seed)
    untold = Recording([text for text in tracked if '"type":"finding"' not in text], overlay=texts)
    judge_stream(judge, asked, name, texts, untold, seed, False)


GROWTH = ["--grow-for", "1s", "--grow-samples", "8", "--grow-least", "256K", "--pile-least", "8", "--reserved-least", "1G", "--holes", "20"]


def run_findings(judge, asked):
    """Streams that grow, each finding held; every tenth also drawn."""
    for seed in seeds(asked.words[0]):
        texts = generate.growing(seed)
        tracked = subprocess.run(["vm-track", "-q"] + GROWTH, input="\n".join(texts).encode(), stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")
        recording = Recording(tracked, overlay=texts)
        judge.pictures += 1
        judge.tell("seed %d growing" % seed, ["vm-track"] + GROWTH, recording.contradictions + hold_findings(recording))
        if seed % 10 == 1 and asked.views:
            judge_stream(judge, asked, "seed %d growing | vm-track %s" % (seed, " ".join(GROWTH)), tracked, recording, seed)


def run_diff(judge, asked):
    for seed in seeds(asked.words[0]):
        texts = generate.parsed(seed)
        snapshots = [i for i, text in enumerate(texts) if '"type":"snapshot"' in text[:40]]
        middle = snapshots[len(snapshots) // 2] if len(snapshots) > 1 else len(texts)
        before = texts[:middle] + texts[-1:]
        wrong, out, _ = differences.hold_diff(before, texts)
        judge.pictures += 3
        judge.tell("seed %d, its half and all" % seed, ["vm-diff"], wrong)
        judge.tell("seed %d, its half and all" % seed, ["vm-diff", "-f"], differences.hold_conditions(before, texts, seed))
        judge.tell("seed %d, runs" % seed, ["vm-diff", "--entropy"], differences.hold_entropy(seed))
        if out and asked.views:
            recording, data = Recording(out), ("\n".join(out) + "\n").encode("utf-8", "surrogateescape")
            for query in (Query("map"), Query("cards"), Query("explain"), Query("diff"), Query("table", preset="kinds"), Query("diff", preset="diff"), Query("diff", preset="all")):
                if query.view in asked.views:
                    judge.hold("seed %d, its half and all | vm-diff" % seed, data, recording, query, asked.renderers)


def run_parsed(judge, asked):
    for seed in seeds(asked.words[0]):
        judge_parsed(judge, asked, "seed %d parsed" % seed, generate.parsed(seed), seed)


def run_own(judge, asked):
    judge.tell("figures", [], own.figures())
    for seed in seeds(asked.words[0]):
        judge.pictures += 1
        judge.tell("seed %d" % seed, [], own.replayed(seed))


def run_live(judge, asked):
    word = asked.words[0]
    streams = [("seed %d" % seed, generate.lines(seed)) for seed in seeds(word)] if not os.path.exists(word) else [(word, [text for text in lines_of(word) if text])]
    for name, texts in streams:
        for view in asked.views:
            judge.live(name, texts, Query(view), max(asked.moments, 2))


def run_tell(asked):
    path, view, *rest = asked.words
    query, names = {}, {"from": "frm", "kind": "kinds"}
    for word, value in zip(rest[::2], rest[1::2]):
        name = names.get(word.lstrip("-"), word.lstrip("-"))
        query[name] = (round(float(value) * 1e9) if name in ("frm", "to", "at") else int(value) if name == "pid" else value.split(",") if name == "kinds"
                       else tuple(int(one, 16) for one in value.split("-")) if name == "address" else value)
    made = expect(Truth(Recording(lines_of(path)), Query(view, **query)))
    for part in ("empty", "title", "subtitle", "classes", "totals"):
        print(part, getattr(made, part))
    for note in made.notes:
        print("note", note.pattern.pattern, note.values)
    for row in made.rows or ():
        print("row", {name: value[1] if isinstance(value, tuple) and len(value) > 1 else value for name, value in row.items() if value not in (None, ("any", 0))})


def main(words):
    if not words or words[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if words else 2
    what, asked = words[0], Asked(words[1:])
    if what == "stream":
        print("\n".join(generate.lines(*(int(word) for word in asked.words))))
        return 0
    if what in ("untracked", "growing"):
        print("\n".join((generate.parsed if what == "untracked" else generate.growing)(*(int(word) for word in asked.words))))
        return 0
    if what == "tell":
        run_tell(asked)
        return 0
    judge = Judge()
    runs = {"random": run_random, "cases": run_cases, "hold": run_hold, "live": run_live, "join": run_join, "own": run_own, "parsed": run_parsed, "findings": run_findings, "diff": run_diff}
    if what not in runs:
        print(__doc__, file=sys.stderr)
        return 2
    runs[what](judge, asked)
    judge.finish()
    print("%d pictures, %d wrong" % (judge.pictures, judge.wrong))
    return 1 if judge.wrong else 0


sys.exit(main(sys.argv[1:]))
