"""Writes a long recording in the form of vm-parse: generate.py REGIONS SNAPSHOTS. In each snapshot a tenth of the regions differ in rss."""
import sys

regions, snapshots = int(sys.argv[1]), int(sys.argv[2])
out = sys.stdout
out.write('{"type":"stream","t":0.000000000,"version":1,"program":"generate","sources":["procfs"],"began":"2026-01-01T00:00:00.000000000Z"}\n')
kinds = ("anon", "heap", "stack", "data", "text")
bodies = ['"start":"0x%016x","end":"0x%016x","size":8192,"perms":"rw-p","share":"prv","kind":"%s","rss":'
          % (0x7f0000000000 + i * 0x3000, 0x7f0000002000 + i * 0x3000, kinds[i % 5]) for i in range(regions)]
for seq in range(snapshots):
    t = "%d.%09d" % divmod(seq * 100000000, 1000000000)
    front = '{"type":"region","t":%s,"pid":7,"seq":%d,' % (t, seq)
    out.write('{"type":"snapshot","t":%s,"pid":7,"seq":%d,"regions":%d}\n' % (t, seq, regions))
    out.write("".join(front + body + ("8192}\n" if (i + seq) % 10 == 0 else "4096}\n") for i, body in enumerate(bodies)))
out.write('{"type":"end","t":%s,"reason":"exit"}\n' % t)
