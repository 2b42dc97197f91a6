"""What each view must state of a recording: one function a view, from a Truth to an Expected."""
import re
import unicodedata

from expect import Expected, Note
from truth import Sum, by_address, known, sums_by, total

KNOWN_MEASURES = ("rss", "pss", "dirty", "swap")
MIB = 1 << 20


def expect(truth):
    """The Expected of the view that the truth's query asks for."""
    made = VIEWS[truth.query.view](truth)
    made.names += names_of(truth)
    return made


def names_of(truth):
    """Texts of the stream that have digits in them."""
    recording = truth.recording
    if not hasattr(recording, "all_names"):
        names = {recording.host}
        for step in recording.steps:
            for region in (step.before, step.after):
                if region is not None:
                    names.update((region.name, short(region.name, ""), region.kind))
        for process in recording.processes.values():
            for _, _, line in process.renewals:
                names.update((line.get("name") or "", line.get("exe") or "", " ".join(line.get("args") or ())))
        for _, line in recording.lines:
            if line["type"] in ("mark", "finding"):
                names.update((line.get("text", ""), line.get("text", "")[:60]))
        recording.all_names = [name for name in names if name]
    return recording.all_names


def short(name, kind):
    """The last part of a path."""
    if not name:
        return kind
    return name.rsplit("/", 1)[1] if name[0] == "/" and not name.endswith("/") else name


# ---- what views share ----

def begin(truth, all_processes):
    made = Expected()
    made.notes = common_notes(truth, all_processes)
    return made


def common_notes(truth, all_processes):
    """Notes that every view owes."""
    notes, recording, query = [], truth.recording, truth.query
    chosen = truth.chosen()
    if not all_processes and query.pid is None:
        others = [pid for pid in truth.processes() if pid != chosen and truth.seen(pid)]
        if others:
            pids = [("n", pid) for pid in others[:12] if pid > 0]
            notes.append(Note("more process", [("n", len(others))] + pids))
    findings = [line for t, line in recording.lines if line["type"] == "finding" and truth.frm <= t <= truth.limit
                and (query.view == "compare" or line.get("pid", -1) in (-1, query.pid if query.pid is not None else line.get("pid", -1)))
                and (all_processes or line.get("pid", -1) in (-1, chosen))]
    if findings:
        notes.append(Note(r"^\d+ findings?\b", [("n", len(findings))], names=[findings[-1].get("text", "")]))
    lost = [line for t, line in recording.lines if line["type"] == "lost" and t <= truth.limit]
    sorts = {}
    for line in lost:
        sorts.setdefault(line.get("what", "lines"), []).append(line)
    for ones in sorts.values():
        notes.append(Note(r"\b(lost|skipped)\b", [("n", sum(line.get("count", 1) for line in ones))], names=[line["why"] for line in ones if line.get("why")]))
    if recording.segments > 1:
        notes.append(Note("recordings|segments", [("n", recording.segments)]))
    notes.append(Note(r"(was killed by|ended with) ", end_words(truth, None if all_processes else chosen), required=False, names=names_of(truth)))
    notes.append(Note("boxes .*merged into|too small", [("any", 0)] * 3, required=False))
    notes.append(Note("same place|overlap", [("any", 0)] * 2, required=False))
    notes.append(Note("overlap and are drawn as one", [("any", 0)], required=False))
    notes.append(Note("are not shown .narrow", [("any", 0)], required=False))
    notes.append(Note("without room|unlabelled", [("any", 0)], required=False))
    return notes


def end_words(truth, pid):
    """Numbers of the sentence that says how processes ended: the first three that failed, and how many more."""
    failed = [life for life in truth.lives() if life.exited and life.t1 <= truth.to and pid in (None, life.pid) and (life.status or "0") != "0"]
    values = []
    for life in failed[:3]:
        number = life.status.rpartition(" ")[2]
        signal = life.status.startswith("signal ")
        values += [("n", life.pid)] + ([] if signal else [("n", int(number))]) + [("time", life.t1)]
    return values + ([("n", len(failed) - 3)] if len(failed) > 3 else [])


def size_and_rss(regions):
    """("size", sum), and ("size", rss) where any is known."""
    sum_ = Sum(regions)
    values = [("size", sum_.get("size"))]
    if sum_.get("rss") is not None:
        values.append(("size", sum_.get("rss")))
    return values


def time_of_moment(truth, t):
    """How a view of one moment may say when: the moment asked for, or the last line before it."""
    times = {t, truth.t1} | ({t - 1} if t else set())
    if truth.t1 is None:
        times |= {truth.frm, max([t for t, _ in truth.recording.lines if t <= truth.limit], default=None)}
    return ("or",) + tuple(("time", one) for one in times if one is not None)


def flags_of(truth, made, pid, lives=True):
    """Marks, findings, losses, exec, fork and exit within the time shown."""
    count, numbers = 0, set()
    execs = []
    for t, line in truth.recording.lines:
        if truth.t0 is None or not truth.t0 <= t <= truth.t1 or t < truth.frm:
            continue
        kind, who = line["type"], line.get("pid", -1)
        if truth.query.pid is not None and who >= 0 and who != truth.query.pid:
            continue
        if pid is not None and who >= 0 and who != pid:
            continue
        call = line.get("call")
        is_exec = (kind == "process" and line.get("why") == "exec") or (kind == "event" and call == "exec")
        life = is_exec or (kind == "event" and call in ("fork", "exit")) or (kind == "process" and line.get("why") == "reused")
        if life and not lives or not (life or kind in ("mark", "finding", "lost")):
            continue
        if is_exec:
            twin = next((one for one in execs if one[1] == who and one[0] + 20000000 >= t and kind not in one[2]), None)
            if twin:
                twin[2].add(kind)
                continue
            execs.append((t, who, {kind}))
        count += 1
        numbers.update((str(who), str(line.get("child", "")), str(line.get("count", 1)), str(line.get("status", "")), str(line.get("signal", ""))))
    made.flags, made.flag_numbers = count, numbers


# ---- axes ----

def hold_time_axis(truth, picture, report):
    """A tick's word is the time at its place."""
    from words import fits, tokens
    length = truth.t1 - truth.t0
    for at, text, _ in picture.ticks["x"]:
        found = tokens(text)
        if len(found) != 1:
            report.say("axis", "%r is no time" % text)
        elif at is not None and length:
            near = [truth.t0 + at * length + error * length * 6e-5 for error in (-1, -0.5, 0, 0.5, 1)]
            if not any(fits(found[0], ("time", t)) for t in near):
                report.say("axis", "%r stands at %.9f s" % (text, near[2] / 1e9))


def hold_address_axis(ranges, picture, report):
    """A tick's word is where a region begins or ends, a fold's the size of a gap."""
    from words import fits, tokens
    edges = {edge for one in ranges for edge in one}
    gaps, last = set(), None
    for start, end in sorted(ranges):
        if last is not None and start > last:
            gaps.add(start - last)
        last = max(end, last or 0)
    for _, text, _ in picture.ticks["y"]:
        for token in tokens(text):
            if token.kind == "hex" and int(token.text, 16) not in edges:
                report.say("axis", "%s is no edge of a region" % text)
            elif token.kind == "size" and not any(fits(token, ("size", gap)) for gap in gaps):
                report.say("axis", "%s is no gap" % text)


def hold_bytes_axis(picture, report):
    """Ticks are evenly apart."""
    from words import UNITS, fits, tokens
    ticks = picture.ticks["y"]
    if len(ticks) < 2 or ticks[1][0] is None:
        return
    number, _, unit = ticks[1][1].partition(" ")
    for i, (at, text, _) in enumerate(ticks):
        value = i * float(number) * UNITS.get(unit, 1)
        if not fits(tokens(text)[0], ("size" if unit else "n", value if unit else int(value))) and i:
            report.say("axis", "%r is tick %d of steps of %s" % (text, i, ticks[1][1]))
        if abs(at - i / (len(ticks) - 1)) > 1e-4:
            report.say("axis", "%r stands at %s" % (text, at))


# ---- one moment: map, cards ----

def expect_map(truth):
    made = begin(truth, False)
    pid = truth.chosen()
    t, regions, _ = truth.moment(pid) if pid is not None else (None, [], False)
    made.empty = not regions
    made.title = truth.process_words(pid)
    if not regions:
        return made
    made.subtitle = [time_of_moment(truth, t), ("n", len(regions))] + size_and_rss(regions)
    made.classes = {kind: [("n", one.regions), ("size", one.get("size"))] for kind, one in sums_by(regions, lambda region: region.kind).items()}
    since_note(truth, made, pid)
    if overlapping(regions):
        since = truth.since(pid)
        made.notes.append(Note("regions overlap", [("any", 0) if since and since[2] else ("n", overlapping(regions))]))
    made.checks.append(lambda picture, report: hold_map_boxes(truth, regions, picture, report))
    if truth.query.options.get("scale", "packed") == "packed":
        made.checks.append(lambda picture, report: hold_seen(regions, picture, report))
        made.checks.append(lambda picture, report: hold_words(truth, picture, [region.size for region in regions], report))
    if truth.query.options.get("scale", "packed") == "packed":
        made.checks.append(lambda picture, report: hold_address_axis([(region.start, region.end) for region in regions], picture, report))
    return made


def overlapping(regions):
    """How many share addresses with another, or with one that does."""
    count, chain, end = 0, 0, -1
    for region in sorted(regions, key=lambda one: (one.start, one.end)):
        if region.start >= end:
            count, chain = count + (chain if chain > 1 else 0), 0
        chain, end = chain + 1, max(end, region.end)
    return count + (chain if chain > 1 else 0)


def since_note(truth, made, pid):
    since = truth.since(pid)
    if since is not None and any(since):
        made.notes.append(Note("since .*new", [("time", truth.look_before(pid, truth.at)[1])] + [("n", len(one)) for one in since]))


def hold_map_boxes(truth, regions, picture, report):
    """Each region stands in just one box; the words of a box are those of its region."""
    if picture.boxes is None or picture.renderer == "gnuplot":
        return
    by_range = {(region.start, region.end): region for region in regions}
    count = size = 0
    for box in picture.boxes:
        title = box["title"] or ""
        merged = re.match(r"(\d+) (?:regions|boxes) merged", title)
        if merged:
            hold_merged(title, regions, picture, box, report)
            count += int(merged.group(1))
            continue
        region = by_range.get(range_of(title))
        if region is None:
            report.say("box", "%r is of no region" % title)
            continue
        count, size = count + 1, size + region.size
        hold_title(title, region_title(truth, region), truth, report)
        if picture.renderer == "trace":
            hold_box(box, region, report)
    if count != len(regions):
        report.say("boxes", "stand for %d regions, expected %d" % (count, len(regions)))
    hold_merged_note(picture, len(regions), report)


def hold_words(truth, picture, sizes, report):
    """Sizes that stand in boxes are such as there are; where boxes are merged, of several."""
    from words import fits, scrub, tokens
    if picture.renderer == "trace" or any(re.search("merged|drawn as", note) for note in picture.notes) or any(re.search(r"\d+ regions, ", line) for line in picture.grid or ()):
        return
    names = sorted((name for name in names_of(truth) if re.search(r"\d", name) and len(name) > 2), key=len, reverse=True)
    for line in picture.grid or picture.labels or ():
        for token in tokens(scrub(line, names)):
            if token.kind == "size" and token.number != "0" and not any(fits(token, ("size", abs(size))) or fits(token, ("size", size)) for size in sizes):
                report.say("words", "%s in %r is no size of anything" % (token, line.strip()[:60]))


def hold_seen(regions, picture, report):
    """No box of two pixels or more lies wholly under another that is drawn after it; in a text with rows enough each kind has a cell."""
    if picture.renderer == "svg" and picture.boxes:
        boxes = picture.boxes
        for i, box in enumerate(boxes):
            over = next((other for other in boxes[i + 1:] if box["h"] >= 2 and box["w"] >= 2 and other["x"] <= box["x"] + .01 and other["x"] + other["w"] >= box["x"] + box["w"] - .01
                         and other["y"] <= box["y"] + .01 and other["y"] + other["h"] >= box["y"] + box["h"] - .01), None)
            if over is not None:
                report.say("box", "%r lies under %r" % ((box["title"] or "").split("\n")[0], (over["title"] or "").split("\n")[0]))
    if picture.grid is not None and len(picture.grid) >= len(regions):
        letters = {item[2:].split(" ")[0]: item[0] for line in picture.foot for item in re.split(r"\s{2,}", line.strip()) if item[1:2] == " "}
        drawn = "".join(picture.grid)
        for kind in {region.kind for region in regions}:
            if letters.get(kind, "") not in drawn:
                report.say("text", "%s has no cell" % kind)


def hold_merged_note(picture, whole, report):
    """What is said of boxes that are too small agrees with the boxes."""
    merged = [box for box in picture.boxes if " merged" in (box["title"] or "")]
    notes = [note for note in picture.notes if re.search("too small|smaller than", note)]
    if merged and not notes:
        report.say("boxes", "%d are of several, and no note says so" % len(merged))
    for note in notes:
        numbers = [int(one) for one in re.findall(r"\d+", note)]
        joined, all_, into = numbers[0], numbers[1], numbers[-1]
        if all_ != whole or whole - joined + into != len(picture.boxes) or not into:
            report.say("note", "%r, of %d there are %d boxes" % (note, whole, len(picture.boxes)))


def hold_title(title, values, truth, report):
    from words import differ, scrub
    names = sorted((name for name in names_of(truth) if re.search(r"\d", name) and len(name) > 2), key=len, reverse=True)
    report.say("box", differ(scrub(title, names), values))


def range_of(title):
    match = re.search(r"0x([0-9a-f]+)-0x([0-9a-f]+)", title)
    return (int(match.group(1), 16), int(match.group(2), 16)) if match else None


def region_title(truth, region):
    values = [("hex", region.start), ("hex", region.end), ("size", region.size), ("n", region.id)]
    if "rss" in region.m:
        values += [("size", region.m["rss"]), ("percent", (region.m["rss"], region.size))]
    last = [span for span in truth.spans() if (span.pid, span.id, span.start, span.end, span.perms, span.kind, span.name) == (region.pid, region.id) + region.shape()]
    return values + [("time", last[-1].t0)]


def hold_merged(title, regions, picture, box, report):
    """A box of several: their number, the range, the bytes and what is resident of them."""
    from words import tokens
    found = tokens(title)
    low, high = range_of(title)
    inside = [region for region in regions if region.start >= low and region.end <= high]
    if int(found[0].number) > len(inside):
        report.say("box", "%r: there are only %d regions" % (title, len(inside)))


def hold_box(box, region, report):
    """How much of it is filled."""
    rss = region.m.get("rss")
    if rss is None:
        if box["fill"] is not None:
            report.say("box of %#x" % region.start, "is filled, nothing is known")
    elif box["fill"] is None or abs(box["fill"] - min(1, rss / region.size)) > 0.0051:
        report.say("box of %#x" % region.start, "filled %s, expected %.3f" % (box["fill"], rss / region.size))
    if box["label"]:
        from words import differ
        report.say("label", differ(box["label"].replace(short(region.name, region.kind), "@"), [("size", region.size)]))


CATEGORY = {}
for category, kinds in (("text", "text rodata"), ("data/bss", "data bss tls"), ("heap", "heap arena gc"),
                        ("anon/mmap", "anon huge reserved guard jit wasm"), ("libraries", "linkedit shared-cache"),
                        ("files/shared", "file shm memfd device gpu locale font"), ("stack", "stack thread-stack"),
                        ("kernel-provided", "vdso vvar vsyscall commpage page-table")):
    for kind_name in kinds.split():
        CATEGORY[kind_name] = category


def category_of(region, exe):
    found = CATEGORY.get(region.kind, "other")
    if found in ("text", "data/bss"):
        base = short(region.name, "")
        if region.name and region.name[0] != "[" and (".so" in base or ".dylib" in base or (exe and region.name[0] == "/" and exe != region.name)):
            return "libraries"
    return found


def expect_cards(truth):
    made = begin(truth, False)
    pid = truth.chosen()
    t, regions, _ = truth.moment(pid) if pid is not None else (None, [], False)
    since = truth.since(pid) if pid is not None else None
    made.empty = not regions and not (since and since[2])
    made.title = truth.process_words(pid)
    if made.empty:
        return made
    exe = None
    for life in truth.lives():
        if life.pid == pid and life.t0 <= t and life.exe:
            exe = life.exe
    made.subtitle = [time_of_moment(truth, t), ("n", len(regions))] + size_and_rss(regions)
    by = sums_by(regions, lambda region: category_of(region, exe))
    gone = {category_of(span, exe) for span in truth.spans() if span.pid == pid and since and span.id in since[2]
            and span.t1 == truth.look_before(pid, truth.at)[0]}
    made.classes = {name: [("n", by[name].regions if name in by else 0), ("size", by[name].get("size") if name in by else 0)]
                    + ([("size", by[name].get("rss"))] if name in by and by[name].get("rss") is not None else [])
                    for name in set(by) | gone}
    since_note(truth, made, pid)
    made.checks.append(lambda picture, report: hold_cards(truth, regions, by, picture, report))
    libraries = sums_by([region for region in regions if category_of(region, exe) == "libraries"], lambda region: region.name)
    sizes = [one.get(name) for group in (by, libraries) for one in group.values() for name in ("size", "rss") if one.get(name) is not None]
    sizes += [value for region in regions for value in (region.size, region.m.get("rss")) if value is not None]
    made.checks.append(lambda picture, report: hold_words(truth, picture, sizes, report) if not re.search(r"\d+ more ", "".join(picture.grid or picture.labels or ())) else None)
    return made


def hold_cards(truth, regions, by, picture, report):
    """Every region stands in a card; headings state the sums of their column."""
    from words import differ, tokens
    if picture.boxes is None or picture.renderer == "gnuplot":
        return
    by_range = {(region.start, region.end): region for region in regions}
    count = 0
    names = sorted((name for name in names_of(truth) if re.search(r"\d", name) and len(name) > 2), key=len, reverse=True)
    for box in picture.boxes:
        title = box["title"] or ""
        heading = title.split(":")[0]
        if heading in by:
            values = [("n", by[heading].regions), ("size", by[heading].get("size"))]
            values += [("size", by[heading].get("rss"))] if by[heading].get("rss") is not None else []
            report.say("heading", differ(title, values))
            continue
        if title.rstrip().endswith("gone") or re.search(r"\b0 regions?\b", title):
            continue
        many = re.search(r"(?:^|\n)(\d+) regions?(?: \(and (\d+) gone\))?, ", title)
        if many:
            lines = [line for line in title.split("\n") if re.match(r"0x[0-9a-f]+-0x[0-9a-f]+ ", line)]
            inside = [by_range.get(range_of(line)) for line in lines if not line.endswith("(gone)")]
            if None in inside:
                report.say("card", "%r has a line of no region" % title)
            elif "\nand " not in title:
                first = title[many.start():].lstrip("\n").split("\n")[0]
                more = [("n", len(lines) - len(inside))] if many.group(2) else []
                report.say("card", differ(first, [("n", len(inside))] + more + size_and_rss(inside), names))
                count += len(inside)
            else:
                count += int(many.group(1))
            continue
        region = by_range.get(range_of(title))
        if region is None:
            report.say("card", "%r is of no region" % title)
            continue
        count += 1
        values = [("hex", region.start), ("hex", region.end), ("size", region.size)]
        values += [("size", region.m["rss"])] if "rss" in region.m else []
        values += [("n", region.id), region_title(truth, region)[-1]]
        report.say("card", differ(title, values, names))
    if count != len(regions):
        report.say("cards", "stand for %d regions, expected %d" % (count, len(regions)))
    assert tokens


# ---- tables of one moment ----

BYTES = {"size", "rss", "pss", "dirty", "swap", "anonymous", "locked", "huge", "referenced", "shared_clean", "shared_dirty", "private_clean",
         "private_dirty", "swap_pss", "pss_dirty", "ksm", "lazy_free", "shmem_huge", "file_huge", "shared_hugetlb", "private_hugetlb"}


def table_columns():
    heads = {"start": "start", "end": "end", "perms": "perms", "kind": "kind", "name": "name", "id": "id", "range": "range", "label": "label",
             "offset": "offset", "dev": "dev", "inode": "inode", "share": "share", "regions": "regions", "pid": "pid", "max_perms": "max_perms",
             "flags": "flags", "minor": "minor", "major": "major", "page KiB": "page", "mmu_page KiB": "mmu_page", "numa KiB": "numa", "thp_eligible": "thp_eligible", "kind_by": "kind_by"}
    heads.update({name + " KiB": name for name in BYTES})
    return heads


def expect_table(truth):
    preset = truth.query.options.get("preset", "default")
    if preset.startswith("free"):
        return expect_free(truth, preset)
    if preset in LISTINGS and not any(truth.query.options.get(name) for name in ("columns", "by", "sort")):
        return expect_listing(truth, preset)
    made = begin(truth, False)
    pid = truth.chosen()
    t, regions, _ = truth.moment(pid) if pid is not None else (None, [], False)
    made.empty = not regions
    made.title = truth.process_words(pid)
    if not regions:
        return made
    by = truth.query.options.get("by") or ("kind" if preset == "kinds" else None)
    made.subtitle = [time_of_moment(truth, t), ("n", len(regions))] + size_and_rss(regions)
    made.columns = table_columns()
    made.rows = [region_row(truth, region) for region in regions] if not by else group_rows(regions, by)
    faults = faults_of(truth, pid)
    if faults is not None:
        for row, region in zip(made.rows, regions if not by else ()):
            for i, name in enumerate(("minor", "major")):
                row[name] = ("n", sum(counts[i] for start, counts in faults.items() if region.start <= start < region.end))
        own = faults.get(0, (0, 0))
        if any(own):
            made.notes.append(Note("faults", [("n", own[0]), ("n", own[1])]))
    made.key = ("start",) if not by else (by,)
    made.ordered = False
    all_ = Sum(regions)
    made.totals = {name: ("kib", all_.get(name)) for name in BYTES if all_.get(name) is not None}
    if faults is not None and not by:
        made.totals.update({name: ("n", sum(row[name][1] for row in made.rows)) for name in ("minor", "major")})
    made.totals.update(regions=("n", all_.regions), name=("numbers", [("n", len(regions))]) if not by else None)
    if by == "name":
        made.totals["name"] = ("any", 0)
    if truth.query.options.get("columns"):
        made.key = tuple(name for name in ("start", "range", "id", by) if name in truth.query.options["columns"].split(","))[:1] or ()
    made.checks.append(lambda picture, report: hold_sorted(truth, picture, made, "-size" if by else "start", report))
    return made


def faults_of(truth, pid):
    """{start: (minor, major)} since what lies there was mapped; 0: of the whole process. None: nobody counts them."""
    faults = None
    steps = {}
    for step in truth.recording.steps:
        if step.pid == pid and step.after is None and step.before is not None and step.event in ("MUNMAP_REMOVE", "BRK_SHRINK", "EXEC_REBUILD") and step.line is not None:
            steps.setdefault(id(step.line), []).append(step.before)
    for t, line in truth.recording.lines:
        if t > truth.limit or line.get("pid") != pid:
            continue
        if line["type"] == "faults":
            faults = faults if faults is not None else {}
            start = int(line.get("start", "0x0"), 16)
            minor, major = faults.get(start, (0, 0))
            faults[start] = (minor + line.get("minor", 0), major + line.get("major", 0))
        for gone in steps.get(id(line), ()) if faults else ():
            faults = {start: counts for start, counts in faults.items() if not gone.start <= start < gone.end}
    return faults


def region_row(truth, region):
    row = {"start": ("text", "%016x" % region.start), "end": ("text", "%016x" % region.end), "perms": ("text", region.perms),
           "range": ("text", "%016x-%016x" % (region.start, region.end)), "kind": ("text", region.kind), "name": ("text", region.name) if region.name else None,
           "id": ("n", region.id), "pid": ("n", region.pid), "share": ("text", region.share) if region.share else None, "size": ("kib", region.size), "regions": ("n", 1)}
    for name in BYTES - {"size"}:
        row[name] = ("kib", region.m[name]) if name in region.m else None
    for name in ("label", "dev", "inode", "flags", "max_perms", "kind_by"):
        row[name] = ("text", region.raw[name]) if region.raw.get(name) else None
    if "numa" in region.raw:
        row["numa"] = ("numbers", [("kib", value) for _, value in sorted(region.raw["numa"].items(), key=lambda item: int(item[0]))])
    row["offset"] = ("text", "%x" % int(region.raw["offset"], 16)) if "offset" in region.raw else None
    return row


def group_rows(regions, by):
    rows = []
    for key, one in sums_by(regions, lambda region: getattr(region, by) or "(none)").items():
        row = {by: ("text", key), "regions": ("n", one.regions)}
        for name in BYTES:
            row[name] = ("kib", one.get(name)) if one.get(name) is not None else None
        rows.append(row)
    return rows


def hold_sorted(truth, picture, made, preset, report):
    """Rows stand in the order that was asked for."""
    sort = truth.query.options.get("sort") or preset
    field, down = sort.lstrip("-"), sort.startswith("-")
    heads = [made.columns.get(head) for head in picture.columns or ()]
    if field not in heads or not picture.rows:
        return
    values = [row[heads.index(field)] for row in picture.rows]
    known_values = [value for value in values if value is not None]
    if None in values[:len(known_values)]:
        report.say("order", "what is not known stands before what is")
    if all(re.match(r"[-+]?\d+(\.\d+)?$", value) and len(value) < 16 for value in known_values):
        known_values = [float(value) for value in known_values]
    if field in ("start", "end") or isinstance(known_values[0] if known_values else 0, float):
        if known_values != sorted(known_values, reverse=down):
            report.say("order", "by %s: %s" % (sort, known_values[:12]))


TEXTBOOK = {"text", "rodata", "data", "bss", "heap", "stack"}
ASKED = {"heap", "arena", "anon", "gc", "wasm", "jit", "bss", "tls", "huge"}
BUILT_IN = set("""text rodata data bss heap arena anon stack thread-stack tls guard reserved file shm memfd device gpu jit gc wasm huge vdso vvar vsyscall
locale font linkedit shared-cache commpage page-table unknown""".split())


def holes(regions):
    """[(start, end)] between regions, below the kernel's half."""
    found, last = [], 0
    for region in regions:
        if last and region.start > last and not region.start >> 63:
            found.append((last, region.start))
        last = max(last, region.end)
    return found


def measured(regions, name):
    return [region for region in regions if name in region.m]


def shared_of(region):
    if "shared_clean" in region.m and "shared_dirty" in region.m:
        return region.m["shared_clean"] + region.m["shared_dirty"]
    return None


def explain_row(kind, regions):
    one, with_rss = Sum(regions), measured(regions, "rss")
    rss, size = one.get("rss"), sum(region.size for region in with_rss)
    shares = [shared_of(region) for region in regions if shared_of(region) is not None]
    row = {"kind": ("text", kind), "regions": ("n", one.regions), "size": ("kib", one.get("size")), "rss": ("kib", rss) if rss is not None else None,
           "resident": ("percent", (rss, size)) if size else None, "shared": ("kib", sum(shares)) if shares else None,
           "private": ("kib", max(rss - sum(shares), 0)) if shares and rss is not None else None, "about": ("any", 0), "label": ("any", 0)}
    for name in ("dirty", "swap"):
        row[name] = ("kib", one.get(name)) if one.get(name) is not None else None
    return row


def expect_explain(truth):
    made = begin(truth, False)
    pid = truth.chosen()
    t, regions, _ = truth.moment(pid) if pid is not None else (None, [], False)
    made.empty = not regions
    made.title = truth.process_words(pid)
    if not regions:
        return made
    made.subtitle = [time_of_moment(truth, t)]
    made.columns = {"kind": "kind", "label": "label", "regions": "regions", "size KiB": "size", "rss KiB": "rss", "resident %": "resident",
                    "shared KiB": "shared", "private KiB": "private", "dirty KiB": "dirty", "swap KiB": "swap", "what it is": "about"}
    kinds, labels = {}, any("label" in region.raw for region in regions)
    for region in regions:
        kinds.setdefault((region.kind, region.raw.get("label", "")), []).append(region)
    made.rows = [dict(explain_row(kind, ones), label=("text", label) if label else None) for (kind, label), ones in kinds.items()]
    made.key, made.ordered = ("kind", "label") if labels and not truth.query.options.get("columns") else ("kind",), False
    made.totals = {key: value for key, value in explain_row("total", regions).items() if key not in ("about", "label", "kind")}
    made.notes += explain_notes(truth, regions)
    made.checks.append(lambda picture, report: hold_sorted(truth, picture, made, "-size", report))
    return made


def percent(part, whole):
    return ("percent", (part, whole))


def explain_notes(truth, regions):
    notes, all_ = [], Sum(regions)
    textbook = [region for region in regions if region.kind in TEXTBOOK]
    notes.append(Note("kinds?;|makes it up", [("n", all_.regions), ("n", len({region.kind for region in regions})), ("n", len(textbook)),
                                           percent(sum(region.size for region in textbook), all_.get("size"))]))
    with_rss = measured(regions, "rss")
    size = sum(region.size for region in with_rss)
    if with_rss:
        values = [("size", all_.get("rss")), ("size", size), percent(all_.get("rss"), size)]
        notes.append(Note("^resident|what it costs", values + ([("size", all_.get("pss"))] if all_.get("pss") is not None else [])))
        asked = [region for region in with_rss if region.kind in ASKED or (region.kind not in BUILT_IN and "w" in region.perms and "s" not in region.perms
                                                                         and region.raw.get("inode", "0") == "0")]
        asked_size, asked_rss = sum(region.size for region in asked), sum(region.m["rss"] + hugetlb(region) for region in asked)
        asked_swap = sum(region.m.get("swap", 0) for region in asked)
        if asked_size:
            swapped = [("size", asked_swap)] if asked_swap else []
            notes.append(Note("^allocated", [("size", asked_rss), ("size", asked_size)] + swapped + [percent(asked_rss, asked_size)]))
        content = contents(regions)
        if content:
            notes.append(Note("^of the resident memory", [("size", content["anon"]), ("size", content["file"])] + ([("size", content["shmem"])] if content["shmem"] else [])))
        notes += lazy_notes(regions)
    shares = [shared_of(region) for region in regions if shared_of(region) is not None]
    if shares and with_rss:
        notes.append(Note("^shared", [("size", sum(shares)), ("size", all_.get("rss")), percent(sum(shares), all_.get("rss"))]))
    mapped = [region for region in regions if "s" in region.perms or region.share == "shm"]
    notes.append(Note("mapped shared", [("n", len(mapped)), ("size", sum(region.size for region in mapped))]))
    notes += wx_notes(regions)
    guards, reserved = ([region for region in regions if region.kind == kind] for kind in ("guard", "reserved"))
    notes.append(Note("without any access", [("n", len(guards)), ("size", sum(region.size for region in guards)),
                                 ("n", len(reserved)), ("size", sum(region.size for region in reserved))]))
    found = holes(regions)
    if found and not truth.query.narrowed():
        largest = sorted(found, key=lambda hole: hole[0] - hole[1])[:3]
        values = [("n", len(found)), ("size", sum(end - start for start, end in found))]
        for start, end in largest:
            values += [("size", end - start), ("hex", start)]
        notes.append(Note("holes", values))
    if all_.get("swap"):
        most = max(regions, key=lambda region: region.m.get("swap", 0))
        notes.append(Note("^swapped out", [("size", all_.get("swap"))] + ([("hex", most.start)] if most.m["swap"] > all_.get("swap") // 2 else [])))
    notes.append(Note("^not recorded", [], required=False))
    for words in ("^transparent huge pages", "^freed but still", "^huge pages of hugetlbfs", "^on top of RSS", "^physical footprint", "^RSS at its peak"):
        notes.append(Note(words, [], required=False, more=("any", 0)))
    return notes


def hugetlb(region):
    return region.m.get("shared_hugetlb", 0) + region.m.get("private_hugetlb", 0)


def touched(region):
    """Bytes that are in memory or were swapped out."""
    return min(region.m["rss"] + region.m.get("swap", 0) + hugetlb(region), region.size)


def untouched(region):
    return region.size - touched(region)


def contents(regions):
    """Resident bytes by what holds them: {"anon", "file", "shmem"}; None where no region knows."""
    sums = None
    for region in regions:
        if "rss" in region.m and "anonymous" in region.m:
            sums = sums or {"anon": 0, "file": 0, "shmem": 0, "has_file": False, "has_shmem": False}
            filed = max(region.m["rss"] - region.m["anonymous"], 0)
            where = "shmem" if in_memory(region) else "file"
            sums["anon"] += region.m["rss"] - filed
            sums[where] += filed
            sums["has_" + where] = True
    return sums


def lazy_notes(regions):
    lazy = [region for region in measured(regions, "rss") if region.size >= MIB and touched(region) < region.size // 2 and not hugetlb(region) and region.kind != "huge"
            and (not region.perms or set(region.perms) & set("rwx"))]
    if not lazy:
        return [Note("lazy: no ", [("size", MIB)])]
    notes = [Note("lazy: ", [("n", len(lazy)), ("size", MIB), ("size", sum(region.size for region in lazy)), ("size", sum(touched(region) for region in lazy))])]
    for region in sorted(lazy, key=lambda region: (-untouched(region), region.start))[:3]:
        notes.append(Note("laziest|then", [("hex", region.start), ("size", touched(region)), ("size", region.size)]))
    return notes


def written_elsewhere(regions, code):
    """The same pages are mapped where they may be written."""
    if not code.raw.get("inode"):
        return False
    start = int(code.raw.get("offset", "0x0"), 16)
    for other in regions:
        if other is code or "w" not in other.perms or "s" not in other.perms or any(other.raw.get(name) != code.raw.get(name) for name in ("inode", "dev", "name")):
            continue
        begins = int(other.raw.get("offset", "0x0"), 16)
        if begins < start + code.size and start < begins + other.size:
            return True
    return False


def wx_notes(regions):
    code = [region for region in regions if "x" in region.perms]
    both = [region for region in code if "w" in region.perms]
    twice = [region for region in code if "w" not in region.perms and "s" in region.perms and written_elsewhere(regions, region)]
    notes = [Note("W.X", [("n", len(code))] if not both else [("n", len(both)), ("size", sum(region.size for region in both)), ("hex", both[0].start)])]
    if twice:
        notes.append(Note("evaded", [("n", len(twice)), ("size", sum(region.size for region in twice)), ("hex", twice[0].start)]))
    return notes


def stat_row(section, what, regions, remark=("any", 0)):
    one = Sum(regions)
    return {"section": ("text", section), "what": ("text", what), "regions": ("n", one.regions), "size": ("kib", one.get("size")) if regions else None,
            "rss": ("kib", one.get("rss")) if one.get("rss") is not None else None, "pss": ("kib", one.get("pss")) if one.get("pss") is not None else None,
            "remark": remark}


def share_remark(regions):
    one = Sum(regions)
    if one.get("pss") is None or not one.get("rss"):
        return None
    return ("numbers", [percent(one.get("pss"), one.get("rss"))])


def expect_stats(truth):
    made = begin(truth, False)
    pid = truth.chosen()
    t, regions, _ = truth.moment(pid) if pid is not None else (None, [], False)
    made.empty = not regions
    made.title = truth.process_words(pid)
    if not regions:
        return made
    all_ = Sum(regions)
    made.subtitle = [time_of_moment(truth, t), ("n", len(regions))] + size_and_rss(regions)
    made.subtitle += [("size", all_.get("pss"))] if all_.get("pss") is not None else []
    made.columns = {"section": "section", "what": "what", "regions": "regions", "size KiB": "size", "rss KiB": "rss", "pss KiB": "pss", "remark": "remark"}
    made.key, made.ordered = ("section", "what"), False
    made.rows = stats_kinds(regions) + stats_space(truth, regions) + stats_sharing(regions, all_) + stats_memory(regions) + stats_audit(truth, pid, regions)
    if not truth.query.narrowed():
        made.rows += stats_programs(regions)
    return made


def stats_kinds(regions):
    kinds = {}
    for region in regions:
        kinds.setdefault(region.kind, []).append(region)
    rows = [stat_row("kinds", kind, ones, share_remark(ones)) for kind, ones in kinds.items()]
    return rows + [stat_row("kinds", "all", regions, share_remark(regions))]


def stats_space(truth, regions):
    found = holes(regions)
    if not found or truth.query.narrowed():
        return []
    start, end = min(found, key=lambda hole: (hole[0] - hole[1], hole[0]))
    nothing = {"regions": None, "rss": None, "pss": None}
    return [dict(nothing, section=("text", "space"), what=("text", "holes between regions"), size=("kib", sum(b - a for a, b in found)),
                 remark=("numbers", [("n", len(found))])),
            dict(nothing, section=("text", "space"), what=("text", "largest hole"), size=("kib", end - start),
                 remark=("numbers", [("hex", start), ("hex", end), ("size", end - start)]))]


SHARES = {"prv": "mapped private (prv)", "shm": "mapped shared (shm)", "cow": "copy on write (cow)", "nul": "empty (nul)", "ali": "aliased (ali)",
          "zer": "zero-filled (zer)", "s/a": "shared alias (s/a)"}


def stats_sharing(regions, all_):
    shares = {}
    for region in regions:
        if region.share:
            shares.setdefault(region.share, []).append(region)
    rows = [stat_row("sharing", SHARES.get(share, share), ones, None) for share, ones in shares.items()]
    members = ("private_clean", "private_dirty", "shared_clean", "shared_dirty")
    known_ones = [region for region in regions if all(name in region.m for name in members)]
    if not known_ones:
        return rows
    own = sum(region.m["private_clean"] + region.m["private_dirty"] for region in known_ones)
    shared = sum(region.m["shared_clean"] + region.m["shared_dirty"] for region in known_ones)
    pss = all_.get("pss")
    part = max(pss - own, 0) if pss is not None else None
    nothing = {"regions": None, "size": None}
    rows.append(dict(nothing, section=("text", "sharing"), what=("text", "private pages"), rss=("kib", own), pss=("kib", own) if pss is not None else None, remark=("any", 0)))
    for what, amount in private_parts(regions).items():
        rows.append(dict(nothing, section=("text", "sharing"), what=("text", "- " + what), rss=("kib", amount), pss=("kib", amount) if pss is not None else None, remark=("any", 0)))
    rows.append(dict(nothing, section=("text", "sharing"), what=("text", "shared pages"), rss=("kib", shared), pss=("kib", part) if pss is not None else None,
                     remark=("numbers", [("number", shared / part)]) if part and shared else None))
    return rows


def private_parts(regions):
    """What no other process maps, by what holds it. Anonymous pages that are shared are those of a fork: dirty."""
    parts = {}
    for region in regions:
        m = region.m
        if not all(name in m for name in ("rss", "anonymous", "private_clean", "private_dirty")):
            continue
        own, filed = m["private_clean"] + m["private_dirty"], max(m["rss"] - m["anonymous"], 0)
        of_file = min(filed, max(own - (m["anonymous"] - min(m["anonymous"], m.get("shared_dirty", 0))), 0))
        where = "of shared memory" if in_memory(region) else "of files"
        parts[where] = parts.get(where, 0) + of_file
        parts["anonymous"] = parts.get("anonymous", 0) + own - of_file
    return parts


def stats_memory(regions):
    nothing, rows, content = {"regions": None, "pss": None, "remark": ("any", 0)}, [], contents(regions)
    def add(what, **members):
        rows.append(dict(nothing, section=("text", "memory"), what=("text", what), size=members.get("size"), rss=members.get("rss")))
    if content:
        add("anonymous pages", rss=("kib", content["anon"]))
        if content["has_file"]:
            add("pages of files", rss=("kib", content["file"]))
        if content["has_shmem"]:
            add("pages of shared memory", rss=("kib", content["shmem"]))
    if any("huge" in region.m or "shmem_huge" in region.m for region in regions):
        add("transparent huge pages", rss=("kib", sum(region.m.get(name, 0) for region in regions for name in ("huge", "shmem_huge", "file_huge"))))
    if any("lazy_free" in region.m for region in regions):
        add("freed but kept (MADV_FREE)", rss=("kib", sum(region.m.get("lazy_free", 0) for region in regions)))
    if any("swap" in region.m for region in regions):
        add("swapped out", size=("kib", sum(region.m.get("swap", 0) for region in regions)))
    if sum(map(hugetlb, regions)):
        add("huge pages of hugetlbfs", size=("kib", sum(map(hugetlb, regions))))
    return rows


def in_memory(region):
    """Whether what is no anonymous page of it is shared memory, and of no file on a disk."""
    return region.kind in ("shm", "memfd") or ("s" in region.perms and not region.raw.get("inode"))


def stats_audit(truth, pid, regions):
    everything = by_address(truth.state(pid, before_end=truth.at is None)) if not truth.query.narrowed() else whole_state(truth, pid)
    below = {region.start: region for region in regions}
    ends = {region.end: region for region in everything}
    closed = lambda region: region.perms and not set(region.perms) & set("rwx")
    threads = [region for region in regions if region.kind == "thread-stack"]
    bare = [region for region in threads if region.start not in ends or not closed(ends[region.start])]
    both = [region for region in regions if "w" in region.perms and "x" in region.perms]
    twice = [region for region in regions if "x" in region.perms and "w" not in region.perms and "s" in region.perms and written_elsewhere(everything, region)]
    code_stacks = [region for region in regions if region.kind in ("stack", "thread-stack") and "x" in region.perms]
    fileless = [region for region in regions if "x" in region.perms and region.kind not in ("vdso", "vsyscall", "commpage")
                and (not region.name or (region.name[0] == "[" and not region.raw.get("inode")))]
    may = [region for region in regions if region not in both and {"w", "x"} <= set(region.raw.get("max_perms", ""))]
    first = lambda ones: ("numbers", [("hex", ones[0].start)]) if ones else None
    rows = [stat_row("audit", "guards", [region for region in regions if region.kind == "guard"]), stat_row("audit", "thread stacks", threads),
            stat_row("audit", "thread stacks without a guard below", bare, first(bare)),
            stat_row("audit", "writable and executable", both, first(both) or ("any", 0)), stat_row("audit", "executable stacks", code_stacks),
            stat_row("audit", "executable, not from a file", fileless, first(fileless))]
    if twice:
        rows.append(stat_row("audit", "executable, written through another mapping", twice, first(twice)))
    if may:
        rows.append(stat_row("audit", "may become writable and executable", may, first(may)))
    assert below is not None
    return rows


def whole_state(truth, pid):
    """All regions of the moment, whatever the filter."""
    from truth import Query, Truth
    query = truth.query
    whole = Truth(truth.recording, Query(query.view, query.frm, query.to, query.at, query.pid))
    return whole.moment(pid)[1]


PROGRAMS = (("simple (sleep)", 5, 10), ("a shell (bash)", 15, 25), ("a database (PostgreSQL)", 50, 100), ("an IDE (VS Code)", 100, 200),
            ("a browser (Chrome, Firefox)", 200, 500))


def stats_programs(regions):
    rows = [{"section": ("text", "programs"), "what": ("text", name), "regions": None, "size": None, "rss": None, "pss": None,
             "remark": ("numbers", [("n", low), ("n", high)])} for name, low, high in PROGRAMS]
    return rows + [stat_row("programs", "> this process", regions)]


# ---- listings ----

LISTINGS = {"pmap", "pmap-x", "pmap-X", "pmap-d", "smaps", "vmmap"}
SMAPS = ("Size size,KernelPageSize page,MMUPageSize mmu_page,Rss rss,Pss pss,Pss_Dirty pss_dirty,Shared_Clean shared_clean,Shared_Dirty shared_dirty,"
         "Private_Clean private_clean,Private_Dirty private_dirty,Referenced referenced,Anonymous anonymous,KSM ksm,LazyFree lazy_free,AnonHugePages huge,"
         "ShmemPmdMapped shmem_huge,FilePmdMapped file_huge,Shared_Hugetlb shared_hugetlb,Private_Hugetlb private_hugetlb,Swap swap,SwapPss swap_pss,"
         "Locked locked,THPeligible thp_eligible,ProtectionKey pkey")


def expect_listing(truth, preset):
    """The lines of another program: their figures, not their blanks."""
    made = Expected()
    pid = truth.chosen()
    regions = truth.moment(pid)[1] if pid is not None else []
    made.empty = not regions
    if not regions or preset == "vmmap":
        return made
    made.checks.append(lambda picture, report: hold_listing_lines(preset, regions, pid, picture, report))
    return made


def hold_listing_lines(preset, regions, pid, picture, report):
    if picture.lines is None:
        return
    lines = list(picture.lines)
    if preset == "smaps":
        hold_smaps(regions, lines, report)
        return
    if pid is not None and pid >= 0 and not lines.pop(0).startswith("%d:" % pid):
        report.say("listing", "the first line is not of %d" % pid)
    row = {"pmap": pmap_row, "pmap-x": pmap_x_row, "pmap-d": pmap_d_row, "pmap-X": None}[preset]
    if preset == "pmap-X":
        hold_pmap_wide(regions, lines, report)
        return
    body = [line for line in lines if re.match(r"[0-9a-f]{16} ", line)]
    if len(body) != len(regions):
        report.say("listing", "%d rows, expected %d" % (len(body), len(regions)))
    for line, region in zip(body, regions):
        row(line.split(), region, report)
    size, rss, dirty = (sum((region.sum(name) or 0) for region in regions) >> 10 for name in ("size", "rss", "dirty"))
    shared = sum(region.size for region in regions if region.perms[3:4] == "s") >> 10
    private = sum(region.size for region in regions if region.perms[3:4] != "s" and region.perms[1:2] == "w") >> 10
    expected = {"pmap": [size], "pmap-x": [size, rss, dirty], "pmap-d": [size, private, shared]}[preset]
    found = [int(one) for one in re.findall(r"\b(\d+)K?\b", lines[-1])]
    if found != expected:
        report.say("listing", "%r, expected %s" % (lines[-1], expected))


def kib_of(region, name):
    return str(region.sum(name) >> 10) if region.sum(name) is not None else "-"


def hold_cells(cells, expected, region, report):
    if cells[:len(expected)] != expected:
        report.say("listing of %#x" % region.start, "%s, expected %s" % (cells[:len(expected)], expected))


def pmap_row(cells, region, report):
    hold_cells(cells, ["%016x" % region.start, kib_of(region, "size") + "K"], region, report)


def pmap_x_row(cells, region, report):
    hold_cells(cells, ["%016x" % region.start, kib_of(region, "size"), kib_of(region, "rss"), kib_of(region, "dirty")], region, report)


def pmap_d_row(cells, region, report):
    hold_cells(cells, ["%016x" % region.start, kib_of(region, "size")], region, report)
    hold_cells(cells[3:], ["%016x" % int(region.raw.get("offset", "0x0"), 16)], region, report)


def hold_pmap_wide(regions, lines, report):
    members = {word: name for word, name in (pair.split(" ") for pair in SMAPS.split(","))}
    members["AnonHugePages"] = "huge"
    heads = lines[0].split()
    for line, region in zip(lines[1:], regions):
        cells = line.split()
        for head, cell in zip(heads, cells):
            if head in members and cell != kib_of(region, members[head]) and head not in ("THPeligible", "ProtectionKey"):
                report.say("listing of %#x" % region.start, "%s is %s, expected %s" % (head, cell, kib_of(region, members[head])))
    found = lines[-1].split()
    wanted = [str(sum(region.sum(members[head]) or 0 for region in regions) >> 10) for head in heads if head in members and head not in ("THPeligible", "ProtectionKey")]
    plain = [head for head in heads if head in ("THPeligible", "ProtectionKey")]
    if not plain and found[:len(wanted)] != wanted:
        report.say("listing", "sums %s, expected %s" % (found, wanted))


def hold_smaps(regions, lines, report):
    at = -1
    fields = dict(pair.split(" ") for pair in SMAPS.split(","))
    for line in lines:
        match = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
        if match:
            at += 1
            if at >= len(regions) or (int(match.group(1), 16), int(match.group(2), 16)) != (regions[at].start, regions[at].end):
                report.say("listing", "%r is no region of the moment" % line)
                return
            continue
        key, _, rest = line.partition(":")
        if key in fields:
            value = regions[at].raw.get(fields[key]) if fields[key] != "size" else regions[at].size
            shown = int(rest.split()[0])
            if value is None or shown != (value if key in ("THPeligible", "ProtectionKey") else value >> 10):
                report.say("listing of %#x" % regions[at].start, "%r, expected %s" % (line, value))
    if at + 1 != len(regions):
        report.say("listing", "%d regions, expected %d" % (at + 1, len(regions)))


# ---- the machine ----

MACHINE = """total free available buffers cached slab_reclaimable buffers_cached shared used swap_total swap_free swap_used low_total low_free high_total
high_free commit_limit committed wired active inactive speculative compressor oom_kill pgmajfault pswpin pswpout psi_some psi_full psi_some_avg10""".split()


def machine_looks(truth, limit):
    """[(t, {member: number})] of system lines; two of one time make one."""
    looks = []
    for t, line in truth.recording.lines:
        if line["type"] != "system" or "cgroup" in line or not truth.frm <= t <= limit:
            continue
        values = {name: int(line[name]) if isinstance(line[name], int) else float(line[name]) for name in MACHINE if name in line}
        if looks and looks[-1][0] == t:
            looks[-1][1].update(values)
        elif values:
            looks.append((t, values))
    return looks


def expect_free(truth, preset):
    made = Expected()
    looks = machine_looks(truth, truth.limit)
    made.empty = not looks
    if not looks or preset not in ("free", "free-b", "free-k"):
        return made
    unit = 1 if preset == "free-b" else 1024
    last = looks[-1][1]
    get = last.get
    available = get("available")
    if available is not None and get("total") is not None and available > get("total"):
        available = get("free")
    used = get("used")
    if used is None and get("total") is not None:
        other = available if available is not None else get("free")
        used = get("total") - other if other is not None else None
    cache = get("buffers_cached")
    if cache is None:
        parts = [get(name) for name in ("buffers", "cached", "slab_reclaimable")]
        cache = sum(part or 0 for part in parts) if any(part is not None for part in parts) else None
    swap_used = get("swap_used")
    if swap_used is None and None not in (get("swap_total"), get("swap_free")):
        swap_used = get("swap_total") - get("swap_free")
    rows = {"Mem:": [get("total"), used, get("free"), get("shared"), cache, available], "Swap:": [get("swap_total"), swap_used, get("swap_free")]}

    def check(picture, report):
        heads = [match.end() for match in re.finditer(r"\S+", picture.lines[0])]
        for line in picture.lines[1:]:
            name = line.split(" ")[0]
            for i, value in enumerate(rows.get(name, ())):
                start = heads[i - 1] if i else len(name)
                shown = line[start:heads[i]].strip()
                expected = "" if value is None else str(int(value) // unit)
                if shown != expected and not (value is None and shown in ("-", "–")):
                    report.say("free", "%s column %d is %r, expected %r" % (name, i, shown, expected))
    made.checks.append(lambda picture, report: check(picture, report) if picture.lines else None)
    return made


# ---- area ----

def expect_area(truth):
    options = truth.query.options
    looks = machine_looks(truth, truth.limit)
    if options.get("by") in ("region", "name"):
        return expect_area_regions(truth)
    if options.get("measure") == "system" or (looks and options.get("measure", "auto") == "auto" and not truth.query.narrowed()):
        return expect_area_machine(truth, looks)
    made = begin(truth, False)
    pid = truth.chosen()
    moments = truth.moments(pid) if pid is not None else []
    measure = options.get("measure", "auto")
    if measure == "auto":
        measure = "rss" if any(known(kinds, "rss") for _, kinds in moments) else "size"
    values = [(t, {kind: one.get(measure) or 0 for kind, one in kinds.items()}) for t, kinds in moments]
    sums = [sum(kinds.values()) for _, kinds in values]
    made.title = truth.process_words(pid)
    made.empty = not any(sums)
    if made.empty or truth.t0 is None:
        return made
    word = "n" if measure == "regions" else "size"
    end = truth.ended(pid)
    ended = end is not None and values[-1][0] >= end
    last = {}
    for t, kinds in values:
        if not ended or t < end:
            last = kinds
    if ended:
        state = sums_by(truth.state(pid, before_end=True).values(), lambda region: region.kind)
        last = {kind: one.get(measure) or 0 for kind, one in state.items()}
    made.subtitle = [("n", len(values)), (word, sum(last.values())), (word, max(sums))]
    made.classes, peaks = {}, {}
    for t, kinds in values:
        for kind, value in kinds.items():
            if value > peaks.get(kind, (0, 0))[0]:
                peaks[kind] = (value, t)
    for kind, (peak, _) in peaks.items():
        now = last.get(kind, 0)
        made.classes[kind] = [(word, now)] if now == peak else [(word, now), (word, peak)]
    flags_of(truth, made, pid)
    made.notes.append(Note("moments are drawn", [("any", 0), ("any", 0)], required=False))
    made.checks.append(lambda picture, report: hold_series(truth, values, peaks, last, word, picture, report))
    made.checks.append(lambda picture, report: hold_time_axis(truth, picture, report))
    made.checks.append(lambda picture, report: hold_bytes_axis(picture, report))
    return made


def top_of_axis(picture):
    """What the whole height of the plot stands for: ticks are evenly apart, the second is one step, the last one is on top."""
    from words import UNITS
    ticks = picture.ticks["y"]
    if len(ticks) < 2 or ticks[-1][0] not in (1, None):
        return None
    number, _, unit = ticks[1][1].partition(" ")
    return float(number) * UNITS.get(unit, 1) * (len(ticks) - 1)


def hold_series(truth, values, peaks, last, word, picture, report):
    """The drawn heights are the sums; the titles say last and most."""
    from words import differ
    names = [name for name, _ in picture.classes]
    if picture.series_titles:
        for name, title in picture.series_titles.items():
            if name in peaks:
                when = [t for t, kinds in values if kinds.get(name, 0) == peaks[name][0]]
                report.say("title", differ(title, [(word, last.get(name, 0)), (word, peaks[name][0]), ("or",) + tuple(("time", t) for t in when)]))
    if truth.t1 <= truth.t0:
        return
    hold_stretches(truth, values, picture, report)
    if not picture.series or not picture.xs:
        return
    top = top_of_axis(picture)
    if top is None:
        report.say("axis", "has no steps to a top: %s" % picture.ticks["y"])
        return
    for i, (name, ys) in enumerate(picture.series):
        name = name or names[i]
        for x, y in zip(picture.xs, ys):
            near = [kinds.get(name, 0) for t, kinds in values if abs(min(1, max(0, (t - truth.t0) / (truth.t1 - truth.t0))) - x) < 6e-5]
            near += [values[-1][1].get(name, 0)] if x == 1 else []
            # The highest of a pixel stands at its first moment, and beside it the last.
            beside = [kinds.get(name, 0) for t, kinds in values if abs(x - min(1, max(0, (t - truth.t0) / (truth.t1 - truth.t0)))) < 3e-4]
            if near and not any(abs(y * top - value) <= top * 6e-5 + value * 1e-5 for value in near + beside):
                report.say("series " + name, "%.0f at x %.4f, expected %s" % (y * top, x, near))
                break


def drawn_at(picture, name, number, x):
    """The height of one band at a share of the axis, as a share of the plot; None where that is not shown."""
    if picture.series and picture.xs:
        before = [i for i, one in enumerate(picture.xs) if one <= x]
        return picture.series[number][1][before[-1]] if before and number < len(picture.series) else None
    if picture.frame and name in picture.bands:
        left, _, width, height = picture.frame
        ys = [y for x0, x1, y in picture.bands[name] if x0 <= left + x * width <= x1]
        return (max(ys) - min(ys)) / height if ys else None
    return None


def hold_stretches(truth, values, picture, report):
    """What lasted for long is drawn for long: heights in proportion, as svg says no numbers of its axis."""
    stretches = []
    for i, (t, kinds) in enumerate(values):
        until = values[i + 1][0] if i + 1 < len(values) else truth.t1
        x0, x1 = ((max(one, truth.t0) - truth.t0) / (truth.t1 - truth.t0) for one in (t, until))
        if x1 - x0 > .01:
            stretches.append(((x0 + x1) / 2, kinds))
    names = [name for name, _ in picture.classes]
    shown = [(x, name, drawn_at(picture, name, i, x), kinds.get(name, 0)) for x, kinds in stretches for i, name in enumerate(names)]
    shown = [one for one in shown if one[2] is not None]
    top = top_of_axis(picture)
    for x, name, y, value in shown if top else ():
        if abs(y * top - value) > top * 3e-4 + value * .01:
            report.say("series " + name, "stands for %.0f at x %.4f, expected %d" % (y * top, x, value))
            return


def expect_area_regions(truth):
    made = begin(truth, False)
    pid, by = truth.chosen(), truth.query.options["by"]
    made.title = truth.process_words(pid)
    measure = truth.query.options.get("measure", "auto")
    state, peaks, last, latest, drawn = {}, {}, {}, {}, False
    mine = [one for one in truth.steps if one[0].pid == pid]
    if measure == "auto":
        measure = "rss" if any(after is not None and "rss" in after.m for _, _, after in mine) else "size"
    end = truth.ended(pid)

    def settle():
        sums = {}
        for region in state.values():
            key = region.id if by == "region" else region.name
            sums[key] = sums.get(key, 0) + (region.sum(measure) or 0)
        for key, value in sums.items():
            peaks[key] = max(peaks.get(key, 0), value)
        return sums
    now = None
    for step, before, after in mine:
        if now is not None and step.t != now:
            last = settle()
        if step.event == "EXIT" and end is not None and step.t >= end:
            break
        now = step.t
        if before is not None:
            state.pop(step.id, None)
        if after is not None:
            state[step.id] = latest[step.id if by == "region" else after.name] = after
    last = settle()
    shown = {key: peak for key, peak in peaks.items() if peak > 0}
    made.empty = not shown
    if not shown or truth.t0 is None:
        made.empty = None if truth.t0 is None else True
        return made
    chosen = sorted(shown, key=lambda key: (-shown[key], 0))[:11]
    made.subtitle = [("n", len(chosen)), ("n", len(shown))]
    floor = min(shown[key] for key in chosen)

    def check(picture, report):
        from words import differ
        if len(picture.classes) != len(chosen) + (len(shown) > len(chosen)):
            report.say("legend", "%d entries, expected %d" % (len(picture.classes), len(chosen)))
        left = dict(shown)
        for name, detail in picture.classes:
            if picture.renderer == "ascii":
                name = name if not name.startswith("all others") else "all others"
            if name == "all others":
                continue
            keys = [key for key in left if label_of(latest[key], by, name)]
            fitting = [key for key in keys if not differ(detail or "", [("size", last.get(key, 0)), ("size", left[key])])]
            key = next(iter(fitting or keys), None)
            if key is None:
                report.say("legend", "%r is no %s of today" % (name, by))
                continue
            peak = left.pop(key)
            if peak < floor:
                report.say("legend", "%r is not among the largest" % name)
            if detail is not None:
                report.say("legend of " + name, differ(detail, [("size", last.get(key, 0)), ("size", peak)]))
    made.checks.append(check)
    flags_of(truth, made, pid)
    assert not drawn
    return made


def label_of(region, by, shown):
    """Whether a legend's word is that of a region, or of a name."""
    name = short(region.name, region.kind)
    if by == "name":
        return shown == (name if region.name else "(none)") or shown.startswith((name if region.name else "(none)") + " ")
    word = "%s 0x%x" % (name, region.start)
    return shown == word or shown.startswith(word + " ")


def swap_used(look):
    if "swap_used" in look:
        return look["swap_used"]
    return max(look.get("swap_total", 0) - look.get("swap_free", 0), 0)


def cache_of(look):
    return look["buffers_cached"] if "buffers_cached" in look else sum(look.get(name, 0) for name in ("buffers", "cached", "slab_reclaimable"))


MACOS = ("wired", "active", "compressor", "inactive", "speculative")


def whole_of(look):
    """All memory; of a Mac that does not tell it all its pages, elsewhere what is used and free."""
    if "total" in look:
        return look["total"]
    return (look["used"] if "used" in look else sum(look.get(name, 0) for name in MACOS)) + look.get("free", 0)


def machine_bands(look, kinds):
    """{band: bytes}: what is free, what can be given back, caches, others; the process has its part of what is in use first."""
    rest = whole_of(look)
    bands = {"swap used": swap_used(look), "free": min(look.get("free", 0), rest)}
    rest -= bands["free"]
    if "wired" in look:
        wanted = [(name, look.get(name, 0)) for name in MACOS]
    else:
        given_back = max(look["available"] - look.get("free", 0), 0) if "available" in look else 0
        wanted = [("reclaimable cache", given_back), ("cache", max(cache_of(look) - min(given_back, rest), 0))]
    for name, value in wanted:
        bands[name] = min(value, rest)
        rest -= bands[name]
    bands["in use by others"] = rest
    resident = sum(kinds.values())
    for band in ("in use by others", "active", "cache", "inactive", "reclaimable cache"):
        part = min(resident, bands.get(band, 0))
        if part:
            bands[band] -= part
        resident -= part
    return bands


def expect_area_machine(truth, looks):
    """The machine's memory: what the last look says, its bands over time, the part of the process."""
    made = begin(truth, False)
    pid = truth.chosen()
    made.title = truth.process_words(pid)
    made.empty = not looks
    if not looks:
        return made
    last, total_ = looks[-1][1], whole_of(looks[-1][1])
    share = lambda value: [percent(value, total_)] if total_ else []
    made.subtitle = []
    if "available" in last:
        least = min(look["available"] for _, look in looks if "available" in look)
        made.subtitle = [("size", last["available"])] + share(last["available"])
        made.subtitle += [("size", least)] if words_of_size(least) != words_of_size(last["available"]) else []
    made.subtitle += [("size", last.get("free", 0))] + share(last.get("free", 0)) + [("size", total_), ("n", len(looks))]
    points = machine_points(truth, pid, looks)
    bands = [dict(kinds, **machine_bands(look, kinds)) for _, look, kinds in points]
    made.classes = {}
    for name in {name for one in bands for name in one}:
        values = [one.get(name, 0) for one in bands]
        if not any(values) and name != "free":
            continue
        shown = "in use" if name == "in use by others" and pid is None else name
        made.classes[shown] = [("size", values[-1])]
        if words_of_size(min(values)) != words_of_size(max(values)):
            made.classes[shown] += [("size", min(values)), ("size", max(values))]
    machine_notes(truth, made, pid, looks, points)
    return made


def words_of_size(value):
    """How a size would be said: two that are said alike are not told apart."""
    unit = 0
    while abs(value) >= 1024 and unit < 6:
        value, unit = value / 1024, unit + 1
    return "%.*f %d" % (1 if unit and value != int(value) and value < 100 else 0, value, unit)


def machine_points(truth, pid, looks):
    """[(t, look, {kind: rss})] at each look at the machine or at the process, from the first look at the machine on."""
    moments = truth.moments(pid) if pid is not None else []
    points, look, kinds = [], None, {}
    for t in sorted({t for t, _ in looks} | {t for t, _ in moments}):
        look = next((one for when, one in looks if when == t), look)
        for when, sums in moments:
            if when == t:
                kinds = {kind: one.get("rss") or 0 for kind, one in sums.items()}
        if look is not None:
            points.append((t, look, kinds))
    return points


def machine_notes(truth, made, pid, looks, points):
    last = looks[-1][1]
    free = last.get("free", 0)
    if "available" in last:
        more = [("size", last["available"] - free)] if last["available"] >= free else []
        made.notes.append(Note("available", [("size", last["available"]), ("size", free)] + more))
    values = ([("size", last["available"])] if "available" in last else []) + [("size", free)]
    values += [("size", last.get("inactive", 0)), ("size", last.get("compressor", 0))] if "wired" in last else [("size", cache_of(last))]
    values += [("size", swap_used(last)), ("size", last["swap_total"])] if "swap_total" in last else []
    values += [("n", last["oom_kill"])] if "oom_kill" in last else []
    made.notes.insert(0, Note("gives way|in order", values, more=("or",) + tuple(("time", t) for t, _ in looks)))
    if "psi_some_avg10" in last:
        made.notes.append(Note("PSI", [("number", last["psi_some_avg10"]), ("any", 0)], more=("any", 0)))
    resident = sum(points[-1][2].values())
    if pid is not None and resident:
        made.notes.append(Note("resident", truth.process_words(pid) + [("size", resident), percent(resident, whole_of(last))]))
    flags_of(truth, made, pid)
    made.flags = None


# ---- over time: timeline, pages ----

def in_window(truth, span):
    return span.t0 <= truth.t1 and (span.t1 is None or span.t1 >= truth.t0) and span.start < span.end


def expect_timeline(truth):
    made = begin(truth, True)
    spans = [span for span in truth.spans() if in_window(truth, span)] if truth.t0 is not None else []
    made.empty = not spans
    if not spans:
        return made
    pids = [pid for pid in truth.processes() if any(span.pid == pid for span in spans)]
    shown = pids[:24]
    made.title = truth.process_words(pids[0]) if len(pids) == 1 else [("n", len(shown))]
    if len(pids) > 24:
        made.notes.append(Note("more processes", [("n", len(pids) - 24)]))
    made.subtitle = [("time", truth.t0), ("time", truth.t1), ("n", len([span for span in spans if span.pid in shown]))]
    ends = [region for region in truth.at_the_end() if region.pid in shown]
    by = sums_by(ends, lambda region: region.kind)
    made.classes = {span.kind: [] for span in spans if span.pid in shown}
    for kind in made.classes:
        if kind in by:
            made.classes[kind] = [("n", by[kind].regions), ("size", by[kind].get("size"))]
    flags_of(truth, made, pids[0] if len(pids) == 1 else None)
    over = overlapping_spans(truth, spans)
    if over:
        made.notes.append(Note("overlaps? others", [("or",) + tuple(("n", n) for n in range(1, over + 1))], required=len(shown) < 24))
    made.checks.append(lambda picture, report: hold_apart(picture, report))
    made.checks.append(lambda picture, report: hold_timeline(truth, spans, shown, picture, report))
    made.checks.append(lambda picture, report: hold_flips(truth, picture, report))
    made.checks.append(lambda picture, report: hold_time_axis(truth, picture, report))
    if len(shown) == 1 and truth.query.options.get("scale", "packed") == "packed":
        made.checks.append(lambda picture, report: hold_address_axis([(span.start, span.end) for span in spans], picture, report))
    return made


def overlapping_spans(truth, spans):
    """How many stretches share addresses with another of their process for longer than a picture can fail to show."""
    least, count = (truth.t1 - truth.t0) / 90, 0
    for pid in {span.pid for span in spans}:
        mine = sorted((span for span in spans if span.pid == pid), key=lambda span: span.start)
        for i, one in enumerate(mine):
            for other in mine[i + 1:]:
                if other.start >= one.end:
                    break
                ends = [span.t1 if span.t1 is not None else truth.t1 + 10 ** 18 for span in (one, other)]
                count += min(ends) - max(one.t0, other.t0) > least
    return count


def hold_apart(picture, report):
    """No box of a timeline lies on another."""
    if picture.renderer != "trace" or not picture.boxes or len(picture.boxes) > 400:
        return
    boxes = sorted((box for box in picture.boxes if " merged" not in (box["title"] or "")), key=lambda box: box["y0"])
    for i, one in enumerate(boxes):
        for other in boxes[i + 1:]:
            if other["y0"] >= one["y1"] - .002:
                break
            if min(one["x1"], other["x1"]) - max(one["x0"], other["x0"]) > .03:
                report.say("box", "%r lies on %r" % ((one["title"] or "").split("\n")[0], (other["title"] or "").split("\n")[0]))
                return


def hold_timeline(truth, spans, shown, picture, report):
    """Each stretch stands in one box, where and when it was."""
    from words import differ
    if picture.boxes is None or picture.renderer == "gnuplot":
        return
    names = sorted((name for name in names_of(truth) if re.search(r"\d", name) and len(name) > 2), key=len, reverse=True)
    by_key = {}
    for span in spans:
        if span.pid in shown:
            by_key.setdefault((span.start, span.end, span.id), []).append(span)
    count = 0
    for box in picture.boxes:
        title = box["title"] or ""
        merged = re.match(r"(\d+) (?:boxes|regions|stretches) merged", title)
        if merged:
            count += int(merged.group(1))
            continue
        count += 1
        match = re.search(r"\nid (\d+)", title)
        ones = by_key.get((range_of(title) or (0, 0)) + (int(match.group(1)) if match else 0,), [])
        wrong = [differ(title, span_title(truth, span, len(shown) > 1), names) for span in ones]
        if not ones:
            report.say("box", "%r is of no stretch" % title)
        elif all(wrong):
            report.say("box", wrong[0])
        elif picture.renderer == "trace":
            hold_span_box(truth, ones[wrong.index("")], box, any(" merged" in (one["title"] or "") for one in picture.boxes), report)
    expected = sum(len(ones) for ones in by_key.values())
    merged = [box for box in picture.boxes if " merged" in (box["title"] or "")]
    if count < expected or (count > expected and not merged):  # one that goes through several merged boxes is counted in each
        report.say("boxes", "stand for %d stretches, expected %d" % (count, expected))
    hold_merged_note(picture, expected, report)


def hold_flips(truth, picture, report):
    """A row of text goes over to another kind only where the one lost addresses or the other won some."""
    if not picture.grid or truth.t1 <= truth.t0 or not picture.notes_shown or truth.query.options.get("scale"):
        return
    kinds = {item[0]: item[2:].split(" ")[0] for line in picture.foot for item in re.split(r"\s{2,}", line.strip()) if item[1:2] == " "}
    names = sorted({short(one.name, one.kind) for step, before, after in truth.steps for one in (before, after) if one is not None} | set(kinds.values()), key=len, reverse=True)
    names = [cells(name) for name in names]
    grid = [cells(line) for line in picture.grid]
    wide = max(len(line) for line in grid)
    column = (truth.t1 - truth.t0) / wide
    for line in grid:
        line += " "
        for name in names:
            at = line.find(" " + name + " ")
            while at >= 0:
                until = at + len(name) + 2
                line = line[:at] + (line[until] if until < len(line) else line[at - 1:at] or " ") * (until - at) + line[until:]
                at = line.find(" " + name + " ")
        runs = runs_of(line)
        changed = [step.t for step, before, after in truth.steps if lost(before, after) or lost(after, before)]
        for letter, begin, end in list(runs):  # a cell in which one takes the other's place may be of a third
            if end - begin == 1 and any(begin - .5 <= (t - truth.t0) / column <= end + .5 for t in changed):
                runs.remove((letter, begin, end))
        for (one, _, begin), (other, end, _) in zip(runs, runs[1:]):
            if one == other or one not in kinds or other not in kinds:
                continue
            low, high = truth.t0 + (begin - 2.5) * column, truth.t0 + (end + 2.5) * column
            if not any(low <= step.t <= high and (lost(before, after, kinds[one]) or lost(after, before, kinds[other])) for step, before, after in truth.steps):
                report.say("row", "%r goes from %s to %s at column %d, where nothing of that changes" % (line[max(end - 20, 0):end + 20], kinds[one], kinds[other], end))
                return


def cells(text):
    """A text with a place for each column: a wide character has two."""
    return "".join(one + "_" * (unicodedata.east_asian_width(one) in "WF") for one in text)


def runs_of(line):
    """[(letter, begin, end)] of equal letters side by side."""
    runs, begin = [], 0
    for i in range(1, len(line) + 1):
        if i == len(line) or line[i] != line[begin]:
            runs.append((line[begin], begin, i))
            begin = i
    return runs


def lost(before, after, kind=None):
    """Whether addresses of a kind, or any, are not in the other state."""
    return before is not None and kind in (None, before.kind) and (after is None or after.kind != before.kind or after.start > before.start or after.end < before.end)


def span_title(truth, span, many):
    values = [("hex", span.start), ("hex", span.end), ("size", span.end - span.start)]
    values += truth.process_words(span.pid) if many else []
    values += [("n", span.id)]
    if span.knows_rss:
        values += [("size", span.rss[0]), ("size", span.rss[-1]), ("size", max(span.rss))]
    values += [("time", span.t0)] + ([("time", span.t1)] if span.t1 is not None else [])
    return values + ([("n", span.from_)] if span.born and span.from_ else [])


def hold_span_box(truth, span, box, merged, report):
    length = truth.t1 - truth.t0
    x0 = min(1, max(0, (span.t0 - truth.t0) / length)) if length else 0
    x1 = 1 if span.t1 is None or span.t1 >= truth.t1 else (span.t1 - truth.t0) / length
    where = "box of %d at %#x" % (span.id, span.start)
    if merged and x0 - .0021 <= box["x0"] <= box["x1"] <= x1 + .0021:
        return  # a part of it may be in a merged box
    if x1 - x0 >= 0.0011 and (abs(box["x0"] - x0) > 0.0021 or abs(box["x1"] - x1) > 0.0021):
        report.say(where, "from %s to %s, expected %.4f to %.4f" % (box["x0"], box["x1"], x0, x1))
    if span.knows_rss:
        share = min(1, span.rss[-1] / (span.end - span.start))
        if box["fill"] is None or abs(box["fill"] - share) > 0.0051:
            report.say(where, "filled %s, expected %.3f" % (box["fill"], share))
    elif box["fill"] is not None:
        report.say(where, "is filled, nothing is known")


PAGE_CLASSES = ("anonymous, only here", "anonymous, shared", "huge", "file", "file, dirty", "swapped", "zero page", "guard page", "no page (device)")


def page_class(state):
    if "s" in state:
        return "swapped"
    if "z" in state:
        return "zero page"
    if "g" in state:
        return "guard page"
    if "m" in state:
        return "no page (device)"
    if "h" in state:
        return "huge"
    if "f" in state:
        return "file, dirty" if "d" in state else "file"
    return "anonymous, only here" if "x" in state else "anonymous, shared"


def expect_pages(truth):
    made = begin(truth, False)
    pid = truth.chosen()
    made.title = truth.process_words(pid)
    pages, used, now = {}, set(), None
    page = truth.recording.page
    end = truth.ended(pid) if pid is not None else None
    for t, line in truth.recording.lines:
        if line.get("pid", -1) != pid or t > truth.limit:
            continue
        if line["type"] == "snapshot" and "pages" in line:
            pages = {}
        if line["type"] == "pages":
            start = int(line["start"], 16)
            for offset, count, state in line["runs"]:
                for i in range(count):
                    pages[start + (offset + i) * page] = page_class(state)
        if t >= truth.frm:
            used |= set(pages.values())
        now = t
    made.empty = not used
    if not used:
        return made
    if truth.query.narrowed():
        return made
    bytes_of = {name: sum(page for one in pages.values() if one == name) for name in PAGE_CLASSES}
    resident = sum(bytes_of[name] for name in PAGE_CLASSES[:5])
    made.subtitle = [("time", truth.t0), ("time", truth.t1), ("size", resident), ("size", bytes_of["swapped"])]
    made.classes = {name: [("size", bytes_of[name])] if bytes_of[name] else [] for name in PAGE_CLASSES if name in used}
    made.notes += [Note("page tables|faults|runs of pages", [("any", 0)] * n, required=False) for n in range(1, 14)]
    flags_of(truth, made, pid)
    assert end is None or now is not None
    return made


# ---- what happened ----

def expect_events(truth):
    made = begin(truth, True)
    query = truth.query
    acts = truth.acts() if query.options.get("by") != "change" else line_acts(truth)
    raw, rows, unplaced = [], [], 0
    for t, line in truth.recording.lines:
        kind, pid = line["type"], line.get("pid", -1)
        if not truth.frm <= t <= truth.limit or kind not in ("event", "process", "mark", "lost", "finding"):
            continue
        if query.pid is not None and "pid" in line and pid != query.pid:
            continue
        if kind == "event" and query.narrowed() and not event_passes(query, line):
            unplaced += event_passes(query, line) is None
            continue
        raw.append((t, line))
    place = truth.recording.order
    all_ = sorted([(place[id(act.lines[0])], 1, act_row(act)) for act in acts] + [(place[id(line)], 0, raw_row(t, line)) for t, line in raw], key=lambda one: one[0])
    made.empty = not all_
    known_ones = list(truth.processes())
    many = query.pid is None and len(known_ones) > 1
    made.title = [("n", len(known_ones))] if many else truth.process_words(truth.chosen())
    if not all_:
        return made
    raws = sum(1 for _, line in raw if line["type"] == "event")
    made.subtitle = [("n", raws), ("n", len(truth.acts())), ("n", sum(len(act.lines) for act in truth.acts())), ("time", truth.t0), ("time", truth.t1)]
    most = int(query.options.get("rows", 10000))
    if most and len(all_) > most:
        made.notes.append(Note("rows are kept", [("n", most), ("n", len(all_))]))
        all_ = all_[-most:]
    if unplaced:
        made.notes.append(Note("left out|hidden", [("n", unplaced)]))
    rows = [row for _, _, row in all_]
    made.rows = rows
    made.columns = {"t": "t", "pid": "pid", "level": "level", "event": "event", "act": "act", "id": "id", "lines": "lines", "+/- KiB": "change",
                    "rss +/- KiB": "rss", "kind": "kind", "perms": "perms", "range": "range", "start": "start", "end": "end", "name": "name",
                    "thread": "tid", "cause": "cause", "took µs": "took", "lag µs": "lag", "text": "text"}
    made.key, made.ordered = ("level", "t", "act"), False
    made.totals = {"change": ("kib", sum(row["change"][1] for row in rows if row["change"] is not None)) if any(row["change"] for row in rows) else None,
                   "rss": ("kib", sum(row["rss"][1] for row in rows if row["rss"] is not None)) if any(row["rss"] for row in rows) else None}
    return made


def event_passes(query, line):
    """Whether an event has an address that the filter lets through; None where that is not known."""
    if query.kinds or query.perms:
        return None
    where = range_of_event(line)
    return where[1] > query.address[0] and where[0] < query.address[1] if where else None


def line_acts(truth):
    """One row for each change line."""
    from truth import Act
    found, last = [], None
    for act in truth.acts():
        for line in act.lines:
            one = Act(act.t, act.pid, act.act, line["event"])
            one.lines, one.events, one.kinds, one.names, one.ids = [line], [line["event"]], [line.get("kind", "unknown")], [line.get("name", "")], [line["id"]]
            one.low, one.high = int(line["start"], 16), int(line["end"], 16)
            found.append(one)
    index = {id(one.lines[0]): one for one in found}
    for step, before, after in truth.steps:
        one = index.get(id(step.line))
        if one is None or step.event in (None, "fresh"):
            continue
        one.size += (after.size if after is not None else 0) - (before.size if before is not None else 0)
        one.rss += (after.m.get("rss", 0) if after is not None else 0) - (before.m.get("rss", 0) if before is not None else 0)
        one.has_rss |= any(region is not None and "rss" in region.m for region in (before, after))
    assert last is None
    return found


def microseconds(number):
    """A time of a stream as a cell has it; None: not known."""
    from stream import nanoseconds
    value = nanoseconds(str(number)) / 1e3 if number is not None else 0
    return ("number", value) if value else None


def numbers_in(*values):
    """All that stands in members of a line, as words."""
    found = set()
    for value in values:
        found.update(re.findall(r"0x[0-9a-f]+|-?\d+(?:\.\d+)?", str(value)))
        found.update("0x%x" % int(word, 16) for word in list(found) if word.startswith("0x"))
    return found


def act_row(act):
    from stream import words
    several, first = len(act.lines) > 1, act.lines[0]
    kind = act.kinds[0] if len(set(act.kinds)) == 1 else None
    name = words(act.names[0]) if len(set(act.names)) == 1 else None
    cause = first.get("cause", {})
    known_words = numbers_in(len(act.lines), first.get("was", {}), first.get("name", ""))
    return {"t": ("text", "%.6f" % (act.t / 1e9)), "pid": ("n", act.pid) if act.pid > 0 else None, "level": ("text", "semantic"), "act": ("n", act.act),
            "event": ("words", "+".join([act.events[0]] + [event for event in EVENTS if event in act.events[1:]])), "id": None if several else ("n", act.ids[0]),
            "lines": ("n", len(act.lines)), "change": ("kib", act.size),
            "rss": ("kib", act.rss) if act.has_rss else None, "kind": ("text", kind) if kind else None, "name": ("text", name) if name else None,
            "range": ("text", "%x-%x" % (act.low, act.high)), "start": ("text", "%016x" % act.low), "end": ("text", "%016x" % act.high),
            "perms": None if several else ("text", first.get("perms", "")), "cause": ("any", 0), "took": None, "lag": microseconds(cause.get("lag")),
            "tid": ("n", cause["tid"]) if cause.get("tid") else None, "text": ("subset", known_words)}


EVENTS = """MMAP_ADD MUNMAP_REMOVE BRK_GROW BRK_SHRINK STACK_GROW RESIZE_MAPPING PERM_CHANGE SPLIT MERGE MOVE RENAME RESIDENT_CHANGE FORK EXEC_REBUILD
EXIT""".split()


def range_of_event(line):
    """Where an event took place; None: it does not say."""
    if line["type"] != "event":
        return None
    if "span" in line:
        return int(line["span"]["start"], 16), int(line["span"]["end"], 16)
    length = next((line[name] for name in ("length", "len", "new_size", "size") if line.get(name)), 0)
    result = str(line.get("result", ""))
    start = int(result, 16) if result.startswith("0x") and length else int(line["addr"], 16) if str(line.get("addr", "")).startswith("0x") else 0
    if not start and not (result.startswith("0x") and length):
        return None
    return start, start + length if length else start + 1


def raw_row(t, line):
    level = "raw" if line["type"] == "event" else "note"
    where = range_of_event(line)
    values = [value for name, value in line.items() if not isinstance(value, (dict, list)) and name not in ("t", "pid")] + line.get("args", [])
    return {"t": ("text", "%.6f" % (t / 1e9)), "pid": ("n", line["pid"]) if line.get("pid", 0) > 0 else None, "level": ("text", level), "act": None,
            "event": ("any", 0), "id": None, "lines": None, "change": None, "rss": None, "kind": None, "perms": None,
            "range": ("text", "%x-%x" % where) if where else None, "start": ("text", "%016x" % where[0]) if where else None, "end": ("text", "%016x" % where[1]) if where else None,
            "name": ("any", 0), "cause": ("any", 0), "took": microseconds(line.get("took")) if line["type"] == "event" else None,
            "lag": microseconds(line.get("lag")) if line["type"] == "event" else None,
            "tid": ("n", line["tid"]) if line["type"] == "event" and line.get("tid") else None, "text": ("subset", numbers_in(*values))}


SUMMARY_HEADS = {"regions": "regions", "at start": "regions_start", "came": "came", "went": "went", "grew": "grew", "shrank": "shrank", "split off": "split",
                 "merged": "merged", "size KiB": "size", "size at start KiB": "size_start", "size +/- KiB": "size_delta", "size peak KiB": "size_peak",
                 "came KiB": "bytes_came", "went KiB": "bytes_went", "rss KiB": "rss", "rss at start KiB": "rss_start", "rss +/- KiB": "rss_delta",
                 "rss peak KiB": "rss_peak", "pss KiB": "pss", "pss at start KiB": "pss_start", "pss +/- KiB": "pss_delta", "pss peak KiB": "pss_peak", "ended": "ended", "args": "args"}
COUNTS = ("regions", "regions_start", "came", "went", "grew", "shrank", "split", "merged")


def expect_summary(truth):
    made = begin(truth, True)
    by = truth.query.options.get("by", "kind")
    tallies = truth.tallies()
    all_ = tallies["all"].get("all")
    shown = [pid for pid, tally in tallies["process"].items() if tally.used]
    made.title = [("n", len(shown))] if len(shown) > 1 else truth.process_words(truth.chosen())
    made.empty = truth.t0 is None or all_ is None or not all_.used
    if made.empty:
        return made
    samples = between(truth, "sample")
    raw = between(truth, "event")
    made.subtitle = [("time", truth.t0), ("time", truth.t1), ("time", truth.t1 - truth.t0), samples, ("size", all_.size_start), ("size", all_.size)]
    if all_.has_rss:
        made.subtitle += [("size", all_.rss_start), ("size", all_.rss), ("size", all_.rss_peak)]
    weighty = [tally for tally in tallies["process"].values() if tally.used and tally.size_peak]
    if len(weighty) > 1 and all(tally.has_pss for tally in weighty):
        made.subtitle += [("size", all_.pss_start), ("size", all_.pss), ("size", all_.pss_peak)]
    acts = {event: len(ones) for event, ones in tallies["events"].items()}
    if acts and by != "event":
        order = "MMAP_ADD MUNMAP_REMOVE BRK_GROW BRK_SHRINK STACK_GROW RESIZE_MAPPING PERM_CHANGE SPLIT MERGE MOVE RENAME RESIDENT_CHANGE FORK EXEC_REBUILD EXIT".split()
        made.notes.append(Note("transitions|changes", [("n", acts[event]) for event in order if event in acts]))
    if raw[1][1]:
        made.notes.append(Note("raw events|system events", [raw]))
    made.notes.append(Note("^pss is known of", [("n", sum(1 for tally in weighty if tally.has_pss)), ("n", len(weighty))], required=False))
    if by == "event":
        return summary_events(truth, made, tallies)
    made.columns = dict(SUMMARY_HEADS, **{by: by})
    made.key, made.ordered = (by,), False
    made.rows = []
    for key, tally in tallies[by].items():
        if tally.used:
            name = {"kind": key, "name": key or "(no name)", "process": None}[by]
            row = {by: ("text", name) if by != "process" else ("text", process_name(truth, key))}
            row.update(tally_row(tally), ended=("any", 0), args=("any", 0))
            made.rows.append(row)
    made.totals = tally_row(all_)
    order = "-size_delta" if by != "process" else "-pss_peak" if all_.has_pss else "-rss_peak" if all_.has_rss else "-size_peak"
    made.checks.append(lambda picture, report: hold_sums(truth, picture, made, all_, report))
    made.checks.append(lambda picture, report: hold_sorted(truth, picture, made, order, report))
    return made


def between(truth, kind):
    """How many lines of a type there are in the time asked for; those at its very beginning may be told of as before it."""
    ones = [t for t, line in truth.recording.lines if line["type"] == kind and counted(truth, t, line)]
    return ("or", ("n", len(ones)), ("n", len([t for t in ones if t > truth.frm or not truth.frm])))


def counted(truth, t, line):
    return truth.frm <= t <= truth.limit and truth.query.pid in (None, line.get("pid", truth.query.pid))


def process_name(truth, pid):
    name = truth.recording.processes[pid].name_at(truth.limit)
    return "%s (%d)" % (name, pid) if name is not None else "process %d" % pid if pid > 0 else "one address space"


def tally_row(tally):
    row = {}
    for field in COUNTS:
        row[field] = ("n", getattr(tally, field))
    for field in ("size", "size_start", "size_delta", "size_peak", "bytes_came", "bytes_went", "rss", "rss_start", "rss_delta", "rss_peak",
                  "pss", "pss_start", "pss_delta", "pss_peak"):
        row[field] = ("kib", tally.get(field)) if tally.get(field) is not None else None
    return row


def hold_sums(truth, picture, made, all_, report):
    """Totals are the sums of their rows, but for peaks."""
    if picture.rows is None or not isinstance(picture.totals, list):
        return
    for i, head in enumerate(picture.columns):
        field = made.columns.get(head)
        if field in COUNTS + ("size", "size_start", "size_delta", "rss", "rss_start", "rss_delta", "bytes_came", "bytes_went"):
            shown = sum(float(row[i] or 0) for row in picture.rows)
            if picture.totals[i] is not None and abs(shown - float(picture.totals[i])) > 0.051 * len(picture.rows):
                report.say("totals", "%s: %s, the rows add up to %g" % (head, picture.totals[i], shown))


def summary_events(truth, made, tallies):
    made.columns = {"event": "event", "changes": "acts", "change lines": "lines", "came KiB": "came", "went KiB": "went", "size +/- KiB": "size_delta", "rss +/- KiB": "rss_delta"}
    made.key, made.ordered = ("event",), False
    made.rows = []
    for event, acts in tallies["events"].items():
        came, went = sum(max(act.size, 0) for act in acts), sum(max(-act.size, 0) for act in acts)
        rss = sum(act.rss for act in acts) if any(act.has_rss for act in acts) else None
        made.rows.append({"event": ("text", event), "acts": ("n", len(acts)), "lines": ("n", sum(len(act.lines) for act in acts)), "came": ("kib", came),
                          "went": ("kib", went), "size_delta": ("kib", came - went), "rss_delta": ("kib", rss) if rss is not None else None})
    firsts = tallies["firsts"]
    if firsts["lines"]:
        made.rows.append({"event": ("text", "(first samples)"), "acts": None, "lines": ("n", firsts["lines"]), "came": ("kib", firsts["came"]),
                          "went": ("kib", firsts["went"]), "size_delta": ("kib", firsts["came"] - firsts["went"]),
                          "rss_delta": ("kib", firsts["rss"]) if firsts["has_rss"] else None})
    made.empty = not made.rows
    rows = made.rows
    made.totals = {field: (kind, sum(row[field][1] for row in rows if row[field] is not None)) for field, kind in
                   (("acts", "n"), ("lines", "n"), ("came", "kib"), ("went", "kib"), ("size_delta", "kib"))}
    if any(row["rss_delta"] for row in rows):
        made.totals["rss_delta"] = ("kib", sum(row["rss_delta"][1] for row in rows if row["rss_delta"]))
    if all(row["acts"] is None for row in rows):
        made.totals["acts"] = None
    return made


# ---- lives ----

def expect_tree(truth):
    made = begin(truth, True)
    lives = [life for life in truth.lives() if truth.t0 is not None and life.t0 <= truth.t1 and (life.t1 is None or life.t1 >= truth.t0)]
    made.empty = not lives
    if not lives:
        return made
    lanes = len([life for life in lives if life.before is None or life.before not in lives])
    measure = truth.query.options.get("measure", "auto")
    moments = {pid: truth.moments(pid) for pid in truth.processes() if truth.query.pid in (None, pid)}
    if measure in ("auto", "system"):
        measure = "rss" if any(known(kinds, "rss") for ones in moments.values() for _, kinds in ones) else "size"
        heavy = [kinds for ones in moments.values() for _, kinds in ones if total(kinds, "size")]
        if len(truth.processes()) > 1 and heavy and all(known(kinds, "pss") for kinds in heavy):
            measure = "pss"
    word = "n" if measure == "regions" else "size"
    of_life, top, peaks = {}, 0, {}
    for life in truth.lives():
        mine = [(t, kinds) for t, kinds in moments.get(life.pid, ()) if lasts(life, t)]
        of_life[life] = mine
        for _, kinds in mine:
            top = max(top, total(kinds, measure))
            for kind, one in kinds.items():
                if one.get(measure):
                    peaks[kind] = max(peaks.get(kind, 0), one.get(measure))
    made.title = [("n", lanes)] if lanes > 1 else truth.process_words(lives[-1].pid)
    made.subtitle = [("time", truth.t0), ("time", truth.t1), ("n", len(lives))] + ([(word, top)] if top > 0 else [])
    last = sum(total(of_life[life][-1][1], measure) for life in lives if of_life[life] and life.t1 is None)
    made.subtitle += [(word, last)] if lanes > 1 and last else []
    made.notes.append(Note("have no room", [("any", 0)], required=False))
    made.checks.append(lambda picture, report: hold_tree(truth, lives, of_life, measure, word, picture, report))
    made.checks.append(lambda picture, report: hold_time_axis(truth, picture, report))
    most = [max((total(kinds, measure) for _, kinds in ones), default=0) for ones in of_life.values()]
    made.checks.append(lambda picture, report: hold_words(truth, picture, most, report) if word == "size" else None)
    made.classes = {kind: [(word, peak)] for kind, peak in peaks.items()}
    made.classes["life of a process"] = [("or",) + tuple(("n", n) for n in range(1, lanes + 1))]
    made.checks.append(lambda picture, report: hold_lanes(lanes, picture, report))
    flags_of(truth, made, truth.query.pid, lives=False)
    return made


def lasts(life, t):
    return t >= life.t0 and (life.t1 is None or t < life.t1 or (t == life.t1 and not life.exited and life.t0 == life.t1))


def hold_tree(truth, lives, of_life, measure, word, picture, report):
    """The titles of bars and of the memory under them."""
    from words import differ, scrub
    if picture.boxes is None or picture.renderer == "gnuplot":
        return
    names = sorted((name for name in names_of(truth) if re.search(r"\d", name) and len(name) > 2), key=len, reverse=True)
    left, stacks = list(lives), []
    for box in picture.boxes:
        title = box["title"] or ""
        lines = title.split("\n")
        if title.startswith("fork at"):
            continue
        if re.search(r"(began|was there|already there|started)", title):
            life = next((life for life in left if not differ(scrub(title, names), life_title(truth, life, of_life[life], args_tokens(life, names)))), None)
            if life is None:
                guess = next((life for life in left if "(%d)" % life.pid in lines[0] or " %d" % life.pid in lines[0]), None)
                report.say("bar", differ(scrub(title, names), life_title(truth, guess, of_life[guess], args_tokens(guess, names))) if guess else "%r is of no life" % title)
            else:
                left.remove(life)
        else:
            stacks.append((box, hold_stack(truth, lives, of_life, measure, word, title, names, report)))
    if left and "life of a process" in [name for name, _ in picture.classes]:
        shown = next(detail for name, detail in picture.classes if name == "life of a process") or ""
        if shown.startswith("%d " % len({life.pid for life in lives})):
            report.say("bars", "none is of %s" % [(life.pid, life.why) for life in left])
    if picture.renderer == "trace":
        hold_heights(truth, lives, of_life, measure, stacks, report)


def hold_lanes(lanes, picture, report):
    """Lanes that are shown and those that have no room are all."""
    shown = next((detail for name, detail in picture.classes if name == "life of a process"), None) or ""
    left = next((note for note in picture.notes if "have no room" in note or "has no room" in note), "0")
    if re.match(r"\d+ ", shown) and picture.notes_shown and int(shown.split(" ")[0]) + int(re.match(r"\d+", left).group()) != lanes:
        report.say("lanes", "%s and %r, expected %d in all" % (shown, left, lanes))


def hold_heights(truth, lives, of_life, measure, stacks, report):
    """Bytes are heights, to one scale in all lanes; what a picture has room for is there."""
    heights = [(box["y1"] - box["y0"], found[2], box) for box, found in stacks if found]
    if not heights or truth.t1 <= truth.t0:
        return
    scale = max(heights, key=lambda one: one[1])
    scale = scale[0] / scale[1]
    for height, value, box in heights:
        if abs(height - value * scale) > 1 / 720 + value * scale * .01:  # none is too small to be seen
            report.say("height", "%.4f for %r, expected %.4f" % (height, box["title"], value * scale))
            return
    shown = {}
    for box, found in stacks:
        if found:
            shown.setdefault((found[0], found[1]), []).append((box["x0"], box["x1"], found[2]))
    for life in lives:
        mine = [(t, {kind: one.get(measure) or 0 for kind, one in kinds.items()}) for t, kinds in of_life[life]]
        for i, (t, kinds) in enumerate(mine):
            ends = mine[i + 1][0] if i + 1 < len(mine) else min(life.t1 if life.t1 is not None else truth.t1, truth.t1)
            x, width = (max(t, truth.t0) - truth.t0) / (truth.t1 - truth.t0), (ends - max(t, truth.t0)) / (truth.t1 - truth.t0)
            for kind, value in kinds.items():
                if width > .03 and value * scale > .005 and (life.pid, kind) in shown or (width > .03 and value * scale > .005 and shown and len(lives) < 8):
                    if not any(x0 - 1e-4 <= x and x + width <= x1 + 1e-3 and abs(size - value) <= value * .06 for x0, x1, size in shown.get((life.pid, kind), ())):
                        report.say("stack", "none is %s of %d with %d bytes from %.9f s" % (kind, life.pid, value, t / 1e9))
                        return


def args_tokens(life, names):
    from words import scrub, tokens
    from stream import words
    text = " ".join(life.args) if life.args else life.exe or ""
    return [("any", 0)] * len(tokens(scrub(words(text), names)))


def life_title(truth, life, moments, args):
    values = truth.process_words(life.pid) + args
    values += [("n", life.ppid)] if life.ppid and life.ppid > 0 else []
    t1 = min(life.t1 if life.t1 is not None else truth.t1, truth.t1)
    values += [("time", life.t0)] + ([("time", life.t1)] if life.t1 is not None else []) + [("time", t1 - life.t0)]
    if life.exited and life.status is not None and not life.status.startswith("signal "):
        values += [("n", life.status)]
    if moments:
        sizes = [total(kinds, "size") for _, kinds in moments]
        values += [("size", sizes[-1]), ("size", max(sizes))]
        if any(known(kinds, "rss") for _, kinds in moments):
            rss = [total(kinds, "rss") for _, kinds in moments]
            values += [("size", rss[-1]), ("size", max(rss))]
    return values


def hold_stack(truth, lives, of_life, measure, word, title, names, report):
    """"heap 1 MiB of 4 MiB rss" from one time to another; (pid, kind, bytes) of what it stands for."""
    from words import fits, scrub, tokens
    lines = title.split("\n")
    pid = re.search(r"\((\d+)\)$|process (\d+)$", lines[0])
    pid = int(pid.group(1) or pid.group(2)) if pid else None
    kind = lines[1].split(" ")[0] if len(lines) > 1 else ""
    shown, times = tokens(scrub(lines[1], names)) if len(lines) > 1 else [], tokens(lines[2]) if len(lines) > 2 else []
    if len(shown) != 2 or len(times) != 2:
        report.say("stack", "%r has other numbers" % title)
        return None
    wrong = "%r is of no moment" % title
    for life in lives:
        if pid not in (None, life.pid):
            continue
        ends = [t for t, _ in of_life[life][1:]] + [t for t in (life.t1, truth.t1) if t is not None]
        for t, kinds in of_life[life]:
            if kind not in kinds or not (fits(times[0], ("time", t)) or fits(times[0], ("time", max(t, truth.t0)))):
                continue
            value, whole = kinds[kind].get(measure) or 0, total(kinds, measure)
            if not fits(shown[0], (word, value)) or not fits(shown[1], (word, whole)):
                wrong = "%r, expected %d of %d" % (title, value, whole)
                continue
            if any(fits(times[1], ("time", end)) for end in ends if end >= t):
                return life.pid, kind, value
            wrong = "%r ends at no change of it" % title
    report.say("stack", wrong)
    return None


# ---- two moments, two processes ----

def expect_diff(truth):
    made = begin(truth, False)
    pid = truth.chosen()
    made.title = None
    t_a, before = diff_before(truth, pid) if pid is not None else (None, None)
    if before is None:
        made.empty = True
        return made
    t, regions, _ = truth.moment(pid)
    made.names += []
    rows = diff_rows(before, {region.id: region for region in regions}, truth.recording.noise())
    counts = [sum(1 for row in rows if row[2] == what) for what in ("new", "changed", "gone")]
    all_a, all_b = Sum(before.values()), Sum(regions)
    made.empty = not rows
    if not rows:
        return made
    table = bool(truth.query.options.get("preset") or truth.query.options.get("columns") or truth.query.options.get("sort"))
    if table and truth.query.options.get("preset") != "all":
        made.empty = not any(row[2] != "same" for row in rows)
        if made.empty:
            return made
    made.title = truth.process_words(pid) if truth.recording.by("vm-diff") else truth.process_words(pid) + [("or", ("time", t_a), ("time", truth.frm)), ("or",) + tuple(("time", one) for one in {t, truth.t1} if one is not None)]
    made.subtitle = [("n", one) for one in counts] + [("n", all_a.regions), ("n", all_b.regions), ("size", all_a.get("size")), ("size", all_b.get("size"))]
    if all_a.get("rss") is not None or all_b.get("rss") is not None:
        made.subtitle += [("size", all_a.get("rss") or 0), ("size", all_b.get("rss") or 0)]
    if table:
        return diff_table(truth, made, rows)
    kinds_a, kinds_b = (sums_by(ones, lambda region: region.kind) for ones in (before.values(), regions))
    made.classes, made.partly = {}, True
    for kind in set(kinds_a) | set(kinds_b):
        a, b = (one[kind].get("size") if kind in one else 0 for one in (kinds_a, kinds_b))
        made.classes[kind] = [("size", b)] if a == b else [("size", a), ("size", b)]
    made.notes.append(Note("drawn as", [("n", len(rows)), ("any", 0)], required=False))
    made.checks.append(lambda picture, report: hold_diff_boxes(truth, rows, picture, report))
    made.checks.append(lambda picture, report: hold_diff_text(truth, rows, picture, report))
    sizes = [region.size for row in rows for region in row[:2] if region is not None]
    for a, b, _ in rows:
        if a is not None and b is not None:
            sizes += [b.size - a.size, b.m.get("rss", 0) - a.m.get("rss", 0)]
    made.checks.append(lambda picture, report: hold_words(truth, picture, sizes, report))
    return made


def diff_before(truth, pid):
    """What lived at `from`, or at the first look after it."""
    looks = [t for t in truth.recording.processes[pid].looks if t <= truth.limit]
    early = [t for t in looks if t <= truth.frm]
    for t in early[-1:] + [t for t in looks if t > truth.frm]:
        state = truth.state(pid, limit=t)
        if state and any(t < when <= truth.recording.now for when, line in truth.recording.lines if "t" in line):
            return t, state
    return None, None


def diff_rows(a, b, noise=()):
    """What differs; of what vm-diff calls noise nothing does."""
    rows = []
    for key in list(a) + [key for key in b if key not in a]:
        one, other = a.get(key), b.get(key)
        if one is None or other is None:
            rows.append((one, other, "same" if key in noise else "new" if one is None else "gone"))
            continue
        same = one.shape() == other.shape() and ("rss" not in one.m or "rss" not in other.m or one.m["rss"] == other.m["rss"])
        rows.append((one, other, "same" if same or key in noise else "changed"))
    return rows


def change_word(a, b, what):
    if what != "changed":
        return what
    if a.size != b.size:
        return "grown" if b.size > a.size else "shrunk"
    if a.perms != b.perms:
        return "perms"
    if a.name != b.name or a.kind != b.kind:
        return "renamed"
    return "moved" if a.start != b.start else "resident"


def diff_table(truth, made, rows):
    made.columns = {"change": "change", "kind": "kind", "size A KiB": "size_a", "size B KiB": "size_b", "+/- KiB": "size_delta", "rss A KiB": "rss_a",
                    "rss B KiB": "rss_b", "rss +/- KiB": "rss_delta", "perms A": "perms_a", "perms B": "perms_b", "address A": "start_a", "address B": "start_b", "name": "name"}
    made.key, made.ordered = ("change", "kind", "size_a", "size_b", "name"), False
    listed = rows if truth.query.options.get("preset") == "all" else [row for row in rows if row[2] != "same"]
    if len(listed) < len(rows):
        made.notes.append(Note("not shown", [("n", len(rows) - len(listed))]))
    made.rows = []
    kib = lambda value: ("kib", value) if value is not None else None
    for a, b, what in listed:
        any_ = b if b is not None else a
        rss_a, rss_b = (one.m.get("rss") if one is not None else None for one in (a, b))
        made.rows.append({"change": ("text", change_word(a, b, what)), "kind": ("text", any_.kind), "size_a": kib(a.size if a else None),
                          "size_b": kib(b.size if b else None), "size_delta": ("kib", (b.size if b else 0) - (a.size if a else 0)), "rss_a": kib(rss_a), "rss_b": kib(rss_b),
                          "rss_delta": None if rss_a is None and rss_b is None else ("kib", (rss_b or 0) - (rss_a or 0)),
                          "perms_a": ("text", a.perms) if a else None, "perms_b": ("text", b.perms) if b else None,
                          "start_a": ("text", "0x%012x" % a.start) if a else None, "start_b": ("text", "0x%012x" % b.start) if b else None,
                          "name": ("text", any_.name) if any_.name else None})
    made.key = ("kind", "start_b", "name")
    fields = ("size_a", "size_b", "size_delta", "rss_a", "rss_b", "rss_delta")
    made.totals = {field: ("kib", sum(row[field][1] for row in made.rows if row[field])) for field in fields if any(row[field] for row in made.rows)}
    return made


def hold_diff_boxes(truth, rows, picture, report):
    """Each pair stands in one row; what is folded counts."""
    from words import differ, fits, tokens
    whole = len(rows)
    if picture.boxes is None or picture.renderer != "trace":
        return
    names = sorted((name for name in names_of(truth) if re.search(r"\d", name) and len(name) > 2), key=len, reverse=True)
    seen, count, counts, sizes = set(), 0, [0, 0, 0, 0], []
    for box in picture.boxes:
        title = box["title"] or ""
        if (box["y1"], title) in seen:
            continue
        seen.add((box["y1"], title))
        folded = re.match(r"(\d+) regions: (\d+) new, (\d+) changed, (\d+) gone, (\d+) (?:the same|unchanged)", title)
        if folded:
            numbers = [int(one) for one in folded.groups()]
            count += numbers[0]
            if numbers[0] != sum(numbers[1:]):
                report.say("row", "%r does not add up" % title)
            counts = [one + more for one, more in zip(counts, numbers[1:])]
            sizes.append(tokens(title.split("\n")[1]))
            continue
        count += 1
        pairs = [row for row in rows if any(region is not None and (region.start, region.end) == range_of(title) for region in row[:2])]
        wrong = [differ(title.split("\n", 1)[1], span_words(row[0]) + span_words(row[1]), names) for row in pairs]
        if not pairs or all(wrong):
            report.say("row", wrong[0] if wrong else "%r is of no region" % title)
        elif pairs:
            rows = [row for row in rows if row is not pairs[wrong.index("")]]
    if count != whole:
        report.say("rows", "stand for %d pairs, expected %d" % (count, whole))
    expected = [sum(1 for row in rows if row[2] == what) for what in ("new", "changed", "gone", "same")]
    if sizes and counts != expected:
        report.say("rows", "of several are %s new, changed, gone, unchanged, expected %s" % (counts, expected))
    for side in (0, 1):
        if len(sizes) == 1 and not fits(sizes[0][side], ("size", sum(row[side].size for row in rows if row[side] is not None))):
            report.say("rows", "of several are %s, of %d regions" % (sizes[0], len(rows)))


def span_words(region):
    if region is None:
        return []
    return [("hex", region.start), ("hex", region.end), ("size", region.size)] + ([("size", region.m["rss"])] if "rss" in region.m else [])


LABEL = re.compile(r"(?:[-+~] )?(\S.*?) (\d+(?:\.\d+)? (?:B|[KMGTPE]iB)) ([r-][w-][x-][ps-]?)(?: |$)")


def hold_diff_text(truth, rows, picture, report):
    """Every region that came or went has its line in the text, and each stands beside what it has become, unless rows are folded."""
    if picture.grid is None or any(re.search("drawn as .* rows?", note) for note in picture.notes) or any(re.search(r"\d+ regions, ", line) for line in picture.grid):
        return
    shown = {sign: sum(len(re.findall(r"(?:^|\s)%s \S" % re.escape(sign), line)) for line in picture.grid) for sign in "+-"}
    expected = {"+": sum(1 for row in rows if row[2] == "new"), "-": sum(1 for row in rows if row[2] == "gone")}
    for sign in "+-":
        if shown[sign] != expected[sign]:
            report.say("text", "%d lines with %r, expected %d" % (shown[sign], sign, expected[sign]))
    middle = max(len(line) for line in picture.grid) // 2
    for line in picture.grid:
        left, right = LABEL.search(line[:middle]), LABEL.search(line[middle:])
        if left and right and not any(is_label(left, a) and is_label(right, b) for a, b, _ in rows):
            report.say("text", "%r stands beside %r" % (left.group().strip(), right.group().strip()))


def is_label(match, region):
    """Whether a label is that of a region: its name may be cut."""
    from words import fits, tokens
    if region is None or region.perms != match.group(3) or not fits(tokens(match.group(2))[0], ("size", region.size)):
        return False
    whole, name = short(region.name, region.kind), match.group(1).split("..")[0]
    for _ in range(3):
        if whole.startswith(name):
            return True
        name = re.sub(r"^\S (?=\S)", "", name)  # the letter of a cell that a box has in part, a sign
    return False


def compare_pair(truth):
    """(selected, reference): --pid, else the first whose parent is there too; its parent, else any other."""
    known_ones = truth.processes()
    seen = [pid for pid in known_ones if has_regions(truth, pid)]
    parent = lambda pid: truth.recording.processes[pid].ppid_at(truth.limit)
    selected = truth.query.pid
    if selected is None:
        selected = next((pid for pid in seen if parent(pid) in seen), None)
        if selected is None and len(known_ones) > 1:
            first = seen[0] if seen else next(iter(known_ones))
            selected = next((pid for pid in seen if pid != first), None)
    if selected not in known_ones:
        return None, None
    reference = truth.query.options.get("reference")
    if reference is None:
        reference = parent(selected) if parent(selected) in seen else next((pid for pid in seen if pid != selected), None)
    return selected, reference if reference in known_ones else None


def has_regions(truth, pid):
    lines = truth.recording.processes[pid].region_lines
    return bool(lines) and lines[0] <= truth.limit


class Descent:
    """Which region a region descends from in the first place."""

    def __init__(self, truth):
        self.from_, self.born, self.pid = {}, {}, {}
        self.alike = False  # the processes lie as after a fork
        for span in truth.spans():
            self.born[span.id] = min(span.t0, self.born.get(span.id, span.t0))
            self.pid[span.id] = span.pid
            if span.from_ and span.born != "EXEC_REBUILD" and span.id not in self.from_:
                self.from_[span.id] = span.from_

    def root(self, key):
        while key in self.from_ and self.from_[key] < key:
            key = self.from_[key]
        return key


def kin_of(region, others, descent):
    """The first of the others that overlaps it and descends from the same, or may do so by its name where the processes lie alike."""
    for other in others:
        if other.end > region.start and other.start < region.end and (descent.root(other.id) == descent.root(region.id)
                                                                      or (descent.alike and other.name == region.name)):
            return other
    return None


def private_of(region, known_now):
    """(bytes only here, bytes still shared) of what is anonymous; None where it is not known."""
    if region.perms[3:4] == "s":
        return None
    if not known_now or "private_dirty" not in region.m:
        return None
    anonymous = region.m.get("anonymous", 0)
    private = min(region.m["private_dirty"], anonymous)
    return private, anonymous - private


def compared(truth, selected, reference):
    """(t, [(what, reference's, selected's, private)], whether the moment is earlier than the selected one's last)."""
    moments = [truth.moment(pid) for pid in (selected, reference)]
    ends = [t - 1 if ended else t for t, _, ended in moments]
    t = min(ends)
    right, left = (by_address(truth.state(pid, limit=t)) for pid in (selected, reference))
    descent = Descent(truth)
    rows = compared_rows(truth, (selected, reference), (left, right), descent, t >= ends[0])
    if left and right and not any(row[1] is not None and row[2] is not None for row in rows) and lie_alike(left, right):
        descent.alike = True
        rows = compared_rows(truth, (selected, reference), (left, right), descent, t >= ends[0])
        amounts = [row[3] for row in rows if row[1] is not None and row[2] is not None and row[3] is not None]
        ppids = [truth.recording.processes[pid].ppid_at(truth.limit) for pid in (selected, reference)]
        descent.alike = (any(shared for _, shared in amounts) or not any(own for own, _ in amounts) if amounts
                         else ppids[0] == reference or ppids[1] == selected or (ppids[0] == ppids[1] and (ppids[0] or 0) > 1))
        if not descent.alike:
            rows = compared_rows(truth, (selected, reference), (left, right), descent, t >= ends[0])
    return t, rows, (left, right)


def lie_alike(left, right):
    """The same stack, and most regions in one place, of one name."""
    stacks = [next((region for region in side if region.kind == "stack"), None) for side in (left, right)]
    twins = lambda a, b: a.name == b.name and a.perms[3:4] == b.perms[3:4] and (a.start == b.start or a.end == b.end)
    found = sum(1 for one in right if one.kind != "vsyscall" and any(other.end > one.start and other.start < one.end and twins(one, other) for other in left))
    return bool(found) and found * 2 >= min(len(left), len(right)) and (None in stacks or stacks[0].end == stacks[1].end)


def compared_rows(truth, pids, sides, descent, known_now):
    (selected, reference), (left, right), rows = pids, sides, []
    for region in right:
        kin = kin_of(region, left, descent)
        private = private_of(region, known_now)
        same = kin is not None and (kin.start, kin.end, kin.perms, kin.name) == (region.start, region.end, region.perms, region.name)
        what = "added" if kin is None else "changed" if not same else "private" if private and private[0] else "shared"
        rows.append((what, kin, region, private))
    ever = {descent.root(key) for key, pid in descent.pid.items() if pid == selected}
    process = truth.recording.processes[selected]
    child = process.ppid_at(truth.limit) == reference and any(why in ("fork", "exec", "reused") for when, why, _ in process.renewals if when <= truth.limit)
    akin = any(row[1] is not None for row in rows)
    for region in left:
        if kin_of(region, right, descent) is None:
            root = descent.root(region.id)
            gone = root in ever or (akin and child and descent.born.get(root, process.t0) < process.t0)
            rows.append(("gone" if gone else "reference", region, None, None))
    return rows


COMPARED = {"shared": "shared", "private": "private since the fork", "changed": "changed", "added": "added", "gone": "gone", "reference": "only in the reference"}


def expect_compare(truth):
    """Sums of the common, changed, added and gone regions of two processes."""
    made = begin(truth, True)
    selected, reference = compare_pair(truth)
    made.empty = True
    if selected is None or reference is None or truth.t0 is None:
        return made
    ends = [truth.ended(pid) for pid in (selected, reference)]
    if truth.recording.segments > 1 or any(line["type"] == "pages" for _, line in truth.recording.lines) or any(end is not None and end <= truth.frm for end in ends):
        made.empty = None
        return made
    t, rows, both = compared(truth, selected, reference)
    made.empty = not rows
    if not rows:
        return made
    made.title = truth.process_words(reference) + truth.process_words(selected)
    of = lambda what: [row for row in rows if row[0] == what]
    common = [row for row in rows if row[1] is not None and row[2] is not None and row[3] is not None]
    made.subtitle = [time_of_moment(truth, t)] + ([("size", sum(row[3][i] for row in common)) for i in (0, 1)] if common else [])
    made.subtitle += [("n", len(of(what))) for what in ("shared", "private", "changed", "added", "gone")]
    if truth.query.options.get("preset") or truth.query.options.get("columns"):
        return compare_table(made, rows)
    made.classes = {}
    for what, name in COMPARED.items():
        if of(what):
            made.classes[name] = [("n", len(of(what))), ("size", sum((row[2] or row[1]).size for row in of(what)))]
    made.checks.append(lambda picture, report: hold_compare(truth, t, both, rows, picture, report))
    sizes = [region.size for side in both for region in side] + [amount for row in rows if row[3] for amount in row[3]]
    made.checks.append(lambda picture, report: hold_words(truth, picture, sizes, report))
    return made


def compare_table(made, rows):
    made.columns = {"change": "change", "kind": "kind", "reference KiB": "size_reference", "size KiB": "size", "private KiB": "private", "shared KiB": "shared",
                    "perms ref": "perms_reference", "perms": "perms", "address": "start", "name": "name"}
    made.rows = []
    for what, left, right, private in rows:
        any_ = right or left
        made.rows.append({"change": ("text", what), "kind": ("text", any_.kind), "size_reference": ("kib", left.size) if left else None,
                          "size": ("kib", right.size) if right else None, "private": ("kib", private[0]) if private and right else None,
                          "shared": ("kib", private[1]) if private and right else None, "perms_reference": ("text", left.perms) if left else None,
                          "perms": ("text", right.perms) if right else None, "start": ("text", "0x%012x" % any_.start), "name": ("text", any_.name) if any_.name else None})
    made.key, made.ordered = ("change", "start"), False
    made.totals = {field: ("kib", sum(row[field][1] for row in made.rows if row[field])) for field in ("size_reference", "size", "private", "shared")
                   if any(row[field] for row in made.rows)}
    return made


def remeasured(truth, region, t):
    """Whether a region is told of again after a moment: then what it had at that moment may be left out."""
    return any(step.t > t and (step.pid, step.id) == (region.pid, region.id) for step, _, _ in truth.steps)


def hold_compare(truth, t, both, rows, picture, report):
    """Each region stands beside its kin, as both are at that moment."""
    from words import differ
    if picture.boxes is None or picture.renderer == "gnuplot":
        return
    names = sorted((name for name in names_of(truth) if re.search(r"\d", name) and len(name) > 2), key=len, reverse=True)
    ranges = [{(region.start, region.end): region for region in side} for side in both]
    private = {row[2].id: row[3] for row in rows if row[2] is not None and row[1] is not None and row[3] is not None}
    for box in picture.boxes:
        parts = re.match(r"(?s).*?\n(reference: [^\n]*)\n(selected: [^\n]*)(?:\n(.*))?$", box["title"] or "")
        if not parts:
            continue
        found = [None, None]
        for i in (0, 1):
            found[i] = ranges[i].get(range_of(parts.group(i + 1)))
            if found[i] is None and "not there" not in parts.group(i + 1):
                report.say("box", "%r is of no region" % parts.group(i + 1))
            elif found[i] is not None:
                words = span_words(found[i])
                if remeasured(truth, found[i], t) and ", rss " not in parts.group(i + 1):
                    words = words[:3]
                report.say("box", differ(parts.group(i + 1), words, names))
        if parts.group(3) and found[1] is not None:
            amounts = private.get(found[1].id)
            report.say("box", differ(parts.group(3), [("size", one) for one in amounts] if amounts else []))


VIEWS = {"map": expect_map, "cards": expect_cards, "table": expect_table, "explain": expect_explain, "stats": expect_stats, "area": expect_area,
         "timeline": expect_timeline, "pages": expect_pages, "events": expect_events, "summary": expect_summary, "tree": expect_tree, "diff": expect_diff,
         "compare": expect_compare}
