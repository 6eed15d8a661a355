"""Options as keywords: which there are, and those of a tokenizer."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Literal, TypedDict, TypeVar

from wordvec_cli.errors import OptionError
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.storage.sizes import REMEDY, parsed_size
from wordvec_cli.text.file_options import FileOptions
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.options import typed

Value = TypeVar("Value")


class ArgumentError(OptionError, ValueError):
    """A value that an argument cannot have; a ValueError too, as Python programs expect."""


class TokenizerOptions(TypedDict, total=False):
    """What makes words of text, as the commands' options of these names: whitespace by default.

    tokenizer      "whitespace", "words" or another name that `--tokenizer` takes
    token_pattern  a regular expression whose matches are the words, instead
    lowercase      True: before the text is split
    normalise      "NFC" or "NFKC", before the text is split
    invalid_utf8   what becomes of bytes that are not UTF-8: "keep", "replace", "skip" their lines, "error"
    """

    tokenizer: str | None
    token_pattern: str | None
    lowercase: bool
    normalise: Literal["NFC", "NFKC"] | None
    invalid_utf8: Literal["keep", "replace", "skip", "error"]


class FileKeywords(TypedDict, total=False):
    """How the files of a corpus are read."""

    corpus_format: Literal["text", "csv", "tsv", "jsonl", "parquet"] | None
    encoding: str | None
    include: str | Sequence[str]
    exclude: str | Sequence[str]


class CorpusOptions(FileKeywords, TokenizerOptions, total=False):
    """How the files of a corpus are read, as the commands' options of these names.

    text_column       the column of a table (CSV, TSV, JSON lines, Parquet) that is the text, or several
    corpus_format     what the files are, where their names do not tell
    encoding          of the files, or "auto"; by default UTF-8
    include, exclude  patterns of the names of the files of folders
    """

    text_column: str | Sequence[str]


_TYPES: Mapping[str, type] = {
    "tokenizer": str, "token_pattern": str, "lowercase": bool, "normalise": str, "invalid_utf8": str,
}  # fmt: skip
TOKENIZER_OPTIONS = frozenset(TokenizerOptions.__optional_keys__)
CORPUS_OPTIONS = frozenset(CorpusOptions.__optional_keys__)


def tokenizer_of(given: TokenizerOptions) -> Tokenizer | None:
    """The tokenizer that options make; None if none of them is given. Raises: OptionError"""
    given = {name: typed(name, given[name], kind) for name, kind in _TYPES.items() if given.get(name) is not None}  # type: ignore[literal-required, assignment]
    kind, pattern = given.get("tokenizer"), given.get("token_pattern")
    if kind is not None and pattern is not None:
        raise OptionError("tokenizer and token_pattern exclude each other; give one of them")
    others = {"lowercase": False, "normalise": None, "invalid_utf8": "keep"}
    chosen = others | {name: value for name, value in given.items() if name in others}
    if kind is None and pattern is None and chosen == others:
        return None
    return Tokenizer("pattern" if pattern is not None else kind or "whitespace", pattern, **chosen)  # type: ignore[arg-type]


def files_of(given: Mapping[str, Any]) -> FileOptions:
    """How files are read. Raises: OptionError"""
    corpus_format, encoding = (optional(name, given.get(name), str) for name in ("corpus_format", "encoding"))
    columns, include, exclude = (_names(name, given.get(name)) for name in ("text_column", "include", "exclude"))
    return FileOptions(corpus_format, columns, encoding, include, exclude)


def _names(option: str, given: Any) -> tuple[str, ...]:
    """One name, or several. Raises: OptionError"""
    names = [given] if isinstance(given, str) else list(given or ())
    return tuple(typed(option, name, str) for name in names)


def optional(name: str, value: object, kind: type) -> Any:
    """A value of an option as `kind`, None as it is. Raises: OptionError"""
    return None if value is None else typed(name, value, kind)


def threads_of(given: object) -> int:
    """How many threads; the usable CPUs where none are given. Raises: OptionError"""
    return optional("threads", given, int) or usable_cpus()


def size_of(name: str, given: Any) -> Any:
    """Bytes, of a number or of a text such as "1GB"; None as it is. Raises: OptionError"""
    if not isinstance(given, str):
        return optional(name, given, int)
    if (size := parsed_size(given)) is None:
        raise OptionError(f"{name} {given!r}: is not a size; {REMEDY}")
    return size


def whole_number(name: str, given: Any, lowest: int) -> int:
    """An argument as an int. Raises: ArgumentError"""
    if isinstance(given, bool) or not isinstance(given, Integral):
        raise ArgumentError(f"{name}={given!r}: must be a whole number")
    if given < lowest:
        raise ArgumentError(f"{name}={given}: must be at least {lowest}")
    return int(given)


def one_of(name: str, given: str, choices: Mapping[str, Value]) -> Value:
    """What a name stands for. Raises: OptionError if it is none of the choices"""
    if given not in choices:
        raise OptionError(f"{name} {given!r}: must be one of {', '.join(choices)}")
    return choices[given]
