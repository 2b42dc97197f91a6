# Writes two random maps texts by a seed, A and B: the same regions shifted and changed, or other regions. Usage: diff.py SEED A B
import random
import sys

NAMES = ["", "", "", "[heap]", "[stack]", "/l/a.so", "/l/b.so.1", "/x/a.so", "/l/b.so.2", "[anon:x]"]


def generate(r, count):
    at, regions = r.randrange(1, 50), []
    for _ in range(count):
        size = r.choice([1, 1, 2, 3, 8])
        regions.append([at, size, r.choice(["rw-p", "r--p", "r-xp", "---p"]), r.choice(NAMES), r.choice([0, 0, 1, 2])])
        at += size + r.choice([0, 0, 1, 5])
    return regions


def change(r, regions):
    shift, changed = r.choice([0, 0, 1, 3, 1000]), []
    for at, size, perms, name, offset in regions:
        what = r.random()
        at += shift
        if what < 0.1:
            continue
        if what < 0.2:
            size = max(1, size - 1)
        elif what < 0.3:
            size += r.randrange(1, 4)
            shift += 4
        elif what < 0.35:
            changed.append([at, 2, "rw-p", "", 0])
            at += 3
            shift += 3
        elif what > 0.9:
            perms = "rwxp"
        changed.append([at, size, perms, name, offset])
    return changed


def write(path, regions):
    end = 0
    with open(path, "w") as to:
        for at, size, perms, name, offset in regions:
            at = max(at, end)
            end = at + size
            file = name.startswith("/")
            to.write("%08x-%08x %s %08x %s %d    %s\n" % (at << 12, end << 12, perms, (offset << 12) * file, "fe:00" if file else "00:00", 7 * file, name))


r = random.Random(int(sys.argv[1]))
a = generate(r, r.randrange(1, 25))
write(sys.argv[2], a)
write(sys.argv[3], change(r, a) or a if r.random() < 0.5 else generate(r, r.randrange(1, 25)))
