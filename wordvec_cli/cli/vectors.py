"""Vector files on the command line: the options that say how one is read, and the reading."""

import functools
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wordvec_cli.cli.option_types import Size
from wordvec_cli.cli.options import bundled, combined, invalid_utf8_option
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import load, native_kind

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from wordvec_cli.formats.reading import ReadOptions

SLOW_BYTES = 100_000_000  # from this size on, a file that is not native gets a note of how long it took


class _VectorFormat(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic since click 8.4
    """The name of a format that can be read. A look-up in a native file must not wait for the table of them."""

    name = "format"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name: str = self._choice().convert(value, param, ctx)
        return name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        return self._choice().shell_complete(ctx, param, incomplete)

    def _choice(self) -> "click.Choice[str]":
        from wordvec_cli import formats

        return click.Choice(formats.readable_formats())


class _FromOption(click.Option):
    """`--from`, whose help names the formats."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from wordvec_cli import formats

        names, text = super().get_help_record(ctx) or ("", "")
        return names, f"{text.removesuffix('.')}: {', '.join(formats.readable_formats())}."


from_option = click.option(
    "--from", "format", cls=_FromOption, type=_VectorFormat(), metavar="FORMAT",
    help="The format of the vector file, if it is not recognised by its content.",
)  # fmt: skip
_allow_pickle_option = click.option(
    "--allow-pickle", is_flag=True,
    help="Read gensim's own files. Opening one can run any code that is in it: only for files that you trust.",
)  # fmt: skip


class Part(NamedTuple):
    """What is read of a vector file: these words, the first `limit` of them; None: all.

    room  a folder, and the bytes of memory beyond which it is used; None: all stays in memory
    """

    words: frozenset[bytes] | None = None
    limit: int | None = None
    room: "tuple[Path, int] | None" = None


WHOLE = Part()


def in_cache(path: str) -> str:
    """The file that the name of pretrained vectors stands for; any other path as it is. Raises: InputError"""
    if path == STANDARD_STREAM or os.path.exists(path):
        return path
    from wordvec_cli.pretrained.cache import resolved

    return resolved(path)


class VectorSource(NamedTuple):
    """How vector files are read, as the options say."""

    format: str | None
    duplicates: Any
    invalid_utf8: Any
    strict: bool
    allow_pickle: bool
    decimal_comma: bool
    max_bytes: int | None

    def open(
        self,
        path: str,
        terminal: Terminal,
        vocabulary: str | None = None,
        part: Part = WHOLE,
        note: Callable[[str], None] | None = None,
        is_again: bool = False,
    ) -> Embeddings:
        """The vectors of a file; anything odd about it is noted. Raises: InputError, OptionError

        is_again  whether people run this command often, so that a note says how the file would open faster
        """
        path = in_cache(path)
        is_whole = part.words is None and part.limit is None and self.max_bytes is None
        if is_whole and self.format is None and native_kind(path) not in (None, "matrix"):
            return load(path)
        from wordvec_cli import formats

        start = time.monotonic()
        options = self._options(vocabulary, part, terminal)
        vectors = formats.open_vectors(path, options, self.format, note or terminal.note)
        terminal.close()
        if vectors.metadata.get("converted_from", "").startswith("gensim"):
            terminal.note(
                f"{path}: is a pickle, and opening it may have run any code; make a file that runs none with "
                f"wordvec export {path} FILE.safetensors"
            )
        if is_again and os.path.isfile(path) and os.path.getsize(path) > SLOW_BYTES:
            terminal.note(
                f"{path}: took {time.monotonic() - start:.1f} s to read; make a file that opens at once with "
                f"wordvec export {path} FILE.safetensors"
            )
        return vectors

    def _options(self, vocabulary: str | None, part: Part, terminal: Terminal) -> "ReadOptions":
        from wordvec_cli.formats.reading import ReadOptions

        options = ReadOptions(
            part.words, part.limit, vocabulary, self.duplicates, self.invalid_utf8 or "keep", self.strict,
            self.allow_pickle, self.decimal_comma, self.max_bytes, usable_cpus(), terminal.report,
        )  # fmt: skip
        return replace(options, folder=part.room[0], memory=part.room[1]) if part.room else options


vector_options = bundled(
    "source", VectorSource,
    from_option,
    click.option(
        "--duplicates", type=click.Choice(["first", "last", "mean", "error"]), default="first", show_default=True,
        help="Which row is kept for a word that has several.",
    ),
    invalid_utf8_option,
    click.option("--strict", is_flag=True, help="Treat anything odd in the vector file as an error."),
    _allow_pickle_option,
    click.option(
        "--decimal-comma", is_flag=True,
        help="Read the numbers of a table with commas for decimal points: king;0,25;-1,5.",
    ),
    click.option(
        "--max-bytes", type=Size(), metavar="SIZE", help="Refuse a vector file that is larger than this, decompressed."
    ),
)  # fmt: skip


def init_options(help_end: str) -> Callable[..., Any]:
    """--init, and how that file is read, as one argument: `init`, an `Init`."""
    options = combined(
        click.option(
            "--init", "path", metavar="FILE",
            help=f"Start the words that this vector file (of any format) has from their vectors there{help_end}",
        ),
        from_option,
        _allow_pickle_option,
    )  # fmt: skip

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_init(*, path: str | None, format: str | None, allow_pickle: bool, **others: Any) -> Any:
            if path is None and (format or allow_pickle):
                name = "--from" if format else "--allow-pickle"
                raise click.UsageError(f"{name}: says how the file of --init is read; add --init FILE, or leave it out")
            return function(init=Init(path, format, allow_pickle), **others)

        return options(with_init)

    return decorate


class Init(NamedTuple):
    """The file of vectors that a training starts from."""

    path: str | None
    format: str | None
    allow_pickle: bool

    def open(self, terminal: Terminal) -> Embeddings | None:
        """Raises: InputError, OptionError"""
        if self.path is None:
            return None
        return AS_IT_IS._replace(format=self.format, allow_pickle=self.allow_pickle).open(self.path, terminal)


AS_IT_IS = VectorSource(None, "first", None, strict=False, allow_pickle=False, decimal_comma=False, max_bytes=None)
