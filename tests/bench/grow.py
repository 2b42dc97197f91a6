"""Writes a stream that grows with one number: grow.py WHAT N.

moved       one process of N regions, all of them elsewhere in the second snapshot
overlapping one process of N regions that all overlap
lives       N processes of 10 regions, one after the other, as vm-parse writes them
tracked     the same as vm-track writes them
processes   N processes of one region that all live
"""
import sys

what, n = sys.argv[1], int(sys.argv[2])
put = sys.stdout.write


def address(number):
    return '"0x%016x"' % number


def region(t, pid, seq, start, end, more=""):
    put('{"type":"region","t":%.6f,"pid":%d,"seq":%d,%s"start":%s,"end":%s,"size":%d,"perms":"rw-p","kind":"anon","rss":4096}\n'
        % (t, pid, seq, more, address(start), address(end), end - start))


def snapshot(t, pid, seq, regions):
    put('{"type":"snapshot","t":%.6f,"pid":%d,"seq":%d,"regions":%d}\n' % (t, pid, seq, regions))


put('{"type":"stream","t":0.000000,"version":1,"program":"grow"}\n')
t = 0.0
if what in ("moved", "overlapping"):
    length = 0x1000 if what == "moved" else 0x1000 * n
    for seq in range(2):
        t = float(seq)
        snapshot(t, 7, seq, n)
        for i in range(n):
            start = 0x10000 * (i + 1) + (seq << 40) if what == "moved" else 0x1000 * (i + 1 + seq)
            region(t, 7, seq, start, start + length)
elif what in ("lives", "tracked"):
    ids = 0
    for i in range(n):
        t, pid = i * 0.001, i + 2
        put('{"type":"process","t":%.6f,"pid":%d,"why":"first","ppid":1,"name":"life"}\n' % (t, pid))
        snapshot(t, pid, 0, 10)
        for k in range(10):
            region(t, pid, 0, 0x10000 * (k + 1), 0x10000 * (k + 1) + 4096, '"id":%d,' % (ids + k + 1) if what == "tracked" else "")
        t += 0.0005
        put('{"type":"event","t":%.6f,"pid":%d,"call":"exit","tid":%d}\n' % (t, pid, pid))
        for k in range(10 if what == "tracked" else 0):
            start = 0x10000 * (k + 1)
            put('{"type":"change","t":%.6f,"pid":%d,"event":"EXIT","act":%d,"id":%d,"start":%s,"end":%s,"size":4096,"perms":"rw-p","kind":"anon"}\n'
                % (t, pid, i + 1, ids + k + 1, address(start), address(start + 4096)))
        ids += 10
elif what == "processes":
    for pid in range(1, n + 1):
        snapshot(1.0, pid, 0, 1)
        region(1.0, pid, 0, 0x1000, 0x2000)
    t = 1.0
else:
    sys.exit("grow.py: " + __doc__)
put('{"type":"end","t":%.6f,"reason":"exit"}\n' % t)
