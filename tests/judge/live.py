"""Watches vm-render draw on a screen while its input comes, and holds the picture after each sample against the truth of what was fed so far.

The screen is a pseudo-terminal; of what is written to it only what vm-render writes is understood: a line at a place, to the end erased.
A picture is read once its last line says the time of the last line fed.
"""
import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from picture import ascii_picture
from words import fits, tokens

SEQUENCE = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])")


class Screen:
    def __init__(self, rows):
        self.rows = [""] * rows
        self.row = 0
        self.full = False      # the alternate screen is on
        self.plain = ""        # what was written behind it

    def take(self, text):
        """Takes text that ends with a whole sequence; returns the rest."""
        at = 0
        for match in SEQUENCE.finditer(text):
            self.put(text[at:match.start()])
            at = match.end()
            self.obey(match.group(1), match.group(2))
        cut = text.rfind("\x1b", at)
        if cut < 0:
            self.put(text[at:])
            return ""
        self.put(text[at:cut])
        return text[cut:]

    def put(self, text):
        if not self.full:
            self.plain += text
        elif text:
            self.rows[self.row] += text

    def obey(self, numbers, letter):
        if letter == "H":
            self.row = min(int(numbers.split(";")[0] or 1) - 1, len(self.rows) - 1)
        elif letter == "K":
            self.rows[self.row] = ""
        elif letter == "J":
            self.rows = [""] * len(self.rows)
        elif letter in "hl" and numbers == "?1049":
            self.full = letter == "h"
            self.plain = ""

    def text(self):
        """The picture: all but the last line, without empty lines at the end."""
        return "\n".join(self.rows[:-1]).rstrip("\n") + "\n"


class Watcher:
    """One run of vm-render on a screen of that size."""

    def __init__(self, arguments, environment, width=300, height=120):
        self.width, self.screen, self.rest = width, Screen(height), ""
        self.decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        read, self.feed = os.pipe()

        def own_terminal():
            os.setsid()
            fcntl.ioctl(1, termios.TIOCSCTTY, 0)
        environment = dict(environment, TERM="xterm-256color", NO_COLOR="1")
        self.process = subprocess.Popen(arguments, stdin=read, stdout=slave, stderr=subprocess.DEVNULL, env=environment, preexec_fn=own_terminal, close_fds=True)
        os.close(read)
        os.close(slave)

    def give(self, texts):
        os.write(self.feed, ("\n".join(texts) + "\n").encode("utf-8", "surrogateescape"))

    def read(self, wait):
        """Takes what has been written; False at the end."""
        ready, _, _ = select.select([self.master], [], [], wait)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.rest = self.screen.take(self.rest + self.decode(data))
        return bool(data)

    def shows(self, t):
        """Waits until the last line says that time; whether it did."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            found = tokens(self.screen.rows[-1][:40])
            if self.screen.full and found and fits(found[0], ("time", t)):
                return True
            if not self.read(0.5) and self.process.poll() is not None:
                return False
        return False

    def settle(self):
        """Reads on until nothing more is written; whether anything was."""
        before = list(self.screen.rows)
        while select.select([self.master], [], [], 0.4)[0] and self.read(0):
            pass
        return before != self.screen.rows

    def picture(self, table):
        picture = ascii_picture(self.screen.text(), self.width, table)
        picture.notes_shown = False  # on a screen of a fixed height they may have had no room
        return picture

    def end(self):
        """Ends the input; the picture that stays as plain text."""
        os.close(self.feed)
        while self.read(5):
            pass
        self.process.wait(20)
        os.close(self.master)
        return self.screen.plain.replace("\r\n", "\n")


def points(texts, times, count):
    """[(first line, behind the last, time)]: pieces of the stream that end where a time does, evenly, and the last."""
    ends = [i + 1 for i in range(len(times)) if i + 1 == len(times) or times[i + 1] > times[i]]
    chosen = sorted({ends[(len(ends) - 1) * k // max(count - 1, 1)] for k in range(count)})
    pieces, at = [], 0
    for end in chosen:
        pieces.append((at, end, times[end - 1]))
        at = end
    return pieces
