"""What the names of the face have in common: keywords that are checked, and messages in Python's words.

The library's messages name options as the command line writes them; here `--min-count` becomes `min_count`.
"""

import functools
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from wordvec_cli.api.options import CorpusOptions, TokenizerOptions
from wordvec_cli.api.other_names import hint
from wordvec_cli.errors import WordvecError

Function = TypeVar("Function", bound=Callable[..., Any])
# A command is shown as it is typed. Not an option: what stands in quotes or in a path, as words and files may.
_OPTION = re.compile(r"wordvec [a-z][^;,]*|(?<![\w/.'\"-])--([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")
_NAMES = {"from": "format", "as": "weighting", "min_probability": "threshold", "cbow_sum": "cbow_mean=False"}


def in_python(text: str, **names: str) -> str:
    """A message with the options in it named as keywords.

    names  of options that have another name in a function
    """

    def keyword(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        name = match[1].replace("-", "_")
        return names.get(name) or _NAMES.get(name, name)

    return _OPTION.sub(keyword, text)


def face(
    name: str | None = None, options: type | None = None, renamed: Iterable[tuple[str, str]] = ()
) -> Callable[[Function], Function]:
    """Makes a function refuse unknown keywords with a hint, and speak of options as keywords.

    name     what the function is called, `classify.train`
    options  the TypedDict of its **options, whose description its own is extended by
    renamed  options with their other names here
    """
    names = dict(renamed)

    def decorated(function: Function) -> Function:
        known = _keywords(function) | getattr(options, "__optional_keys__", frozenset())
        called = name or function.__name__

        @functools.wraps(function)
        def call(*arguments: Any, **given: Any) -> Any:
            if not known.issuperset(given):
                check_names(called, given, known)
            try:
                return function(*arguments, **given)
            except WordvecError as error:
                error.args = tuple(in_python(each, **names) if isinstance(each, str) else each for each in error.args)
                raise

        if options is not None and function.__doc__:
            call.__doc__ = "\n\n".join(map(inspect.cleandoc, [function.__doc__, *_descriptions(options)]))
        return cast(Function, call)

    return decorated


def check_names(function: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raises: TypeError for a keyword that is none of the known ones, with what to write instead"""
    known = sorted(known)
    for name in given:
        if name not in known:
            raise TypeError(f"{function}() has no option {name!r}; {hint(function, name, known)}")


def _keywords(function: Callable[..., Any]) -> frozenset[str]:
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(function).parameters
    return frozenset(each for each, parameter in parameters.items() if parameter.kind in named) - {"self", "cls"}


def _descriptions(options: type) -> list[str]:
    """Those of a TypedDict and of the options of a corpus and of a tokenizer, as far as it has them."""
    shared = [kind for kind in (CorpusOptions, TokenizerOptions) if kind.__optional_keys__ <= options.__optional_keys__]  # type: ignore[attr-defined]
    return [f"{kind.__name__}: {kind.__doc__}" for kind in dict.fromkeys((options, *shared))]
