"""Whether words changed by more than chance: the documents are shuffled among the periods, and trained on again.

Each time, and once with the documents where they are, all periods are trained on anew, with one vocabulary and seeds of
their own, so that without a change all of these measures are alike: p is exact, (k + 1) / (n + 1).
"""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.parallel import on_threads
from wordvec_cli.progress import Note, Progress, Report, ignore, silent
from wordvec_cli.queries.change import ChangeRules, CommonWords, from_first, trends
from wordvec_cli.queries.matched import ALIKE
from wordvec_cli.sequences.pairs import PairCounter, Room
from wordvec_cli.sequences.samples import write_sample
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import spool_folder, writable
from wordvec_cli.training import trainer
from wordvec_cli.training.glove import GloveConfig
from wordvec_cli.training.models import MODELS, Config
from wordvec_cli.training.period_texts import PeriodOrder, encoded
from wordvec_cli.training.tiles import Tiles, lay_out
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

ROUNDING = 1e-9  # by which values that are equal, as slopes of shares, may differ once they are computed


class PermutationOrder(NamedTuple):
    """How documents are shuffled.

    texts  of the periods, and how they are trained on
    n      how often they are shuffled
    """

    texts: PeriodOrder
    n: int
    seed: int = 1


class Permuted(NamedTuple):
    """How likely a word changes as much by chance from the first period to each of the others, (n_periods - 1, m).

    p_value   of each word and period for itself
    adjusted  for all together: that any word did by any period, by the largest of all (Westfall and Young 1993)
    trend     (m,) of each word, that its slope over the periods is as large; None: there are two periods
    """

    p_value: "Exact"
    adjusted: "Exact"
    trend: "Exact | None" = None


def permutation_test(
    wanted: PermutationOrder,
    common: CommonWords,
    rules: ChangeRules,
    report: Report = silent,
    note: Note = ignore,
) -> Permuted:
    """How often words change as much between periods whose documents are shuffled.

    Raises: InputError, OptionError if the vectors do not say how they were trained; OutputError
    """
    with ExitStack() as work:
        spool = spool_folder(wanted.texts.tmp_dir, None)
        with writable(str(spool)):
            folder = Path(work.enter_context(temporary_folder(spool)))
        text = encoded(wanted.texts, folder, report, note)
        shuffled = Shuffled(text.sequences, text.periods, folder, text.vocabulary, text.config, text.documents)
        ids = _ids(common, text.vocabulary)
        found = np.empty((wanted.n + 1, text.n_periods - 1, len(common.asked)))
        n_done = 0

        def measure(number: int) -> None:
            nonlocal n_done
            rows = [[np.ascontiguousarray(period[ids])] for period in shuffled.trained(number, wanted.seed)]
            found[number] = 1 - from_first(replace(common, rows=rows), rules)
            n_done += 1
            report(Progress("shuffling", n_done, wanted.n + 1, "rounds of trainings"))

        measure(0)  # alone, for it compiles
        on_threads(measure, range(1, wanted.n + 1), text.n_at_once)
    counts = common.counts
    frequency = np.arange(found.shape[2]) if counts is None else np.log(counts[common.asked] + 1).sum(axis=1)
    return p_values(found, np.argsort(frequency, kind="stable"))


def _ids(common: CommonWords, vocabulary: Vocabulary) -> "Ids":
    found = [vocabulary.find(word) for word in common.words]
    if None in found:
        raise InputError("--corpus: lacks words of the vector files; name the texts that these were trained on")
    return np.array(found, np.int64)


@dataclass(frozen=True, eq=False)
class Shuffled:
    """The lines of several periods, and how vectors of them are trained.

    periods    (n_documents,) of each document, from 0
    documents  (n_lines,) of each line; None: each is one
    """

    sequences: Sequences
    periods: "Ids"
    folder: Path
    vocabulary: Vocabulary
    config: Config
    documents: "NDArray[np.int32] | None" = None

    def trained(self, number: int, seed: int) -> "list[Matrix]":
        """The vectors of periods of as many documents: number 0 has the documents where they are."""
        periods = self.periods
        if number:
            periods = np.random.default_rng((seed, number)).permutation(periods)
        of_lines = periods if self.documents is None else periods[self.documents]
        n = int(self.periods.max()) + 1
        return [self._vectors(of_lines == period, n * number + period + seed) for period in range(n)]

    def _vectors(self, are_taken: "NDArray[np.bool_]", seed: int) -> "Matrix":
        lines = write_sample(self.sequences, are_taken.astype(np.uint16), self.folder, has_names=False)
        config = replace(self.config, seed=seed)
        with TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as folder:
            material = self._tiles(lines, config, Path(folder)) if isinstance(config, GloveConfig) else lines
            made = MODELS[config.model].trainer(material, self.vocabulary, config)
            return np.array(trainer.train(made).matrix[:], np.float32)

    def _tiles(self, lines: Sequences, config: GloveConfig, folder: Path) -> Tiles:
        """As one thread counts and lays them out, so that they do not depend on how many trainings are at work."""
        room, n_words = Room(folder), len(self.vocabulary)
        pairs = PairCounter(lines, n_words, config.pair_options, room).count()
        return lay_out(pairs, n_words, config.weighting, room)


def p_values(changes: "Exact", order: "Ids") -> Permuted:
    """How likely the first of the shufflings is by chance, if all are alike without a change.

    changes  (n + 1, n_periods - 1, m) how far each word changed by each period; the first as the documents are
    order    (m,) the words by frequency: those near each other spread alike, and what is told of all together is in
             units of that spread
    """
    p_value = _shares(changes, changes[0])
    scaled = np.stack([_in_spreads(changes[:, i], order) for i in range(changes.shape[1])], axis=1)
    adjusted = _shares(scaled.max(axis=(1, 2))[:, None, None], scaled[0])
    trend = None
    if changes.shape[1] > 1:
        slopes = np.array([trends(each) for each in changes])
        trend = _shares(slopes, slopes[0])
    return Permuted(p_value, np.maximum(adjusted, p_value), trend)


def _shares(values: "Exact", observed: "Exact") -> "Exact":
    """The share of the values that are as high as those observed; the first are of the documents as they are."""
    shares: Exact = (1 + (values[1:] >= observed - ROUNDING).sum(axis=0)) / len(values)
    return shares


def _in_spreads(changes: "Exact", order: "Ids") -> "Exact":
    """The changes by one period, (n + 1, m), from their means, in units of how far words of their frequency spread."""
    variances = changes.var(axis=0, ddof=1)[order]
    width = min(ALIKE, len(order))
    sums = np.concatenate([[0.0], np.cumsum(variances)])
    starts = np.clip(np.arange(len(order)) - width // 2, 0, len(order) - width)
    spreads = np.empty(len(order))
    spreads[order] = np.sqrt((sums[starts + width] - sums[starts]) / width)
    scaled: Exact = (changes - changes.mean(axis=0)) / np.where(spreads > ROUNDING, spreads, 1)
    return scaled
