"""Corpora as Python has them: paths, an iterable of texts, or an iterable of token lists."""

import itertools
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from wordvec_cli.errors import InputError
from wordvec_cli.text.source import Source
from wordvec_cli.text.spooled_lines import spooled_lines

AnyPath = str | os.PathLike[str]
MOST_SHOWN = 60  # characters of a text in an error
Texts = AnyPath | Iterable[AnyPath | str | Iterable[str]]


def folder_for(tmp_dir: AnyPath | None) -> Path:
    """Where temporary files go."""
    return Path(tempfile.gettempdir() if tmp_dir is None else tmp_dir)


def sources_of(corpus: Texts, folder: Path) -> tuple[str | Source, ...]:
    """What the library reads a corpus from: paths as they are, texts and token lists spooled once to a nameless file.

    corpus  a `str` or a Path alone is a path; several paths are given as Path objects, as a `str` among others is text
    Raises: InputError if a `str` alone is a text, or if a list of `str` names files, as that would train on their
    names; and as `spooled_lines`
    """
    if isinstance(corpus, str):
        _refuse_text_alone(corpus)
    if isinstance(corpus, str | os.PathLike):
        return (os.fspath(corpus),)
    if not isinstance(corpus, Iterable):
        raise TypeError(f"the corpus is {corpus!r}; give a path, or texts or lists of tokens")
    items = iter(corpus)
    first = list(itertools.islice(items, 1))
    if first and isinstance(first[0], os.PathLike):
        return tuple(os.fspath(path) for path in (*first, *items))  # type: ignore[arg-type]
    _refuse_names_of_files(corpus)
    return (spooled_lines(itertools.chain(first, items), folder),)  # type: ignore[arg-type]


def _refuse_text_alone(corpus: str) -> None:
    if any(map(str.isspace, corpus)) and "://" not in corpus and not os.path.exists(corpus):
        raise InputError(f"{corpus[:MOST_SHOWN]!r}: is no file, and a str alone is a path; put a text into a list")


def _refuse_names_of_files(corpus: object) -> None:
    if not isinstance(corpus, list | tuple) or not corpus:
        return
    if all(isinstance(item, str) and item and os.path.exists(item) for item in corpus):
        raise InputError(
            f"{corpus[0]!r} in a list is a text, but names a file; to read files, give pathlib.Path objects"
        )
