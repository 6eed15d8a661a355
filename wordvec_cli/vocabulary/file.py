"""Vocabulary files, and the sidecars that say how their words were made."""

import hashlib
import itertools
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import replacing, together
from wordvec_cli.storage.safetensors import looks_like
from wordvec_cli.storage.sidecar import HashedFile, read_sidecar, sidecar_path, understood, write_sidecar
from wordvec_cli.text import subword_file
from wordvec_cli.text.lines import BYTE_ORDER_MARK, START_BYTES, opened, refuse_no_text
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary.columns import SPACE, TAB, parsed
from wordvec_cli.vocabulary.counting import SENTENCE_END, CountedWords
from wordvec_cli.vocabulary.vocabulary import Vocabulary

VocabularyLayout = Literal["tsv", "word2vec"]
SEPARATORS = {"tsv": TAB, "word2vec": SPACE}
LIMITS = ("min_count", "max_vocab")
LOOKS_LIKE_BYTES = 16
LAYOUTS = get_args(VocabularyLayout)

# ---------------------------------------------------------------- writing


def write_vocabulary(words: CountedWords, path: str, layout: VocabularyLayout = "tsv") -> None:
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


def _lines(words: CountedWords, layout: VocabularyLayout) -> Iterator[bytes]:
    """The lines of a vocabulary file, thousands at a time."""
    entries = iter(words)
    line = b"%b\t%d\n"
    if layout == "word2vec":
        line = b"%b %d\n"
        yield line % (SENTENCE_END, words.sentence_end_count)
        entries = (entry for entry in entries if entry[0] != SENTENCE_END)
    while some := list(itertools.islice(entries, 1 << 14)):
        yield b"".join([line % entry for entry in some])


def _description(words: CountedWords, layout: VocabularyLayout, fingerprint: str) -> dict[str, Any]:
    """What the sidecar says."""
    assert words.corpus.reading is not None
    return {
        "vocabulary": {"fingerprint": fingerprint, "layout": layout, "n_words": words.n_words},
        "corpus": {
            "fingerprint": words.corpus.reading.fingerprint,
            **vars(words.statistics),
            **words.corpus.files.to_metadata(),
        },
        "tokenizer": words.corpus.tokenizer.to_metadata(),
        "min_count": words.options.min_count,
        "max_vocab": words.options.max_vocab,
        **({"filter": words.options.word_filter.to_metadata()} if words.options.word_filter.is_used else {}),
    }


# ---------------------------------------------------------------- reading


class VocabularyFile(NamedTuple):
    """What a vocabulary file and its sidecar hold.

    tokenizer  None if there is no valid sidecar
    note       what could not be checked, for the user; None if all is well
    remark     the line that could be read in another way too, and how it is read; None: there is none
    limits     `min_count` and `max_vocab` with which it was built; empty if that is not known
    specials   the special rows that stand before its words, if it says so, as a tokenizer.json does
    """

    vocabulary: Vocabulary
    tokenizer: Tokenizer | None
    note: str | None
    remark: str | None = None
    limits: Mapping[str, int | None] = MappingProxyType({})
    specials: tuple[str, ...] | None = None


def read_vocabulary(path: str) -> VocabularyFile:
    """Read `word<TAB>count`, `word count` (GloVe, word2vec.c) or words alone, one a line; ids are line numbers from 0.

    The sidecar tells the layout of a file of ours; of others all lines have to agree. Names of the columns may stand
    first. A tokenizer.json has its tokens in their order. Raises: InputError that names the line
    """
    with opened(path) as file:
        content = file.read()
    if not content:
        raise InputError(f"{path}: the vocabulary is empty; build it with wordvec build-vocab")
    if subword_file.looks_like(content):
        return _of_subwords(path, content)
    said = _said(path, hashlib.sha256(content).hexdigest())
    text = content if said.layout else _foreign_text(content, path)
    words = parsed(text, path, SEPARATORS.get(said.layout))
    return VocabularyFile(words.vocabulary, said.tokenizer, said.note, words.remark, said.limits)


def _of_subwords(path: str, content: bytes) -> VocabularyFile:
    subwords = subword_file.read_subwords(path, content)
    vocabulary = Vocabulary.from_words(subwords.words)
    return VocabularyFile(vocabulary, Tokenizer(f"tokenizers:{path}"), None, specials=subwords.specials)


def _foreign_text(content: bytes, path: str) -> bytes:
    """Without a byte order mark, unless that is the first word. Raises: InputError if it is not text"""
    _check_kind(content[:START_BYTES], path)
    text = content.removeprefix(BYTE_ORDER_MARK)
    return content if text[:1] in (b"", b"\t", b" ", b"\r", b"\n") else text


def _check_kind(start: bytes, path: str) -> None:
    """Raises: InputError if what begins so is not text"""
    if looks_like(start[:LOOKS_LIKE_BYTES]):
        raise InputError(f"{path}: is a safetensors file, not a vocabulary; name a file written by wordvec build-vocab")
    refuse_no_text(start, path)


class _Said(NamedTuple):
    """What the sidecar says of a vocabulary file as it is now."""

    note: str | None
    tokenizer: Tokenizer | None = None
    layout: str = ""
    limits: Mapping[str, int | None] = MappingProxyType({})


def _said(path: str, fingerprint: str) -> _Said:
    sidecar = sidecar_path(path)
    content = read_sidecar(path, "build-vocab")
    if content is None:
        return _Said(f"{path} has no {sidecar}, so its tokenizer is unknown")
    with understood(sidecar, "build-vocab"):
        if content["vocabulary"]["fingerprint"] != fingerprint:
            return _Said(f"{sidecar}: does not belong to {path} as it is now, so the tokenizer is unknown")
        limits = {name: content[name] for name in LIMITS if isinstance(content.get(name), int)}
        return _Said(None, Tokenizer.from_metadata(content["tokenizer"]), str(content["vocabulary"]["layout"]), limits)
