"""Draws views and holds each against the truth. See __main__.py for the command line."""
import os
import subprocess
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import picture as pictures
from expect import hold
from live import Watcher, points
from stream import Recording, nanoseconds, parse
from truth import Query, Truth
from views import expect

RENDERERS = ("trace", "svg", "gnuplot", "ascii")
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", NO_COLOR="1", TERM="dumb")
for word in ("COLUMNS", "LINES", "CLICOLOR_FORCE"):
    ENVIRONMENT.pop(word, None)
TABLES = {"table", "events", "summary", "explain", "stats"}


def command(query, renderer, width=None, height=None):
    words = ["vm-render", "--" + renderer] + query.arguments()
    if width is None:
        table = query.view in TABLES or query.options.get("preset")
        width, height = {"ascii": (None if table else 400, None)}.get(renderer, (4000, 720))  # one canvas for all but text
    if width:
        words += ["--width", str(width)]
    if height:
        words += ["--height", str(height)]
    return words, width


def alike(picture, figure):
    """What a renderer shows beside the figure that it was given, as trace prints it."""
    wrong = []
    labels = {box["label"] for box in figure.boxes or () if box["label"]} | {name for name, _ in figure.series or ()} | {name for name, _ in figure.classes}
    for label in picture.labels or ():
        if label not in labels and not any(one.startswith(label.rstrip("…")) for one in labels):
            wrong.append("label: %r is of no box" % label)
    for axis in "xy":
        words = {text for _, text, _ in figure.ticks[axis]}
        wrong += ["tick: %r is not of the axis %s" % (text, axis) for _, text, _ in picture.ticks[axis] if text not in words and not text.endswith("…")]
    if picture.rows is not None and figure.rows and picture.renderer == "svg" and len(picture.rows) != len(figure.rows):
        wrong.append("table: %d rows of %d" % (len(picture.rows), len(figure.rows)))
    return wrong


def draw(data, query, renderer, width=None, height=None):
    """(picture, text, what went wrong) of one call."""
    words, width = command(query, renderer, width, height)
    table = query.view in TABLES or bool(query.options.get("preset"))
    done = subprocess.run(words, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=120)
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        return None, text, "%s ended with %d: %s" % (" ".join(words), done.returncode, done.stderr.decode("utf-8", "replace").strip())
    listing = renderer == "ascii" and (query.options.get("preset") or "").split("-")[0] in ("pmap", "smaps", "vmmap", "free")
    if renderer == "ascii":
        picture = pictures.ascii_picture(text, width or 1 << 20, table, listing)
        picture.notes_shown = height is None
        return picture, text, None
    return {"trace": pictures.trace, "svg": pictures.svg, "gnuplot": pictures.gnuplot}[renderer](text), text, None


class Judge:
    """Counts what was held against the truth, and gathers what was wrong. Pictures are drawn some steps ahead of the judging."""
    AHEAD = 12

    def __init__(self, out=print, most=60):
        self.out, self.most = out, most
        self.pictures = self.wrong = self.said = 0
        self.pool = ThreadPoolExecutor(os.cpu_count() or 2)
        self.waiting = deque()

    def hold(self, name, data, recording, query, renderers=RENDERERS, width=None, height=None):
        """Asks for a query to be judged; finish() waits for all."""
        drawn = [(renderer, self.pool.submit(draw, data, query, renderer, width, height)) for renderer in renderers]
        self.waiting.append((name, recording, query, drawn, width, height))
        while len(self.waiting) > self.AHEAD:
            self.judge(*self.waiting.popleft())

    def finish(self):
        while self.waiting:
            self.judge(*self.waiting.popleft())

    def judge(self, name, recording, query, drawn, width, height):
        expected, troubles = expect(Truth(recording, query)), {}
        figure = None
        for renderer, future in drawn:
            self.pictures += 1
            picture, _, trouble = future.result()
            found = [trouble] if trouble else hold(picture, expected)
            if renderer == "trace":
                figure = picture
            elif figure is not None and renderer != "ascii" and not trouble:
                found += alike(picture, figure)
            if found:
                self.wrong += 1
                troubles.setdefault(tuple(found), []).append(renderer)
        for found, ones in troubles.items():
            words = command(query, ones[0], width, height)[0]
            words[1] = "--" + "|".join(ones)
            self.say(name, words, found)

    def live(self, name, texts, query, count=6):
        """Holds the picture on a screen after each of some samples, and the one that stays."""
        times, last = [], 0
        for text in texts:
            line = parse(text)
            last = nanoseconds(str(line["t"])) if line["type"] not in ("stream", "stage", "end") else last
            times.append(last)
        words = ["vm-render", "--ascii"] + query.arguments()
        watcher = Watcher(words, ENVIRONMENT)
        table = query.view in TABLES
        for begin, end, t in points(texts, times, count):
            watcher.give(texts[begin:end])
            self.pictures += 1
            if not watcher.shows(t):
                self.tell(name + " live", words, ["at %.9f s nothing was drawn: %r" % (t / 1e9, watcher.screen.rows[-1])])
                break
            expected = expect(Truth(Recording(texts[:end]), query))
            found = hold(watcher.picture(table), expected)
            if found and watcher.settle():  # it may have been drawn in the middle of what was fed
                found = hold(watcher.picture(table), expected)
            self.tell("%s live after line %d" % (name, end), words, found)
        watcher.end()

    def tell(self, name, words, found):
        if found:
            self.wrong += 1
            self.say(name, words, found)

    def say(self, name, words, found):
        self.said += 1
        if self.said == self.most + 1:
            self.out("more is wrong, which is only counted")
        if self.said > self.most:
            return
        self.out("%s: %s" % (name, " ".join(words)))
        for text in found[:6]:
            self.out("    " + text)
        if len(found) > 6:
            self.out("    and %d more" % (len(found) - 6))


__all__ = ["Judge", "Query", "draw"]
