"""A server on this machine that misbehaves as servers do: it cuts, stalls, lies about lengths, leads elsewhere."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Request(BaseHTTPRequestHandler):
    """One request; `server.answer` says what to do with it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        self.server.ranges.append(self.headers.get("Range"))  # type: ignore[attr-defined]
        with suppress(ConnectionError):
            self.server.answer(self)  # type: ignore[attr-defined]

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Connection", "close")
        self.end_headers()

    def give(self, content: bytes, up_to: int | None = None, tag: str | None = '"1"', **headers: object) -> None:
        """The content, or the rest that is asked for, but not beyond the byte `up_to` of the file."""
        first = 0
        if tag is not None:
            headers["ETag"] = tag
        asked = self.headers.get("Range")
        if asked and self.headers.get("If-Range") == tag:
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
            if first >= len(content):
                self.head(416, Content_Length=0)
                return
            headers["Content_Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        self.head(206 if first else 200, **({"Content_Length": len(content) - first} | headers))
        self.wfile.write(content[first:up_to])


class Server:
    """`ranges` are the ranges that were asked for, one for each request."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.ranges: list[str | None] = server.ranges  # type: ignore[attr-defined]


@contextmanager
def serving(answer: Callable[[Request], None]) -> Iterator[Server]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
    server.daemon_threads = True
    server.answer, server.ranges = answer, []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Server(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
