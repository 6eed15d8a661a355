"""Whether words changed by more than chance: the documents are shuffled between two periods, and trained on again.

Each time, and once with the documents where they are, both periods are trained on anew, with one vocabulary and
seeds of their own, so that without a change all of these measures are alike: p is exact, (k + 1) / (n + 1).
"""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.parallel import on_threads
from wordvec_cli.progress import Note, Progress, Report, ignore, silent
from wordvec_cli.queries.change import ALIKE, ChangeRules, CommonWords, word_changes
from wordvec_cli.sequences.samples import write_sample
from wordvec_cli.sequences.word_ids import Sequences, count_tokens
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import spool_folder, writable
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import trainer
from wordvec_cli.training.checkpoint import PreparedRun
from wordvec_cli.training.folder_preparation import TextPreparation
from wordvec_cli.training.inputs import read_inputs
from wordvec_cli.training.models import MODELS, Config
from wordvec_cli.training.order import settled
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]


class PermutationOrder(NamedTuple):
    """How documents are shuffled.

    corpora  of the two periods, a document a line
    like     a vector file that says how to train
    n        how often they are shuffled
    """

    corpora: tuple[str, str]
    like: str
    n: int
    seed: int = 1
    n_threads: int = 1
    tmp_dir: str | None = None


class Permuted(NamedTuple):
    """How likely a word changes as much by chance.

    p_value   (m,) of each word for itself
    adjusted  (m,) for all together: that any word did, by the largest of all (Westfall and Young 1993)
    """

    p_value: "Exact"
    adjusted: "Exact"


def permutation_test(
    wanted: PermutationOrder,
    common: CommonWords,
    rules: ChangeRules,
    report: Report = silent,
    note: Note = ignore,
) -> Permuted:
    """How often words change as much between periods whose documents are shuffled.

    Raises: InputError, OptionError if the vectors do not say how they were trained, or not by word2vec; OutputError
    """
    with ExitStack() as work:
        spool = spool_folder(wanted.tmp_dir, None)
        with writable(str(spool)):
            folder = Path(work.enter_context(temporary_folder(spool)))
        text, config, n_first = _encoded(wanted, folder, report, note)
        shuffled = Shuffled(text.sequences, n_first, folder, text.vocabulary, config)
        ids = _ids(common, text.vocabulary)
        found = np.empty((wanted.n + 1, len(common.asked)))
        n_done = 0

        def measure(number: int) -> None:
            nonlocal n_done
            halves = shuffled.trained(number, wanted.seed)
            rows = [[np.ascontiguousarray(half[ids])] for half in halves]
            found[number] = -word_changes(replace(common, rows=rows), 0, 1, rules).score(rules.measure)
            n_done += 1
            report(Progress("shuffling", n_done, wanted.n + 1, "pairs of trainings"))

        measure(0)  # alone, for it compiles
        on_threads(measure, range(1, wanted.n + 1), wanted.n_threads)
    counts = common.counts
    frequency = np.arange(found.shape[1]) if counts is None else np.log(counts[common.asked] + 1).sum(axis=1)
    return p_values(found, np.argsort(frequency, kind="stable"))


def _encoded(wanted: PermutationOrder, folder: Path, report: Report, note: Note) -> tuple[PreparedRun, Config, int]:
    order = settled(
        {"corpus": wanted.corpora, "like": wanted.like, "threads": wanted.n_threads, "tmp_dir": str(folder)}
    )
    if order.is_of_pairs:
        raise OptionError("--permute: trains by skipgram and cbow alone; leave it out")
    inputs = read_inputs(order, note)
    text = TextPreparation(order, inputs, (), report, note).run(folder)
    tokenizer = inputs.tokenizer or Tokenizer()
    first = Corpus.open([wanted.corpora[0]], tokenizer, folder)
    n_first = count_tokens(first, text.vocabulary, wanted.n_threads, report).n_lines
    if not 0 < n_first < text.sequences.n_sentences:
        raise InputError(f"{wanted.corpora[1]}: holds no lines; name the texts of both periods with --corpus")
    return text, order.config.settled_for(text.n_tokens // 2), n_first


def _ids(common: CommonWords, vocabulary: Vocabulary) -> "Ids":
    found = [vocabulary.find(word) for word in common.words]
    if None in found:
        raise InputError("--corpus: lacks words of the vector files; name the texts that these were trained on")
    return np.array(found, np.int64)


class Shuffled(NamedTuple):
    """The lines of two periods, the first `n_first` of the first, and how vectors of them are trained."""

    sequences: Sequences
    n_first: int
    folder: Path
    vocabulary: Vocabulary
    config: Config

    def trained(self, number: int, seed: int) -> "list[Matrix]":
        """The vectors of two periods of as many lines: number 0 has the lines where they are."""
        n_lines = self.sequences.n_sentences
        is_first = np.arange(n_lines) < self.n_first
        if number:
            is_first = np.random.default_rng((seed, number)).permutation(is_first)
        return [self._vectors(is_first == side, 2 * number + side + seed) for side in (True, False)]

    def _vectors(self, are_taken: "NDArray[np.bool_]", seed: int) -> "Matrix":
        lines = write_sample(self.sequences, are_taken.astype(np.uint16), self.folder, has_names=False)
        config = replace(self.config, seed=seed)
        made = MODELS[config.model].trainer(lines, self.vocabulary, config)
        return np.array(trainer.train(made).matrix, np.float32)


def p_values(changes: "Exact", order: "Ids") -> Permuted:
    """How likely the first row is by chance, if all rows are alike without a change.

    changes  (n + 1, m) how far each word changed; the first row as the documents are
    order    (m,) the words by frequency: those near each other spread alike, and what is told of all together is in
             units of that spread
    """
    n = len(changes) - 1
    p_value = (1 + (changes[1:] >= changes[0]).sum(axis=0)) / (n + 1)
    variances = changes.var(axis=0, ddof=1)[order]
    width = min(ALIKE, len(order))
    sums = np.concatenate([[0.0], np.cumsum(variances)])
    starts = np.clip(np.arange(len(order)) - width // 2, 0, len(order) - width)
    spreads = np.empty(len(order))
    spreads[order] = np.sqrt((sums[starts + width] - sums[starts]) / width)
    scaled = (changes - changes.mean(axis=0)) / np.where(spreads > 0, spreads, 1)
    adjusted = (1 + (scaled[1:].max(axis=1)[:, None] >= scaled[0]).sum(axis=0)) / (n + 1)
    return Permuted(p_value, np.maximum(adjusted, p_value))
