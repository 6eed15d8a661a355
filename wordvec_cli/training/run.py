"""Training, as `wordvec train` and Python do it: prepare or resume, train, write."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from wordvec_cli import formats
from wordvec_cli.errors import InputError, OptionError, OutputError, WordvecError
from wordvec_cli.evaluation.asking import check_words, evaluate, note_if_few, title_noted
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Report, ignore, silent
from wordvec_cli.storage.files import check_not_input
from wordvec_cli.training import checkpoint_folder, gensim_engine, trainer
from wordvec_cli.training.checkpoint import Checkpoint
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.estimate.seconds import measured_seconds
from wordvec_cli.training.estimate.totals import Estimate, estimated
from wordvec_cli.training.inputs import Inputs, read_inputs
from wordvec_cli.training.matrices import composed_of_others, words_in_common
from wordvec_cli.training.models import MODELS
from wordvec_cli.training.order import WORDVEC, Order
from wordvec_cli.training.planning import check_fits
from wordvec_cli.training.prepare import Preparation
from wordvec_cli.training.prepared_run import PreparedRun
from wordvec_cli.training.provenance import note_threads
from wordvec_cli.training.result import Result, result_of, write
from wordvec_cli.training.resume import check_is_wanted, resumed
from wordvec_cli.training.session import Session
from wordvec_cli.training.trainer import Trained, WordTrainer
from wordvec_cli.training.word2vec_config import HIERARCHICAL_SOFTMAX, NEGATIVE_SAMPLING, Word2VecConfig
from wordvec_cli.vocabulary.vocabulary import Vocabulary

AnyTrainer = WordTrainer | gensim_engine.GensimTrainer

KERNELS_OF_SUBWORDS: dict[tuple[str | None, str | None], tuple[str, ...]] = {
    ("skipgram", NEGATIVE_SAMPLING): ("subwords.train_groups",),
    ("skipgram", HIERARCHICAL_SOFTMAX): ("subword_tree.train_groups",),
    ("cbow", NEGATIVE_SAMPLING): ("subword_cbow.train_windows",),
    ("cbow", HIERARCHICAL_SOFTMAX): ("subword_cbow.train_windows_on_paths",),
}
KERNELS_LAST: dict[tuple[str | None, str | None], tuple[str, ...]] = {
    ("skipgram", NEGATIVE_SAMPLING): ("skipgram.train_groups",),
    ("skipgram", HIERARCHICAL_SOFTMAX): ("tree.skipgram_hs_block",),
    ("cbow", NEGATIVE_SAMPLING): ("cbow.cbow_block",),
    ("cbow", HIERARCHICAL_SOFTMAX): ("tree.cbow_hs_block",),
    ("glove", None): ("pairs.count_rows", "glove.sort_by_tile", "glove.train_tile"),
}
IN_STEP: dict[tuple[str | None, str | None], tuple[str, ...]] = {
    ("skipgram", NEGATIVE_SAMPLING): ("skipgram.train_groups_in_step",),
    ("skipgram", HIERARCHICAL_SOFTMAX): ("tree.train_words_in_step",),
    ("cbow", NEGATIVE_SAMPLING): ("cbow.train_windows_in_step",),
    ("cbow", HIERARCHICAL_SOFTMAX): ("tree.train_windows_in_step",),
}
IN_STEP_OF_SUBWORDS: dict[tuple[str | None, str | None], tuple[str, ...]] = {
    ("skipgram", NEGATIVE_SAMPLING): ("subwords.train_groups_in_step",),
    ("skipgram", HIERARCHICAL_SOFTMAX): ("subword_tree.train_groups_in_step",),
    ("cbow", NEGATIVE_SAMPLING): ("subword_cbow.train_windows_in_step",),
    ("cbow", HIERARCHICAL_SOFTMAX): ("subword_cbow.train_windows_on_paths_in_step",),
}


def never() -> bool:
    """Whether training should stop: it should not."""
    return False


@dataclass(frozen=True)
class Where:
    """Where the corpus is read and training happens.

    preparation  as the class `Preparation`
    trainer      of an order and what has been prepared for it
    n_threads    that train, of an order
    estimated, seconds  what a plan takes
    check        raises InputError if something does not fit that is elsewhere
    vocabulary   of what has been prepared, as it is written
    """

    preparation: Callable[[Order, Inputs, Sequence[EvalSet], Report, Note], Preparation]
    trainer: Callable[[Order, PreparedRun], WordTrainer]
    n_threads: Callable[[Order], int]
    estimated: Callable[[Plan], Estimate] = estimated
    seconds: Callable[[Plan], float] = measured_seconds
    check: Callable[[Estimate], None] = lambda estimate: None
    vocabulary: Callable[[PreparedRun], Vocabulary] = lambda prepared: prepared.vocabulary


def run(
    order: Order,
    report: Report = silent,
    note: Note = ignore,
    should_stop: Callable[[], bool] = never,
    where: Where | None = None,
) -> Result:
    """Train, and write the vectors if the order has an output.

    should_stop  asked from the moment on from which training can be resumed, where checkpoints are kept: then, and
                 after each block; if it is true, a checkpoint is written
    where        None: on this machine
    Raises: InputError, OptionError, OutputError, DivergedError; Cancelled if it should stop
    """
    where = where or HERE
    _check_output(order)
    if order.engine == WORDVEC:
        compile_kernels_ahead(order.config)
    eval_sets = eval_sets_of(order, note)
    with checkpoint_folder.opened(order.output, order.spool_folder, order.checkpoint_every) as kept:
        is_resumed = kept.holds_run
        check_is_wanted(kept, order.resume)
        preparation = where.preparation(order, read_inputs(order, note), eval_sets, report, note)
        prepared = resumed(preparation, kept) if is_resumed else _prepared(preparation, kept)
        training = _Training(order.settled_for(prepared.n_tokens), prepared, kept, eval_sets, report, note, where)
        with checkpoint_folder.ended_with_it(kept, is_resumed):
            return training.run(should_stop)


def compile_kernels_ahead(config: object) -> None:
    """Have what is called last compiled while the corpus is read, if it never was."""
    from wordvec_cli.kernels.ahead import compile_ahead

    model, loss = getattr(config, "model", None), getattr(config, "loss", None)
    has_subwords = getattr(config, "subwords", None) is not None
    if getattr(config, "deterministic", False) and model in ("skipgram", "cbow"):
        names = IN_STEP_OF_SUBWORDS if has_subwords else IN_STEP
    else:
        names = KERNELS_OF_SUBWORDS if has_subwords else KERNELS_LAST
    compile_ahead(*names.get((model, loss), ()))


def estimate(order: Order, report: Report = silent, note: Note = ignore, where: "Where | None" = None) -> Estimate:
    """What training would take: it prepares as `run` does, and leaves nothing. Raises: InputError, OutputError"""
    where = where or HERE
    if order.resume:
        raise OptionError("--dry-run and --resume exclude each other; leave one of them out")
    if order.output is not None:
        formats.check_output_files(order.output, order.format)
    preparation = where.preparation(order, read_inputs(order, note), eval_sets_of(order, note), report, note)
    start = time.perf_counter()
    plan = preparation.plan()
    seconds_of_reading = time.perf_counter() - start
    estimate = where.estimated(plan)
    try:
        check_fits(order, estimate)
        where.check(estimate)
    except WordvecError as obstacle:
        return replace(estimate, obstacle=obstacle)
    if order.is_by_gensim:
        return estimate
    # Encoding reads as counting does, and what it does with each word takes about as long.
    return replace(estimate, seconds=seconds_of_reading + where.seconds(plan))


def _check_output(order: Order) -> None:
    if order.output is None:
        return
    formats.check_output_files(order.output, order.format)
    check_not_input(order.output, order.vocab, order.pairs)
    if order.resume and not checkpoint_folder.keeps(order.output):
        raise OptionError(f"--resume: -o {order.output} keeps no checkpoints; name a file")


def eval_sets_of(order: Order, note: Note) -> list[EvalSet]:
    return [title_noted(read_eval_set(path), note) for path in order.eval_sets]


def _prepared(preparation: Preparation, kept: Checkpoint) -> PreparedRun:
    prepared = preparation.run(kept.folder)
    if preparation.order.resume:  # said when the corpus has been found: what follows --resume may be taken for it
        preparation.note(f"{kept.folder}: holds no checkpoint; training starts at the beginning")
    if not preparation.order.is_by_gensim:  # it has no checkpoints
        kept.begin(prepared)
    return prepared


@dataclass(frozen=True)
class _Training:
    """The training of what has been prepared."""

    order: Order
    prepared: PreparedRun
    kept: Checkpoint
    eval_sets: Sequence[EvalSet]
    report: Report
    note: Note
    where: Where

    def run(self, should_stop: Callable[[], bool]) -> Result:
        order = self.order
        if self.kept.lasts and not order.is_by_gensim:
            should_stop()
        else:
            should_stop = never
        for eval_set in self.eval_sets:
            note_if_few(eval_set, check_words(self.prepared.vocabulary, eval_set), self.note)
        its_trainer = self._trainer()
        self._note_init()
        trained = self._trained(its_trainer, should_stop)
        if trained.complaint:
            self.note(trained.complaint)
        if order.early_stopping:
            self.note(f"the vectors are those of epoch {trained.state.best_epoch}, with the highest mean score")
        result = replace(result_of(order, self.prepared, trained), vocabulary=self.where.vocabulary(self.prepared))
        try:
            write(result, order, self.note)
        except OutputError as error:
            if order.is_by_gensim or not self.kept.lasts:
                raise
            self.kept.save_checkpoint(replace(trained.state, epoch=order.config.n_epochs), its_trainer.parameters)
            self.kept.newly_kept(wait=True)
            raise OutputError(f"{error}; the same command with --resume then writes what has been trained") from error
        return result

    def _trainer(self) -> AnyTrainer:
        order, prepared = self.order, self.prepared
        if order.is_by_gensim:
            assert isinstance(order.config, Word2VecConfig)
            what = prepared.sequences, prepared.vocabulary, order.config, order.init
            return gensim_engine.GensimTrainer(*what, self.kept.folder)
        return self.where.trainer(order, prepared)

    def _note_init(self) -> None:
        """Raises: InputError if no word has a vector to start from"""
        if self.order.init is None:
            return
        vocabulary = self.prepared.vocabulary
        known, _ = words_in_common(vocabulary, self.order.init.vocabulary)
        composed, _ = composed_of_others(vocabulary, known, self.order.init)
        if not len(known) and not len(composed):
            self.kept.end()  # nothing worth going on with
            raise InputError("--init: has none of the words to train on; check its language and its case")
        more = f", and {len(composed)} composed of their n-grams" if len(composed) else ""
        self.note(f"from --init: {len(known)} of {counted(len(vocabulary), 'word')}{more}; the others start at random")

    def _trained(self, its_trainer: AnyTrainer, should_stop: Callable[[], bool]) -> Trained:
        order, n_threads = self.order, self.where.n_threads(self.order)
        if order.is_by_gensim:
            n_threads = gensim_engine.n_workers(n_threads, its_trainer.units_per_epoch)
        if not order.config.deterministic:
            note_threads(n_threads, self.note, "" if order.is_by_gensim else "--deterministic")
        state = self.kept.restore_checkpoint(its_trainer.parameters)

        def score() -> Mapping[str, float]:
            matrix = its_trainer.matrix
            return {each.name: evaluate(self.prepared.vocabulary, matrix, each).value for each in self.eval_sets}

        session = Session(
            n_threads, self.kept, self.report, score if self.eval_sets else None, order.early_stopping, should_stop,
            self.note,
        )  # fmt: skip
        if isinstance(its_trainer, gensim_engine.GensimTrainer):
            return gensim_engine.train(its_trainer, session)
        return trainer.train(its_trainer, session, state)


def _trainer_here(order: Order, prepared: PreparedRun) -> WordTrainer:
    return MODELS[order.config.model].trainer(prepared.material, prepared.vocabulary, order.config, order.init)


HERE = Where(Preparation, _trainer_here, lambda order: order.threads)
