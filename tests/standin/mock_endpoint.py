"""Stands in for a provider's endpoint and for a proxy on the loopback: answers 401 to every request, and 502 to CONNECT.

    mock_endpoint.py DIRECTORY [FILE...]

In each FILE `:9/` becomes the port's address. DIRECTORY/log gets one line a request: the path and whether an
Authorization header came (as a hash), or `CONNECT HOST:PORT`. DIRECTORY/ready is written when it listens; its text is
the port.
"""
import hashlib
import http.server
import pathlib
import sys

here = pathlib.Path(sys.argv[1])


class Endpoint(http.server.BaseHTTPRequestHandler):
    def note(self, line):
        with open(here / "log", "a", encoding="utf-8") as log:
            log.write(line + "\n")

    def refuse(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        key = self.headers.get("authorization")
        shown = "absent" if key is None else hashlib.sha256(key.encode()).hexdigest()
        self.note(f"{self.path} authorization={shown}")
        self.refuse(401)

    do_GET = do_POST

    def do_CONNECT(self):
        self.note(f"CONNECT {self.path}")
        self.refuse(502)

    def log_message(self, *_):
        pass


here.mkdir(parents=True, exist_ok=True)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
for config in map(pathlib.Path, sys.argv[2:]):
    config.write_text(config.read_text().replace(":9/", f":{server.server_port}/"))
(here / "ready.new").write_text(str(server.server_port))
(here / "ready.new").rename(here / "ready")
server.serve_forever()
