"""Checks of options, each of which names the option that it refuses as the command line writes it."""

import math
from collections.abc import Mapping, Sequence

from wordvec_cli.errors import OptionError


def option_name(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def check_choices(config: object, choices: Mapping[str, Sequence[str]]) -> None:
    """Raises: OptionError if a field that is not None is none of its choices"""
    for name, of_field in choices.items():
        if getattr(config, name) not in (*of_field, None):
            raise OptionError(f"{option_name(name)} {getattr(config, name)}: must be one of {', '.join(of_field)}")


def check_lowest(config: object, lowest: Mapping[str, int]) -> None:
    """Raises: OptionError if a field that is not None is too low"""
    for name, limit in lowest.items():
        value = getattr(config, name)
        if value is not None and value < limit:
            raise OptionError(f"{option_name(name)} {value}: must be at least {limit}")


def check_positive(config: object, names: Sequence[str]) -> None:
    """Raises: OptionError if a field is no number above 0"""
    for name in names:
        if not 0 < getattr(config, name) < math.inf:
            raise OptionError(f"{option_name(name)} {getattr(config, name)}: must be a positive number")
