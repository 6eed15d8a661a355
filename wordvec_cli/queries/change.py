"""How far words changed between periods, of which each has vectors of its own, by two measures that fail differently.

Sources: the cosine after a rotation, Hamilton et al. 2016, Diachronic Word Embeddings Reveal Statistical Laws of
Semantic Change; the share of the nearest neighbours that a word keeps, without a rotation, Gonen et al. 2020, Simple,
Interpretable and Stable Method for Detecting Words with Usage Change across Corpora.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, ignore
from wordvec_cli.queries.agreement import cosines_of_rows
from wordvec_cli.queries.alignment import check_dimensions
from wordvec_cli.queries.common_space import in_all
from wordvec_cli.queries.models import models_of
from wordvec_cli.queries.shared_neighbours import Space, shared_neighbours
from wordvec_cli.queries.spread import COSINES, SHARES, Spreads, spreads
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.procrustes import Fitting, fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

NEIGHBOURS, LEAST_COUNT = 1000, 200  # as Gonen et al.
MOST_NEIGHBOURS = 1 / 10  # of the words: with more, words that have nothing in common share many
DIGITS = 12  # of scores that are compared: means that are equal may differ in the last bit
MEASURES = OVERLAP, COSINE = "overlap", "cosine"


class ChangeRules(NamedTuple):
    """How change is measured.

    k          neighbours of each word
    min_count  in each period, of the words that are asked about; neighbours may have half of it
    anchors    words that are taken not to have changed, which the rotation is learnt from; None: all common words
    is_centred whether the means of both sides are taken off before the rotation
    measure    which of `MEASURES` ranks
    """

    k: int = NEIGHBOURS
    min_count: int = LEAST_COUNT
    anchors: Sequence[bytes] | None = None
    is_centred: bool = False
    measure: str = OVERLAP


@dataclass(frozen=True)
class CommonWords:
    """The words that all periods have often enough, as rows of one matrix for each model of each period.

    words    (n,) ids in the vocabulary of the first model of the first period
    rows     for each period, for each of its models, (n, dim) float32
    counts   (n, n_periods) in the first model of each period; None: a file has none
    totals   (n_periods,) of all words of each
    asked    (m,) the places of those among the words that are asked about
    are_named  whether they were named, so that those like them in frequency are not among them
    """

    words: list[bytes]
    rows: "list[list[Matrix]]"
    counts: "Ids | None"
    totals: "Ids | None"
    asked: "Ids"
    are_named: bool = False


class WordChanges(NamedTuple):
    """How far each of some words changed from one period to another, over the models of both.

    cosine, overlap  of the word's vectors after the rotation; the share of its `k` neighbours that it keeps
    """

    cosine: Spreads
    overlap: Spreads

    def score(self, measure: str) -> "Exact":
        """How much is the same, (m,): the lower, the farther a word changed."""
        return self.overlap.mean if measure == OVERLAP else self.cosine.mean


def of_one_period(names: Sequence[str], vectors: Sequence[Embeddings]) -> list[Embeddings]:
    """The vectors of trainings of a period. Raises: InputError that names the file that is not like the others"""
    if len(vectors) > 1:
        models_of(names, vectors)
    return list(vectors)


def common_words(
    periods: Sequence[Sequence[Embeddings]],
    rules: ChangeRules,
    wanted: Sequence[bytes] | None = None,
    note: Note = ignore,
) -> CommonWords:
    """The words that can be compared.

    wanted  words that are asked about; None: all that are frequent enough
    Raises: InputError if there are too few
    """
    models = [each for period in periods for each in period]
    check_dimensions(models)
    ids = in_all(models, None)
    first_of = np.cumsum([0, *map(len, periods[:-1])])
    vocabularies = [models[i].vocabulary for i in first_of]
    counts = totals = None
    if all(each.counts is not None for each in vocabularies):
        both = [np.asarray(each.counts)[ids[i]] for each, i in zip(vocabularies, first_of, strict=True)]
        counts = np.column_stack(both).astype(np.int64)
        totals = np.array([np.asarray(each.counts).sum() for each in vocabularies])
        are_kept = np.flatnonzero((counts * 2 >= rules.min_count).all(axis=1))
        counts, ids = counts[are_kept], [each[are_kept] for each in ids]
    else:
        note("a file has no counts: words are taken whatever their number, and none is ranked among words like it")
    if len(ids[0]) < 3:
        raise InputError(
            f"{counted(len(ids[0]), 'word')} that all periods have {rules.min_count} times; lower --min-count, or "
            "give more text"
        )
    words = [models[0].vocabulary.word(word_id) for word_id in ids[0].tolist()]
    rows = iter([_rows(each, of_each) for each, of_each in zip(models, ids, strict=True)])
    asked = _asked(words, counts, rules, wanted, note)
    return CommonWords(
        words, [[next(rows) for _ in period] for period in periods], counts, totals, asked, wanted is not None
    )


def _rows(vectors: Embeddings, ids: "Ids") -> "Matrix":
    return np.ascontiguousarray(vectors.rows(ids), np.float32)


def _asked(
    words: list[bytes], counts: "Ids | None", rules: ChangeRules, wanted: Sequence[bytes] | None, note: Note
) -> "Ids":
    is_frequent = np.ones(len(words), bool)
    if counts is not None:
        is_frequent &= (counts >= rules.min_count).all(axis=1)
    if wanted is None:
        asked = np.flatnonzero(is_frequent)
    else:
        places = {word: place for place, word in enumerate(words)}
        known = [place for word in wanted if (place := places.get(word)) is not None and is_frequent[place]]
        asked = np.unique(np.array(known, np.int64))
        if n_missing := len(set(wanted)) - len(asked):
            note(f"{n_missing} of the words that are asked about are too rare, or not in all periods")
    if not len(asked):
        raise InputError(f"no word is there {rules.min_count} times in each period; lower --min-count")
    return asked


def with_sensible_k(rules: ChangeRules, common: CommonWords, note: Note = ignore) -> ChangeRules:
    """The rules, with no more neighbours than a tenth of the words: more say little."""
    most = max(1, int(len(common.words) * MOST_NEIGHBOURS))
    if rules.k > most:
        note(f"{most} neighbours are compared, not {rules.k}: a tenth of the {counted(len(common.words), 'word')}")
    return rules._replace(k=min(rules.k, most))


def word_changes(common: CommonWords, first: int, last: int, rules: ChangeRules) -> WordChanges:
    """How far the words that are asked about changed between two periods, by number.

    Models are paired in their order, a single one with each of the other period.
    Raises: InputError if their numbers do not match
    """
    return WordChanges(
        spreads(_kept(common, first, last, rules._replace(measure=COSINE)), COSINES),
        spreads(_kept(common, first, last, rules._replace(measure=OVERLAP)), SHARES),
    )


def _kept(common: CommonWords, first: int, last: int, rules: ChangeRules) -> "list[Exact]":
    """By the measure that ranks, of each pair of models, how much is the same of each word asked about, (m,)."""
    pairs = _paired(common.rows[first], common.rows[last])
    if rules.measure == COSINE:
        return [turned_cosines(*pair, common, rules) for pair in pairs]
    spaces: dict[int, Space] = {id(rows): Space.of(rows) for pair in pairs for rows in pair}
    return [shared_neighbours(spaces[id(a)], spaces[id(b)], common.asked, rules.k) / rules.k for a, b in pairs]


def scores(common: CommonWords, first: int, last: int, rules: ChangeRules) -> "Exact":
    """As the score of `word_changes`, without the measure that does not rank."""
    mean: Exact = np.mean(_kept(common, first, last, rules), axis=0)
    return mean


def from_first(common: CommonWords, rules: ChangeRules) -> "Exact":
    """How much each word has in common with the first period in each of the others, (n_periods - 1, m)."""
    return np.array([scores(common, 0, period, rules) for period in range(1, len(common.rows))])


def _paired(first: "list[Matrix]", second: "list[Matrix]") -> "list[tuple[Matrix, Matrix]]":
    if len(first) != len(second) and 1 not in (len(first), len(second)):
        raise InputError(
            f"the periods have {len(first)} and {len(second)} trainings, which are compared one by one; give as many "
            "of each, or one file"
        )
    n = max(len(first), len(second))
    return [(first[i % len(first)], second[i % len(second)]) for i in range(n)]


def turned_cosines(source: "Matrix", target: "Matrix", common: CommonWords, rules: ChangeRules) -> "Exact":
    """The cosines of the words that are asked about, after the rotation that brings source and target together."""
    places = np.arange(len(source))
    if rules.anchors is not None:
        known = {word: place for place, word in enumerate(common.words)}
        places = np.array([known[word] for word in rules.anchors if word in known], np.int64)
        if len(places) < source.shape[1]:
            raise InputError(
                f"--anchors: {counted(len(places), 'word')} of them in all periods do not determine a rotation of "
                f"{source.shape[1]} dimensions; name more, or leave them out"
            )
    fit = fitted(source, target, (places, places), Fitting(is_centred=rules.is_centred))
    return cosines_of_rows(fit.row_map()(source[common.asked]), target[common.asked])


def trends(changes: "Exact") -> "Exact":
    """The least-squares slope of each word's change over the periods, (m,).

    changes  (n_periods - 1, m) from the first period to each of the others; to itself it is 0
    """
    time = np.arange(len(changes) + 1) - len(changes) / 2
    slopes: Exact = time[1:] @ changes / (time @ time)
    return slopes


class Moved(NamedTuple):
    """The nearest neighbours that a word had in one period and not in the other, and the other way round."""

    lost: list[bytes]
    won: list[bytes]


def moved_neighbours(common: CommonWords, periods: tuple[int, int], places: "Ids", k: int, n: int) -> list[Moved]:
    """For some words the `n` nearest that are among the `k` neighbours in one period and not in the other.

    Of several models, the first of each period is asked.
    """
    spaces = [Space.of(common.rows[period][0]) for period in periods]
    found = []
    for place in places.tolist():
        masks = [space.nearest(np.array([place]), k)[0] for space in spaces]
        sides = []
        for mine, theirs, space in ((masks[0], masks[1], spaces[0]), (masks[1], masks[0], spaces[1])):
            only = np.flatnonzero(mine & ~theirs)
            nearest = space.nearest_of(place, only, n)
            sides.append([common.words[i] for i in nearest.tolist()])
        found.append(Moved(*sides))
    return found
