"""What the commands of `wordvec plot` share: where a picture goes, how large it is, and its numbers as a table."""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wordvec_cli.cli.missing import fuller_vocab_option, word_finder
from wordvec_cli.cli.options import bundled, combined, output_option, progress_options, to_option
from wordvec_cli.cli.output import asked, check_not_for_terminal, is_for_terminal, write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.storage.files import STANDARD_STREAM, check_output
from wordvec_cli.text.lines import listed_words

if TYPE_CHECKING:
    from wordvec_cli.show.chosen import Chosen
    from wordvec_cli.show.picture import Picture

PICTURE = "picture"


class FigureSize(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic since click 8.4
    """A width and a height in inches: 6.4x4.8."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        if isinstance(value, tuple):
            return value
        width, _, height = value.lower().partition("x")
        try:
            size = float(width), float(height)
        except ValueError:
            self.fail(f"{value!r} is not a size; write inches as 6.4x4.8", param, ctx)
        if not all(1 <= each <= 60 for each in size):
            self.fail(f"{value!r}: a side is from 1 to 60 inches", param, ctx)
        return size


class PictureOptions(NamedTuple):
    """Where a picture goes, and how it looks; None: as it is best."""

    output: str | None
    kind: str | None
    figure_size: tuple[float, float] | None
    dpi: int
    title: str | None
    is_shown: bool
    table: Table

    def check(self) -> None:
        """Before any work. Raises: click.UsageError, OptionError, OutputError"""
        from wordvec_cli.show.picture import imported, kind_of

        is_printed = self.table.layout != PICTURE
        if self.output is None and not self.is_shown and not is_printed:
            raise click.UsageError(
                "say where the picture goes: -o FILE.png, .svg or .pdf; or print what it shows with --format json, or "
                "see it here with --show"
            )
        if self.is_shown and not is_for_terminal(STANDARD_STREAM):
            raise click.UsageError("--show: standard output is not a terminal; use -o FILE")
        if self.output == STANDARD_STREAM:
            if is_printed:
                raise click.UsageError("-o -: both picture and table would go to standard output; use -o FILE")
            check_not_for_terminal(self.output, "picture", "pictures")
        if self.output is not None:
            if self.kind is None and self.output != STANDARD_STREAM:
                kind_of(self.output)
            check_output(self.output)
        if self.output is not None or self.is_shown:
            imported()

    def finish(self, picture: "Picture", terminal: Terminal) -> None:
        """Write, print and show a picture, as it is wanted. Raises: OutputError"""
        from wordvec_cli.cli.terminal_pictures import show

        picture = picture.changed(size=self.figure_size, title=self.title)
        if self.table.is_json:
            write_stdout([self.table.record(picture.record())])
        elif self.table.layout != PICTURE:
            write_stdout(map(self.table.text_row, picture.cells()))
        if self.output is not None:
            kind = self.kind or ("png" if self.output == STANDARD_STREAM else None)
            picture.save(self.output, kind, self.dpi, terminal.note)
        if self.is_shown:
            show(picture, terminal)


_PICTURE_OPTIONS = combined(
    output_option("the picture", "nowhere, which needs --format or --show"),
    to_option(["png", "svg", "pdf"], name="kind", help="The kind of picture, if its name does not say."),
    click.option(
        "--size", "figure_size", type=FigureSize(), metavar="WxH",
        help="Width and height in inches.  [default: what suits the picture]",
    ),
    click.option(
        "--dpi", type=click.IntRange(30, 1200), default=200, show_default=True, metavar="N",
        help="Dots in an inch of a PNG.",
    ),
    click.option("--title", metavar="TEXT", help="A line above the picture."),
    click.option(
        "--show", "is_shown", is_flag=True,
        help="Show the picture in the terminal, where that can (kitty, iTerm2 and others, or sixel).",
    ),
    table_options(
        "What is printed. picture: nothing; json: what the picture shows, with its coordinates, as one object; tsv, "
        "csv: the same as lines below titles.",
        (PICTURE, "tsv", "csv", "json"),
        has_header_option=False,
    ),
)  # fmt: skip


def picture_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where a picture goes and how it looks, as one argument: `picture`, a PictureOptions that has been checked."""

    @functools.wraps(function)
    def with_picture(**arguments: Any) -> Any:
        options = PictureOptions(**{name: arguments.pop(name) for name in PictureOptions._fields})
        options.check()
        return function(picture=options, **arguments)

    return _PICTURE_OPTIONS(with_picture)


# ---------------------------------------------------------------- words


class WordsOptions(NamedTuple):
    """Which words are drawn, and of which vectors."""

    words_file: str | None
    vocab: str | None
    source: VectorSource

    def listed(self, words: Sequence[str], terminal: Terminal) -> list[bytes]:
        """The words of the command line, of a file, or of standard input. Raises: click.UsageError, InputError"""
        if self.words_file is not None:
            if words:
                raise click.UsageError(f"{words[0]}: --words names the words; leave one of them out")
            return list(listed_words(self.words_file))
        return [word for batch in asked(words, terminal) for word in batch if word]

    def finder(self, path: str, terminal: Terminal) -> WordFinder:
        embeddings = self.source.open(path, terminal, self.vocab, is_again=True)
        return word_finder(path, embeddings, terminal, self.vocab, "error")

    def chosen(self, path: str, words: Sequence[str], terminal: Terminal) -> "tuple[WordFinder, Chosen]":
        """The words that can be drawn, and what found them. Raises: InputError if there are none"""
        from wordvec_cli.show.chosen import chosen_words

        finder = self.finder(path, terminal)
        return finder, chosen_words(finder, self.listed(words, terminal), terminal.note)


words_file_option = click.option(
    "--words", "words_file", metavar="FILE", help="Draw the words of this file, one on each line."
)
words_options = bundled("which", WordsOptions, words_file_option, fuller_vocab_option, vector_options, progress_options)


def neighbours_option(default: int, help: str, least: int = 0) -> Callable[..., Any]:
    return click.option(
        "-k", "k", type=click.IntRange(least, 200), default=default, show_default=True, metavar="N", help=help
    )
