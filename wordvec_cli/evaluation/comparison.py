"""Two sets of vectors, of any dimensions, side by side: how scores, words, neighbours and trainings differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.asking import outcomes_of_sets
from wordvec_cli.evaluation.bootstrap import Resampling, interval, p_value
from wordvec_cli.evaluation.neighbour_changes import Change, SharedWords, changes, most_changed, shared_words
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.evaluation.scores import Outcomes, Score, resampled
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.progress import Note, ignore
from wordvec_cli.vectors.embeddings import Embeddings, recorded

FIRST_WORDS = 1000


class ChangeOptions(NamedTuple):
    """Which words' neighbours are compared, and how many.

    k        neighbours of each word
    n_words  of the shared words, in the order of the first file; 0: all
    words    whose neighbours are compared instead; None: no list
    n_top    how many of the words that moved farthest from their neighbours are wanted
    """

    k: int = 10
    n_words: int = FIRST_WORDS
    words: Sequence[bytes] | None = None
    n_top: int = 10


@dataclass(frozen=True)
class Comparison:
    """All that there is to say about two vector files.

    differences   of the scores, for each set
    changes       of the neighbours, for each word that was compared
    n_missing     words of the list that are not in both files
    """

    differences: list[tuple[EvalSet, "Difference"]]
    shared: SharedWords
    changes: list[Change]
    most_changed: list[Change]
    k: int
    n_missing: int

    @property
    def overlap(self) -> float | None:
        """The share of neighbours that a word has in both files, in the mean."""
        return sum(change.overlap for change in self.changes) / len(self.changes) if self.changes else None

    @property
    def chance_overlap(self) -> float:
        """The overlap of neighbours that are drawn at random."""
        return min(self.k / max(len(self.shared) - 1, 1), 1.0)

    def words(self, word_ids: Sequence[int]) -> list[bytes]:
        return [self.shared.first.vocabulary.word(word_id) for word_id in word_ids]


def compare(
    vectors: tuple[Embeddings, Embeddings],
    sets: Sequence[EvalSet],
    judging: Judging,
    options: ChangeOptions,
    note: Note = ignore,
) -> Comparison:
    """Compare two sets of vectors, the second with the first. Raises: InputError if a vector is not finite"""
    differences = differences_of_sets(vectors, sets, judging, note)
    shared = shared_words(*vectors)
    _note_relation(shared, vectors, note)
    wanted, n_missing = _wanted(options, shared)
    found = changes(shared, wanted, options.k)
    return Comparison(differences, shared, found, most_changed(found, options.n_top), options.k, n_missing)


def _wanted(options: ChangeOptions, shared: SharedWords) -> tuple[list[int], int]:
    """The shared words whose neighbours are compared, and how many words of a list are not shared."""
    if options.words is None:
        return list(range(len(shared)))[: options.n_words or None], 0
    ids = [shared.first.vocabulary.find(word) for word in options.words]
    return [word_id for word_id in ids if word_id is not None], ids.count(None)


def _note_relation(shared: SharedWords, vectors: tuple[Embeddings, Embeddings], note: Note) -> None:
    """Note that the files share no word, or that they come from different trainings."""
    if not len(shared):
        note("no word is in both files, so no neighbours can be compared")
    elif told := RELATIONS.get(relation_of(*vectors)):
        note(told.format(differing=", ".join(differing_training(*vectors))))


# ---------------------------------------------------------------- scores


def differences_of_sets(
    vectors: Sequence[Embeddings], sets: Sequence[EvalSet], judging: Judging, note: Note = ignore
) -> list[tuple[EvalSet, "Difference"]]:
    """How the scores on sets differ; a set with no question that can be asked of both files is noted and left out."""
    differences = []
    try:
        for of_first, of_second in outcomes_of_sets(vectors, sets, judging.protocol, note):
            try:
                differences.append((of_first.eval_set, difference(of_first, of_second, judging.resampling)))
            except InputError as error:
                note(str(error))
    except InputError as error:  # vectors in a language that no set is in can be compared all the same
        note(str(error))
    return differences


@dataclass(frozen=True)
class Difference:
    """How the scores of two files differ on the questions of a set that can be asked of both.

    first, second  the scores on these questions
    value          the second score minus the first
    interval       holds 95 % of the differences in a paired bootstrap; None without one
    p_value        two-sided: the share of resamples with a difference of the other sign
    """

    first: Score
    second: Score
    value: float
    interval: tuple[float, float] | None = None
    p_value: float | None = None


def difference(first: Outcomes, second: Outcomes, resampling: Resampling | None) -> Difference:
    """Compare the outcomes of one set. Raises: InputError if no question can be asked of both files"""
    is_common = first.is_used & second.is_used
    if not is_common.any():
        raise InputError(f"{first.eval_set.name}: none of its questions can be asked of both files; choose another set")
    of_first, of_second = (replace(each, is_used=is_common).score() for each in (first, second))
    found = Difference(of_first, of_second, of_second.value - of_first.value)
    if not resampling:
        return found
    used = np.flatnonzero(is_common)
    values = np.array([first.values[used], second.values[used]])
    drawn_first, drawn_second = resampled(first.eval_set, used, values, resampling)
    drawn = drawn_second - drawn_first
    return replace(found, interval=interval(drawn), p_value=p_value(drawn))


# ---------------------------------------------------------------- how they were trained

_INPUTS = (
    "corpus_fingerprint",
    "tokenizer",
    "vocabulary",
    "init",
    "bootstrap",
    "group",
)  # keys of the metadata, beside the configuration


SEEDS, SAMPLES, AGAIN, OTHERWISE, UNKNOWN = "seeds", "samples", "again", "otherwise", "unknown"
_HOW_TO_TELL = (
    "whether they differ by more than two seeds do, two files cannot tell: wordvec train CORPUS --like A --seeds 3 -o "
    "FOLDER, and wordvec compare FOLDER B"
)
RELATIONS = {
    SEEDS: "A and B are one training with two seeds ({differing}): what differs between them is what seeds differ by",
    SAMPLES: "A and B are one training on two samples of a text ({differing}): what differs between them is what "
    "samples differ by",
    AGAIN: "A and B are one training, seed and all, made twice: what differs between them is what threads differ by",
    OTHERWISE: "A and B are different trainings ({differing}): cosines are compared within each file only; "
    + _HOW_TO_TELL,
}


def relation_of(first: Embeddings, second: Embeddings) -> str:
    """What two files are to each other by what they record of their training: a key of RELATIONS, or UNKNOWN."""
    if not all(recorded(each.metadata, "configuration") for each in (first, second)):
        return UNKNOWN
    differing, is_of_text = differing_training(first, second), "corpus_fingerprint" in first.metadata
    if any(not each.startswith("seed ") for each in differing) or (differing and not is_of_text):
        return OTHERWISE
    if not is_of_text:
        return UNKNOWN
    if differing:
        return SAMPLES if "bootstrap" in first.metadata else SEEDS
    return AGAIN


def differing_training(first: Embeddings, second: Embeddings) -> list[str]:
    """The settings that differ between two trainings, as `seed 1 / 2`; empty if a file does not record its training."""
    metadata = first.metadata, second.metadata
    if not all(recorded(each, "configuration") for each in metadata):
        return []
    inputs = [name.replace("_fingerprint", "") for name in _INPUTS if not _is_same(name, *metadata)]
    return differing_options(first, second) + inputs


def differing_options(first: Embeddings, second: Embeddings) -> list[str]:
    """As `differing_training`, without the texts and words that were trained on."""
    options = [recorded(each.metadata, "configuration") for each in (first, second)]
    if not all(options):
        return []
    names = [name for name in dict.fromkeys((*options[0], *options[1])) if not _is_same(name, *options)]
    return [f"{name} {' / '.join(str(each.get(name, '-')) for each in options)}" for name in names]


def _is_same(name: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return bool(first.get(name) == second.get(name))
