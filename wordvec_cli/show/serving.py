"""The server of a map: for this machine alone, by a token that only the page's address has."""

import hmac
import json
import secrets
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wordvec_cli.errors import WordvecError
from wordvec_cli.show.exploring import Explorer

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")  # that a browser may know this machine by: another has been talked into asking us
Asked = Mapping[str, str]


class MapServer(ThreadingHTTPServer):
    """Serves a map until it is shut down; `address` is what a browser opens."""

    daemon_threads = True

    def __init__(self, explorer: Explorer, port: int = 0) -> None:
        """port  0: any that is free. Raises: OSError if it is taken"""
        super().__init__((HOST, port), _Handler)
        self.explorer, self.token = explorer, secrets.token_urlsafe(24)
        self.answers: dict[str, Callable[[Asked], Any]] = {
            "/words": lambda asked: explorer.words(_box(asked), _ids(asked.get("with", ""))),
            "/neighbours": lambda asked: explorer.neighbours(int(asked["id"])),
            "/complete": lambda asked: explorer.complete(asked.get("text", "")),
            "/find": lambda asked: explorer.find(asked.get("text", "").split()),
        }

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_port}/?token={self.token}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing is said of a browser that has gone on before all of its answer was there."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def knows(self, host: str, token: str) -> bool:
        """Whether a request was meant for this server, and comes from its page."""
        named = {f"{name}:{self.server_port}" for name in NAMES}
        return host in named and hmac.compare_digest(token.encode(), self.token.encode())


class _Handler(BaseHTTPRequestHandler):
    server: MapServer
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a silent connection may stay

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if not self.server.knows(self.headers.get("Host", ""), asked.get("token", "")):
            self._answer(HTTPStatus.FORBIDDEN, b"open the address that wordvec explore has printed\n")
        elif parts.path == "/":
            self._answer(HTTPStatus.OK, self.server.explorer.page(), "text/html; charset=utf-8")
        elif answer := self.server.answers.get(parts.path):
            self._answer_question(answer, asked)
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"there is no such thing here\n")

    def _answer_question(self, answer: Callable[[Asked], Any], asked: Asked) -> None:
        try:
            found = answer(asked)
        except (KeyError, ValueError, OverflowError, WordvecError) as error:
            self._answer(HTTPStatus.BAD_REQUEST, f"{error}\n".encode("utf-8", "backslashreplace"))
            return
        self._answer(HTTPStatus.OK, json.dumps(found, allow_nan=False).encode(), "application/json")

    def _answer(self, status: HTTPStatus, content: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind, "Content-Length": str(len(content)), "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
            "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
        }  # fmt: skip
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def version_string(self) -> str:
        return "wordvec"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing is logged: addresses hold the token."""


def _box(asked: Asked) -> tuple[float, float, float, float]:
    left, right, bottom, top = (float(asked[name]) for name in ("left", "right", "bottom", "top"))
    return left, right, bottom, top


def _ids(text: str) -> list[int]:
    return [int(each) for each in text.split(",") if each]
