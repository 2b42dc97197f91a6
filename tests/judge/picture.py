"""Reads back what the renderers wrote: trace, svg, gnuplot, ascii become a Picture with the same parts.

A part that a renderer does not show is None: text knows no titles of boxes, gnuplot's boxes have no words.
"""
import re
import xml.etree.ElementTree as ElementTree

SVG = "{http://www.w3.org/2000/svg}"


class Picture:
    def __init__(self, renderer):
        self.renderer = renderer
        self.shape = None        # boxes, series, table; where it is known
        self.title = self.subtitle = self.empty = None
        self.classes = []        # (name, detail)
        self.notes = []
        self.note_lines = None   # of text: the lines that they were cut into
        self.flags = []
        self.ticks = {"x": [], "y": []}  # (at, text, fold)
        self.boxes = None        # dicts
        self.labels = None       # words that stand in boxes, where nothing more is known of them
        self.series = None       # (name, values)
        self.series_titles = None
        self.xs = None
        self.bands = {}          # of a picture of series without them: {name: level stretches}
        self.frame = None        # (x, y, width, height) of the plot
        self.columns = self.rows = self.totals = None
        self.row_titles = None   # of a table: {column: text}
        self.lines = None        # a listing, verbatim
        self.notes_shown = True  # False: the canvas may have had no room for them
        self.grid = None         # of text: the rows of the plot


# ---- trace ----

QUOTED = r'"((?:[^"\\]|\\.)*)"'
BOX = re.compile(r'box \d+ class=' + QUOTED + r' x=(\S+)\.\.(\S+) y=(\S+)\.\.(\S+) fill=(\S+) flags=(\S+) label=(?:-|' + QUOTED + r') title=(?:-|' + QUOTED + ')$')


def unquote(text):
    if text is None:
        return None
    def one(match):
        word = match.group(1)
        return "\n" if word == "n" else chr(int(word[1:], 16)) if word[0] == "x" and len(word) == 3 else word
    return re.sub(r"\\(n|x[0-9a-f]{2}|.)", one, text)


def fact(line):
    """The text behind the first word; None for "-"."""
    rest = line.partition(" ")[2]
    match = re.match(QUOTED + "$", rest)
    return unquote(match.group(1)) if match else None


def trace(text):
    p = Picture("trace")
    p.boxes, p.series, p.series_titles, p.xs = [], [], {}, []
    p.columns, p.rows, p.totals = [], [], None
    for line in text.split("\n"):
        word = line.partition(" ")[0]
        if word == "draw":
            p.shape = line.split(" ")[1]
        elif word in ("title", "subtitle", "empty"):
            setattr(p, word, fact(line))
        elif word == "note":
            p.notes.append(fact(line))
        elif word == "class":
            match = re.match(r'class \d+ ' + QUOTED + r' letter=(.) light=\S+ dark=\S+ ansi=\d+ detail=(?:-|' + QUOTED + ')$', line)
            p.classes.append((unquote(match.group(1)), unquote(match.group(3))))
        elif word == "tick":
            match = re.match(r'tick (\S) (\S+)( fold)? (?:-|' + QUOTED + ')$', line)
            p.ticks[match.group(1)].append((float(match.group(2)), unquote(match.group(4)), bool(match.group(3))))
        elif word == "flag":
            match = re.match(r'flag \S+ ' + QUOTED + '$', line)
            p.flags.append(unquote(match.group(1)))
        elif word == "box":
            match = BOX.match(line)
            p.boxes.append({"class": unquote(match.group(1)), "x0": float(match.group(2)), "x1": float(match.group(3)), "y0": float(match.group(4)),
                            "y1": float(match.group(5)), "fill": None if match.group(6) == "-" else float(match.group(6)),
                            "flags": set() if match.group(7) == "-" else set(match.group(7).split(",")),
                            "label": unquote(match.group(8)), "title": unquote(match.group(9))})
        elif word == "x":
            p.xs.append(float(line.split(" ")[2]))
        elif word == "serie":
            match = re.match(r'serie ' + QUOTED + r' class=' + QUOTED + r' y=(\S*) title=(?:-|' + QUOTED + ')$', line)
            name = unquote(match.group(1))
            p.series.append((name, [float(y) for y in match.group(3).split(",")]))
            p.series_titles[name] = unquote(match.group(4))
        elif word == "column":
            p.columns.append(unquote(re.match(r'column \d+ ' + QUOTED, line).group(1)))
        elif word == "row":
            p.rows.append([])
        elif word in ("cell", "total"):
            match = re.match(r'(?:cell \d+|total) ' + QUOTED + r' (?:unknown -|-|' + QUOTED + ')$', line)
            if word == "total":
                p.totals = p.totals or []
            (p.rows[-1] if word == "cell" else p.totals).append(unquote(match.group(2)))
    if p.shape == "table" and len(p.columns) == 1 and p.totals is None:
        p.lines = [row[0] for row in p.rows]
    return p


# ---- svg ----

def words_of(element):
    return "".join(element.itertext())


def classes_of(element):
    return (element.get("class") or "").split()


def parts_of(root):
    """The elements of a drawing in their order; those that zoom together stand in a group `plot`."""
    for element in root:
        if "plot" in classes_of(element):
            yield from parts_of(element)
        else:
            yield element


def svg(text):
    p = Picture("svg")
    root = ElementTree.fromstring(text)
    desc = root.find(SVG + "desc").text or ""
    p.boxes, p.series_titles, p.labels = [], {}, []
    names = []
    for element in parts_of(root):
        kind, classes = element.tag[len(SVG):], classes_of(element)
        if kind == "text" and "title" in classes:
            p.title = words_of(element)
        elif kind == "text" and "sub" in classes:
            p.subtitle = words_of(element)
        elif kind == "text" and "why" in classes:
            p.empty = desc
        elif kind == "text" and "note" in classes:
            p.notes.append(words_of(element))
        elif kind == "text" and ("tick" in classes or "a" in classes):
            p.ticks["y" if "e" in classes else "x"].append((None, words_of(element), False))
        elif kind == "text" and "gap" in classes:
            p.ticks["y"].append((None, words_of(element), True))
        elif kind == "text" and "head" in classes:
            p.columns = [words_of(one) for one in element.findall(SVG + "tspan")]
            p.rows, p.row_titles = [], []
        elif kind == "text" and "name" in classes:
            pass
        elif kind == "text" and ("in" in classes or "flagtext" in classes):
            p.labels.append(words_of(element)) if "in" in classes else None
        elif kind == "text" and not classes:
            detail = element.find(SVG + "tspan")
            names.append((element.text or "", words_of(detail) if detail is not None and "detail" in classes_of(detail) else None))
        elif kind == "rect" and "panel" in classes:
            p.frame = tuple(float(element.get(name)) for name in ("x", "y", "width", "height"))
        elif kind == "g" and "r" in classes:
            svg_row(p, element)
        elif kind == "g" and "b" in classes:
            svg_boxes(p, element, classes)
        elif kind == "g" and element.find(SVG + "path[@class='flag']") is not None:
            p.flags.append(words_of(element.find(SVG + "path").find(SVG + "title")))
        elif kind == "g" and element.find(SVG + "title") is not None and element.get("transform"):
            p.ticks["y"].append((None, words_of(element.find(SVG + "title")).replace(" left out", ""), True))
    p.classes = [one for one in names if one[0] not in ("resident", "new", "gone", "changed") or one[1]]
    if p.title is None:
        p.title = root.find(SVG + "title").text
    return p


def svg_row(p, element):
    text = element.find(SVG + "text")
    cells = [words_of(one) for one in text.findall(SVG + "tspan")]
    cells = [None if "none" in classes_of(one) else word for one, word in zip(text.findall(SVG + "tspan"), cells)]
    if "total" in classes_of(text):
        p.totals = [cell or None for cell in cells]
        return
    p.rows.append(cells)
    p.row_titles.append(words_of(element.find(SVG + "title")))


def svg_boxes(p, element, classes):
    number = int(next(one for one in classes if re.match(r"c\d+$", one))[1:])
    for one in element:
        title = one.find(SVG + "title")
        if one.tag == SVG + "rect":
            p.boxes.append({"class": number, "x": float(one.get("x")), "y": float(one.get("y")), "w": float(one.get("width")),
                            "h": float(one.get("height")), "title": None if title is None else title.text})
        elif one.tag == SVG + "path" and title is not None:
            name = title.text.split("\n")[0].replace("of the process: ", "")
            p.series_titles[name] = title.text
            p.bands[name] = levels(one.get("d"))


def levels(path):
    """The level stretches of an outline: [(x0, x1, y)]."""
    x, y, found = 0.0, 0.0, []
    for letter, words in re.findall(r"([MHV])([^MHVZ]*)", path):
        ones = [float(word) for word in words.split()]
        if letter == "M":
            x, y = ones
        elif letter == "V":
            y = ones[0]
        else:
            found.append((min(x, ones[0]), max(x, ones[0]), y))
            x = ones[0]
    return found


# ---- gnuplot ----

LABEL = re.compile(r"set label (.*) at screen (\S+),(\S+) (left|right|center) front font f\((\w+),(\S+?)\) textcolor rgb (\S+)( boxed)?$")


def gnuplot_text(text):
    """The text of quoted pieces joined by dots."""
    pieces = re.findall(r"'([^']*)'|\"'\"", text)
    found = re.findall(r"'[^']*'|\"'\"", text)
    return "".join("'" if whole == "\"'\"" else piece for piece, whole in zip(pieces, found))


def gnuplot(text):
    p = Picture("gnuplot")
    labels, block, blocks = [], None, {}
    for line in text.split("\n"):
        if block is not None:
            if line == "EOD":
                block = None
            else:
                blocks[block].append(line)
            continue
        match = re.match(r"\$(\w+) << EOD$", line)
        if match:
            block = match.group(1)
            blocks[block] = []
            continue
        match = LABEL.match(line)
        if match:
            labels.append((gnuplot_text(match.group(1)),) + tuple(match.groups()[1:]))
        match = re.match(r"set ([xy])tics .* out \((.*)\)$", line)
        if match:
            for tick in re.finditer(r"((?:'[^']*'|\"'\"|\.)+) ([-\d.e+]+)(?:, |$)", match.group(2)):
                p.ticks[match.group(1)].append((float(tick.group(2)), gnuplot_text(tick.group(1)), False))
    gnuplot_labels(p, labels)
    if "boxes" in blocks:
        p.boxes = []
        index = 0
        for before, line in zip([None] + blocks["boxes"], blocks["boxes"]):
            if line:
                x0, x1, y0, y1, fill, _ = line.split(" ")
                p.boxes.append({"class": index, "x0": float(x0), "x1": float(x1), "y0": float(y0), "y1": float(y1), "fill": float(fill), "title": None})
            elif before == "":
                index += 1
    if "series" in blocks:
        rows = [[float(word) for word in line.split(" ")] for line in blocks["series"] if line]
        p.xs = [row[0] for row in rows]
        p.series = [(None, [row[i] for row in rows]) for i in range(1, len(rows[0]))] if rows else []
    return p


def gnuplot_labels(p, labels):
    rows, heads, last = {}, None, None
    p.labels = []
    for text, x, y, align, font, size, colour, _ in labels:
        if font == "bold" and size == "20":
            p.title = text
        elif font == "font" and size == "13":
            p.subtitle = text
        elif size == "15":
            p.empty = ((p.empty + " ") if p.empty else "") + text
        elif font == "bold" and size == "12" and colour == "soft":
            heads = heads or []
            heads.append(text)
        elif heads is not None and size in ("12", "10.5") and colour != "soft":
            rows.setdefault(y, []).append((None if text == "–" and colour == "faint" else text, font))
        elif size == "12" and align == "left":
            p.classes.append((text, None))
        elif size == "11" and colour == "alarm":
            p.flags.append(text)
        elif size == "11" and colour == "soft" and p.classes and last and last[1] == y and last[0] == "12":
            p.classes[-1] = (p.classes[-1][0], text)
        elif size == "11" and colour == "soft" and font == "font":
            p.notes.append(text)
        elif size == "11" and font == "font":
            p.labels.append(text)
        last = (size, y)
    p.classes = [one for one in p.classes if one[0] not in ("resident", "new", "gone", "changed") or one[1]]
    if heads is not None:
        p.columns = heads
        p.rows = []
        for cells in rows.values():
            if any(font == "bold" for _, font in cells):
                p.totals = "  ".join(text or "-" for text, _ in cells)  # empty cells are not written
            else:
                p.rows.append([text for text, _ in cells])


# ---- ascii ----

PLOT = re.compile(r"^ *(.*?) *([│┤≈|+~])(.*)$")
AXIS = re.compile(r"^ *[└+][─┬+-]+$")


def ascii_picture(text, width, table=False, listing=False):
    p = Picture("ascii")
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    if listing:
        p.lines, p.empty = lines, " ".join(lines[1:]) if len(lines) > 1 and re.match("no |nothing |the input ", lines[1]) else None
        return p
    p.title = lines[0] if lines else None
    axis = next((i for i, line in enumerate(lines) if AXIS.match(line)), None)
    rule = next((i for i, line in enumerate(lines) if re.match(r"^[─-]+$", line)), None)
    if axis is not None and not table:
        ascii_plot(p, lines, axis, width)
    elif table and len(lines) > 2 and re.search(r"\S\s{2,}\S", lines[2]):
        p.subtitle = lines[1]
        ascii_table(p, lines, rule, width)
    else:
        p.empty = " ".join(lines[1:])
    return p


def ascii_plot(p, lines, axis, width):
    gutter = len(re.match(r"^ *", lines[axis]).group()) + 1
    first = next(i for i, line in enumerate(lines) if len(line) >= gutter and line[gutter - 1:gutter] in ("│", "┤", "≈", "|", "+", "~"))
    p.subtitle = lines[1] if first > 1 else None
    p.grid = []
    for line in lines[first:axis]:
        word = line[:gutter - 1].strip()
        if word:
            p.ticks["y"].append((None, word, line[gutter - 1] in "≈~"))
        p.grid.append(line[gutter:])
    rest = lines[axis + 1:]
    if rest and re.match(r"^\s", rest[0]) and tick_words(rest[0]):
        p.ticks["x"] += [(None, word, False) for word in tick_words(rest[0])]
        rest = rest[1:]
    if rest and rest[0].strip() in ("time",) and rest[0].startswith(" "):
        rest = rest[1:]
    while rest and not rest[0].strip():
        rest = rest[1:]
    p.foot, p.width = rest, width
    ascii_foot(p, None)


def ascii_foot(p, names):
    """Parts legend and notes: a line of the legend has nothing but a letter and a name, again and again."""
    rest = list(p.foot)
    p.classes = []
    while rest:
        items = re.split(r"\s{2,}", rest[0].strip())
        if not all(is_item(item, names) for item in items):
            break
        p.classes += [(item[2:], None) for item in items]
        rest = rest[1:]
    p.notes, p.note_lines = unwrap(rest, p.width), rest


def is_item(text, names):
    if names is None:
        return bool(re.match(r"^[^\d\s] \S", text))
    return text[1:2] == " " and any(text[2:] == name or text[2:].startswith(name + " ") for name in names)


def tick_words(line):
    return [word for word in re.split(r"\s{2,}", line.strip()) if word]


def unwrap(lines, width):
    """Notes again from lines that were cut at a width."""
    notes, full = [], False
    for line in lines:
        if notes and full and len(last) + 1 + len(line.split(" ")[0]) > width:
            notes[-1] += " " + line
        else:
            notes.append(line)
        last, full = line, True
    return notes


def ascii_table(p, lines, rule, width):
    """Columns are at least two blanks apart; a row that has no word in a column has a dash there."""
    head = lines[2]
    p.columns = re.split(r"\s{2,}", head.strip())
    body = lines[3:rule] if rule is not None else lines[3:]
    p.rows = []
    notes = []
    for line in body:
        cells = re.split(r"\s{2,}", line.strip(), maxsplit=len(p.columns) - 1)
        if len(cells) == len(p.columns) and not notes:
            p.rows.append([None if cell == "-" else cell for cell in cells])
        else:
            notes.append(line)
    if rule is not None:
        p.totals = lines[rule + 1]
        notes = lines[rule + 2:]
    p.notes, p.note_lines = unwrap(notes, width), notes
