"""A client of vm-render --web, without a browser: one check a run.

    web_client.py CHECK URL [MORE...]    exit 0; or 1 with what is wrong

Streams for it: web_client.py stream SEED CHANGES >FILE, a tracked stream of changes at random.
"""
import base64, json, os, random, socket, struct, sys, time
from urllib.parse import urlsplit


class Client:
    """A WebSocket. `lines` are those that it holds, as the page keeps them."""

    def __init__(self, url, host=None, origin=None, token=None, path="/live", extra=""):
        where = urlsplit(url)
        self.data, self.next, self.frames, self.bytes, self.texts = b"", 0, 0, 0, []
        self.buffer, self.back, self.joined, self.after = b"", [], None, None
        self.socket = socket.create_connection((where.hostname, where.port), 60)
        self.began = time.monotonic()
        host = where.netloc if host is None else host
        origin = "http://" + where.netloc if origin is None else origin
        token = where.query if token is None else token
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path}?{token} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: vmpipe"]
        if origin:
            lines.append(f"Origin: {origin}")
        self.socket.sendall(("\r\n".join(lines) + "\r\n" + extra + "\r\n").encode())
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            more = self.socket.recv(65536)
            if not more:
                break
            self.head += more
        self.head, _, self.buffer = self.head.partition(b"\r\n\r\n")
        words = self.head.split(b" ")
        self.status = int(words[1]) if len(words) > 1 else 0

    def send(self, text, opcode=1):
        data, mask = text.encode(), os.urandom(4)
        size = struct.pack("!BB", 0x80 | opcode, 0x80 | len(data)) if len(data) < 126 else struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, len(data))
        self.socket.sendall(size + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(data)))

    def take(self, n):
        while len(self.buffer) < n:
            more = self.socket.recv(1 << 16)
            if not more:
                raise EOFError("the server closed the connection")
            self.buffer += more
        part, self.buffer = self.buffer[:n], self.buffer[n:]
        return part

    def frame(self):
        first, size = self.take(2)
        if size == 126:
            size = struct.unpack("!H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.take(8))[0]
        data = self.take(size)
        if first & 15 == 1:
            self.texts.append(json.loads(data))
        elif first & 15 == 2:
            self.frames += 1
            self.bytes += size
            assert size <= 1 << 16, f"a frame of {size} bytes"
            self.keep(*data.split(b"\n", 1))
        elif first & 15 == 8:
            raise EOFError("the server ended the connection")

    def keep(self, head, body):
        head = json.loads(head)
        if head["reset"]:
            self.data, self.joined = b"", None
        if head["mode"] == "back":
            self.back.append(body)
            if head["last"]:
                self.data = self.data[:self.joined] + b"".join(self.back) + self.data[self.after:]
            return
        if head["cut"]:
            self.data = self.data[:self.data.rfind(b"\n") + 1]
        if head["mode"] == "join" and self.joined is None:
            self.joined, self.back = len(self.data), []
        self.data += body
        if head["mode"] == "join" and head["last"]:
            self.after = len(self.data)
        self.next = head["next"]

    def until(self, done):
        while not done(self):
            self.frame()

    def join(self, number=0):
        self.send(f"from {number}")
        return self

    def lines(self):
        return [json.loads(line) for line in self.data.split(b"\n")[:-1]]


def state(lines):
    """Regions by process and id, as a reader of the stream keeps them."""
    all_, framing = {}, {}
    for line in lines:
        pid = line.get("pid")
        regions = all_.setdefault(pid, {}) if pid is not None else None
        if line["type"] == "snapshot":
            framing[pid] = True
        elif line["type"] == "region":
            if framing.pop(pid, False):
                regions.clear()
            regions[line["id"]] = (line["start"], line["end"], line["perms"])
        elif line["type"] == "change":
            for gone in line.get("gone", []):
                regions.pop(gone, None)
            if line["event"] in ("MUNMAP_REMOVE", "EXIT"):
                regions.pop(line["id"], None)
            else:
                regions[line["id"]] = (line["start"], line["end"], line["perms"])
    return {pid: regions for pid, regions in all_.items() if regions}


def stream(seed, changes):
    """Changes of a few processes at random: they come, grow, go, merge; key frames between."""
    pick, t, act, ids, seq = random.Random(seed), 0, 0, 0, 0
    alive = {}

    def put(type_, **more):
        print(json.dumps({"type": type_, "t": round(t / 1000, 9), **more}, separators=(",", ":")))

    def region(pid, id_):
        return {"start": f"0x{alive[pid][id_][0]:016x}", "end": f"0x{alive[pid][id_][1]:016x}", "size": alive[pid][id_][1] - alive[pid][id_][0],
                "perms": alive[pid][id_][2], "kind": "anon", "name": "\"gone\":[1] " + "x" * (id_ * 7919 % 200)}

    def frame(pid):
        nonlocal seq
        seq += 1
        put("snapshot", pid=pid, seq=seq, regions=len(alive[pid]), size=0)
        for id_ in sorted(alive[pid], key=lambda one: alive[pid][one]):
            put("region", pid=pid, seq=seq, id=id_, **region(pid, id_))

    put("stream", version=1, program="test", sources=["test"], began="2020-01-01T00:00:00.000000000Z")
    for _ in range(changes):
        t += 1
        pid = pick.choice([7, 8, 9, 10 + act // 500])
        if pid not in alive:
            put("process", pid=pid, why="first", name=f"p{pid}")
            ids += 1
            alive[pid] = {ids: (4096 * (1 + ids * 16), 4096 * (2 + ids * 16), "r-xp")}
            frame(pid)
        regions, what = alive[pid], pick.random()
        act += 1
        if not regions or what < 0.3:
            ids += 1
            start = 4096 * (1 + ids * 16)
            regions[ids] = (start, start + 4096, "rw-p")
            put("change", pid=pid, event="MMAP_ADD", act=act, id=ids, **region(pid, ids))
        elif what < 0.55:
            id_ = pick.choice(list(regions))
            put("change", pid=pid, event="MUNMAP_REMOVE", act=act, id=id_, **region(pid, id_))
            del regions[id_]
        elif what < 0.6 and len(regions) > 1:
            id_, other = pick.sample(list(regions), 2)
            del regions[other]
            put("change", pid=pid, event="MERGE", act=act, id=id_, **region(pid, id_), gone=[other])
        elif what < 0.602:
            frame(pid)
        elif what < 0.603 and pid > 9:
            for id_ in list(regions):
                put("change", pid=pid, event="EXIT", act=act, id=id_, **region(pid, id_))
                del regions[id_]
            del alive[pid]
        else:
            id_ = pick.choice(list(regions))
            start, end, _perms = regions[id_]
            regions[id_] = (start, start + 4096 * (1 + (end - start) // 4096 % 15), pick.choice(["rw-p", "r--p"]))
            put("change", pid=pid, event="RESIZE_MAPPING", act=act, id=id_, **region(pid, id_))
        if pick.random() < 0.3:
            put("event", pid=pid, call="brk", tid=pid)
    put("end", reason="exit", status=0)


def ended(client):
    return b'{"type":"end",' in client.data[-2000:]


def handshake(url):
    """Only our own host and origin, with the token, get a connection."""
    where = urlsplit(url)
    own = f"127.0.0.1:{where.port}"
    assert Client(url).status == 101
    assert Client(url, host=f"localhost:{where.port}", origin=f"http://localhost:{where.port}").status == 101
    for wrong in [dict(host="evil.example"), dict(host=f"evil.example:{where.port}"), dict(host="127.0.0.1"), dict(host=own + ".evil.example"), dict(host=""),
                  dict(host="evil.example", origin="http://evil.example"), dict(origin="null"), dict(origin="http://evil.example"), dict(origin=""),
                  dict(origin=f"https://{own}"), dict(origin=f"http://{own}.evil.example"), dict(origin=f"http://{own}/"), dict(origin=f"http://localhost:{where.port}"),
                  dict(origin="http://127.0.0.1:1"), dict(token=""), dict(token="0" * 32), dict(token=where.query[:-1]), dict(token=where.query + "0"),
                  dict(token=where.query.upper() if where.query.upper() != where.query else "x")]:
        assert Client(url, **wrong).status != 101, wrong


def http(url):
    """What is served without and with the token, and to whom."""
    where = urlsplit(url)

    def get(path, host=where.netloc, method="GET"):
        with socket.create_connection((where.hostname, where.port), 60) as one:
            one.sendall(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
            answer = b""
            while more := one.recv(65536):
                answer += more
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), head.decode().lower(), body

    status, head, body = get("/?" + where.query)
    assert status == 200 and b"id=\"engine\"" in body
    assert "referrer-policy: no-referrer" in head and "x-content-type-options: nosniff" in head and "cache-control: no-store" in head
    policy = next(line for line in head.split("\r\n") if line.startswith("content-security-policy:"))
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy and "'unsafe-eval'" not in policy and "*" not in policy
    assert where.query not in body.decode(), "the page does not hold the token"
    assert get("/")[0] == 403 and get("/?" + "0" * 32)[0] == 403
    assert get("/?" + where.query, host="evil.example")[0] == 403
    assert get("/?" + where.query, host="")[0] in (400, 403)
    assert get("/../../etc/passwd?" + where.query)[0] in (400, 403, 404)
    assert get("/live?" + where.query)[0] == 404
    assert get("/?" + where.query, method="POST")[0] >= 400


def fuzz(url, name):
    """What is no handshake, half of one, or no frame, ends alone: others are served on."""
    where, pick, kept = urlsplit(url), random.Random(1), []
    good = Client(url).join()
    head = f"GET /live?{where.query} HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://{where.netloc}\r\n"
    texts = [pick.randbytes(pick.randrange(1, 4000)) for _ in range(60)]
    texts += [head[:pick.randrange(len(head))].encode() for _ in range(40)]
    texts += [head.encode() + b"X: " + b"y" * 100000, b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 1000,
              b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", head.replace("websocket", "h2c").encode() + b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", (head + "\r\n").encode()]
    for text in texts:
        one = socket.create_connection((where.hostname, where.port), 60)
        try:
            one.sendall(text)
        except OSError:
            pass
        kept.append(one)  # half open: nothing more comes
    frames = [pick.randbytes(pick.randrange(1, 300)) for _ in range(60)]
    frames += [b"\x81\xff" + b"\xff" * 8, b"\x81\xff\x7f" + b"\xff" * 7 + b"abcd" * 100, b"\x81\x05hello", b"\xf1\x80abcd", b"\x82\x84abcdefgh", b"\x89\xfe\x00\x7eabcd" + b"p" * 126,
               b"\x81\x84aaaa\x9e\x9e\x9e\x9e", b"\x01\x81abcdx" * 5000, b"\x88\x80abcd"]
    for frame in frames:
        one = Client(url)
        try:
            one.socket.sendall(frame)
        except OSError:
            pass
        kept.append(one)
    for words in ["", "from", "from -1", "from 99999999999999999999999", "from 5 5", "ack 18446744073709551615", "ack x", "mark", "mark ", "start 1", "start", "stop", "list", "from 0\nfrom 0", "x" * 2040]:
        one = Client(url)
        one.send(words)
        kept.append(one)
    good.until(ended)
    assert good.data == open(name, "rb").read()
    late = Client(url).join()
    late.until(ended)
    assert late.data == good.data


def stuck(url, feed, name):
    """A client that joins and reads nothing delays neither the input nor other clients."""
    never = [Client(url).join() for _ in range(3)]
    good = Client(url).join()
    with open(feed, "wb") as to:  # a FIFO: ends when the server has taken all
        to.write(open(name, "rb").read())
    good.until(ended)
    assert state(good.lines()) == state(map(json.loads, open(name)))
    for one in never:
        one.until(ended)
        assert state(one.lines()) == state(map(json.loads, open(name)))


def places(url, feed, name):
    """However a client comes and goes, it ends with the regions of now."""
    lines = open(name, "rb").read().splitlines(keepends=True)
    truth = state(map(json.loads, lines))
    reader, broken = Client(url).join(), Client(url).join()
    with open(feed, "wb", buffering=0) as to:
        to.write(b"".join(lines[:len(lines) // 2]))
        broken.until(lambda client: client.next > 100)
        broken.socket.close()
        middle = Client(url).join()
        to.write(b"".join(lines[len(lines) // 2:]))
    again = Client(url)
    again.data, again.next = broken.data[:broken.data.rfind(b"\n") + 1], broken.next
    again.join(broken.next)
    late = Client(url).join()
    for client in (reader, middle, again, late):
        client.until(ended)
        got = state(client.lines())
        assert got == truth, [(pid, set(got.get(pid, {}).items()) ^ set(truth.get(pid, {}).items())) for pid in {*got, *truth} if got.get(pid) != truth.get(pid)][:3]
        assert client.frames <= 2 + 30 * (time.monotonic() - client.began), "30 frames a second"
    thinned = [line for line in late.lines() if line["type"] == "lost"]
    assert all(line["thinned"] for line in thinned)


def history(url, name):
    """A client that joins far back has the regions first, and then all lines in their order."""
    one, whole = Client(url).join(), open(name, "rb").read()
    one.until(ended)
    assert state(one.lines()) == state(map(json.loads, open(name)))
    assert len(one.data) < len(whole)
    one.until(lambda client: len(client.data) >= len(whole))
    assert one.data == whole


def save(url, name):
    """Writes all lines of a stream that ends into a file."""
    one = Client(url).join()
    one.until(ended)
    open(name, "wb").write(one.data)


def pick(url, pid):
    """A process of the user is sampled and left; other words and other processes start nothing."""
    one = Client(url).join()

    def told(test):
        one.until(lambda client: client.texts and test(client.texts[-1]))

    one.send("list")
    told(lambda text: any(str(process["pid"]) == pid for process in text.get("processes", [])))
    for words in ("start 4194303", "start 1; touch hacked", "start -1", "start $(touch hacked)"):
        one.send(words)
        told(lambda text: "not there, or not yours" in text.get("said", ""))
        one.texts.clear()
        one.send("list")
        told(lambda text: "processes" in text)
    one.send("start " + pid)
    one.until(lambda client: b'"type":"region"' in client.data)
    one.send("start " + pid)
    told(lambda text: "still sampled" in text.get("said", ""))
    one.send("stop")
    told(lambda text: text.get("status") == "waiting")
    one.until(ended)
    assert {line["pid"] for line in one.lines() if line["type"] == "region"} == {int(pid)}


def alone(url):
    """The port is open at addresses of this machine's own alone."""
    port, found = urlsplit(url).port, []
    for name in ("tcp", "tcp6"):
        if os.path.exists("/proc/net/" + name):
            rows = [row.split() for row in open("/proc/net/" + name)][1:]
            found += [row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
    assert found and set(found) <= {"0100007F", "00000000000000000000000001000000"}, found


def many(url, name, count):
    """Many clients at once: each gets all."""
    whole = open(name, "rb").read()
    all_ = [Client(url) for _ in range(int(count))]
    assert all(one.status == 101 for one in all_)
    for one in all_:
        one.join()
    for one in all_:
        one.until(ended)
        assert one.data == whole


if __name__ == "__main__":
    if sys.argv[1] == "stream":
        stream(int(sys.argv[2]), int(sys.argv[3]))
    else:
        globals()[sys.argv[1]](*sys.argv[2:])
