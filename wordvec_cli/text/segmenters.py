"""Segmenters: other libraries that cut text into words, by the names of `--tokenizer`, and those of other packages.

To add one: a function that loads it, and a row of the table. A package adds one by an entry point of `GROUP`: its name
is the tokenizer's, and it stands for a function from a text without line ends to its words.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.text import subword_file

GROUP = "wordvec.tokenizers"
LONGEST_PART = 1 << 14  # characters that MeCab gets at a time, of a line that is longer
SENTENCE_ENDS = "。！？!? "  # noqa: RUF001
MAX_REMEMBERED = 1 << 18  # distinct chunks of text, of which a segmenter remembers the words
_WHITE_SPACE = re.compile(r"[ \t\n\r\v\f]+")
_AS_BLANKS = dict.fromkeys(map(ord, "\t\r\v\f"), " ")  # which are letters to MeCab, as where a page ends
_UNDECODABLE = re.compile("([\udc80-\udcff]+)")  # what "surrogateescape" makes of bytes that are not UTF-8
_LOCALE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*")

Cut = Callable[[str], Iterable[str]]


class Segmenter(NamedTuple):
    """A library that cuts text into words.

    help           for people who choose one
    load           takes what follows the colon of the name ("" if nothing does), gives the function that cuts a text;
                   raises OptionError if that cannot be, ImportError if a package is missing
    packages       the distributions that decide what a word is: their versions are recorded
    extra          of ours that installs them
    argument       what follows a colon, for people; None: nothing
    needs_argument whether something has to
    fingerprint    what else decides the words, of what follows the colon, if that names a file
    splits_chunks  whether it is given each chunk between ASCII white space by itself, once however often it occurs;
                   else it sees whole lines
    """

    help: str
    load: Callable[[str], Cut]
    packages: tuple[str, ...]
    extra: str | None = None
    argument: str | None = None
    needs_argument: bool = False
    fingerprint: Callable[[str], str] | None = None
    splits_chunks: bool = False


def _icu(locale: str) -> Cut:
    if locale and not _LOCALE.fullmatch(locale):
        raise OptionError(f"--tokenizer icu:{locale}: is not the name of a locale; write one like icu:zh or icu:de_CH")
    from icu4py.breakers import WordBreaker

    def cut(text: str) -> Iterable[str]:
        return [text[start:end] for start, end in WordBreaker(text, locale).segments()]

    return cut


def _jieba(_: str) -> Cut:
    import rjieba

    cut: Cut = rjieba.cut
    return cut


def _mecab(_: str) -> Cut:
    import fugashi
    import unidic_lite  # noqa: F401  fugashi's own error, if it is missing, is a page long

    parse = fugashi.Tagger("-Owakati").parse

    def cut(text: str) -> Iterable[str]:
        text = text.translate(_AS_BLANKS)
        if len(text) <= LONGEST_PART and "\0" not in text:
            return str(parse(text)).split(" ")
        words: list[str] = []
        for part in re.split("(\0)", text):  # at which MeCab would stop
            words += ["\0"] if part == "\0" else [word for piece in _pieces(part) for word in parse(piece).split(" ")]
        return words

    return cut


def _pieces(text: str) -> Iterator[str]:
    """A text in parts that end after sentences, if they can: MeCab ends the process at a line of millions of bytes."""
    start = 0
    while len(text) - start > LONGEST_PART:
        part = text[start : start + LONGEST_PART]
        end = max(part.rfind(mark) for mark in SENTENCE_ENDS) + 1 or LONGEST_PART
        yield part[:end]
        start += end
    yield text[start:]


SEGMENTERS = {
    "icu": Segmenter(
        "word borders of Unicode, by dictionaries for Chinese, Japanese, Thai, Khmer, Lao and Burmese", _icu,
        ("icu4py",), "icu", argument="LOCALE", splits_chunks=True,
    ),
    "jieba": Segmenter("Chinese", _jieba, ("rjieba",), "jieba", splits_chunks=True),
    "mecab": Segmenter("Japanese", _mecab, ("fugashi", "unidic-lite"), "mecab"),
    "tokenizers": Segmenter(
        "the subwords of a tokenizer.json", subword_file.load, (), "tokenizers", argument="FILE.json",
        needs_argument=True, fingerprint=subword_file.fingerprint,
    ),
}  # fmt: skip


# ---------------------------------------------------------------- names


def segmenter_of(kind: str) -> Segmenter | None:
    """The segmenter that a name (with what follows its colon) stands for; None: there is no such name."""
    name, colon, _ = kind.partition(":")
    if name in SEGMENTERS:
        row = SEGMENTERS[name]
        return row if (row.argument if colon else not row.needs_argument) else None
    return _plugged_in(name) if not colon else None


def installed_names() -> list[str]:
    """The names that other packages add, in order."""
    from importlib.metadata import entry_points

    return sorted(point.name for point in entry_points(group=GROUP))


def shown_names() -> list[str]:
    """The names of the table as they may be written."""
    return [f"{name}{_shown_argument(row)}" for name, row in SEGMENTERS.items()]


def _shown_argument(row: Segmenter) -> str:
    if row.argument is None:
        return ""
    return f":{row.argument}" if row.needs_argument else f"[:{row.argument}]"


def _plugged_in(name: str) -> Segmenter | None:
    """A segmenter of another package."""
    from importlib.metadata import entry_points

    points = [*entry_points(group=GROUP, name=name)]
    if not points:
        return None
    if len({point.value for point in points}) > 1:
        places = ", ".join(sorted(point.value for point in points))
        raise OptionError(f"--tokenizer {name}: is a name of several packages ({places}); uninstall all but one")
    point = points[0]
    packages = (point.dist.name,) if point.dist else ()
    return Segmenter(f"of the package {', '.join(packages)}", lambda _: point.load(), packages)


# ---------------------------------------------------------------- versions


def version_of(kind: str) -> str:
    """What decides the words: "rjieba 0.2.2". Raises: OptionError if it is not installed"""
    from importlib.metadata import PackageNotFoundError, version

    segmenter = _known(kind)
    if segmenter.fingerprint:
        return segmenter.fingerprint(kind.partition(":")[2])
    try:
        return ", ".join(f"{name} {version(name)}" for name in segmenter.packages)
    except PackageNotFoundError as error:
        raise _missing(kind, segmenter, str(error.name)) from None


def _known(kind: str) -> Segmenter:
    segmenter = segmenter_of(kind)
    if segmenter is None:
        raise OptionError(
            f"--tokenizer {kind}: is not installed; install the package whose entry point of {GROUP} has that name"
        )
    return segmenter


def _missing(kind: str, segmenter: Segmenter, package: str) -> OptionError:
    what = f"'wordvec-cli[{segmenter.extra}]'" if segmenter.extra else package
    return OptionError(f"--tokenizer {kind}: needs {package}, which is not installed; pip install {what}")


# ---------------------------------------------------------------- words


class Segmenting:
    """A segmenter that is loaded, for one thread at a time.

    version  that which is recorded with what it is to be used for
    Raises: OptionError if it is not installed, InputError if another version is
    """

    def __init__(self, kind: str, version: str | None) -> None:
        segmenter = _known(kind)
        installed = version_of(kind)
        if version not in (None, installed):
            raise _other_version(kind, segmenter, version, installed)
        try:
            self._cut = segmenter.load(kind.partition(":")[2])
        except ImportError as error:
            raise _missing(kind, segmenter, error.name or str(error)) from None
        self._kind = kind
        self._splits_chunks, self._is_file = segmenter.splits_chunks, segmenter.fingerprint is not None
        self._remembered: dict[str, str] = {}

    def spaced(self, line: str) -> str:
        """The words of a line with a space between each two, none of them white space. Raises: InputError"""
        if not self._splits_chunks:
            return self._decodable(line)
        chunks = _WHITE_SPACE.split(line)
        return self._of_chunk(line) if len(chunks) == 1 else " ".join([self._of_chunk(chunk) for chunk in chunks])

    def _of_chunk(self, chunk: str) -> str:
        words = self._remembered.get(chunk)
        if words is None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            words = self._remembered[chunk] = self._decodable(chunk)
        return words

    def _decodable(self, text: str) -> str:
        """As `spaced`, undecodable bytes being words by themselves."""
        if _UNDECODABLE.search(text) is None:
            return self._checked(text)
        parts = _UNDECODABLE.split(text)  # text, bytes, text, ...
        return " ".join(part if i % 2 else self._checked(part) for i, part in enumerate(parts) if part)

    def _checked(self, text: str) -> str:
        """As `spaced`, of a text that is Unicode."""
        words = [*self._cut(text)]
        if self._splits_chunks and len(text.split(None, 1)) == 1:  # nowhere white space, nor in parts of it
            return " ".join(words)
        if not self._is_file:
            words = [word for word in words if word and not word.isspace()]
        spaced = " ".join(words)
        if words and len(_WHITE_SPACE.split(spaced)) > len(words):
            self._refuse_white_space(words)
        return spaced

    def _refuse_white_space(self, words: Sequence[str]) -> None:
        word = next(word for word in words if _WHITE_SPACE.search(word))
        raise InputError(
            f"--tokenizer {self._kind}: gives the word {word!r}, which holds white space; a word cannot: let the "
            "tokenizer cut it, or join its parts by another character"
        )


@functools.cache
def segmenting(kind: str, version: str | None) -> Segmenting:
    """The segmenter of this process. Raises: as `Segmenting`"""
    return Segmenting(kind, version)


def same_words(kind: str, other: str) -> bool:
    """Whether two names stand for the same words, given the same version: a file may have moved."""
    segmenter, name = segmenter_of(kind), kind.partition(":")[0]
    is_file = segmenter is not None and segmenter.fingerprint is not None
    return kind == other or (is_file and name == other.partition(":")[0])


def _other_version(kind: str, segmenter: Segmenter, recorded: str, found: str) -> InputError:
    if segmenter.fingerprint:
        return InputError(
            f"--tokenizer {kind}: the words were made by a file with the {recorded}, and this one has the {found}; "
            "name that one, or make the words again"
        )
    return InputError(
        f"--tokenizer {kind}: the words were made by {recorded}, and {found} is installed, which may cut text in other "
        f"places; install {_pinned(recorded)}, or make the file again"
    )


def _pinned(version: str) -> str:
    """A recorded version as pip takes it: "rjieba==0.2.2"."""
    return " ".join(package.replace(" ", "==", 1) for package in version.split(", "))


def check_kind(kind: Any, others: Sequence[str]) -> None:
    """Raises: OptionError if there is no tokenizer of that name

    others  names of tokenizers that are no segmenters
    """
    if kind not in others and (not isinstance(kind, str) or segmenter_of(kind) is None):
        names = ", ".join((*others, *shown_names(), *installed_names()))
        raise OptionError(f"--tokenizer: {kind!r} is not one of {names}")
