"""`wordvec decode`: numbers back into words."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import click

from wordvec_cli.cli.options import padding_value_option, progress_options, specials_option
from wordvec_cli.cli.output import as_text, lines_of_stdin, read_vocabulary_and_tell, write_stdout
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.text import json_text
from wordvec_cli.text.lines import lines_of_file

if TYPE_CHECKING:
    from wordvec_cli.layer.encoded_file import StoredSequences
    from wordvec_cli.layer.row_rule import RowRule, Specials
    from wordvec_cli.vocabulary.vocabulary import Vocabulary


@click.command(short_help="Turn word numbers back into text.")
@click.argument("sequences", default=STANDARD_STREAM)
@click.option("--vocab", required=True, metavar="FILE", help="The words, as they were given to wordvec encode.")
@click.option(
    "--format", "layout", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="text: words with a space between them; json: an array of words a line.",
)  # fmt: skip
@click.option("--keep-padding", is_flag=True, help="Show padding as <pad>; else it is left out.")
@padding_value_option
@specials_option
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    sequences: str,
    vocab: str,
    layout: str,
    keep_padding: bool,
    value: int | None,
    specials: "Specials | None",
) -> None:
    """Turn SEQUENCES, what wordvec encode has written, back into words, a line for each line.

    An unknown word is shown as <unk>. - is standard input: lines of numbers, or of JSON arrays of them, each of which
    is answered as it comes. A line of text that is none of these is an error and gets a blank line (null in JSON);
    those after it are answered all the same, and the exit status is 1.

    \b
    wordvec decode sequences.npy --vocab vocab.tsv | head
    echo '0 2 3 1' | wordvec decode --vocab vocab.tsv
    """
    from wordvec_cli.layer.row_rule import RowRule, Specials, check_agreement

    words = read_vocabulary_and_tell(vocab, terminal).vocabulary
    found = _opened(sequences, terminal)
    if found.note:
        terminal.note(found.note)
    rule = RowRule.of(words, specials or (found.rule.specials if found.rule else Specials()))
    if found.rule:
        check_agreement(vocab, rule, sequences, found.rule)
    if value is not None and found.padding not in (None, value):
        raise InputError(
            f"{sequences}: its padding is {found.padding}, as is recorded, and not --value {value}; leave it out"
        )
    recorded = rule.specials.padding if found.padding is None else found.padding
    decoder = Decoder(words, rule.specials, recorded if value is None else value, keep_padding)
    answers = Answers(decoder, layout, terminal)
    for batch in found.batches:
        write_stdout(map(answers.line, batch))


class Line(NamedTuple):
    """The ids of a line, and where it stands, for errors."""

    where: str
    ids: Sequence[int]


class TextLine(NamedTuple):
    """A line of text that is still to be read, and where it stands."""

    where: str
    text: bytes


@dataclass(frozen=True)
class Decoder:
    """Turns ids of rows into words.

    padding  the id of padding, which is left out unless it is kept
    """

    vocabulary: "Vocabulary"
    specials: "Specials"
    padding: int | None
    keeps_padding: bool

    def words(self, line: Line) -> list[bytes]:
        """Raises: InputError if an id has no row"""
        ids = line.ids if self.keeps_padding else [id for id in line.ids if id != self.padding]
        return [self._word(id, line) for id in ids]

    def _word(self, id: int, line: Line) -> bytes:
        if id == self.padding:
            return b"<pad>"
        if 0 <= id < self.specials.n_rows:
            return b"<%b>" % self.specials.names[id].encode()
        if not 0 <= id - self.specials.n_rows < len(self.vocabulary):
            n_rows = self.specials.n_rows + len(self.vocabulary)
            raise InputError(
                f"{line.where}, position {line.ids.index(id) + 1}: there is no row {id} among {n_rows}: the special "
                f"rows are {self.specials}, the words {len(self.vocabulary)}; name the --vocab they were made with"
            )
        return self.vocabulary.word(id - self.specials.n_rows)


class Answers:
    """Lines as they are written. A line of text that cannot be answered is told and left blank, and others go on."""

    def __init__(self, decoder: Decoder, layout: str, terminal: Terminal) -> None:
        from wordvec_cli.layer.encoded_text import ids_of

        self._decoder, self._layout, self._terminal = decoder, layout, terminal
        self._ids_of = ids_of

    def line(self, line: Line | TextLine) -> bytes:
        """Raises: InputError for a line of an array, which is as a whole made for another vocabulary"""
        write = _WRITE_LINE[self._layout]
        if isinstance(line, Line):
            return write(self._decoder.words(line))
        try:
            return write(self._decoder.words(Line(line.where, self._ids_of(line.text, line.where))))
        except InputError as error:
            self._terminal.failure(str(error))
            return _BLANK[self._layout]


_WRITE_LINE: dict[str, Callable[[list[bytes]], bytes]] = {
    "text": lambda words: b" ".join(words) + b"\n",
    "json": lambda words: json_text.written([as_text(word) for word in words]).encode() + b"\n",
}
_BLANK = {"text": b"\n", "json": b"null\n"}


class Opened(NamedTuple):
    """Lines of ids, some at a time, and what is said of them: see `StoredSequences`."""

    batches: Iterator[list[Line]] | Iterator[list[TextLine]]
    rule: "RowRule | None"
    padding: int | None
    note: str | None


def _opened(path: str, terminal: Terminal) -> Opened:
    """Raises: InputError"""
    from wordvec_cli.layer.encoded_file import is_binary, open_sequences, said_of
    from wordvec_cli.storage.sidecar import unrecorded

    if path == STANDARD_STREAM:
        return Opened(_text_lines(path, terminal), None, None, unrecorded("standard input"))
    if not is_binary(path):
        return Opened(_text_lines(path, terminal), *said_of(path))
    stored = open_sequences(path)
    return Opened(_lines_of(stored), stored.rule, stored.padding, stored.note)


def _lines_of(stored: "StoredSequences") -> Iterator[list[Line]]:
    for some in stored.lines():
        ids, bounds = some.ids.tolist(), itertools.pairwise(some.offsets.tolist())
        yield [
            Line(f"{stored.path}: line {some.first + number}", ids[start:end])
            for number, (start, end) in enumerate(bounds, 1)
        ]


def _text_lines(path: str, terminal: Terminal) -> Iterator[list[TextLine]]:
    """Lines as they come in. Raises: InputError"""
    shown = "standard input" if path == STANDARD_STREAM else path
    number = 0
    is_stream = path == STANDARD_STREAM
    for batch in lines_of_stdin(terminal, "lines of numbers") if is_stream else lines_of_file(path):
        yield [TextLine(f"{shown}: line {number + i}", line) for i, line in enumerate(batch, 1)]
        number += len(batch)
