# A proxy in forty lines: every request goes on to another server, over a connection of its own.
import http.client
import http.server
import sys

FRONT, BACK = int(sys.argv[1]), int(sys.argv[2])


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length else None
        server = http.client.HTTPConnection("127.0.0.1", BACK)
        server.request(self.command, self.path, body, {"Connection": "close"})
        answer = server.getresponse()
        content = answer.read()
        server.close()
        self.send_response(answer.status, answer.reason)
        self.send_header("Content-Length", answer.headers.get("Content-Length", "0"))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = pass_on

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", FRONT), Proxy).serve_forever()
