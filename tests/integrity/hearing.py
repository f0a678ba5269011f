"""Those who are told of alerts: a web server and a mail server that keep what they get."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Ear:
    """What arrived at a web server, and what it answers."""

    def __init__(self):
        self.heard, self.asked, self.status = [], [], 200

    @property
    def titles(self):
        return [each["title"] for each in self.heard]


@contextmanager
def listening():
    """A web server on a free port. Yields its ear, with the place where it listens."""
    ear = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if ear.status == 200:
                ear.heard.append(json.loads(body))
            self._answer()

        def do_GET(self):
            ear.asked.append(self.path)
            self._answer()

        def _answer(self):
            self.send_response(ear.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        ear.place = f"127.0.0.1:{server.server_address[1]}"
        try:
            yield ear
        finally:
            server.shutdown()
            thread.join()
