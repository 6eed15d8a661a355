"""Association tests of one or several sets of vectors: the words found, and each measure's spread over models."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.association import MEASURES, Association, Rules, association
from wordvec_cli.evaluation.association_sets import WordSets
from wordvec_cli.evaluation.word_rows import MOST_LOST, known_word, rows_of_words
from wordvec_cli.progress import Note, ignore
from wordvec_cli.queries.spread import ANY, COSINES, DISTANCES, Bounds, Spread, spread
from wordvec_cli.text.decoding import shown
from wordvec_cli.vectors.embeddings import Embeddings

SURE = 0.05  # a model with a p below it counts as saying that there is an association


class Verdict(NamedTuple):
    """What a measure says of a test over one or more models.

    sizes        of the sets by their letters, less the words that are missing
    of_models    for each model, as `Association`
    value        its spread over models; of a single one, the mean alone is known
    agreement    the share of models whose value has the sign of the mean; None of a single one
    significant  the share with a two-sided p below 0.05; None without a test or of a single one
    """

    test: str
    measure: str
    word: bytes | None
    sizes: dict[str, int]
    of_models: Sequence[Association]
    value: Spread
    agreement: float | None
    significant: float | None


def associate(
    models: Sequence[Embeddings], test: WordSets, measure: str, rules: Rules, note: Note = ignore
) -> list[Verdict]:
    """What a measure says of a test: one verdict, or of SC-WEAT one for each word of X.

    A word that is missing as it is written is looked for in lower case; one that some model lacks is named, and left
    out in all. Raises: InputError if a set loses more than a fifth of its words, or the measure lacks a set
    """
    used = {name: words for name, words in test.words.items() if name in _wanted(measure)}
    found = {name: _known(models, f"{test.name}: {name}", words, note) for name, words in used.items()}
    _check_apart(test.name, found)
    of_models = []
    for each in models:
        vectors = {name: rows_of_words(each, words) for name, words in found.items()}
        of_models.append(association(measure, vectors, rules))
    words = found["X"] if measure == "sc-weat" else [None]
    if any(np.isnan(each.value) for of_model in of_models for each in of_model):
        note(f"{test.name}: {measure}: has no value where its cosines do not differ, or are of one word alone")
    sizes = {name: len(known) for name, known in found.items()}
    return [_verdict(test.name, measure, word, sizes, [each[i] for each in of_models]) for i, word in enumerate(words)]


def associate_all(
    models: Sequence[Embeddings],
    tests: Sequence[WordSets],
    measures: Sequence[str],
    rules: Rules,
    note: Note = ignore,
) -> list[Verdict]:
    """As `associate`, of each test and measure; a test that cannot be made is noted and left out.

    Raises: InputError if none can be made
    """
    found: list[Verdict] = []
    errors: list[InputError] = []
    for test in tests:
        for measure in measures:
            try:
                found += associate(models, test, measure, rules, note)
            except InputError as error:
                errors.append(error)
    for each in errors if found else errors[:-1]:
        note(str(each))
    if not found and errors:
        raise errors[-1]
    return found


def _wanted(measure: str) -> str:
    return MEASURES[measure].needs + MEASURES[measure].may_have


def _known(models: Sequence[Embeddings], where: str, words: Sequence[bytes], note: Note) -> list[bytes]:
    """The words of a set that all models have, as they are written there."""
    found = {word: known_word(models, word) for word in words}
    missing = [word for word, known in found.items() if known is None]
    if missing:
        names = ", ".join(repr(shown(word)) for word in missing)
        told = f"{len(missing)} of {len(words)} words are missing: {names}"
        if len(missing) > MOST_LOST * len(words):
            raise InputError(
                f"{where}: {told}; more than a fifth, so the set is no longer what it says; choose other words"
            )
        note(f"{where}: {told}")
    known = [word for word in found.values() if word is not None]
    if len({*known}) < len(known):
        twice = next(word for word in known if known.count(word) > 1)
        raise InputError(f"{where}: two words are {shown(twice)!r} in lower case; leave one out")
    return known


def _check_apart(test: str, found: Mapping[str, Sequence[bytes]]) -> None:
    """Raises: InputError if sets that are told apart share a word, as it is written in the models"""
    for one, other in ("XY", "AB"):
        if both := {*found.get(one, ())} & {*found.get(other, ())}:
            raise InputError(f"{test}: {shown(min(both))!r} is in {one} and in {other} in lower case; leave one out")


def _verdict(
    test: str, measure: str, word: bytes | None, sizes: dict[str, int], of_models: list[Association]
) -> Verdict:
    values = [each.value for each in of_models]
    found = spread(values, _bounds(measure, sizes))
    agreement = significant = None
    if len(of_models) > 1:
        agreement = float(np.mean(np.sign(values) == np.sign(found.mean)))
        chances = [each.p_two for each in of_models if each.p_two is not None]
        significant = float(np.mean(np.array(chances) < SURE)) if chances else None
    return Verdict(test, measure, word, sizes, of_models, found, agreement, significant)


def _bounds(measure: str, sizes: dict[str, int]) -> Bounds:
    """Of the value. Groups with the shares p and 1 - p are at most 1 / sqrt(p (1 - p)) standard deviations apart."""
    if measure in ("weat", "sc-weat"):
        first, second = (sizes[name] for name in ("XY" if measure == "weat" else "AB"))
        most = (first + second) / math.sqrt(first * second)
        return Bounds(-most, most)
    return {"rnsb": DISTANCES, "ect": COSINES, "mac": Bounds(0.0, 2.0)}.get(measure, ANY)
