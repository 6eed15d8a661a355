"""Axes between opposites, and where words lie on them: cosines, with intervals over models and by leaving pairs out."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.word_rows import MOST_LOST, known_word, rows_of_words
from wordvec_cli.evaluation.word_tables import ABOUT, read_tables
from wordvec_cli.progress import Note, ignore
from wordvec_cli.queries.spread import COSINES, Spread, spreads, t_quantile
from wordvec_cli.text.decoding import bytes_of_json, shown
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

Pair = tuple[bytes, bytes]


class AxisWords(NamedTuple):
    """What an axis is made of: pairs of opposites, or two sets of words; the first of a pair (set) is its upper end."""

    name: str
    pairs: tuple[Pair, ...] = ()
    positive: tuple[bytes, ...] = ()
    negative: tuple[bytes, ...] = ()


class Projection(NamedTuple):
    """Where a word lies on an axis: the cosine with it.

    over_models  the mean and its spread; of a single model, the mean alone is known
    over_pairs   the bounds of the interval by leaving out each pair (or each word of a set); NaN of a single one
    """

    word: bytes
    over_models: Spread
    over_pairs: tuple[float, float]


class PairFit(NamedTuple):
    """The cosine of a pair's difference with the axis of the other pairs, in the mean over models."""

    pair: Pair
    cosine: float


class Axis(NamedTuple):
    """An axis in one or more models.

    fits  of its pairs; of an axis of sets, none
    """

    words: AxisWords
    projections: list[Projection]
    fits: list[PairFit]

    @property
    def disagreeing(self) -> list[PairFit]:
        """The pairs that point the other way than the rest."""
        return [each for each in self.fits if each.cosine <= 0]


def project(models: Sequence[Embeddings], axis: AxisWords, words: Sequence[bytes], note: Note = ignore) -> Axis:
    """The projections of some words, which all models have, on an axis.

    Of pairs the axis is the mean of their differences, each of length 1 (Kozlowski, Taddy and Evans 2019); of sets the
    difference of their means (An, Kwak and Ahn 2018); vectors count with length 1.
    Raises: InputError if more than a fifth of the pairs, or of a set, has a missing word
    """
    axis = _known_axis(models, axis, note)
    values, fits = [], []
    for each in models:
        groups = _groups(each, axis)
        directions = unit_rows(_leaving_out(groups))  # the whole axis first
        values.append(unit_rows(rows_of_words(each, words)) @ directions.T)
        if axis.pairs:
            fits.append(np.einsum("ij,ij->i", groups[0], directions[1:]) if len(axis.pairs) > 1 else [math.nan])
    of_models = np.array(values)
    found = spreads(of_models[:, :, 0], COSINES)
    bounds = _jackknife(of_models.mean(axis=0), [len(axis.pairs)] if axis.pairs else _sizes(axis))
    projections = [Projection(word, found.of(i), bounds[i]) for i, word in enumerate(words)]
    mean_fits = np.mean(fits, axis=0).tolist() if fits else []
    return Axis(axis, projections, [PairFit(*each) for each in zip(axis.pairs, mean_fits, strict=True)])


def _sizes(axis: AxisWords) -> list[int]:
    return [len(axis.positive), len(axis.negative)]


def _groups(model: Embeddings, axis: AxisWords) -> "list[Numbers]":
    """What the axis is the sum of the means of: differences of pairs, or the words of both sets, the lower turned."""
    if not axis.pairs:
        positive, negative = (unit_rows(rows_of_words(model, words)) for words in (axis.positive, axis.negative))
        return [positive, -negative]
    upper, lower = (unit_rows(rows_of_words(model, words)) for words in zip(*axis.pairs, strict=True))
    differences = upper - lower
    if not differences.any(axis=1).all():
        first, second = axis.pairs[int(np.argmin(differences.any(axis=1)))]
        raise InputError(f"{axis.name}: {shown(first)!r} and {shown(second)!r} have one direction; leave the pair out")
    return [unit_rows(differences)]


def _leaving_out(groups: "list[Numbers]") -> "Numbers":
    """The axis, and the axes without each pair or word, (1 + n, dim), in the order of the groups."""
    whole = np.sum([group.mean(axis=0) for group in groups], axis=0)
    axes = [whole]
    for group in groups:
        n = len(group)
        axes += [
            whole + (group.mean(axis=0) - row) / (n - 1) if n > 1 else np.full_like(whole, np.nan) for row in group
        ]
    return np.array(axes)


def _jackknife(values: "Numbers", sizes: Sequence[int]) -> list[tuple[float, float]]:
    """The interval of each word by leaving out pairs, or words of two sets.

    values  (n_words, 1 + n) the whole first
    Source: Efron and Tibshirani 1993, chapter 11; of two samples the variances add up
    """
    df = sum(sizes) - len(sizes)
    if min(sizes) < 2:
        return [(math.nan, math.nan)] * len(values)
    variance, start = np.zeros(len(values)), 1
    for size in sizes:
        without = values[:, start : start + size]
        variance += (size - 1) / size * ((without - without.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        start += size
    reach = t_quantile(df) * np.sqrt(variance)
    low, high = COSINES.within(values[:, 0] - reach, values[:, 0] + reach)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _known_axis(models: Sequence[Embeddings], axis: AxisWords, note: Note) -> AxisWords:
    """The axis of the words that all models have."""
    parts: dict[str, tuple[tuple[bytes, ...], ...]] = {
        "pairs": axis.pairs,
        "positive": tuple((word,) for word in axis.positive),
        "negative": tuple((word,) for word in axis.negative),
    }
    kept = {name: _known(models, f"{axis.name}: {name}", part, note) for name, part in parts.items() if part}
    for name, part in kept.items():
        if len({*part}) < len(part):  # an interval by leaving one out would be too narrow
            twice = ", ".join(repr(shown(word)) for word in next(each for each in part if part.count(each) > 1))
            raise InputError(f"{axis.name}: {name}: {twice} comes twice; leave one out")
    pairs = tuple((first, second) for first, second in kept.get("pairs", ()))
    positive, negative = (tuple(word for (word,) in kept.get(name, ())) for name in ("positive", "negative"))
    return AxisWords(axis.name, pairs, positive, negative)


def _known(
    models: Sequence[Embeddings], where: str, part: Sequence[tuple[bytes, ...]], note: Note
) -> list[tuple[bytes, ...]]:
    found = [tuple(known_word(models, word) for word in words) for words in part]
    missing = [
        word
        for words, known in zip(part, found, strict=True)
        for word, one in zip(words, known, strict=True)
        if not one
    ]
    kept = [tuple(word for word in known if word is not None) for known in found if None not in known]
    if missing:
        told = (
            f"{', '.join(repr(shown(word)) for word in missing)} missing, {len(part) - len(kept)} of {len(part)} lost"
        )
        if len(part) - len(kept) > MOST_LOST * len(part):
            raise InputError(
                f"{where}: {told}; more than a fifth, so the axis is no longer what it says; choose others"
            )
        note(f"{where}: {told}")
    return kept


# ---------------------------------------------------------------- files


def read_axes(path: str, chosen: Sequence[str] = ()) -> list[AxisWords]:
    """The axes of a TOML or JSON file: `pairs`, or `positive` and `negative`; or several tables of these by name.

    Raises: InputError
    """
    tables = read_tables(path, ("pairs", "positive", "negative"))
    found = [axis_words(name, table, path) for name, table in tables.items()]
    names = [each.name for each in found]
    if unknown := [name for name in chosen if name not in names]:
        raise InputError(f"{path}: has no axis {unknown[0]!r}; it has {', '.join(names)}")
    if not found:
        raise InputError(f"{path}: holds no axis; give pairs, or positive and negative")
    return [each for each in found if not chosen or each.name in chosen]


def axis_words(name: str, table: object, where: str) -> AxisWords:
    """One axis, checked. Raises: InputError"""
    wanted = 'give pairs = [["rich", "poor"], ...], or positive and negative, each a list of words'
    if not isinstance(table, Mapping) or {*table} - {ABOUT} not in ({"pairs"}, {"positive", "negative"}):
        raise InputError(f"{where}: {name}: is not an axis; {wanted}")
    if "pairs" in table:
        pairs = table["pairs"]
        if not isinstance(pairs, list) or not pairs or not all(_is_words(each) and len(each) == 2 for each in pairs):
            raise InputError(f"{where}: {name}: pairs is not a list of pairs; {wanted}")
        return AxisWords(name, tuple((bytes_of_json(first), bytes_of_json(second)) for first, second in pairs))
    if not all(_is_words(table[end]) for end in ("positive", "negative")):
        raise InputError(f"{where}: {name}: positive and negative are not lists of words; {wanted}")
    positive, negative = (tuple(map(bytes_of_json, table[end])) for end in ("positive", "negative"))
    return AxisWords(name, (), positive, negative)


def _is_words(words: object) -> bool:
    return isinstance(words, list) and bool(words) and all(isinstance(word, str) and word for word in words)
