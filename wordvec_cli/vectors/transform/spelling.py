"""How steps are spelled, `abtt:2,fit-on=20000`: a name, what it needs after a colon, its options after commas."""

import difflib
import importlib
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from wordvec_cli.errors import OptionError
from wordvec_cli.vectors.transform.step import Step


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ValueError("a whole number above 0")
    return int(text)


def _decimals(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 40):
        raise ValueError("a whole number from 0 to 40")
    return int(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0) or "_" in text:
        raise ValueError("a number above 0")
    return value


def _which(text: str) -> str:
    if text not in ("common", "all"):
        raise ValueError("common or all")
    return text


Parse = Callable[[str], Any]
FIT_ON: Mapping[str, Parse] = {"fit-on": _whole}
JOINING: Mapping[str, Parse | None] = {"words": _which, "unit": None}


class Kind(NamedTuple):
    """A kind of step.

    module    of this package, with the class `type`
    argument  the field that stands after the colon, what it is called in messages, and how it is read; None: none does
    is_needed  whether it cannot be left out
    options   by name, how each is read; None: it has no value
    """

    module: str
    type: str
    does: str
    argument: tuple[str, str, Parse] | None = None
    is_needed: bool = True
    options: Mapping[str, Parse | None] = {}

    def spelled(self, name: str) -> str:
        """The pattern of a step: `abtt:D[,fit-on=N]`."""
        argument = (
            "" if self.argument is None else f":{self.argument[1]}" if self.is_needed else f"[:{self.argument[1]}]"
        )
        options = "".join(
            f"[,{option}{'' if parse is None else _METAVARS[option]}]" for option, parse in self.options.items()
        )
        return name + argument + (options if argument or not options else f"[:{options[2:]}")


_METAVARS = {
    "fit-on": "=N", "words": "=all", "weight": "=X", "iterations": "=N", "size": "=N", "keep": "=FILE",
}  # fmt: skip

STEPS: Mapping[str, Kind] = {
    "normalise": Kind("normalise", "Normalise", "each vector at length 1"),
    "centre": Kind("centre", "Centre", "the mean taken off", options=FIT_ON),
    "abtt": Kind(
        "components", "AllButTheTop", "the mean and the D components of most variance taken off (all but the top)",
        ("components", "D", _whole), options=FIT_ON,
    ),
    "pca": Kind(
        "components", "Pca", "the coordinates on the N components of most variance", ("size", "N", _whole),
        options=FIT_ON,
    ),
    "whiten": Kind(
        "components", "Whiten", "all components, each divided by its variance to the power of P (0.5)",
        ("power", "P", _number), is_needed=False, options=FIT_ON,
    ),
    "scale": Kind(
        "scale", "Scale", "all numbers times X, or so that the mean length is 1", ("factor", "X", _number),
        is_needed=False, options=FIT_ON,
    ),
    "prune": Kind(
        "prune", "Prune", "the first N words; merge: others stay, with the nearest of these rows",
        ("size", "N", _whole),
        options={"merge": None},
    ),
    "select": Kind("select", "Select", "the words of a list, one a line", ("words", "FILE", str)),
    "concat": Kind(
        "joining", "Concat", "the vectors of another file beside these, of common or all words; unit: each at length 1 "
        "first", ("other", "FILE", str), options=JOINING,
    ),
    "average": Kind(
        "joining", "Average", "the mean with the vectors of another file, whose weight is X (0.5)",
        ("other", "FILE", str), options={**JOINING, "weight": _number},
    ),
    "retrofit": Kind(
        "retrofit", "Retrofit", "drawn to the neighbours of a lexicon: a word and its neighbours a line",
        ("lexicon", "FILE", str), options={"iterations": _whole},
    ),
    "subtract-axis": Kind(
        "axis", "SubtractAxis", "what lies along the axis from A to B taken off, but of the words of a list",
        ("pairs", "A:B,...", str), options={"size": _whole, "keep": str},
    ),
    "round": Kind("round", "Round", "numbers rounded to so many decimals", ("decimals", "DECIMALS", _decimals)),
}  # fmt: skip


class NamedStep(NamedTuple):
    """A step, and how it was spelled."""

    spelled: str
    name: str
    step: Step


def parsed_steps(texts: "list[str] | tuple[str, ...]") -> list[NamedStep]:
    """Raises: OptionError"""
    return [parsed_step(text) for text in texts]


def parsed_step(text: str) -> NamedStep:
    """Raises: OptionError that names the step that is meant, or what is wrong with it"""
    name, colon, rest = text.partition(":")
    kind = STEPS.get(name)
    if kind is None:
        raise OptionError(f"{text}: no such step; {_meant(name)}")
    argument, options = _taken_apart(rest, kind)
    given = {option.replace("-", "_"): _read(text, option, value, kind.options[option]) for option, value in options}
    if kind.argument is None and argument:
        raise OptionError(f"{text}: {_takes(name, kind)}")
    if kind.argument is not None and argument:
        field, called, parse = kind.argument
        given[field] = _read(text, called, argument, parse)
    elif kind.argument is not None and (kind.is_needed or (colon and not options)):
        raise OptionError(f"{text}: {kind.argument[1]} is missing; write {kind.spelled(name)}")
    module = importlib.import_module(f"wordvec_cli.vectors.transform.{kind.module}")
    return NamedStep(text, name, getattr(module, kind.type)(**given))


def _taken_apart(rest: str, kind: Kind) -> tuple[str, list[tuple[str, str | None]]]:
    """What stands after the colon, as the argument (which may hold commas) and the options at its end."""
    options: list[tuple[str, str | None]] = []
    while rest:
        before, comma, last = rest.rpartition(",")
        name, equals, value = last.partition("=")
        if (
            name not in kind.options
            or (kind.options[name] is None) == bool(equals)
            or (not comma and kind.is_needed and kind.argument)
        ):
            break
        options.insert(0, (name, value if equals else None))
        rest = before
    return rest, options


def _read(text: str, name: str, value: str | None, parse: Parse | None) -> Any:
    if parse is None or value is None:
        return True
    try:
        return parse(value)
    except ValueError as error:
        raise OptionError(f"{text}: {name} is {value!r}, not {error}; mend it") from None


def _takes(name: str, kind: Kind) -> str:
    spelled = kind.spelled(name)
    return f"is spelled {spelled}" if spelled != name else f"{name} takes nothing after it; leave that out"


def _meant(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), STEPS, 1, 0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}steps are {', '.join(kind.spelled(name) for name, kind in STEPS.items())}"
