"""Files that are no text are told by their content; the files are made by the programs that make such files."""

import io
import pickle
import sqlite3
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from wordvec_cli.storage.file_kinds import file_kind

TEXTS = [
    b"",
    b"the of and\n",
    "東京 都\n".encode(),
    b"PAR1 is a word\n",
    b"MZ begins a line of text that is long enough to look further into than that\n",
    b"OggS and fLaC are formats\n",
    b"BZh91 is no archive\n",
    b"a\0b c\0\n",  # NUL is a byte like any other
    b"\xef\xbb\xbfmark\n",
    b"caf\xe9 na\xefve\n",
    b'{"word": 1}\n',
]


def tar(path: Path) -> bytes:
    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "a.py")
    return path.read_bytes()


def archive_of(name: str, content: bytes = b"text") -> Callable[[Path], bytes]:
    def make(path: Path) -> bytes:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, content)
        return path.read_bytes()

    return make


def numpy_array(path: Path) -> bytes:
    file = io.BytesIO()
    np.save(file, np.ones((2, 2)))
    return file.getvalue()


def database(path: Path) -> bytes:
    connection = sqlite3.connect(path)
    connection.execute("create table a (b)")
    connection.commit()
    connection.close()
    return path.read_bytes()


MADE: list[tuple[Callable[[Path], bytes], str]] = [
    (tar, "tar archive"),
    (archive_of("a.txt"), "zip archive"),
    (archive_of("[Content_Types].xml"), "Office document"),
    (archive_of("mimetype", b"application/vnd.oasis.opendocument.text"), "OpenDocument"),
    (archive_of("mimetype", b"application/epub+zip"), "EPUB"),
    (numpy_array, "numpy array"),
    (database, "SQLite"),
    (lambda _: save({"a": np.ones(2, np.float32)}), "safetensors"),
    (lambda _: pickle.dumps({"a": 1}), "pickle"),
    (lambda _: pickle.dumps([1.0], protocol=2), "pickle"),
    (lambda _: "the of".encode("utf-16"), "UTF-16"),
    (lambda _: "the of and to".encode("utf-16-le"), "UTF-16LE"),
    (lambda _: "the of and to".encode("utf-16-be"), "UTF-16BE"),
    (lambda _: "the of".encode("utf-32"), "UTF-32"),
    (lambda _: b"%PDF-1.7\n%\xe2\xe3", "PDF"),
    (lambda _: b"\0\0\0\x01Bud1\0\0", "DS_Store"),
    (lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
    (lambda _: b"PAR1" + b"\x15\x04\x15\x10", "Parquet"),
    (lambda _: b"\x89HDF\r\n\x1a\n\0", "HDF5"),
    (lambda _: b"\x89PNG\r\n\x1a\n", "picture"),
    (lambda _: struct.pack(">I", 24) + b"ftypisom", "film"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_of_no_other_kind(text: bytes) -> None:
    assert file_kind(text) is None


@pytest.mark.parametrize(("make", "name"), MADE, ids=[name for _, name in MADE])
def test_what_is_no_text_is_named(make: Callable[[Path], bytes], name: str, tmp_path: Path) -> None:
    kind = file_kind(make(tmp_path / "file")[:4096])
    assert kind is not None
    assert name in kind.name
    assert kind.remedy
