"""How a table of words and numbers is laid out, from its first lines: ours, and those of pandas, R and spreadsheets."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from wordvec_cli.formats.columns import COUNT_NAMES, WORD_NAMES, out_of_series
from wordvec_cli.storage.file_kinds import NUMBER
from wordvec_cli.text.lines import BYTE_ORDER_MARK

HEAD_RECORDS = 20
QUOTE = b'"'
_BLANKS = (b"\t", b" ")
_LINE_END = re.compile(rb"\r?\n|\r?\Z")
_DECIMAL_COMMA = re.compile(rb"[+-]?\d+(,\d+)?([eE][+-]?\d+)?")
_MISSING = (b"", b"NA", b"NaN", b"nan", b"NULL", b"Inf", b"-Inf")
_LONE_NUMBER_TITLES = (b"v1", b"V1", b"0")  # above the numbers of vectors that have one each


class Layout(NamedTuple):
    """Where things stand in each line.

    n_before   columns before that of the word
    n_between  columns between the word and the first number
    n_after    columns after the last number
    count_at   the column of counts, from 0; None: there is none
    n_titles   bytes of the line of titles and what stands before it; 0: there is none
    has_quotes whether quotes around a field are not of it: between tabs they may be
    odd_titles of columns of numbers that are not counted as the others are
    """

    separator: bytes
    dim: int
    n_before: int
    n_between: int
    n_after: int
    count_at: int | None
    n_titles: int
    has_decimal_commas: bool
    has_quotes: bool
    odd_titles: tuple[str, ...] = ()


class Field(NamedTuple):
    content: bytes
    is_quoted: bool
    end: int


def field_at(text: bytes, start: int, separator: bytes, has_quotes: bool = True) -> Field | None:
    r"""The field that begins there, without its quotes; None if its quotes do not end in the text.

    A quote inside quotes is doubled, or, between blanks and tabs, may have a backslash before it, as R writes it.
    """
    if not has_quotes or text[start : start + 1] != QUOTE:
        line_end = text.find(b"\n", start)
        line_end = len(text) if line_end < 0 else line_end
        end = text.find(separator, start, line_end)
        if end < 0:
            end = line_end - (text[line_end - 1 : line_end] == b"\r")
        return Field(text[start:end], False, max(end, start))
    place = start + 1
    while (place := text.find(QUOTE, place)) >= 0:
        is_of_r = separator in _BLANKS and text[place - 1 : place] == b"\\"
        if not is_of_r and text[place + 1 : place + 2] == QUOTE:
            place += 2
        elif text.startswith(separator, place + 1) or _LINE_END.match(text, place + 1):
            content = text[start + 1 : place].replace(b'""', QUOTE)
            return Field(content.replace(b'\\"', QUOTE) if separator in _BLANKS else content, True, place + 1)
        else:
            place += 1
    return None


def records(text: bytes, separator: bytes, has_quotes: bool) -> tuple[list[list[Field]], int]:
    """The first lines, as fields, up to one whose quotes are wrong; and how many bytes the first takes."""
    found: list[list[Field]] = []
    place = first_end = 0
    while place < len(text) and len(found) < HEAD_RECORDS:
        fields: list[Field] = []
        while True:
            field = field_at(text, place, separator, has_quotes)
            if field is None:
                return found, first_end
            fields.append(field)
            place = field.end
            if not text.startswith(separator, place):
                break
            place += 1
        end = _LINE_END.match(text, place)
        if end is None:  # a quote in the middle of something else
            return found, first_end
        place = max(end.end(), place)
        found.append(fields)
        first_end = first_end or place
    return found, first_end


def layout_of(start: bytes, separators: Sequence[bytes], is_whole: bool, is_told: bool = False) -> Layout | None:
    """The layout of a text that begins so; None if it is not a table of vectors between any of the separators.

    is_whole  whether that is all of it
    is_told   whether the user says that it is one; else blanks and tabs need titles or quotes to make it one
    """
    n_mark = len(BYTE_ORDER_MARK) if start.startswith(BYTE_ORDER_MARK) else 0
    text = start[n_mark:]
    if not is_whole:
        text = text[: text.rfind(b"\n") + 1]
    for separator in separators:
        for has_quotes in (True, False) if separator in _BLANKS else (True,):
            found, n_first = records(text, separator, has_quotes)
            if has_quotes and separator in _BLANKS and len(found) < min(HEAD_RECORDS, text.count(b"\n")):
                continue  # where a quote may be a word as any other
            layout = _layout(found, separator, is_told)
            if layout is not None and layout.has_quotes == has_quotes:
                return layout._replace(n_titles=n_mark + n_first if layout.n_titles else n_mark)
    return None


def _layout(found: list[list[Field]], separator: bytes, is_told: bool) -> Layout | None:
    lines = [line for line in found if len(line) > 1]
    if not lines or len(lines) * 2 < len(found):
        return None
    first, *others = lines
    rows = others or [first]
    widths = Counter(map(len, rows))
    n = max(widths, key=lambda width: (widths[width], width))
    rows = [line for line in rows if len(line) == n]
    for has_commas in (False, True) if separator != b"," else (False,):
        is_number = [_are_numbers([line[i] for line in rows], has_commas) for i in range(n)]
        if is_number[-1] or (is_number[-2:-1] == [True] and _is_count(first[-1])):
            titles = _titles(first, n, is_number, separator) if others else None
            has_quotes = separator not in _BLANKS or bool(titles) or all(line[0].is_quoted for line in rows)
            if not (has_quotes or titles or is_told):
                return None
            layout = _placed(titles, is_number, separator, is_told)
            return layout and layout._replace(has_decimal_commas=has_commas, has_quotes=has_quotes)
    return None


def _are_numbers(fields: list[Field], has_commas: bool) -> bool:
    pattern = _DECIMAL_COMMA if has_commas else NUMBER
    contents = [field.content.strip(b" ") for field in fields]
    n_numbers = sum(pattern.fullmatch(each) is not None for each in contents)
    return n_numbers > 0 and 2 * sum(not (each in _MISSING or pattern.fullmatch(each)) for each in contents) < len(
        fields
    )


def _titles(first: list[Field], n: int, is_number: list[bool], separator: bytes) -> list[bytes] | None:
    """The names of the columns, if the first line has them; R leaves that of the words out."""
    if len(first) not in (n, n - 1):
        return None
    names = [field.content for field in first]
    names = [b""] * (n - len(first)) + names
    above = [name for name, is_one in zip(names, is_number, strict=True) if is_one]
    is_row = len(first) == n and not _names_words(names[: n - len(above)])
    is_header = len(first) < n and separator in _BLANKS and not first[-1].is_quoted  # `rows dim`
    is_counted = _are_counted(above) and not is_row and not is_header
    return names if is_counted or not _is_number_or_missing(above[-1]) else None


def _names_words(names: list[bytes]) -> bool:
    """Whether one of these is the title of the words, or of an index."""
    return any(name.lower() in (b"", b"unnamed: 0", *map(str.encode, WORD_NAMES)) for name in names)


def _are_counted(names: list[bytes]) -> bool:
    """Whether names end with 0, 1, 2, ... or 1, 2, ...: the numbers of columns."""
    if not names[-1].isdigit() or not int(names[-1][:9]) < len(names) + 1:
        return False
    last = int(names[-1])
    return any(
        names[-(last + 1 - start) :] == [b"%d" % i for i in range(start, last + 1)] for start in (0, 1)[: last + 1]
    )


def _is_number_or_missing(name: bytes) -> bool:
    return NUMBER.fullmatch(name) is not None or name in _MISSING[1:]


def _is_count(title: Field) -> bool:
    return title.content.decode("utf-8", "replace").lower() in COUNT_NAMES


def _placed(titles: list[bytes] | None, is_number: list[bool], separator: bytes, is_told: bool) -> Layout | None:
    """The layout of columns, with 1 for the length of the titles, if there are any."""
    n = len(is_number)
    names = [title.decode("utf-8", "replace").lower() for title in titles or [b""] * n]
    word = _word_column(names, is_number)
    if word is None:
        return None
    last = n - 1 if is_number[-1] and names[-1] not in COUNT_NAMES else n - 2
    first = last
    while first > word and is_number[first] and names[first] not in COUNT_NAMES:
        first -= 1
    dim = last - first
    is_lone = dim == 1 and not is_told and not (titles and titles[last] in _LONE_NUMBER_TITLES)
    if dim < 1 or is_lone:
        return None
    count_at = next((i for i in range(n) if names[i] in COUNT_NAMES and i != word), None)
    odd = tuple(out_of_series(names[first + 1 : last + 1])) if titles else ()
    n_titles = int(titles is not None)
    return Layout(separator, dim, word, first - word, n - 1 - last, count_at, n_titles, False, True, odd)


def _word_column(names: list[str], is_number: list[bool]) -> int | None:
    """The column with a known name, or else the only one of text, or the first if all are numbers."""
    for name in WORD_NAMES:
        if name in names:
            return names.index(name)
    texts = [i for i, is_one in enumerate(is_number) if not is_one]
    if len(texts) > 1:
        return None
    return texts[0] if texts else 0
