"""Getting pretrained vectors: downloaded, verified, and made a native file in the cache."""

import hashlib
import os
import posixpath
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from wordvec_cli import formats
from wordvec_cli.errors import InputError
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.formats.wrapping import shown_as
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.pretrained import cache
from wordvec_cli.pretrained.registry import Pretrained, found
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.download import NO_PROMISE, UNWATCHED, Promise, Watch, download
from wordvec_cli.storage.files import COPY_BYTES, check_free_space, decompressed, readable, writable
from wordvec_cli.storage.remote import web_address
from wordvec_cli.storage.sidecar import fingerprint_of

DEFAULT_MEMORY = 1_000_000_000


@dataclass(frozen=True)
class GetOrder:
    """What to get.

    name     of the registry, or an address
    format   of the file, where its content does not tell; None: that tells
    offline  whether nothing may be asked of any server
    again    whether to download what is there
    memory   bytes, beyond which vectors go to the disk on their way
    """

    name: str
    format: str | None = None
    offline: bool = False
    again: bool = False
    memory: int = DEFAULT_MEMORY


def get(order: GetOrder, watch: Watch = UNWATCHED) -> Path:
    """The native file of pretrained vectors, in the cache. Raises: InputError, OutputError"""
    pretrained = found(order.name)
    path = cache.vectors_path(pretrained)
    if path.exists() and not order.again:
        watch.note(f"{order.name}: is here already")
        return path
    if order.offline:
        raise InputError(f"{order.name}: is not in {path.parent}, and --offline downloads nothing; leave that out once")
    _Getting(pretrained, order, watch).make(path)
    return path


class _Getting:
    """Vectors on their way into the cache.

    checksums  SHA-256 of the files that came, by their addresses
    """

    def __init__(self, pretrained: Pretrained, order: GetOrder, watch: Watch) -> None:
        self._pretrained, self._order, self._watch = pretrained, order, watch
        self._room = cache.made("downloads")
        self._checksums: dict[str, str] = {}

    def make(self, path: Path) -> None:
        """Raises: InputError, OutputError"""
        cache.made("vectors")
        downloads = self._downloads()
        try:
            with self._opened(downloads) as file:
                self._convert(file, path)
        except InputError:
            if not zipfile.is_zipfile(downloads):  # which may hold something else that is wanted
                self._remove(downloads)  # what cannot be read now, no later run can
            raise
        for url, sha256 in self._checksums.items():
            cache.keep_checksum(url, sha256)
        if self._pretrained.member is None:
            self._remove(downloads)
        else:
            self._watch.note(f"{downloads}: is kept for what else it holds; remove it if that is not wanted")

    def _downloads(self) -> Path:
        """The file, or the folder of files, once all is there."""
        urls = self._pretrained.urls
        if not self._pretrained.is_folder:
            file = self._room / _file_name(urls[0])
            self._download(urls[0], file, self._pretrained.promise)
            return file
        folder = self._room / self._pretrained.name
        with writable(str(folder)):
            folder.mkdir(exist_ok=True)
        for url in urls:
            self._download(url, folder / posixpath.basename(url), NO_PROMISE)
        return folder

    def _download(self, url: str, path: Path, promise: Promise) -> None:
        if path.exists() and not self._order.again:  # whole, and checked as it came
            self._checksums[url] = fingerprint_of(str(path))
            return
        address, first = web_address(url), cache.known_checksum(url)
        received = download(address, str(path), promise, self._watch)
        if first not in (None, received.sha256):
            path.unlink()
            raise InputError(
                f"{address}: has changed: its SHA-256 is {received.sha256}, and it was {first} the first time; if that "
                f"is right, remove its line from {cache.folder() / cache.CHECKSUMS}"
            )
        if not received.is_checked:
            fate = "is the same as the first time" if first else "is kept, and compared with later downloads"
            self._watch.note(f"{address}: no checksum is published; its SHA-256, {received.sha256}, {fate}")
        self._checksums[url] = received.sha256

    @contextmanager
    def _opened(self, downloads: Path) -> Iterator[str]:
        """The path of the vectors."""
        member = self._pretrained.member
        if member is None and not downloads.name.endswith(".bin.gz"):
            self._check_single(downloads)
            yield str(downloads)
            return
        with temporary_folder(self._room) as folder:
            yield _unpacked(downloads, folder) if member is None else _member(downloads, member, folder)

    def _check_single(self, file: Path) -> None:
        """Raises: InputError if it is an archive of several"""
        if file.is_file() and zipfile.is_zipfile(file):
            with readable(str(file)), zipfile.ZipFile(file) as archive:
                names = [name for name in archive.namelist() if not name.endswith("/")]
            if len(names) > 1:
                name = self._order.name
                raise InputError(f"{name}: holds {len(names)} files; name one: {name}#{f', {name}#'.join(names[:5])}")

    def _convert(self, file: str, path: Path) -> None:
        """Write the vectors of a file as a native one. Raises: InputError, OutputError"""
        name, report = self._order.name, self._watch.report
        options = ReadOptions(n_threads=usable_cpus(), report=report, folder=self._room, memory=self._order.memory)
        with shown_as(name, file):
            vectors = formats.open_vectors(
                file, options, self._order.format, lambda text: self._watch.note(text.replace(file, name))
            )
        vectors = replace(vectors, metadata={**vectors.metadata, **self._facts()})
        formats.write_vectors(str(path), vectors, formats.FORMATS[formats.NATIVE], WriteOptions())

    def _facts(self) -> dict[str, str]:
        """Where the vectors are from, for their file."""
        facts = {
            "source": " ".join(map(web_address, self._pretrained.urls)),
            "source_sha256": " ".join(self._checksums[url] for url in self._pretrained.urls),
            "member": self._pretrained.member,
            "licence": self._pretrained.licence,
        }
        return {name: value for name, value in facts.items() if value}

    @staticmethod
    def _remove(downloads: Path) -> None:
        if downloads.is_dir():
            shutil.rmtree(downloads, ignore_errors=True)
        else:
            downloads.unlink(missing_ok=True)


def _file_name(url: str) -> str:
    """Of a download: digits that no other address has, and the address's own."""
    last = posixpath.basename(urlsplit(web_address(url)).path) or "file"
    return f"{hashlib.sha256(url.encode()).hexdigest()[:8]}-{last[-80:]}"


def _unpacked(file: Path, folder: str) -> str:
    """What a compressed file holds: a model of fastText, which is not read as a stream, is of many gigabytes.

    Raises: InputError, OutputError
    """
    target = os.path.join(folder, file.name.removesuffix(".gz"))
    with readable(str(file)), open(file, "rb") as raw, writable(folder), open(target, "wb") as plain:
        shutil.copyfileobj(decompressed(cast(BinaryIO, raw)), plain, COPY_BYTES)
    return target


def _member(archive: Path, name: str, folder: str) -> str:
    """A member of a zip archive, as a file. Raises: InputError, OutputError"""
    target = os.path.join(folder, posixpath.basename(name) or "member")
    try:
        with readable(str(archive)), zipfile.ZipFile(archive) as opened:
            members = [member for member in opened.namelist() if not member.endswith("/")]
            if name not in members:
                raise InputError(f"{archive}: holds no {name}; it has {', '.join(members[:8])}")
            check_free_space(folder, opened.getinfo(name).file_size, name)
            with opened.open(name) as source, writable(folder), open(target, "wb") as file:
                shutil.copyfileobj(source, file, COPY_BYTES)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{archive}: is a broken zip archive ({error}); get it again") from None
    return target
