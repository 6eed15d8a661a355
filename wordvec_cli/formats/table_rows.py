"""Reading tables: lines of a word and numbers between commas, semicolons, tabs or blanks, with titles or without.

Words may stand between quotes, and then hold line ends and separators. The layout comes from the first lines.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from wordvec_cli.errors import InputError
from wordvec_cli.formats.columns import BESIDE_SERIES
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Rows
from wordvec_cli.formats.split_lines import PLACEHOLDER, SplitLines, rows_of_lines, whole_number
from wordvec_cli.formats.table_layout import QUOTE, Layout, field_at, layout_of
from wordvec_cli.storage.files import readable

BLOCK_BYTES = 1 << 22
MOST_WORD_BYTES = 1 << 20
CUT = "lines that end before their numbers, left out"
LINE_ENDS = "words with line ends in them"
_SPACE = ord(" ")


def table_rows(
    path: str, source: BinaryIO, separators: Sequence[bytes], options: ReadOptions, oddities: Oddities
) -> Iterator[Rows]:
    """The rows of a table that is read from its start. Raises: InputError"""
    with readable(path):
        start = source.read(BLOCK_BYTES)
    layout = layout_of(start, separators, is_whole=len(start) < BLOCK_BYTES, is_told=True)
    if layout is None:
        raise InputError(
            f"{path}: its first lines are not a word and numbers in columns; name the column of words word, and put "
            "the numbers into the last columns"
        )
    if layout.has_decimal_commas and not options.decimal_comma:
        raise InputError(f"{path}: its numbers have commas, as 0,25; add --decimal-comma if these are decimal commas")
    if layout.odd_titles:
        oddities.note(f"{BESIDE_SERIES}: {', '.join(layout.odd_titles)}")
    yield from rows_of_lines(_Splitter(path, layout, oddities).parts(start, source), layout.dim, options, oddities)


class _Splitter:
    """Cuts words from their numbers."""

    def __init__(self, path: str, layout: Layout, oddities: Oddities) -> None:
        self._path, self._layout, self._oddities = path, layout, oddities
        self._line = 1
        numbers = bytearray(range(256))
        numbers[ord(layout.separator)] = _SPACE
        if layout.has_decimal_commas:
            numbers[ord(",")] = ord(".")
        self._to_blanks = bytes(numbers)

    def parts(self, start: bytes, source: BinaryIO) -> Iterator[SplitLines]:
        self._line += start[: self._layout.n_titles].count(b"\n")
        rest, more = start[self._layout.n_titles :], start
        while rest:
            part, n_bytes = self._split(rest, is_last=not more)
            if part.words:
                yield part
            rest = rest[n_bytes:]
            if not more:
                break
            if len(rest) > MOST_WORD_BYTES + BLOCK_BYTES and not n_bytes:
                raise InputError(f"{self._path}:{self._line}: a line, or a quote, does not end; the file is damaged")
            with readable(self._path):
                more = source.read(BLOCK_BYTES)
            rest += more

    def _split(self, block: bytes, is_last: bool) -> tuple[SplitLines, int]:
        """The lines that are whole, and how many bytes they take."""
        layout = self._layout
        if QUOTE not in block and not (is_last or layout.n_before or layout.n_between or layout.n_after):
            end = block.rfind(b"\n") + 1
            if (plain := self._split_plain(block[:end])) is not None:
                return plain, end
        words: list[bytes] = []
        is_counted, counts = layout.count_at is not None, list[int | None]()
        places: list[int] = []
        pieces: list[bytes] = []
        cut: list[int] = []
        place = 0
        while place < len(block):
            word, count, start = self._head(block, place)
            line_end = -1 if word is None else block.find(b"\n", start)
            if line_end < 0 and not is_last:
                break
            if word is None:
                raise InputError(f"{self._path}:{self._line}: a quote does not end; the file is damaged, or cut short")
            end = line_end if line_end >= 0 else len(block)
            numbers_end = self._end_of_numbers(block, start, end)
            numbers = block[start:numbers_end]
            if numbers.strip(b"\r"):
                words.append(word)
                if is_counted:
                    counts.append(whole_number(self._count_after(block[numbers_end:end]) if count is None else count))
                places.append(self._line)
                pieces += (PLACEHOLDER, numbers, b"\n")
            elif end > place:
                cut.append(self._line)
            self._line += block.count(b"\n", place, start) + 1
            place = end + 1
        self._oddities.add(CUT, cut)
        self._oddities.add(LINE_ENDS, [line for word, line in zip(words, places, strict=True) if b"\n" in word])
        text = b"".join(pieces).translate(self._to_blanks, QUOTE if self._layout.has_quotes else b"")
        return SplitLines(words, places, text, counts if is_counted else None), min(place, len(block))

    def _split_plain(self, block: bytes) -> SplitLines | None:
        """As `_split`, of whole lines that begin with their words and have no quotes; None if any has no numbers."""
        parts = [line.partition(self._layout.separator) for line in block.split(b"\n")[:-1]]
        if not all(numbers for _, _, numbers in parts):
            return None
        text = b"".join([PLACEHOLDER + b" " + numbers + b"\n" for _, _, numbers in parts])
        places = list(range(self._line, self._line + len(parts)))
        self._line += len(parts)
        return SplitLines([word for word, _, _ in parts], places, text.translate(self._to_blanks))

    def _head(self, block: bytes, place: int) -> tuple[bytes | None, bytes | None, int]:
        """The word of the line that begins there, its count if that comes next, and where its numbers begin."""
        layout = self._layout
        word = count = None
        for column in range(layout.n_before + 1 + layout.n_between):
            field = field_at(block, place, layout.separator, layout.has_quotes)
            if field is None:
                return None, None, place
            if column == layout.count_at:
                count = field.content
            if column == layout.n_before:
                word = field.content
            place = field.end
            if not block.startswith(layout.separator, place):
                break
            place += column < layout.n_before + layout.n_between
        return word, count, place

    def _count_after(self, fields: bytes) -> bytes:
        """Of the fields after the numbers that of the count, empty if there is none."""
        layout = self._layout
        if layout.count_at is None:
            return b""
        after = fields.split(layout.separator)[1:]
        nth = layout.count_at - (layout.n_before + 1 + layout.n_between + layout.dim)
        return after[nth] if 0 <= nth < len(after) else b""

    def _end_of_numbers(self, block: bytes, start: int, end: int) -> int:
        for _ in range(self._layout.n_after):
            end = max(block.rfind(self._layout.separator, start, end), start)
        return end
