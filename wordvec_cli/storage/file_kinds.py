"""Files that are not text, and no file of ours: what they look like, and what their owner can do about it.

One table for everything that reads: a corpus and a list of words ask it first; a reader of vectors or vocabularies asks
it once its own formats have been tried. It is told by content alone, never by a name. Text that is of another kind than
a reader expects (a matrix, a table of counts or of pairs) is told by `text_kind`, from its first lines.
"""

import codecs
import re
from collections import Counter
from typing import NamedTuple

START_BYTES = 4096  # how much of the start (after decompression) is enough
_UTF16_SHARE = 0.3  # of the bytes at even, or odd, places that are zero in UTF-16 of a Western language
_LEAST_DATA = 64  # bytes: of less nothing can be said
_DATA_SHARE = 0.05
_CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1b"})  # escape: Japanese text in ISO-2022 has it


class FileKind(NamedTuple):
    """What a file is, with its article ("a tar archive"), and what to do about it ("unpack it with tar -xf")."""

    name: str
    remedy: str


_UNPACK_ZIP = "unpack it with unzip and name a file of it"
_AS_TEXT = "turn it into text first: libreoffice --convert-to txt:Text FILE"
_WIKI = (
    "take its texts out: python -m gensim.scripts.segment_wiki -f FILE -o wiki.jsonl.gz (--text-column section_texts)"
)
_AS_UTF8 = "turn it into UTF-8: iconv -f {} -t UTF-8 FILE > NEW"
# What the start looks like: a regular expression, from the first byte. The first that fits counts.
_KINDS: tuple[tuple[bytes, FileKind], ...] = (
    (rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff", FileKind("text in UTF-32", _AS_UTF8.format("UTF-32"))),
    (rb"\xff\xfe|\xfe\xff", FileKind("text in UTF-16", _AS_UTF8.format("UTF-16"))),
    (rb".{257}ustar[\x00 ]", FileKind("a tar archive", "unpack it with tar -xf and name a file of it")),
    (rb"PK\x03\x04.{26}\[Content_Types\]\.xml", FileKind("an Office document (docx, xlsx, pptx)", _AS_TEXT)),
    (rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis", FileKind("an OpenDocument file", _AS_TEXT)),
    (
        rb"PK\x03\x04.{26}mimetypeapplication/epub",
        FileKind("an EPUB book", "turn it into text first: pandoc -t plain FILE"),
    ),
    (rb"PK\x03\x04|PK\x05\x06", FileKind("a zip archive", _UNPACK_ZIP)),
    (rb"%PDF-\d", FileKind("a PDF document", "turn it into text first: pdftotext FILE")),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind("an old Office document (doc, xls, ppt)", _AS_TEXT)),
    (rb"\{\\rtf1", FileKind("an RTF document", _AS_TEXT)),
    (rb"\s*(<\?xml[^>]{0,200}\?>\s*)?<mediawiki[\s>]", FileKind("a dump of a wiki, in XML", _WIKI)),
    (rb"-- (MySQL|MariaDB|PostgreSQL database) dump", FileKind("a dump of a database", "export its table as CSV")),
    (rb"\x00\x00\x00\x01Bud1", FileKind("a .DS_Store of macOS", "leave it out")),
    (rb"\x93NUMPY", FileKind("a numpy array", "name a text")),
    (rb".{4}\x00{4}\{\s*\"", FileKind("a safetensors file", "name a text")),
    (rb"PAR1(?=.{0,60}[\x00-\x08])", FileKind("a Parquet file", "write its columns as text or CSV first")),
    (rb"ARROW1\x00|FEA1.{0,4}\x00", FileKind("an Arrow file", "write its columns as text or CSV first")),
    (rb"\x89HDF\r\n\x1a\n", FileKind("an HDF5 file", "write its arrays as .npy or .npz first")),
    (rb"SQLite format 3\x00", FileKind("an SQLite database", "export its table as text or CSV first")),
    (
        rb"version https://git-lfs\.github\.com/spec/",
        FileKind("a Git LFS pointer, not the file itself", "fetch the file with git lfs pull"),
    ),
    (rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a.{0,6}\x00|II\*\x00|MM\x00\*", FileKind("a picture", "leave it out")),
    (
        rb"RIFF.{4}(WAVE|AVI |WEBP)|ID3[\x02-\x04]|OggS\x00|fLaC\x00|\x00\x00.{2}ftyp",
        FileKind("sound or film", "leave it out"),
    ),
    (rb"7z\xbc\xaf\x27\x1c", FileKind("a 7-Zip archive", "unpack it with 7z and name a file of it")),
    (rb"Rar!\x1a\x07", FileKind("a RAR archive", "unpack it with unrar and name a file of it")),
    (rb"\x1f\x8b\x08|BZh[1-9]1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd", FileKind("compressed twice", "decompress it once")),
    (rb"\x7fELF|MZ\x90\x00|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe", FileKind("a program", "leave it out")),
    (rb"\x80[\x02-\x05]", FileKind("a Python pickle", "write its content as text or .npz first")),
)
_PATTERNS = tuple((re.compile(beginning, re.DOTALL), kind) for beginning, kind in _KINDS)


def file_kind(start: bytes) -> FileKind | None:
    """What a file that begins with `start` (decompressed, `START_BYTES` of it) is, if that is not text; else None."""
    for pattern, kind in _PATTERNS:
        if pattern.match(start):
            return kind
    return _utf16_without_mark(start[:START_BYTES])


def kind_of_no_text(start: bytes) -> FileKind | None:
    """As `file_kind`, and for readers of texts: data of which nothing is known but that it is not text."""
    return file_kind(start) or _data(start[:START_BYTES])


def _data(start: bytes) -> FileKind | None:
    """Many zeros, or control characters among what is not UTF-8; a few of either a text may hold."""
    if len(start) < _LEAST_DATA:
        return None
    n_controls = len(start) - len(start.translate(None, _CONTROLS))
    is_data = start.count(0) > _DATA_SHARE * len(start) or (
        n_controls > _DATA_SHARE * len(start) and not start.isascii() and not _is_utf8(start)
    )
    return FileKind("binary data, not text", "name a text") if is_data else None


def _is_utf8(start: bytes) -> bool:
    try:
        codecs.utf_8_decode(start, "strict", False)  # its last character may be cut
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_mark(start: bytes) -> FileKind | None:
    """Text in UTF-16 without a byte order mark: every other byte is zero far more often than the bytes between."""
    n_pairs = len(start) // 2
    if n_pairs < 4:
        return None
    n_even, n_odd = start[0 : 2 * n_pairs : 2].count(0), start[1 : 2 * n_pairs : 2].count(0)
    for encoding, n_zeros, n_others in (("UTF-16BE", n_even, n_odd), ("UTF-16LE", n_odd, n_even)):
        if n_zeros > _UTF16_SHARE * n_pairs and n_others * 10 < n_zeros:
            return FileKind(f"text in {encoding}", _AS_UTF8.format(encoding))
    return None


# ---------------------------------------------------------------- text

NUMBER = re.compile(rb"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|nan|inf|infinity)", re.IGNORECASE)
NUMBERS_ALONE = FileKind("numbers without words", "save them as .npy and name the file of their words with --vocab")
VOCABULARY = FileKind("words and their counts", "give it as --vocab")
PAIRS = FileKind("a table of several columns, such as word pairs", "name another file")
SCORES = FileKind("words with one number each", "name another file")
_SAMPLE_LINES = 20
_BLANK = re.compile(rb"[ \t]")
_HEADER = re.compile(rb"[ \t]*\d{1,18}[ \t]+(\d{1,18})")
_FIRST_LINES: tuple[tuple[bytes, FileKind], ...] = (
    (rb"%%MatrixMarket ", FileKind("a Matrix Market file", "save its matrix as .npy or .npz")),
    (rb"\s*<(!doctype html|html|\?xml)", FileKind("a web page or XML", "get the file itself")),
    (rb"\s*(\{\s*\"|\[\s*[\[{\"])", FileKind("JSON", "write it as an object of words and their vectors, or as .npz")),
    (
        rb"[^ \t\n]*,[^ \t\n]*,[^ \t\n]*\r?\n",
        FileKind("a table with commas (CSV)", "give it a column called word and columns of numbers"),
    ),
)
_BEGINNINGS = tuple((re.compile(beginning, re.IGNORECASE), kind) for beginning, kind in _FIRST_LINES)


def text_kind(start: bytes) -> FileKind | None:
    """What a text that begins with `start` is, if its lines are not words with several numbers each; else None."""
    for pattern, kind in _BEGINNINGS:
        if pattern.match(start):
            return kind
    lines = start.removeprefix(b"\xef\xbb\xbf").split(b"\n", _SAMPLE_LINES)
    lines = [line.rstrip(b" \t\r") for line in lines[:-1] or lines]  # the last may be cut
    first, *others = [line for line in lines if line] or [b""]
    return _kind_of_table(first, others or [first])


def _kind_of_table(first: bytes, lines: list[bytes]) -> FileKind | None:
    """As `text_kind`, of lines, the first of which may be a header or titles."""
    header = _HEADER.fullmatch(first)
    n_told = int(header[1]) if header else None  # numbers in a row
    rows = [list(filter(None, _BLANK.split(line))) for line in lines]
    n_numbers = [_numbers_at_end(row) for row in rows]
    if n_numbers == [len(row) for row in rows] and n_told != len(rows[0]) - 1:
        return NUMBERS_ALONE if any(rows) else None
    usual = Counter(n_numbers).most_common(1)[0][0]
    if not usual or usual == n_told:
        return None
    n_columns = Counter(line.count(b"\t") + 1 for line in lines).most_common(1)[0][0]
    if usual == 1 and Counter(len(row) > 2 for row in rows)[True] * 2 <= len(rows):
        return VOCABULARY if all(row[-1:] and row[-1].isdigit() for row in rows) else SCORES
    return PAIRS if usual == 1 or n_columns > usual + 1 else None


def _numbers_at_end(fields: list[bytes]) -> int:
    n = 0
    while n < len(fields) and NUMBER.fullmatch(fields[-n - 1]):
        n += 1
    return n
