"""Checks of options, each of which names the option that it refuses as the command line writes it."""

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin, get_type_hints

from wordvec_cli.errors import OptionError


def option_name(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def check_choices(config: object, choices: Mapping[str, Sequence[str]]) -> None:
    """Raises: OptionError if a field is neither None nor one of its choices"""
    for name, of_field in choices.items():
        if getattr(config, name) not in (*of_field, None):
            raise OptionError(f"{option_name(name)} {getattr(config, name)}: must be one of {', '.join(of_field)}")


def check_lowest(config: object, lowest: Mapping[str, int]) -> None:
    """Raises: OptionError if a field that is not None is too low"""
    for name, limit in lowest.items():
        check_at_least(name, getattr(config, name), limit)


def check_at_least(name: str, value: float | None, limit: int) -> None:
    """Raises: OptionError if a value that is not None is too low"""
    if value is not None and value < limit:
        raise OptionError(f"{option_name(name)} {value}: must be at least {limit}")


def check_positive(config: object, names: Sequence[str]) -> None:
    """Raises: OptionError if a field is not a number above 0"""
    for name in names:
        if not 0 < getattr(config, name) < math.inf:
            raise OptionError(f"{option_name(name)} {getattr(config, name)}: must be a positive number")


# ---------------------------------------------------------------- types


def types_of(config: type) -> dict[str, type]:
    """The type of each field of a dataclass, int, float, bool or str: None aside, and a choice of texts as a text."""
    return {name: _kind(hint) for name, hint in get_type_hints(config).items()}


def _kind(hint: Any) -> type:
    if get_origin(hint) is Literal:
        return str
    kinds = [_kind(each) for each in get_args(hint) if each is not type(None)]
    kind: type = kinds[0] if kinds else hint
    return kind


def typed(name: str, value: object, kind: type) -> Any:
    """A value as int, float, bool or str, numpy's numbers as Python's. Raises: OptionError if it is of another kind"""
    accepted, described = _TYPES[kind]
    if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
        raise OptionError(f"{option_name(name)} {value!r}: must be {described}")
    return kind(value)


_TYPES: Mapping[type, tuple[type, str]] = {
    int: (Integral, "a whole number"),
    float: (Real, "a number"),
    bool: (bool, "true or false"),
    str: (str, "a text"),
}
