"""Vocabulary files, and the sidecars that say how their words were made."""

import hashlib
import io
import itertools
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.counting import SENTENCE_END, CountedWords
from wordvec_cli.errors import InputError
from wordvec_cli.files import decompressed, readable, replacing, together
from wordvec_cli.sidecar import HashedFile, read_sidecar, sidecar_path, understood, write_sidecar
from wordvec_cli.store import looks_like
from wordvec_cli.tokenizer import Tokenizer
from wordvec_cli.vocabulary import Vocabulary
from wordvec_cli.words import byte_order, first_repeated, take_words

Layout = Literal["tsv", "word2vec"]
NO_TEXT = (b"\x93NUMPY", b"PK\x03\x04")
START_BYTES = 16
LAYOUTS = get_args(Layout)

# ---------------------------------------------------------------- writing


def write_vocabulary(words: CountedWords, path: str, layout: Layout = "tsv") -> None:
    """Write `word<TAB>count` lines, or with the layout "word2vec" `word count` with `</s>` and the lines' count first.

    Beside it FILE.json says how it was made (not for `-` or a device). Raises: OutputError
    """
    if layout not in LAYOUTS:
        raise InputError(f"--to: {layout!r} is not one of {', '.join(LAYOUTS)}")
    with together():
        with replacing(path) as output:
            file = HashedFile(output)
            for lines in _lines(words, layout):
                file.write(lines)
        write_sidecar(path, _description(words, layout, file.fingerprint))


def _lines(words: CountedWords, layout: Layout) -> Iterator[bytes]:
    """The lines of a vocabulary file, thousands at a time."""
    entries = iter(words)
    line = b"%b\t%d\n"
    if layout == "word2vec":
        line = b"%b %d\n"
        yield line % (SENTENCE_END, words.sentence_end_count)
        entries = (entry for entry in entries if entry[0] != SENTENCE_END)
    while some := list(itertools.islice(entries, 1 << 14)):
        yield b"".join([line % entry for entry in some])


def _description(words: CountedWords, layout: Layout, fingerprint: str) -> dict[str, Any]:
    """What the sidecar says."""
    assert words.corpus.reading is not None
    return {
        "vocabulary": {"fingerprint": fingerprint, "layout": layout, "n_words": words.n_words},
        "corpus": {"fingerprint": words.corpus.reading.fingerprint, **vars(words.statistics)},
        "tokenizer": words.corpus.tokenizer.to_metadata(),
        "min_count": words.options.min_count,
        "max_vocab": words.options.max_vocab,
    }


# ---------------------------------------------------------------- reading


class VocabularyFile(NamedTuple):
    """What a vocabulary file and its sidecar hold.

    tokenizer  None if there is no valid sidecar
    note       what could not be checked, for the user; None if all is well
    """

    vocabulary: Vocabulary
    tokenizer: Tokenizer | None
    note: str | None


def read_vocabulary(path: str) -> VocabularyFile:
    """Read `word<TAB>count`, `word count` (GloVe, word2vec.c) or words alone, one a line; ids are line numbers from 0.

    Raises: InputError that names the line
    """
    with readable(path), open(path, "rb") as raw:
        content = decompressed(io.BytesIO(raw.read())).read()  # a pipe cannot be read from its start again
    vocabulary = _parsed(content, path)
    tokenizer, note = _recorded_tokenizer(path, hashlib.sha256(content).hexdigest())
    return VocabularyFile(vocabulary, tokenizer, note)


def _recorded_tokenizer(path: str, fingerprint: str) -> tuple[Tokenizer | None, str | None]:
    """The tokenizer that the sidecar names, and what there is to say about it."""
    sidecar = sidecar_path(path)
    content = read_sidecar(path, "build-vocab")
    if content is None:
        return None, f"{path}: no {sidecar} says how its words were made; their tokenizer cannot be checked"
    with understood(sidecar, "build-vocab"):
        if content["vocabulary"]["fingerprint"] != fingerprint:
            return None, f"{sidecar}: does not belong to {path} as it is now; its tokenizer is not used"
        return Tokenizer.from_metadata(content["tokenizer"]), None


def _parsed(content: bytes, path: str) -> Vocabulary:
    """The vocabulary in the bytes of a file."""
    if content.startswith(NO_TEXT) or looks_like(content[:START_BYTES]):
        raise InputError(
            f"{path}: is no vocabulary but an array, an archive or safetensors; name what build-vocab wrote"
        )
    if not content:
        raise InputError(f"{path}: the vocabulary is empty; build it with wordvec build-vocab")
    if not content.endswith(b"\n"):
        content += b"\n"
    text = np.frombuffer(content, np.uint8)
    line_ends = np.flatnonzero(text == ord("\n"))
    starts = np.concatenate([[0], line_ends[:-1] + 1])
    ends = line_ends - ((text[line_ends - 1] == ord("\r")) & (line_ends > starts))
    separator = _separator(content[: ends[0]])
    counts = None
    if separator is not None:
        separators = np.flatnonzero(text == separator)
        last = np.searchsorted(separators, ends) - 1
        word_ends = np.where(last >= 0, separators[last], -1)
        _check_lines(word_ends <= starts, path, "no word and count")
        counts = _counts(text, word_ends + 1, ends, path)
        ends = word_ends
    _check_lines(ends <= starts, path, "no word")
    return _vocabulary_of_lines(text, starts, ends, counts, path)


def _vocabulary_of_lines(text: Any, starts: Any, ends: Any, counts: Any, path: str) -> Vocabulary:
    bounds = np.stack([starts, ends], axis=1).ravel()  # as words and what stands between them
    words, offsets = take_words(text, bounds, np.arange(0, len(bounds), 2))
    order = byte_order(words, offsets)
    if (twice := first_repeated(words, offsets, order)) is not None:
        word = bytes(words[offsets[twice] : offsets[twice + 1]]).decode("utf-8", "backslashreplace")
        raise InputError(f"{path}:{twice + 1}: {word} comes a second time; remove one of the lines")
    return Vocabulary(words, offsets, order, counts)


def _separator(line: bytes) -> int | None:
    """What stands before the count in the first line: a tab, a space, or None if there is no count."""
    for separator in (b"\t", b" "):
        if line.rpartition(separator)[2].isdigit() and separator in line:
            return ord(separator)
    return None


def _counts(text: Any, starts: Any, ends: Any, path: str) -> NDArray[np.int64]:
    """The decimal numbers between `starts` and `ends`."""
    lengths = ends - starts
    _check_lines((lengths < 1) | (lengths > 18), path, "no count of 1 to 18 digits after the word")
    counts = np.zeros(len(starts), np.int64)
    for place in range(int(lengths.max())):
        is_in_number = place < lengths
        digits = text[np.where(is_in_number, starts + place, 0)].astype(np.int64) - ord("0")
        _check_lines(is_in_number & ((digits < 0) | (digits > 9)), path, "no count of 1 to 18 digits after the word")
        counts = np.where(is_in_number, counts * 10 + digits, counts)
    return counts


def _check_lines(is_wrong: Any, path: str, what: str) -> None:
    wrong = is_wrong.nonzero()[0]
    if len(wrong):
        raise InputError(f"{path}:{wrong[0] + 1}: {what}; a line is a word, or a word, a tab or space and its count")
