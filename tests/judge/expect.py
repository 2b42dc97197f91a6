"""What a picture must state, and how a picture is held against it: title, subtitle, legend, notes, table, boxes, series."""
import re

from picture import ascii_foot
from words import differ, scrub, tokens


LENIENT = False  # True: notes, columns and rows that the judge does not know are passed over; those that it knows are held


class Expected:
    """Numbers of each part, as words.differ takes them. None: nothing is asked of that part."""

    def __init__(self):
        self.title = None
        self.subtitle = None
        self.empty = None         # True, False
        self.classes = None       # {name: numbers of its detail}; names of the legend must be just these
        self.partly = False       # the legend may leave out what no box shows
        self.notes = []           # Note
        self.columns = {}         # head of a column -> field
        self.rows = None          # [{field: value}], in any order, told apart by `key`
        self.key = ()             # fields
        self.ordered = True
        self.totals = None        # {field: value}
        self.names = []           # texts with digits that are no figures
        self.checks = []          # functions (picture, report)
        self.flags = None         # how many things the flags stand for; None: not asked
        self.flag_numbers = None
        self.listing = None       # lines, for a verbatim table


class Note:
    """A sentence below the picture: known by a pattern or by its numbers."""

    def __init__(self, pattern, values, required=True, names=(), more=None):
        self.pattern, self.values, self.required, self.names = re.compile(pattern), values, required, names
        self.more = more      # what any further numbers may be

    def certain(self):
        """Whether its numbers alone tell it."""
        return len(self.values) > 1 and all(value[0] != "any" for value in self.values)

    def differs(self, text, names):
        """What is wrong with a text, if it is this note."""
        values = self.values
        if self.more:
            values = values + [self.more] * (len(tokens(scrub(text, names))) - len(values))
        return differ(text, values, list(self.names) + names)


class Report:
    """Gathers what is wrong."""

    def __init__(self):
        self.wrong = []

    def say(self, part, text):
        if text:
            self.wrong.append("%s: %s" % (part, text))


def hold(picture, expected):
    """What is wrong with a picture: a list of sentences."""
    report = Report()
    names = sorted({name for name in expected.names if re.search(r"\d", name) and len(name) > 2 and not name.isdigit()}, key=len, reverse=True)
    if expected.empty is not None and bool(picture.empty) != expected.empty:
        report.say("picture", "says %r" % picture.empty if picture.empty else "is drawn where there is nothing: %r" % picture.subtitle)
        return report.wrong
    if expected.listing is not None:
        hold_listing(picture, expected, report)
        return report.wrong
    if picture.empty:
        return report.wrong
    if picture.grid is not None and expected.classes is not None:
        ascii_foot(picture, expected.classes)
    for part in ("title", "subtitle"):
        values = getattr(expected, part)
        if values is not None and getattr(picture, part) is not None:
            report.say(part, differ(getattr(picture, part), values, names))
    hold_classes(picture, expected, names, report)
    hold_notes(picture, expected, names, report)
    hold_flags(picture, expected, names, report)
    if expected.rows is not None:
        hold_table(picture, expected, names, report)
    for check in expected.checks:
        check(picture, report)
    return report.wrong


# ---- the legend ----

def hold_classes(picture, expected, names, report):
    if expected.classes is None or picture.shape == "table" or expected.rows is not None:
        return
    left = dict(expected.classes)
    for name, detail in picture.classes:
        if picture.renderer == "ascii":
            name, detail = split_item(name, left)
        if name not in left:
            report.say("legend", "%r (%s) is not expected" % (name, detail))
            continue
        values = left.pop(name)
        if detail is not None and values is not None:
            report.say("legend of " + name, differ(detail, values, names))
    if picture.classes and not expected.partly:
        for name in left:
            report.say("legend", "%r is not there" % name)


def split_item(text, names):
    for name in sorted(names, key=len, reverse=True):
        if text == name or text.startswith(name + " "):
            return name, text[len(name) + 1:] or None
    return text, None


# ---- notes ----

def hold_notes(picture, expected, names, report):
    left = list(expected.notes)
    for text in joined_notes(picture, left, names):
        found = next((note for note in left if not note.differs(text, names) and (note.certain() or note.pattern.search(text))), None)
        found_by_word = next((note for note in left if note.pattern.search(text)), None)
        if found is None and found_by_word is None:
            if tokens(scrub(text, names)) and not LENIENT:
                report.say("note", "%r has figures that nothing asks for" % text)
            continue
        note = found or found_by_word
        left.remove(note)
        report.say("note", note.differs(text, names))
    for note in left:
        if note.required and picture.notes_shown:
            report.say("note", "none says /%s/ with %s" % (note.pattern.pattern, note.values))


def joined_notes(picture, notes, names):
    """The notes; lines of text are joined so that they say what is expected, if they can."""
    lines, joined = list(picture.note_lines or ()), []
    if not lines or len(lines) == len(picture.notes):
        return picture.notes
    def length(i):
        """How many lines from the i-th say what is expected; 0: none."""
        for count in range(1, min(len(lines) - i, 5) + 1):
            text = " ".join(lines[i:i + count])
            if any(note.pattern.search(text) and not note.differs(text, names) for note in notes):
                return count
        return 0
    while lines:
        count = length(0)
        if not count:
            tries = [" ".join(lines[:count]) for count in range(1, min(len(lines), 6) + 1)]
            count = next((i + 1 for i, text in enumerate(tries) if text in picture.notes), 1)
            count = next((i for i in range(1, count) if length(i)), count)
        joined.append(" ".join(lines[:count]))
        lines = lines[count:]
    return joined


# ---- flags ----

def hold_flags(picture, expected, names, report):
    if expected.flags is None or picture.renderer not in ("trace", "svg"):
        return
    count = 0
    for text in picture.flags:
        text = scrub(text, names)
        more = re.search(r" and (\d+) more$", text)
        count += 1 + (int(more.group(1)) if more else 0)
        text = text[:more.start()] if more else text
        for token in tokens(text):
            if expected.flag_numbers is not None and token.number not in expected.flag_numbers:
                report.say("flag", "%r: %s belongs to nothing" % (text, token))
    if count != expected.flags and count < 60:
        report.say("flags", "stand for %d, expected %d" % (count, expected.flags))


# ---- tables ----

def hold_table(picture, expected, names, report):
    if picture.rows is None:
        report.say("table", "there is none")
        return
    fields = []
    for head in picture.columns:
        field = expected.columns.get(head) or next((field for name, field in expected.columns.items() if head.endswith("…") and name.startswith(head[:-1])), None)
        if field is None and not LENIENT:
            report.say("column", "%r is not known" % head)
        fields.append(field)
    if len(picture.rows) != len(expected.rows) and not LENIENT:
        report.say("table", "%d rows, expected %d" % (len(picture.rows), len(expected.rows)))
    place = {}
    for row in expected.rows:
        place.setdefault(key_of(row, expected.key), []).append(row)
    for number, cells in enumerate(picture.rows):
        hold_row(number, dict(zip(fields, cells)), place, expected, names, report)
    if expected.ordered and len(picture.rows) == len(expected.rows):
        hold_order(picture, fields, expected, report)
    hold_totals(picture, fields, expected, report)


def key_of(row, key):
    return tuple(row[field][1] if isinstance(row.get(field), tuple) else row.get(field) for field in key)


def shown_key(cells, expected):
    """The key of a shown row, as texts."""
    return tuple(cells.get(field) for field in expected.key)


def hold_row(number, cells, place, expected, names, report):
    """A row is known by the texts of its key; of several that have the same the first that fits is taken."""
    key = shown_key(cells, expected)
    found = next((wanted for wanted in place if len(wanted) == len(key) and all(same_text(a, b) for a, b in zip(key, wanted)) and place[wanted]), None)
    if found is None and LENIENT:
        return
    if found is None:
        report.say("row %d" % number, "%s is not expected" % (key,))
        return
    rows = place[found]
    best = min(range(len(rows)), key=lambda i: len(wrong_cells(cells, rows[i], names)))
    row = rows.pop(best)
    for text in wrong_cells(cells, row, names):
        report.say("row %s" % " ".join(str(one) for one in key), text)


def same_text(shown, value):
    if shown is None or value is None:
        return shown is None and value in (None, "")
    value = str(value)
    if shown == value:
        return True
    value = re.sub("[\x00-\x1f\x7f]", lambda one: repr(one.group())[1:-1], value).strip()
    if shown == value:
        return True
    if shown.startswith("…"):
        return value.endswith(shown[1:])
    if shown.endswith("…"):
        return value.startswith(shown[:-1])
    return re.sub(r"[^\w/.\[\]]", "", shown) == re.sub(r"[^\w/.\[\]]", "", value)


def wrong_cells(cells, row, names):
    wrong = []
    for field, shown in cells.items():
        if field not in row:
            continue
        text = wrong_cell(shown, row[field], names)
        if text:
            wrong.append("%s is %s" % (field, text))
    return wrong


def wrong_cell(shown, value, names=()):
    if value is None:
        return None if shown in (None, "-", "–", "") else "%r, expected nothing" % shown
    if value[0] == "any":
        return None
    if value[0] == "subset":
        found = tokens(scrub(shown or "", names))
        found = found[:-1] if found and (shown or "").endswith("…") and found[-1].end >= len(scrub(shown, names)) - 1 else found
        strange = [token for token in found if token.number not in value[1] and token.text not in value[1]]
        return "%r: %s belongs to nothing" % (shown, strange) if strange else None
    if shown is None:
        return "unknown, expected %s" % (value,)
    if value[0] == "words":
        return None if set(shown.rstrip("…").split("+")) <= set(value[1].split("+")) or shown.endswith("…") else "%r, expected %r" % (shown, value[1])
    if value[0] == "text":
        return None if same_text(shown, value[1]) else "%r, expected %r" % (shown, value[1])
    if value[0] == "numbers":
        return differ(re.sub(r"\bN\d+:", "", shown), value[1], names)
    return differ(shown, [value])


def hold_order(picture, fields, expected, report):
    """Rows stand as the expected ones do: by the texts of their keys."""
    shown = [shown_key(dict(zip(fields, cells)), expected) for cells in picture.rows]
    for number, (one, row) in enumerate(zip(shown, expected.rows)):
        if not all(same_text(a, b) for a, b in zip(one, key_of(row, expected.key))):
            report.say("order", "row %d is %s, expected %s" % (number, one, key_of(row, expected.key)))
            return


def hold_totals(picture, fields, expected, report):
    if expected.totals is None or picture.totals is None:
        if expected.totals and picture.totals is None and any(value is not None for value in expected.totals.values()):
            report.say("totals", "there are none")
        return
    if None in fields and isinstance(picture.totals, str):
        return
    if isinstance(picture.totals, str):
        values = []
        for field in fields:
            value = expected.totals.get(field)
            if value is not None and value[0] != "any":
                values += value[1] if value[0] == "numbers" else [value]
        report.say("totals", differ(picture.totals, values))
        return
    for field, shown in zip(fields, picture.totals):
        value = expected.totals.get(field)
        if field is None:
            continue
        if value is None:
            if shown and tokens(shown):
                report.say("total of %s" % field, "%r, expected nothing" % shown)
            continue
        text = wrong_cell(shown, value)
        if text:
            report.say("total of %s" % field, "is " + text)


# ---- listings ----

def hold_listing(picture, expected, report):
    if picture.lines is None:
        return
    if len(picture.lines) != len(expected.listing):
        report.say("listing", "%d lines, expected %d" % (len(picture.lines), len(expected.listing)))
    for number, (text, values) in enumerate(zip(picture.lines, expected.listing)):
        if values is not None:
            report.say("line %d" % number, differ(text, values))
