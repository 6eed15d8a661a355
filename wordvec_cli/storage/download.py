"""Downloading a file: what is cut or stalls goes on where it was, and what comes is what was promised, or an error."""

import hashlib
import http.client
import json
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, cast
from urllib.parse import urlsplit

from wordvec_cli.errors import InputError
from wordvec_cli.progress import Note, Progress, Report, ignore, silent
from wordvec_cli.storage.claims import lock
from wordvec_cli.storage.files import check_free_space, shown_size, writable
from wordvec_cli.storage.http_answers import Answer, Asker, Changed, Cut, reason_of

READ_BYTES = 1 << 18
_HTML = re.compile(rb"\s*(<!doctype\s+html|<html)", re.IGNORECASE)


@dataclass(frozen=True)
class Patience:
    """How long to try.

    timeout     seconds in which something has to come
    n_failures  in a row, without a byte in between, after which it is an error
    wait        is called with the seconds to wait before the next try
    """

    timeout: float = 30
    n_failures: int = 5
    wait: Callable[[float], None] = time.sleep


PATIENT = Patience()


class Promise(NamedTuple):
    """What is known of a file from elsewhere; None: that is not."""

    size_bytes: int | None = None
    md5: str | None = None
    sha256: str | None = None


NO_PROMISE = Promise()


class Received(NamedTuple):
    """A file that is whole.

    is_checked  whether its content is what a publisher says, by a checksum
    """

    size_bytes: int
    sha256: str
    is_checked: bool


@dataclass(frozen=True)
class Watch:
    """Who is told of a download, and how long it may take."""

    report: Report = silent
    note: Note = ignore
    patience: Patience = PATIENT


UNWATCHED = Watch()


def download(url: str, path: str, promise: Promise = NO_PROMISE, watch: Watch = UNWATCHED) -> Received:
    """Write the file at an address to `path`, which appears whole; what an ended run left in PATH.part is gone on with

    Raises: InputError, OutputError
    """
    part = f"{path}.part"
    with writable(part):
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(descriptor, "r+b") as file:
        if lock(file.fileno()) is False:
            raise InputError(f"{path}: is being downloaded by another process; wait for that one")
        transfer = _Transfer(url, cast(BinaryIO, file), promise, watch, _State(f"{part}.json", url))
        try:
            received = transfer.run()
        except InputError:
            if not transfer.can_go_on:
                _forget(part, f"{part}.json")
            raise
        with writable(path):
            file.flush()
            os.fsync(file.fileno())
    with writable(path):
        os.replace(part, path)
    _forget(f"{part}.json")
    return received


def fetch(url: str, file: BinaryIO, watch: Watch) -> Received:
    """Write what is at an address to an open file. Raises: InputError, OutputError"""
    return _Transfer(url, file, NO_PROMISE, watch, None).run()


class _State:
    """Which version of a file its first part is of, beside that part."""

    def __init__(self, path: str, url: str) -> None:
        self._path, self._url = path, url
        self.folder = os.path.dirname(path) or "."

    def version(self) -> str:
        """Empty if it is not known."""
        with suppress(OSError, ValueError, KeyError, TypeError), open(self._path, "rb") as file:
            known = json.loads(file.read())
            if known["url"] == self._url:
                return str(known["version"])
        return ""

    def write(self, version: str) -> None:
        with writable(self._path), open(self._path, "w", encoding="utf-8") as file:
            json.dump({"url": self._url, "version": version}, file)


def _forget(*paths: str) -> None:
    for path in paths:
        with suppress(OSError):
            os.unlink(path)


class _Transfer:
    """One file on its way: how much of it is there, and of which version."""

    def __init__(self, url: str, file: BinaryIO, promise: Promise, watch: Watch, state: _State | None) -> None:
        self._url, self._file, self._promise, self._watch, self._state = url, file, promise, watch, state
        self._asker = Asker(url, watch.patience.timeout)
        self._version = state.version() if state else ""
        self._total: int | None = None
        self._is_resumed = False
        if self._version:
            self._take_what_is_there()
        else:
            self._begin()

    def _begin(self) -> None:
        self._n, self._version, self._is_resumed = 0, "", False
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        with writable(self._url):
            self._file.seek(0)
            self._file.truncate()

    def _take_what_is_there(self) -> None:
        version = self._version
        self._n, self._is_resumed = 0, True
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self._file.seek(0)
        while part := self._file.read(READ_BYTES):
            self._count(part)
        self._version = version
        if self._n:
            self._watch.note(f"{self._url}: {shown_size(self._n)} are there from before, and are gone on with")

    def _count(self, part: bytes) -> None:
        self._n += len(part)
        self._sha256.update(part)
        if self._promise.md5:
            self._md5.update(part)

    @property
    def can_go_on(self) -> bool:
        """Whether another run can go on with what is there."""
        return self._state is not None and bool(self._version) and self._n > 0

    def run(self) -> Received:
        """Raises: InputError, OutputError"""
        n_failures, furthest, patience = 0, self._n, self._watch.patience
        while True:
            try:
                return self._received()
            except (Cut, Changed) as end:
                n_failures = 1 if self._n > furthest else n_failures + 1
                furthest = max(furthest, self._n)
                if n_failures >= patience.n_failures:
                    raise self._given_up(end) from None
                if isinstance(end, Changed) or not self._version:
                    self._begin()
                self._is_resumed = self._n > 0
            patience.wait(2.0 ** (n_failures - 1))

    def _given_up(self, end: Exception) -> InputError:
        if isinstance(end, Changed):
            return InputError(f"{self._url}: changes while it is read; try again later")
        there = ""
        if self.can_go_on:
            of = f" of {shown_size(self._total)}" if self._total else ""
            there = f"; {shown_size(self._n)}{of} are kept, and the same command goes on with them"
        return InputError(
            f"{self._url}: {end}, {self._watch.patience.n_failures} times in a row{there}; try again later"
        )

    def _received(self) -> Received:
        """Raises: Cut, Changed, InputError, OutputError"""
        answer = self._asker.ask(self._n, self._version)
        with answer.stream:
            if answer.first != self._n:
                self._begin()
            self._check_total(answer)
            self._version, self._total = answer.version, answer.total or self._promise.size_bytes
            if self._state:
                self._state.write(self._version)
                check_free_space(self._state.folder, (self._total or 0) - self._n, self._url)
            self._read(answer)
        return self._checked(answer)

    def _check_total(self, answer: Answer) -> None:
        promised = self._promise.size_bytes
        if answer.total is not None and promised is not None and answer.total != promised:
            raise self._wrong(f"has {answer.total} bytes, and {promised} were published")
        if answer.total is None and self._n and self._total is not None:
            raise Changed
        if not answer.ends and promised is None:
            raise self._wrong("does not say how long it is, so that a cut could not be noticed")

    def _read(self, answer: Answer) -> None:
        while part := self._part(answer.stream):
            if not self._n and _HTML.match(part) and not urlsplit(self._url).path.endswith((".html", ".htm")):
                raise self._wrong("is a web page, not a file; check the address, and whether it needs a login")
            self._count(part)
            with writable(self._url):
                self._file.write(part)
            self._watch.report(Progress("downloading", self._n, self._total, "B"))
        if self._total is not None and self._n < self._total:
            raise Cut("the connection ended early")
        if self._total is not None and self._n > self._total:
            raise self._wrong(f"has more than the {self._total} bytes that were published")

    @staticmethod
    def _part(stream: http.client.HTTPResponse) -> bytes:
        try:
            return stream.read1(READ_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise Cut(reason_of(error)) from None

    def _checked(self, answer: Answer) -> Received:
        found = self._sha256.hexdigest()
        promises = (
            ("MD5", self._promise.md5, self._md5.hexdigest()),
            ("SHA-256", self._promise.sha256 or answer.sha256, found),
        )
        for name, promised, its in promises:
            if promised is not None and promised != its:
                if self._is_resumed:
                    raise Changed
                raise self._wrong(f"has the {name} {its}, and {promised} was published: it is damaged, or another file")
        return Received(self._n, found, any(promised for _, promised, _ in promises))

    def _wrong(self, what: str) -> InputError:
        """An error after which nothing of what came is kept."""
        self._begin()
        if self._state:
            self._state.write("")
        return InputError(f"{self._url}: {what}")
