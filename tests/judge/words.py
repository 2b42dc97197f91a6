"""Figures in texts: finds every number with its unit, and holds it against a value with its rounding.

  differ("at 3.399 s: 27 regions, 6.6 MiB", [("time", t), ("n", 27), ("size", bytes)])  ->  "" or what is wrong

What the words say does not matter: their numbers must be the expected ones, one by one, and no more.
"""
import re

UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50, "EiB": 1 << 60}
SECONDS = {"us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9}
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
BEFORE = r"(?<![\w.:/])(?<!\w-)"
TOKEN = re.compile(r"""(?P<hex>\b0x[0-9a-f]+)
  | %(b)s(?P<size>%(n)s)\ (?P<unit>[KMGTPE]iB|B)\b
  | %(b)s(?P<clock>\d+h\d\dm|\d+m\d\ds)\b
  | %(b)s(?P<time>%(n)s)\ (?P<second>us|µs|ms|s)\b
  | %(b)s(?P<percent>%(n)s)\ ?%%
  | (?:(?<![\w.:/^-])|(?<=\^))(?P<n>%(n)s)(?![\w/]|[.:]\w|-\w)""" % {"n": NUMBER, "b": BEFORE}, re.X)
ELLIPSIS = "…"


class Token:
    def __init__(self, match):
        self.kind = match.lastgroup
        self.text = match.group()
        if self.kind in ("unit", "second"):
            self.kind = "size" if self.kind == "unit" else "time"
        self.number = match.group(self.kind)
        self.unit = match.group("unit") or match.group("second")
        self.end = match.end()

    def __repr__(self):
        return self.text


def tokens(text):
    return [Token(match) for match in TOKEN.finditer(text)]


def scrub(text, names):
    """The text without names that have digits of their own, the longest first."""
    for name in names:
        if name in text:
            text = text.replace(name, "@")
    return text


def step_of(number):
    """What the last digit of a number counts."""
    mantissa, _, power = number.lower().partition("e")
    _, _, rest = mantissa.partition(".")
    return 10.0 ** (int(power or 0) - len(rest))


def rounds(number, value, exact_below=None):
    """Whether value, rounded to the digits of the text, may be that text."""
    shown = float(number)
    step = step_of(number)
    if exact_below is not None and step == 1 and abs(shown) < exact_below:
        return shown == value
    return abs(shown - value) <= step * 0.5 * (1 + 1e-9) + abs(value) * 1e-12


def is_size(token, value):
    if token.kind != "size":
        return False
    unit = UNITS[token.unit]
    if unit > 1 and abs(value) < unit * 0.999:
        return False
    # a whole number of less than 100 units has no digit behind the point because there is nothing to say
    return rounds(token.number, value / unit, 100 if unit > 1 else None)


def is_time(token, value):
    if token.kind == "clock":
        parts = re.findall(r"(\d+)([hms])", token.text)
        unit = SECONDS[parts[-1][1]]
        return abs(sum(int(n) * SECONDS[u] for n, u in parts) - value) < unit
    if token.kind != "time":
        return token.kind == "n" and token.number == "0" and value == 0
    shown = value / SECONDS[token.unit]
    digits = len(token.number.replace(".", "").lstrip("+-").lstrip("0").partition("e")[0])
    if abs(float(token.number) - shown) <= step_of(token.number) * 0.5 * (1 + 1e-6):
        return True
    return digits <= 4 and abs(float(token.number) - shown) <= abs(shown) * 0.5001e-3


def is_percent(token, value):
    part, whole = value
    if token.kind != "percent" and token.kind != "n":
        return False
    share = 100.0 * part / whole if whole else 0
    if float(token.number) == 1 and 0 < share < 1:
        return True  # "less than 1%"
    return rounds(token.number, share)


def is_one_of(token, values):
    return any(fits(token, value) for value in values)


def fits(token, expected):
    """Whether a token shows the expected value."""
    kind, value = expected[0], expected[1]
    if kind == "or":
        return is_one_of(token, expected[1:])
    if kind == "any":
        return True
    if kind == "size":
        return is_size(token, value)
    if kind == "time":
        return is_time(token, value)
    if kind == "percent":
        return is_percent(token, value)
    if kind == "hex":
        return token.kind == "hex" and int(token.text, 16) == value
    if token.kind not in ("n", "size", "time", "percent") or (token.kind != "n" and kind != "number"):
        return False
    if kind == "n":
        return token.number.lstrip("+") == str(value)
    if kind == "kib":
        return rounds(token.number, value / 1024.0, 1 << 62) if step_of(token.number) == 1 else rounds(token.number, value / 1024.0)
    if kind == "number":
        return rounds(token.number, value)
    raise ValueError(kind)


def show(expected):
    kind, value = expected[0], expected[1] if len(expected) > 1 else None
    if kind == "or":
        return " or ".join(show(one) for one in expected[1:])
    if kind == "size":
        return "%d B (%.4g MiB)" % (value, value / 1048576)
    if kind == "time":
        return "%.9f s" % (value / 1e9)
    if kind == "percent":
        return "%s/%s" % value
    if kind == "hex":
        return "0x%x" % value
    if kind == "kib":
        return "%.12g KiB" % (value / 1024)
    return "%s %s" % (kind, value)


def differ(text, expected, names=()):
    """What is wrong with the numbers of a text, or ""."""
    text = scrub(text or "", names)
    found = tokens(text)
    if text.endswith(ELLIPSIS) or text.endswith("~"):
        if found and found[-1].end >= len(text) - 6:
            found.pop()
        expected = expected[:len(found)]
    if text.startswith(ELLIPSIS):
        found = found[1:] if found else found
        expected = expected[len(expected) - len(found):] if found else []
    if len(found) != len(expected):
        return "%r has the numbers %s, expected %s" % (text, found, [show(one) for one in expected])
    wrong = ["%s for %s" % (token, show(one)) for token, one in zip(found, expected) if not fits(token, one)]
    return "%r: %s" % (text, ", ".join(wrong)) if wrong else ""
