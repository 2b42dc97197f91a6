"""Reads and runs the recipes of a document: recipes.py DOCUMENT (list | command N | output N | write)

A recipe is a heading "## N. ...", a block of sh, and a block with its output. `write` runs them all in the
current folder and writes their output into the document.
"""
import pathlib
import re
import subprocess
import sys

SHAPE = re.compile(r"^## (\d+)\. .*?\n```sh\n(.*?)```\n```\n(.*?)```\n", re.M | re.S)


def main():
    path = pathlib.Path(sys.argv[1])
    text = path.read_text()
    recipes = {int(m[1]): m for m in SHAPE.finditer(text)}
    what = sys.argv[2]
    if what == "list":
        print(*recipes, sep="\n")
    elif what == "command":
        print(recipes[int(sys.argv[3])][2], end="")
    elif what == "output":
        print(recipes[int(sys.argv[3])][3], end="")
    elif what == "write":
        for m in reversed(recipes.values()):
            said = subprocess.run(["sh", "-c", m[2]], check=True, capture_output=True, text=True).stdout
            text = text[: m.start(3)] + said + text[m.end(3) :]
        path.write_text(text)


main()
