"""Ids of rows back into words: what `wordvec decode` does."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.layer.encoded_reading import is_binary, open_sequences, said_of
from wordvec_cli.layer.encoded_text import ids_of
from wordvec_cli.layer.padding import IdLines
from wordvec_cli.layer.row_rule import RowRule, Specials, check_agreement
from wordvec_cli.layer.rows import Rows
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, ignore
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.storage.sidecar import unrecorded
from wordvec_cli.text.lines import STANDARD_INPUT, lines_of_descriptor, lines_of_file
from wordvec_cli.vocabulary.notes import read_and_note

MOST_KNOWN = 1_000_000  # words that are kept at hand
DecodedLine = list[bytes] | InputError  # the words of a line, or why a line of text cannot be read


@dataclass(frozen=True)
class DecodeOrder:
    """What to decode, and how.

    sequences      a file in any layout of encode; - is standard input, lines of text
    vocab          a vocabulary file
    specials       None: those recorded, else padding and unknown words
    value          the id of padding; None: the one recorded, else the row of padding
    keeps_padding  whether padding is shown as <pad>; else it is left out
    """

    sequences: str
    vocab: str
    specials: Specials | None = None
    value: int | None = None
    keeps_padding: bool = False


def decode_file(order: DecodeOrder, note: Note = ignore) -> Iterator[list[DecodedLine]]:
    """The words of each line, some lines at a time: of standard input those that have come in so far.

    Raises: InputError, also for a line of an array, which as a whole was made with another vocabulary
    """
    words = read_and_note(order.vocab, note)
    source = _opened(order.sequences)
    if source.note:
        note(source.note)
    recorded = source.rule.specials if source.rule else None
    rows = Rows.of_file(words, order.specials or recorded, order.vocab)
    if source.rule:
        check_agreement(order.vocab, rows.rule, order.sequences, source.rule)
    decoder = Decoder(rows, _padding(order, source, rows), order.keeps_padding)
    return map(decoder.batch, source.batches)


def _padding(order: DecodeOrder, source: "_Source", rows: Rows) -> int | None:
    """Raises: InputError if another padding is recorded"""
    if order.value is not None and source.padding not in (None, order.value):
        raise InputError(
            f"{order.sequences}: was padded with {source.padding}, as its record says, not with --value {order.value}; "
            "leave that out"
        )
    recorded = rows.rule.specials.padding if source.padding is None else source.padding
    return recorded if order.value is None else order.value


# ---------------------------------------------------------------- lines


class LineOfIds(NamedTuple):
    """The ids of a line, and where it stands, for errors."""

    where: str
    ids: Sequence[int]


class LinesOfIds(NamedTuple):
    """Lines of the file at `path`, as an array."""

    path: str
    lines: IdLines

    def each(self) -> Iterator[LineOfIds]:
        ids, bounds = self.lines.ids.tolist(), itertools.pairwise(self.lines.offsets.tolist())
        for number, (start, end) in enumerate(bounds, self.lines.first + 1):
            yield LineOfIds(f"{self.path}: line {number}", ids[start:end])

    def without(self, id: int | None) -> IdLines:
        """The lines without an id, if there is one to leave out."""
        if id is None:
            return self.lines
        is_kept = self.lines.ids != id
        n_before = np.append(0, np.cumsum(is_kept))
        return IdLines(self.lines.ids[is_kept], n_before[self.lines.offsets], self.lines.first)


class LineOfText(NamedTuple):
    """A line of text that ids are still to be read from, and where it stands."""

    where: str
    text: bytes


@dataclass(frozen=True)
class Decoder:
    """Turns ids of rows into words.

    padding  the id of padding, which is left out unless it is kept
    """

    rows: Rows
    padding: int | None
    keeps_padding: bool
    _known: dict[int, bytes] = field(default_factory=dict, compare=False)  # words that have come, by their ids

    def batch(self, lines: LinesOfIds | Sequence[LineOfText]) -> list[DecodedLine]:
        """Raises: InputError for an id without a row in an array"""
        if not isinstance(lines, LinesOfIds):
            return [self.line(line) for line in lines]
        some = lines.without(None if self.keeps_padding else self.padding)
        ids = some.ids
        has_row = (ids >= 0) & (ids < self.rows.rule.n_rows) | (ids == self.padding)
        if not has_row.all():
            return [self.words(line) for line in lines.each()]  # which names the first that has none
        words = self._words(LineOfIds(lines.path, ids.tolist()))
        return [words[start:end] for start, end in itertools.pairwise(some.offsets.tolist())]

    def line(self, line: LineOfText) -> DecodedLine:
        """The words of a line, or why it cannot be read."""
        try:
            return self.words(LineOfIds(line.where, ids_of(line.text, line.where)))
        except InputError as error:
            return error

    def words(self, line: LineOfIds) -> list[bytes]:
        """Raises: InputError if an id has no row"""
        if self.keeps_padding:
            return self._words(line)
        return self._words(line._replace(ids=[id for id in line.ids if id != self.padding]), line)

    def _words(self, line: LineOfIds, whole: LineOfIds | None = None) -> list[bytes]:
        """whole  the line with its padding, for errors"""
        try:
            return [self._known[id] for id in line.ids]
        except KeyError:
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            for id in dict.fromkeys(line.ids):
                if id not in self._known:
                    self._known[id] = self._word(id, whole or line)
            return [self._known[id] for id in line.ids]

    def _word(self, id: int, line: LineOfIds) -> bytes:
        rule, vocabulary = self.rows.rule, self.rows.vocabulary
        if id == self.padding:
            return b"<pad>"
        if 0 <= id < rule.specials.n_rows:
            return b"<%b>" % rule.specials.names[id].encode()
        if not 0 <= id - rule.specials.n_rows < len(vocabulary):
            raise InputError(
                f"{line.where}, position {line.ids.index(id) + 1}: {id} is not one of the {rule.n_rows} rows: the "
                f"special ones ({rule.specials}) and {counted(len(vocabulary), 'word')}; name the --vocab that the "
                "numbers were made with"
            )
        return vocabulary.word(id - rule.specials.n_rows)


# ---------------------------------------------------------------- sources


class _Source(NamedTuple):
    """Lines, some at a time, and what is known of them: see `StoredSequences`."""

    batches: Iterable[LinesOfIds | Sequence[LineOfText]]
    rule: RowRule | None
    padding: int | None
    note: str | None


def _opened(path: str) -> _Source:
    """Raises: InputError"""
    if path == STANDARD_STREAM:
        shown = "standard input"
        return _Source(_lines_of_text(lines_of_descriptor(STANDARD_INPUT, shown), shown), None, None, unrecorded(shown))
    if not is_binary(path):
        return _Source(_lines_of_text(lines_of_file(path), path), *said_of(path))
    stored = open_sequences(path)
    lines = (LinesOfIds(path, some) for some in stored.lines())
    return _Source(lines, stored.rule, stored.padding, stored.note)


def _lines_of_text(batches: Iterable[list[bytes]], shown: str) -> Iterator[list[LineOfText]]:
    number = 0
    for batch in batches:
        yield [LineOfText(f"{shown}: line {number + i}", line) for i, line in enumerate(batch, 1)]
        number += len(batch)
