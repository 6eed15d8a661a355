"""The sets of words of an association test: files of them, and the standard ones by name."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.standard_sets import WEAT
from wordvec_cli.evaluation.word_tables import ABOUT, read_tables
from wordvec_cli.text.decoding import bytes_of_json, shown

NAMES = "XYAB"


class WordSets(NamedTuple):
    """The sets of one test by their letters: targets X and Y, attributes A and B; some measures need fewer."""

    name: str
    words: Mapping[str, tuple[bytes, ...]]


STANDARD: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]] = {"weat": WEAT}


def read_word_sets(path: str, chosen: Sequence[str] = ()) -> list[WordSets]:
    """The tests of a TOML or JSON file, or the standard ones by name.

    A file has the keys X, Y, A and B, each a list of words, or several tables of these, each with the name of a test.

    chosen  only the tests with these names
    Raises: InputError
    """
    if path in STANDARD and not os.path.exists(path):
        tests: Mapping[str, Any] = STANDARD[path]
    else:
        if not os.path.exists(path):
            raise InputError(f"{path}: no such file; the sets that have a name are {', '.join(STANDARD)}")
        tests = read_tables(path, NAMES)
    found = [word_sets(name, sets, path) for name, sets in tests.items()]
    if not found:
        raise InputError(f"{path}: holds no test; give X, Y, A and B, each a list of words")
    if unknown := [name for name in chosen if name not in [each.name for each in found]]:
        raise InputError(f"{path}: has no test {unknown[0]!r}; it has {', '.join(each.name for each in found)}")
    return [each for each in found if not chosen or each.name in chosen]


def word_sets(name: str, sets: object, where: str) -> WordSets:
    """One test, checked. Raises: InputError"""
    if not isinstance(sets, Mapping):
        raise InputError(f"{where}: {name}: is not a table of X, Y, A and B; mend it")
    if unknown := [key for key in sets if key not in (*NAMES, ABOUT)]:
        raise InputError(f"{where}: {name}: has no set {unknown[0]!r}; the sets are X, Y, A and B")
    found = {key: _checked(f"{where}: {name}: {key}", sets[key]) for key in NAMES if key in sets}
    for one, other in (("X", "Y"), ("A", "B")):
        if both := {*found.get(one, ())} & {*found.get(other, ())}:
            raise InputError(f"{where}: {name}: {shown(min(both))!r} is in {one} and in {other}; leave it out of one")
    return WordSets(name, found)


def _checked(where: str, words: object) -> tuple[bytes, ...]:
    if not isinstance(words, list | tuple) or not words or not all(isinstance(word, str) and word for word in words):
        raise InputError(f'{where}: is not a list of words; write it as ["one", "two"]')
    if len({*words}) < len(words):
        twice = next(word for word in words if words.count(word) > 1)
        raise InputError(f"{where}: {twice!r} comes twice; leave one out")
    return tuple(map(bytes_of_json, words))
