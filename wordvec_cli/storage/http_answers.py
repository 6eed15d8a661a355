"""Asking a server for a file, or the rest of one: what it answers, checked.

Python's own urllib does it: proxies come from the environment, certificates are checked, nothing is to be installed.
"""

import http.client
import re
import socket
import ssl
import urllib.request
from typing import IO, Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from wordvec_cli.errors import InputError

AGENT = "wordvec (https://pypi.org/project/wordvec-cli)"
SCHEMES = ("https", "http")
_BUSY = {408, 425, 429, 500, 502, 503, 504}  # answers of servers that may do better soon
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_SHA256 = re.compile(r'"?([0-9a-f]{64})"?')


class Cut(Exception):  # noqa: N818  it may go well the next time
    """A connection that failed, ended, or gave nothing for too long."""


class Changed(Exception):  # noqa: N818
    """What is at the address is no longer what the first part was of."""


class Answer(NamedTuple):
    """What a server gives.

    stream   from the byte `first` of the file on
    total    bytes of the whole file; None: it does not say
    ends     whether the end of the stream can be told from a cut
    version  an ETag or a date that changes with the file; empty: none
    sha256   of the whole file, if the server says it, as that of Hugging Face does
    """

    stream: http.client.HTTPResponse
    first: int
    total: int | None
    ends: bool
    version: str
    sha256: str | None


class Asker:
    """Asks for one file; follows redirections, but never to a scheme that is not as safe."""

    def __init__(self, url: str, timeout: float) -> None:
        if urlsplit(url).scheme not in SCHEMES or not urlsplit(url).netloc:
            raise InputError(f"{url}: is not an address that can be asked; it has to begin with https://")
        self._url, self._timeout = url, timeout
        self._redirects = _Redirects()
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(),
            urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor(),
            urllib.request.UnknownHandler(), self._redirects,
        ):  # fmt: skip
            self._opener.add_handler(handler)

    def ask(self, first: int, version: str) -> Answer:
        """The file from the byte `first` on, if it is of that version still, else from its beginning.

        Raises: Cut, Changed, InputError
        """
        headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
        if first:
            headers |= {"Range": f"bytes={first}-", "If-Range": version}
        try:
            response = self._opener.open(urllib.request.Request(self._url, headers=headers), timeout=self._timeout)
        except HTTPError as error:
            raise self._refusal(error) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._failure(error) from None
        try:
            return self._answer(response, first, version)
        except (InputError, Changed):
            response.close()
            raise

    def _refusal(self, error: HTTPError) -> Exception:
        with error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                return Changed()
            if 300 <= error.code < 400:
                return InputError(
                    f"{self._url}: leads to {error.headers.get('Location')!r}, which is not followed: it is "
                    "no file of a web server, or leads back here"
                )
            told = f"the server answers {error.code} {error.reason}".strip()
            return Cut(told) if error.code in _BUSY else InputError(f"{self._url}: {told}; check the address")

    def _failure(self, error: Exception) -> Exception:
        cause = error.reason if isinstance(error, URLError) else error
        if isinstance(cause, ssl.SSLCertVerificationError):
            return InputError(
                f"{self._url}: its certificate is not valid ({cause.verify_message}); nothing was read from it"
            )
        if isinstance(cause, socket.gaierror):
            return InputError(f"{self._url}: there is no such server, or no connection to the network")
        return Cut(reason_of(cause))

    def _answer(self, response: Any, first: int, version: str) -> Answer:
        headers = response.headers
        if (encoding := headers.get("Content-Encoding", "identity")) != "identity":
            raise InputError(
                f"{self._url}: comes encoded as {encoding}, which was not asked for; get it by other means"
            )
        its_version = _version(headers)
        length = headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        if response.status == http.client.PARTIAL_CONTENT:
            found = _RANGE.fullmatch(headers.get("Content-Range", ""))
            if not found or int(found[1]) != first or its_version != version:
                raise Changed
            total = None if found[2] == "*" else int(found[2])
        elif response.status == http.client.OK:
            first = 0
        else:
            raise InputError(f"{self._url}: the server answers {response.status}, and no file; check the address")
        ends = total is not None or bool(response.chunked)
        return Answer(response, first, total, ends, its_version, self._redirects.sha256 or _sha256(headers))


def reason_of(error: object) -> str:
    """What went wrong with a connection."""
    if isinstance(error, TimeoutError):
        return "nothing came for too long"
    if isinstance(error, http.client.HTTPException):
        return "the connection ended early"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _version(headers: Any) -> str:
    tag: str = headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified", "")


def _sha256(headers: Any) -> str | None:
    found = _SHA256.fullmatch(headers.get("X-Linked-ETag", ""))
    return found[1] if found else None


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Redirections: from https to https alone. One of Hugging Face says the checksum of the file."""

    sha256: str | None = None

    def redirect_request(  # noqa: PLR0913, PLR0917
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme != "https" and not scheme == req.type == "http":
            fp.close()
            raise InputError(
                f"{req.full_url}: leads to {newurl}, which is not as safe ({scheme or 'no scheme'}); nothing was read "
                "from there"
            )
        self.sha256 = _sha256(headers) or self.sha256
        return super().redirect_request(req, fp, code, msg, headers, newurl)
