"""Options as keywords: which there are, and those of a tokenizer."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict, TypeVar

from wordvec_cli.errors import OptionError
from wordvec_cli.text.tokenizer import Tokenizer

Value = TypeVar("Value")


class TokenizerOptions(TypedDict, total=False):
    """What makes words of text, as the commands' options of these names: whitespace by default.

    tokenizer      "whitespace", "words" or another name that `--tokenizer` takes
    token_pattern  a regular expression whose matches are the words, instead
    lowercase      before the text is split, as is normalise
    """

    tokenizer: str | None
    token_pattern: str | None
    lowercase: bool
    normalise: Literal["NFC", "NFKC"] | None
    invalid_utf8: Literal["keep", "replace", "skip", "error"]


TOKENIZER_OPTIONS = frozenset(TokenizerOptions.__optional_keys__)


def tokenizer_of(given: TokenizerOptions) -> Tokenizer | None:
    """The tokenizer that options make; None if none of them is given. Raises: OptionError"""
    kind, pattern = given.get("tokenizer"), given.get("token_pattern")
    if kind is not None and pattern is not None:
        raise OptionError("tokenizer and token_pattern exclude each other; give one of them")
    others = {"lowercase": False, "normalise": None, "invalid_utf8": "keep"}
    chosen = others | {name: value for name, value in given.items() if name in others}
    if kind is None and pattern is None and chosen == others:
        return None
    return Tokenizer("pattern" if pattern is not None else kind or "whitespace", pattern, **chosen)  # type: ignore[arg-type]


def check_names(function: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raises: TypeError for a keyword that is none of the options, with those that are near"""
    for name in given:
        if name not in (known := frozenset(known)):
            near = difflib.get_close_matches(name, known, 3)
            hint = f"; did you mean {' or '.join(near)}?" if near else f"; it takes {', '.join(sorted(known))}"
            raise TypeError(f"{function}() has no option {name!r}{hint}")


def one_of(name: str, given: str, choices: Mapping[str, Value]) -> Value:
    """What a name stands for. Raises: OptionError if it is none of the choices"""
    if given not in choices:
        raise OptionError(f"{name} {given!r}: must be one of {', '.join(choices)}")
    return choices[given]
