"""Pretrained vectors by name, from registry.toml, or by address."""

import functools
import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from wordvec_cli.errors import InputError
from wordvec_cli.storage.download import Promise
from wordvec_cli.storage.remote import HUGGING_FACE, is_remote, web_address

FOLDER_FILES = ("model.safetensors", "tokenizer.json")  # of a model of model2vec or sentence-transformers
_LANGUAGE = "{language}"
_NOT_IN_NAMES = re.compile(r"[^\w.+-]+")


class Pretrained(NamedTuple):
    """Vectors that can be had; None where a thing is not known.

    name         under which they are kept
    urls         of the file, or of the files of a folder
    member       of a zip archive
    promise      what the publisher states of the file
    about_bytes  to be downloaded, for people
    """

    name: str
    urls: tuple[str, ...]
    member: str | None = None
    promise: Promise = Promise()
    about_bytes: int | None = None
    words: int | None = None
    dimension: int | None = None
    language: str = ""
    licence: str = ""
    text: str = ""

    @property
    def is_folder(self) -> bool:
        return len(self.urls) > 1


def found(name: str) -> Pretrained:
    """The vectors of a name or an address. Raises: InputError if there is no such name"""
    if is_remote(name):
        return _of_address(name)
    known = registry()
    if name not in known:
        import difflib

        close = difflib.get_close_matches(name, known, 3)
        meant = f"is {' or '.join(close)} meant? " if close else ""
        raise InputError(f"{name}: is not the name of pretrained vectors; {meant}wordvec get --list shows all names")
    return known[name]


@functools.cache
def registry() -> Mapping[str, Pretrained]:
    """All names that there are, those with languages once for each of them."""
    import tomllib

    table = tomllib.loads(resources.files(__package__).joinpath("registry.toml").read_text("utf-8"))
    return {each.name: each for name, row in table.items() for each in _of_row(name, row)}


def listed() -> Iterator[tuple[Pretrained, int]]:
    """The rows of the registry for people, and how many languages stand behind each."""
    import tomllib

    table = tomllib.loads(resources.files(__package__).joinpath("registry.toml").read_text("utf-8"))
    for name, row in table.items():
        yield _made(name, row, row.get("language", "")), len(row.get("languages", "1"))


def _of_row(name: str, row: dict[str, Any]) -> Iterator[Pretrained]:
    if _LANGUAGE not in name:
        yield _made(name, row, row["language"])
        return
    for language in row["languages"]:
        of_language = row | {"url": row["url"].replace(_LANGUAGE, language)}
        yield _made(name.replace(_LANGUAGE, language), of_language, language)


def _made(name: str, row: dict[str, Any], language: str) -> Pretrained:
    urls = (row["url"],) if isinstance(row["url"], str) else tuple(row["url"])
    size = row.get("size_bytes")
    return Pretrained(
        name, urls, row.get("member"), Promise(size, row.get("md5"), row.get("sha256")),
        size or row.get("about_bytes"), row.get("words"), row.get("dimension"), language, row["licence"], row["text"],
    )  # fmt: skip


def _of_address(address: str) -> Pretrained:
    """ADDRESS#MEMBER, or the address alone. Raises: InputError"""
    url, _, member = address.partition("#")
    if url.startswith(HUGGING_FACE) and len(url.removeprefix(HUGGING_FACE).strip("/").split("/")) == 2:
        folder = url.rstrip("/")
        return Pretrained(_kept_name(folder), tuple(f"{folder}/{file}" for file in FOLDER_FILES))
    web_address(url)
    return Pretrained(_kept_name(address), (url,), unquote(member) or None)


def _kept_name(address: str) -> str:
    """The last part of an address, and a few digits that no other address has."""
    last = posixpath.basename(unquote(address).rstrip("/").partition("#")[0]) or urlsplit(address).netloc
    last = _NOT_IN_NAMES.sub("-", last)[-80:].lstrip(".-")
    return f"{last or 'vectors'}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"
