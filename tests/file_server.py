"""A web server of one test, with the flaws that servers have."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Server(ThreadingHTTPServer):
    """Serves bytes by path; `hits` counts requests, `flaws` says how the first answers go wrong."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content: dict[str, bytes] = {}
        self.flaws: list[str] = []
        self.hits: list[str] = []
        self.redirects: dict[str, str] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.hits.append(self.path)
        if self.path in self.server.redirects:
            self.send_response(302)
            self.send_header("Location", self.server.redirects[self.path])
            self.end_headers()
            return
        content = self.server.content.get(self.path)
        flaw = self.server.flaws.pop(0) if self.server.flaws else ""
        if flaw == "busy" or content is None:
            self.send_error(503 if flaw else 404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        with suppress(ConnectionError):  # a client that has seen enough hangs up
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if flaw == "half" else content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    serving = Server()
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()
