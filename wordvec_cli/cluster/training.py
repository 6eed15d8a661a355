"""`training.run` on a cluster: the corpus is read, counted and encoded by the workers, and they train."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from wordvec_cli.cluster import counting
from wordvec_cli.cluster.estimate import Expected
from wordvec_cli.cluster.glove import ClusterGloveTrainer
from wordvec_cli.cluster.members import Cluster, ClusterOptions, cluster
from wordvec_cli.cluster.replicas import ClusterReplicas
from wordvec_cli.cluster.sequences import ClusterPairs, Encoded
from wordvec_cli.cluster.text import ClusterText, open_text
from wordvec_cli.cluster.worker import PairFacts
from wordvec_cli.errors import OptionError
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.progress import Note, Report
from wordvec_cli.sequences.pair_arrays import PairFile, Pairs
from wordvec_cli.sequences.word_ids import Sequences, write_facts
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import run
from wordvec_cli.training.estimate.totals import Estimate
from wordvec_cli.training.glove import GloveConfig
from wordvec_cli.training.inputs import Inputs
from wordvec_cli.training.order import Order
from wordvec_cli.training.planning import Counted
from wordvec_cli.training.prepare import Preparation
from wordvec_cli.training.prepared_run import PreparedRun
from wordvec_cli.training.replicas import trainer_elsewhere
from wordvec_cli.training.result import Result
from wordvec_cli.vocabulary.counting import CountedWords, CountOptions
from wordvec_cli.vocabulary.notes import note_counted
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def train(
    order: Order, options: ClusterOptions, report: Report, note: Note, should_stop: Callable[[], bool] = run.never
) -> Result:
    """As `training.run.run`. Raises: as that"""
    if order.is_by_gensim:
        raise OptionError("--cluster: gensim trains on one machine; leave --engine out")
    with cluster(options, note) as workers:
        return train_by(workers, order, report, note, should_stop)


def train_by(
    workers: Cluster, order: Order, report: Report, note: Note, should_stop: Callable[[], bool] = run.never
) -> Result:
    """Raises: as `training.run.run`"""
    workers.note = note
    return run.run(order, report, note, should_stop, _where(workers))


def estimate(order: Order, options: ClusterOptions, report: Report, note: Note) -> Estimate:
    """As `training.run.estimate`, for each worker and in all. Raises: InputError, OutputError"""
    with cluster(options, note) as workers:
        return run.estimate(order, report, note, _where(workers))


def _where(workers: Cluster) -> run.Where:
    training, expected = _Training(workers), Expected(workers)
    return run.Where(
        training.preparation, training.trainer, lambda _: workers.n_threads, expected.estimated, expected.seconds,
        expected.check,
    )  # fmt: skip


class _Training:
    """What prepares a training, and what trains."""

    def __init__(self, workers: Cluster) -> None:
        self._workers = workers
        self._preparation: ClusterPreparation | None = None

    def preparation(
        self, order: Order, inputs: Inputs, eval_sets: Sequence[EvalSet], report: Report, note: Note
    ) -> "ClusterPreparation":
        if not order.is_of_pairs:
            inputs = replace(inputs, table={**inputs.table, "cluster": "replicas"})
        self._preparation = ClusterPreparation(order, inputs, eval_sets, report, note, self._workers)
        return self._preparation

    def trainer(self, order: Order, prepared: PreparedRun) -> ClusterGloveTrainer | ClusterReplicas:
        if isinstance(order.config, GloveConfig):
            return ClusterGloveTrainer(self._workers, prepared.tiles, prepared.vocabulary, order.config, order.init)
        assert self._preparation
        encoded = self._preparation.encoded_of(prepared)
        vocabulary = encoded.with_counts(prepared.vocabulary)
        trainer = trainer_elsewhere(vocabulary, order.config, prepared.n_tokens, order.init)
        return ClusterReplicas(encoded, trainer, prepared.n_tokens)


@dataclass(frozen=True)
class ClusterPreparation(Preparation):
    """As `Preparation`, by workers.

    there  the corpus as word ids, which the workers have: the newest encoding last, none until it is made
    """

    workers: Cluster
    there: list[Encoded] = field(default_factory=list)

    def text(self) -> Corpus:
        tokenizer = self.inputs.tokenizer or Tokenizer()
        order = self.order
        return open_text(self.workers, order.corpus, tokenizer, order.spool_folder, order.files)

    def _counted(self, text: Corpus, options: CountOptions) -> CountedWords:
        words = counting.count(_of_cluster(text), options, self.report)
        note_counted(words, text, self.note)
        return words

    def _counted_tokens(self, text: Corpus, vocabulary: Vocabulary) -> Counted:
        return Counted.of_sequences(vocabulary, self._sequences(text, vocabulary, None))

    def _to_count(self, text: Corpus, sequences: Sequences, vocabulary: Vocabulary) -> PairFacts:
        encoded = _of_cluster(text).encoded
        assert isinstance(encoded, Encoded)
        return ClusterPairs(encoded, self._config.pair_options, self.order.room).facts()

    def _sequences(self, text: Corpus, vocabulary: Vocabulary, folder: Path | None) -> Sequences:
        of_cluster = _of_cluster(text)
        of_cluster.encoded = encoded = Encoded(of_cluster, vocabulary)
        self.there.append(encoded)
        sequences = encoded.sequences(self.report)
        if folder:
            write_facts(sequences, folder)
        return sequences

    def encoded_of(self, prepared: PreparedRun) -> Encoded:
        """The corpus as word ids, which a run that is resumed encodes again. Raises: InputError, OutputError"""
        if not self.there:
            self.there.append(Encoded(_of_cluster(self.text()), prepared.vocabulary))
            self.there[0].run(self.report)
        return self.there[0]

    def _counted_pairs(self, text: Corpus, sequences: Sequences, vocabulary: Vocabulary) -> Pairs:
        encoded = _of_cluster(text).encoded
        assert isinstance(encoded, Encoded)
        pairs = ClusterPairs(encoded, self._config.pair_options, self.order.room)
        known = pairs.facts()
        self._check_room(known, text, Counted.of_sequences(vocabulary, sequences))
        file = PairFile(self.order.spool_folder)
        for rows in pairs.rows(self.report):
            file.append(rows.pairs())
        self._note_pairs(len(file), known.n_runs)
        return file.pairs()


def _of_cluster(text: Corpus) -> ClusterText:
    assert isinstance(text, ClusterText)
    return text
