"""Vector files on the command line: the options that say how one is read, and the reading."""

import functools
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wordvec_cli.cli.option_types import Size
from wordvec_cli.cli.options import combined, invalid_utf8_option
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import load, native_kind

if TYPE_CHECKING:
    from pathlib import Path

    from wordvec_cli.formats.reading import ReadOptions

# `formats.readable_formats()`: a look-up in a native file must not wait for that module.
READABLE = (
    "native", "glove", "word2vec", "word2vec-binary", "fasttext", "glove-binary", "gensim", "npy", "npz", "safetensors",
)  # fmt: skip
SLOW_BYTES = 100_000_000  # a file as large that is no native one is worth a word

_from_option = click.option(
    "--from", "told", type=click.Choice(READABLE), metavar="FORMAT",
    help=f"What the vector file is, if its content does not tell: {', '.join(READABLE)}.",
)  # fmt: skip
_allow_pickle_option = click.option(
    "--allow-pickle", is_flag=True,
    help="Read gensim's own files, which may run any code that they bring: only if you trust them.",
)  # fmt: skip

_OPTIONS = combined(
    _from_option,
    click.option(
        "--duplicates", type=click.Choice(["first", "last", "mean", "error"]), default="first", show_default=True,
        help="Which of several rows of one word is kept.",
    ),
    invalid_utf8_option,
    click.option("--strict", is_flag=True, help="Make anything odd about the vector file an error."),
    _allow_pickle_option,
    click.option(
        "--max-bytes", type=Size(), metavar="SIZE", help="Refuse a vector file that is longer, decompressed."
    ),
)  # fmt: skip


class VectorSource(NamedTuple):
    """How the command line wants vector files read."""

    told: str | None
    duplicates: Any
    invalid_utf8: Any
    strict: bool
    allow_pickle: bool
    max_bytes: int | None

    def open(
        self,
        path: str,
        terminal: Terminal,
        vocabulary: str | None = None,
        words: frozenset[bytes] | None = None,
        limit: int | None = None,
        note: Callable[[str], None] | None = None,
        is_again: bool = False,
        room: tuple["Path", int] | None = None,
    ) -> Embeddings:
        """The vectors of a file; what is odd about it is told. Raises: InputError, OptionError

        room      a folder for what takes more memory than so many bytes; None: all stays in memory
        is_again  whether the command is one that is given again and again, so that a quicker file is worth a word
        """
        is_whole = words is None and limit is None and self.max_bytes is None
        if is_whole and self.told is None and native_kind(path) not in (None, "matrix"):
            return load(path)
        from wordvec_cli import formats

        start = time.monotonic()
        options = self._options(vocabulary, words, limit, terminal)
        if room:
            options = replace(options, folder=room[0], memory=room[1])
        vectors = formats.open_vectors(path, options, self.told, note or terminal.note)
        terminal.close()
        if vectors.metadata.get("converted_from") == "gensim":
            terminal.note(
                f"{path}: is a pickle, and opening it may have run any code; wordvec export {path} FILE.safetensors "
                "makes a file that cannot"
            )
        if is_again and os.path.isfile(path) and os.path.getsize(path) > SLOW_BYTES:
            seconds = time.monotonic() - start
            terminal.note(
                f"{path}: read in {seconds:.1f} s; wordvec export {path} FILE.safetensors, and that opens at once"
            )
        return vectors

    def _options(
        self,
        vocabulary: str | None,
        words: frozenset[bytes] | None,
        limit: int | None,
        terminal: Terminal,
    ) -> "ReadOptions":
        from wordvec_cli.formats.reading import ReadOptions

        return ReadOptions(
            words, limit, vocabulary, self.duplicates, self.invalid_utf8 or "keep", self.strict, self.allow_pickle,
            self.max_bytes, usable_cpus(), terminal.report,
        )  # fmt: skip


def vector_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of reading vector files, as one argument: `source`, a VectorSource."""

    @functools.wraps(function)
    def with_source(**arguments: Any) -> Any:
        fields = {name: arguments.pop(name) for name in VectorSource._fields}
        return function(source=VectorSource(**fields), **arguments)

    return _OPTIONS(with_source)


def init_options(what_of_it: str) -> Callable[..., Any]:
    """--init, and how that file is read, as one argument: `init`, an `Init`."""
    options = combined(
        click.option(
            "--init", "path", metavar="FILE",
            help=f"Start words that this vector file (of any kind) has from their vectors there{what_of_it}",
        ),
        _from_option,
        _allow_pickle_option,
    )  # fmt: skip

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_init(*, path: str | None, told: str | None, allow_pickle: bool, **others: Any) -> Any:
            if path is None and (told or allow_pickle):
                name = "--from" if told else "--allow-pickle"
                raise click.UsageError(f"{name}: tells how the file of --init is read; name that, or leave it out")
            return function(init=Init(path, told, allow_pickle), **others)

        return options(with_init)

    return decorate


class Init(NamedTuple):
    """The vectors that a training starts from."""

    path: str | None
    told: str | None
    allow_pickle: bool

    def open(self, terminal: Terminal) -> Embeddings | None:
        """Raises: InputError, OptionError"""
        if self.path is None:
            return None
        return AS_IT_IS._replace(told=self.told, allow_pickle=self.allow_pickle).open(self.path, terminal)


AS_IT_IS = VectorSource(None, "first", None, strict=False, allow_pickle=False, max_bytes=None)
