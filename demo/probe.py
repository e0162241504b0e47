#!/usr/bin/env python3
"""Ask a web server 62 questions, one for each rule of docs/http.md, over raw sockets.

    demo/probe.py --site DIR            make the folder that the server must serve
    demo/probe.py PORT [HOST]           ask the server there
    demo/probe.py --peers [HTTPSYS]     start the servers that are installed, ask each, print a table

A question is one or more messages, and what RFC 9110 and 9112 allow as answers: what they say a
server MUST or SHOULD do. Where they leave a choice, every choice passes: this is not a test of taste,
and a server that takes no POST may say so and close. A cell shows the statuses that came back, `-`
for a connection closed without a word, `?` for no answer in time, and an exclamation mark when that
is not allowed. Only Python's own library is used; nothing leaves the machine.
"""

import os, re, shutil, socket, subprocess, sys, tempfile, time
from email.utils import formatdate

WAIT = 1.5          # seconds of silence after which there is no answer
PATIENCE = 6.0      # for what a server does by its clock (rule 44)
CHANGED = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT
SAME, OLDER = formatdate(CHANGED, usegmt=True), formatdate(CHANGED - 1, usegmt=True)
TEN = b"0123456789"
HOST, PORT = "127.0.0.1", 8080


def make_site(folder):
    files = {"index.html": b"<p>top</p>", "ten.txt": TEN, "sub/index.html": b"<p>sub</p>", "a b": b"space"}
    for name, data in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o644)
        os.utime(path, (CHANGED, CHANGED))
    for make, name in ((os.mkfifo, "fifo"), (lambda p: os.symlink("loop", p), "loop")):
        path = os.path.join(folder, name)
        if not os.path.lexists(path):
            make(path)
    os.chmod(folder, 0o755)
    os.chmod(os.path.join(folder, "sub"), 0o755)


class Got:
    """Everything that came back for one message."""

    def __init__(self, data, closed):
        self.data, self.closed = data, closed
        self.statuses = [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d{3})", data)]
        self.first = self.statuses[0] if self.statuses else 0

    def field(self, name):
        head = self.data.split(b"\r\n\r\n")[0]
        found = re.search(rb"(?im)^" + name.encode() + rb":[ \t]*(.*?)\r?$", head)
        return found.group(1).decode("latin-1") if found else None

    def body(self):
        return self.data.split(b"\r\n\r\n", 1)[1] if b"\r\n\r\n" in self.data else b""

    def __str__(self):
        if self.statuses:
            return "+".join(map(str, self.statuses))
        return "-" if self.closed else "?"


def send(*pieces, half=False, wait=WAIT, pause=0.1):
    """Sends the pieces and reads until the server closes or is silent for long."""
    data, closed = b"", False
    with socket.create_connection((HOST, PORT), timeout=5) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for at, piece in enumerate(pieces):
                if at:
                    time.sleep(pause)
                s.sendall(piece if isinstance(piece, bytes) else piece.encode("latin-1"))
            if half:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        s.settimeout(wait)
        try:
            while chunk := s.recv(65536):
                data += chunk
            closed = True
        except TimeoutError:
            pass
        except OSError:
            closed = True
    return Got(data, closed)


# After every message comes a good one that ends the connection: whether it is answered shows whether
# the server found the end of the first where it is.
LAST = "GET /ten.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def get(path="/ten.txt", *fields, method="GET", version="1.1", host="Host: x"):
    lines = [f"{method} {path} HTTP/{version}", *([host] if host else []), *fields]
    return "\r\n".join(lines) + "\r\n\r\n"


def post(body, *fields):
    return get("/ten.txt", *fields, method="POST") + body


def chunked(body):
    return post(body, "Transfer-Encoding: chunked")


def refused(*statuses):
    """One answer with such a status (or just the end), and what follows is not read as a request."""
    return lambda got: got.closed and got.first in (*statuses, 0) and len(got.statuses) <= 1


def taken(*statuses):
    """Such an answer; then the next request is answered too, or the connection is ended."""
    return lambda got: got.first in statuses and got.closed and len(got.statuses) <= 2


def goes_on(*statuses):
    """Such an answer, and then the next request is answered."""
    return lambda got: got.first in statuses and got.statuses[1:] == [200]


NO_BODY = (200, 204, 404, 405, 411, 501)  # what a server of files may say to a POST
BAD = (400, 501)
CHECKS = []


def rule(number, what):
    def add(function):
        CHECKS.append((number, what, function))
        return function
    return add


def ask(number, what, *pairs):
    """A rule whose questions are pairs of a message and what may come back."""
    def run():
        results = [(send(message, LAST), allowed) for message, allowed in pairs]
        return [(str(got), allowed(got)) for got, allowed in results]
    CHECKS.append((number, what, run))


NONE = '"none"'  # stands for the tag of a server that gives none


def tag():
    return send(get().replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).field("ETag") or NONE


ask(1, "bare LF in a chunk line", (chunked("5\nhello\r\n0\r\n\r\n"), lambda got: len(got.statuses) < 2 or got.first != 200))
ask(2, "bare CR in a field", (get("/ten.txt", "X: a\rb"), lambda got: got.first in (400, 200)),
    ("GET /ten.txt HTTP/1.1\rHost: x\r\n\r\n", refused(400)))
ask(3, "space before the first field", ("GET /ten.txt HTTP/1.1\r\n Host: x\r\nHost: x\r\n\r\n", lambda got: got.first in (400, 200)))
ask(4, "empty line before the request", ("\r\n" + get(), goes_on(200)))
ask(5, "space before the colon", (get("/ten.txt", "X : y"), refused(400)))
ask(6, "folded field", (get("/ten.txt", "X: y", " z"), lambda got: got.first in (400, 200)))
ask(7, "field name that is no token", (get("/ten.txt", "X@: y"), lambda got: got.first in (400, 200)),
    (get("/ten.txt", ": y"), refused(400)))
ask(8, "NUL in a value", (get("/ten.txt", "X: a\0b"), lambda got: got.first in (400, 200)))
ask(9, "line without a colon", (get("/ten.txt", "nonsense"), refused(400)))
ask(10, "spaces and tabs around a value", (get("/ten.txt", "Range: \t bytes=2-4 \t"), goes_on(206, 200)))
ask(11, "two spaces in the request line", ("GET  /ten.txt HTTP/1.1\r\nHost: x\r\n\r\n", lambda got: got.first in (400, 200)),
    (get("/ten.txt x"), refused(400)))
ask(12, "version 2.0, 1.10, lower case", (get(version="2.0"), refused(505, 400)), (get(version="1.10"), refused(400, 505)),
    (get().replace("HTTP", "http"), refused(400, 505)))
ask(13, "HTTP/0.9", ("GET /ten.txt\r\n", lambda got: got.closed))
ask(14, "unknown method", (get(method="BREW"), taken(501, 405, 400, 403)), (get(method="get"), taken(501, 405, 400, 403)))
ask(15, "bad bytes in the target", (get("/a%zz"), taken(400, 404)), (get("/a\x01"), refused(400, 404)))
ask(16, "request line of 8000, of 100 000", (get("/ten.txt?" + "q" * 7900), goes_on(200)), (get("/" + "q" * 100_000), refused(414, 400, 431)))
ask(17, "head of 200 KB", (get("/ten.txt", *["X: " + "y" * 1000] * 200), refused(431, 400, 413)))
ask(18, "absolute-form", (get("http://x/ten.txt"), goes_on(200)))
ask(19, "* with GET", (get("*"), taken(400, 404)))
ask(20, "CONNECT", (get("x:443", method="CONNECT"), taken(400, 405, 501, 403)))
ask(21, "TLS on the plain port, TRACE", ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", refused(400)),
    (get(method="TRACE"), taken(405, 501, 400)))
ask(22, "1.1 without Host", (get(host=None), refused(400)))
ask(23, "two Host lines", (get("/ten.txt", "Host: y"), refused(400)))
ask(24, "invalid Host", (get(host="Host: u@x/y"), refused(400)), (get(host="Host: a b"), refused(400)))
ask(25, "1.0 without Host", (get(host=None, version="1.0"), lambda got: got.first == 200))
ask(26, "Content-Length +5, 5_0, empty", *[(post("hello", f"Content-Length: {n}"), refused(400, 411, 501)) for n in ("+5", "5_0", "")])
ask(27, "two Content-Lengths", (post("hello", "Content-Length: 5", "Content-Length: 6"), refused(400, 501)),
    (post("hello", "Content-Length: 5, 6"), refused(400, 501)))
ask(28, "length and chunks", (post("0\r\n\r\n", "Content-Length: 40", "Transfer-Encoding: chunked"), lambda got: got.first == 400 or len(got.statuses) == 1 and got.closed))
ask(29, "codings that are not chunked", (post("0\r\n\r\n", "Transfer-Encoding: gzip"), refused(*BAD)),
    (post("0\r\n\r\n", "Transfer-Encoding: chunked, gzip"), refused(*BAD)), (post("0\r\n\r\n", "Transfer-Encoding: xchunked"), refused(*BAD)))
ask(30, "chunks in 1.0", (get(method="POST", version="1.0").replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), lambda got: got.closed and len(got.statuses) <= 1))
ask(31, "POST without a length", (post(""), taken(*NO_BODY)))
ask(32, "chunk size 0x5, -1, too large", *[(chunked(f"{n}\r\nhello\r\n0\r\n\r\n"), lambda got: len(got.statuses) <= 1 and got.closed) for n in ("0x5", "-1", "f" * 17)])
ask(33, "chunked body with trailers", (chunked("5\r\nhello\r\n0\r\nX: y\r\n\r\n"), taken(*NO_BODY)),
    (chunked("5\r\nhelloX\r\n0\r\n\r\n"), lambda got: len(got.statuses) <= 1 and got.closed))


@rule(34, "body cut short")
def cut():
    got = send(post("abc", "Content-Length: 9"), half=True)
    return [(str(got), got.closed and len(got.statuses) <= 1)]


ask(35, "announced body of 100 GB", (post("", "Content-Length: 100000000000"), lambda got: len(got.statuses) <= 1))
ask(36, "GET with a body", (get("/ten.txt", f"Content-Length: {len(get('/no'))}") + get("/no"), lambda got: got.first in (200, 400, 413) and 404 not in got.statuses))
ask(37, "request inside a body", (post(get("/sub/"), f"Content-Length: {len(get('/sub/'))}"), lambda got: b"<p>sub" not in got.data))
ask(38, "1.0 closes, unless it says not", (get(version="1.0"), lambda got: got.statuses == [200] and got.closed),
    (get("/ten.txt", "Connection: keep-alive", version="1.0"), lambda got: got.first == 200 and
     (len(got.statuses) == 1 or "keep-alive" in (got.field("Connection") or "").lower())))
ask(39, "Connection: close in a list", (get("/ten.txt", "Connection: x, CLOSE"), lambda got: got.statuses == [200] and got.closed and "close" in (got.field("Connection") or "").lower()))
ask(40, "pipelining", (get("/sub/") + get("/none") + get("/a%20b"), lambda got: got.statuses == [200, 404, 200, 200][:len(got.statuses)] and len(got.statuses) > 1))
ask(41, "an error closes", (get("/ten.txt", "Host: a@b"), refused(400)))


@rule(42, "half-closed client is answered")
def half_closed():
    got = send(get(), half=True)
    return [(str(got), got.first == 200 and TEN in got.data)]


ask(43, "unknown Upgrade", (get("/ten.txt", "Upgrade: tea", "Connection: Upgrade"), goes_on(200)))


@rule(44, "time-out inside a head")
def slow():
    got = send("GET /ten.txt HT", wait=PATIENCE)
    return [(str(got), got.closed and got.first in (408, 0))]


@rule(45, "Expect: 100-continue")
def expects():
    got = send(post("", "Content-Length: 2", "Expect: 100-continue"), "ab", LAST, pause=0.3)
    old = send("POST /ten.txt HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", "ab", pause=0.3)
    return [(str(got), got.first in (100, *NO_BODY)), (str(old), 100 not in old.statuses)]


ask(46, "another expectation", (get("/ten.txt", "Expect: tea"), taken(417, 200, 400)))
ask(47, "Date", *[(get(path), lambda got: bool(re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", got.field("Date") or ""))) for path in ("/ten.txt", "/none")])


def head_like_get(got):
    like = send(LAST)
    same = all(got.field(name) == like.field(name) for name in ("Content-Length", "Content-Type", "ETag"))
    return same and TEN not in got.data.split(b"\r\n\r\n")[1] and got.first == 200


ask(48, "HEAD", (get(method="HEAD"), head_like_get))


@rule(49, "304: no body, and its ETag")
def not_modified():
    etag = tag()
    known = f"If-Modified-Since: {SAME}" if etag == NONE else f"If-None-Match: {etag}"
    got = send(get("/ten.txt", known), LAST)
    length = got.field("Content-Length")
    kept = etag == NONE or got.field("ETag") == etag
    return [(str(got), got.first == 304 and kept and length in (None, "10"))]


def framed(got):
    size = got.field("Content-Length")
    return size is not None and len(got.body()) == int(size) or "chunked" in (got.field("Transfer-Encoding") or "")


@rule(50, "length right, also of errors")
def lengths():
    results = [send(get(path, "Connection: close")) for path in ("/ten.txt", "/none", "/sub")]
    return [(str(got), framed(got)) for got in results]


ask(51, "status line", (get(), lambda got: bool(re.match(rb"HTTP/1\.1 200 [^\r\n]*\r\n", got.data))))
ask(52, "405 with Allow, 416 with Content-Range", (get(method="DELETE"), lambda got: got.first in (501, 403) or got.first == 405 and bool(got.field("Allow"))),
    (get("/ten.txt", "Range: bytes=20-"), lambda got: got.first == 200 or got.first == 416 and got.field("Content-Range") == "bytes */10"))
ask(53, "Content-Type on every body", *[(get(path), lambda got: bool(got.field("Content-Type"))) for path in ("/ten.txt", "/none")])
ask(54, "nothing decoded in Location", (get("/sub?a=%0d%0aX:y"), lambda got: got.first in (200, 301, 302, 307, 308, 400) and got.field("X") is None),
    (get("//sub"), lambda got: not (got.field("Location") or "").startswith("//")))


def condition(*fields):
    return get("/ten.txt", *fields)


@rule(55, "order of conditions")
def order():
    etag = tag()
    results = [(send(condition('If-Match: "no"', f"If-None-Match: {etag}"), LAST), 412),
               (send(condition(f"If-None-Match: {etag}", "Range: bytes=0-1"), LAST), 304)]
    return [(str(got), got.first == status) for got, status in results]


@rule(56, "If-None-Match beats If-Modified-Since; lists, W/, *")
def none_match():
    etag = tag()
    results = [(send(condition('If-None-Match: "no"', f"If-Modified-Since: {SAME}"), LAST), 200),
               (send(condition(f'If-None-Match: "no", W/{etag.removeprefix("W/")}'), LAST), 304),
               (send(condition("If-None-Match: *"), LAST), 304)]
    return [(str(got), got.first == status) for got, status in results]


ask(57, "If-Modified-Since: same, older, bad", (condition(f"If-Modified-Since: {SAME}"), goes_on(304)),
    (condition(f"If-Modified-Since: {OLDER}"), goes_on(200)), (condition("If-Modified-Since: yesterday"), goes_on(200)))


def part(content_range, data):
    # A server may ignore Range altogether, but not answer 206 with other bytes.
    exact = lambda got: got.field("Content-Range") == content_range and got.body().startswith(data + b"HTTP/1.1")
    return lambda got: got.first == 200 or got.first == 206 and exact(got)


def both(got):
    # Parts that lie close together may become one (RFC 9110 15.3.7.2).
    return got.first == 200 or all(b"bytes %s/10" % p in got.data for p in (b"0-1", b"8-9")) or b"bytes 0-9/10" in got.data


ask(58, "Range: one, suffix, several, bad, If-Range", (get("/ten.txt", "Range: bytes=2-4"), part("bytes 2-4/10", b"234")),
    (get("/ten.txt", "Range: bytes=-2"), part("bytes 8-9/10", b"89")), (get("/ten.txt", "Range: bytes=0-1,-2"), both),
    (get("/ten.txt", "Range: bytes=5-2"), lambda got: got.first in (200, 416)),
    (get("/ten.txt", "Range: bytes=0-1", 'If-Range: "no"'), goes_on(200)))
ask(59, "decode once", (get("/a%20b"), goes_on(200)), (get("/%2574en.txt"), taken(404)))
ask(60, "%00, overlong UTF-8", (get("/ten.txt%00"), taken(400, 404)), (get("/%c0%ae%c0%ae/x"), taken(400, 404)))
ask(61, "dot segments", (get("/../../../../etc/passwd"), lambda got: b"root:" not in got.data and got.first in (400, 403, 404)),
    (get("/%2e%2e/%2e%2e/%2e%2e/etc/passwd"), lambda got: b"root:" not in got.data and got.first in (400, 403, 404)), (get("/sub/../ten.txt"), goes_on(200)))
ask(62, "file as directory, loop, FIFO", (get("/ten.txt/x"), taken(404, 403, 200)), (get("/loop"), taken(404, 403, 500)), (get("/fifo"), taken(404, 403, 500)))

CHECKS.sort(key=lambda check: check[0])


def probe(host, port):
    """For each rule: the cell, and whether it passes."""
    global HOST, PORT
    HOST, PORT = host, port
    results = []
    for number, what, run in CHECKS:
        try:
            answers = run()
        except (OSError, ValueError) as error:
            answers = [(type(error).__name__, False)]
        cell = " ".join(text + ("" if good else "!") for text, good in answers)
        results.append((number, what, cell, all(good for _, good in answers)))
    return results


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def peers(httpsys):
    """The servers that are installed: name and command for a folder and a port."""
    def nginx(site, port, work):
        path = os.path.join(work, "nginx.conf")
        with open(path, "w") as file:
            file.write(f"daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/nginx.log;\n"
                       "events {} http { types { text/plain txt; text/html html; } default_type application/octet-stream; access_log off;\n"
                       f"client_body_temp_path {work}/t; proxy_temp_path {work}/t; fastcgi_temp_path {work}/t; uwsgi_temp_path {work}/t; scgi_temp_path {work}/t;\n"
                       f"client_header_timeout 2s; server {{ listen 127.0.0.1:{port}; root {site}; }} }}\n")
        return ["nginx", "-c", path, "-e", f"{work}/nginx.log"]

    def lighttpd(site, port, work):
        path = os.path.join(work, "lighttpd.conf")
        with open(path, "w") as file:
            file.write(f'server.document-root = "{site}"\nserver.port = {port}\nserver.bind = "127.0.0.1"\n'
                       'server.max-read-idle = 2\nindex-file.names = ("index.html")\n'
                       'mimetype.assign = (".txt" => "text/plain", ".html" => "text/html", "" => "application/octet-stream")\n')
        return ["lighttpd", "-D", "-f", path]

    def python(site, port, work):
        return [sys.executable, "-m", "http.server", "--protocol", "HTTP/1.1", "-b", "127.0.0.1", "-d", site, str(port)]

    def ours(site, port, work):
        return [httpsys, "serve", site, "--io", "epoll", "--timeout", "2s", "--log", "off", "-l", str(port)]

    found = [("httpsys", ours)] if shutil.which(httpsys) else []
    found += [(name, start) for name, start in (("nginx", nginx), ("lighttpd", lighttpd)) if shutil.which(name)]
    return found + [("python", python)]


def compare(httpsys):
    columns = []
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        site = os.path.join(work, "site")
        os.mkdir(site)
        make_site(site)
        for name, start in peers(httpsys):
            port = free_port()
            server = subprocess.Popen(start(site, port, work), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                for _ in range(100):
                    try:
                        socket.create_connection(("127.0.0.1", port), timeout=1).close()
                        break
                    except OSError:
                        time.sleep(0.05)
                print(f"asking {name} ...", file=sys.stderr)
                columns.append((name, probe("127.0.0.1", port)))
            finally:
                server.kill()
                server.wait()
    names = [name for name, _ in columns]
    print("| # | asked | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 2) + "|")
    for rows in zip(*(results for _, results in columns)):
        print(f"| {rows[0][0]} | {rows[0][1]} | " + " | ".join(row[2] for row in rows) + " |")
    passed = [str(sum(row[3] for row in results)) for _, results in columns]
    print("| | **passed, of 62** | " + " | ".join(f"**{n}**" for n in passed) + " |")


def main(args):
    if args[:1] == ["--site"] and len(args) == 2:
        os.makedirs(args[1], exist_ok=True)
        return make_site(args[1])
    if args[:1] == ["--peers"]:
        return compare(args[1] if len(args) > 1 else "httpsys")
    if not args or not args[0].isdigit():
        sys.exit(__doc__)
    results = probe(args[1] if len(args) > 1 else "127.0.0.1", int(args[0]))
    for number, what, cell, good in results:
        print(f"{number:3} {'ok  ' if good else 'FAIL'} {what}: {cell}")
    passed = sum(row[3] for row in results)
    print(f"{passed} of {len(results)}")
    sys.exit(passed != len(results))


if __name__ == "__main__":
    main(sys.argv[1:])
