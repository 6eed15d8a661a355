"""Training a classifier from labelled text, from reading the text to writing the model."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wordvec_cli.classify import checkpoints, model
from wordvec_cli.classify.examples import Examples, make_examples
from wordvec_cli.classify.labelled import LabelledText, read_labelled
from wordvec_cli.classify.line_files import LineFiles, check_files
from wordvec_cli.classify.lines import LabelLayout
from wordvec_cli.classify.model import Classifier
from wordvec_cli.classify.quantising import measured_on_examples, note_quantised, quantised, recorded_loss
from wordvec_cli.classify.trainer import ClassifierConfig, ClassifierTrainer, absent_parameters, train
from wordvec_cli.classify.tuning import Tuner, TuningOrder
from wordvec_cli.errors import OptionError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Report, ignore, silent
from wordvec_cli.storage.files import check_not_input, check_output, output_folder
from wordvec_cli.storage.output_names import check_ending
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_notes import note_invalid_lines, open_corpus
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import checkpoint_folder
from wordvec_cli.training.checkpoint import Checkpoint
from wordvec_cli.training.epochs import reason
from wordvec_cli.training.provenance import Provenance, identity, note_threads
from wordvec_cli.training.session import Session, State
from wordvec_cli.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class ClassifierOrder:
    """What to train a classifier on, and how.

    corpus     paths of labelled files or folders, or a corpus that is open already
    output     where the model is written; None: nowhere
    layout     where a line has its labels and its text
    tokenizer  what a word of the text is
    init       vectors to start from; all their words are known to the classifier
    n_threads  with one, the same order gives the same bytes
    tmp_dir    for temporary files; None: the output's folder, or that of the system
    checkpoint_every  minutes between checkpoints, which are kept beside the output
    resume     go on from the checkpoint, if there is one
    tuning     find the options first, but for those that it fixes; the configuration is where the search begins
    is_quantised  give the model whole numbers of a byte in place of floats
    files      how the files of the corpus, and of `tuning`, are read
    """

    corpus: Sequence[str] | Corpus
    output: str | None = None
    layout: LabelLayout = field(default_factory=LabelLayout)
    tokenizer: Tokenizer = field(default_factory=Tokenizer)
    config: ClassifierConfig = field(default_factory=ClassifierConfig)
    init: Embeddings | None = None
    n_threads: int = 1
    tmp_dir: str | None = None
    checkpoint_every: float = 10.0
    resume: bool = False
    tuning: TuningOrder | None = None
    is_quantised: bool = False
    files: FileOptions = AS_NAMED

    @property
    def spool_folder(self) -> Path:
        if self.tmp_dir or self.output is None:
            return Path(self.tmp_dir or tempfile.gettempdir())
        return output_folder(self.output)


def config_of(given: Mapping[str, Any], init: Embeddings | None = None) -> ClassifierConfig:
    """The configuration that options ask for; None stands for an option that is left out.

    Raises: OptionError
    """
    if given.get("freeze") and init is None:
        raise OptionError("--freeze: keeps the vectors of --init; name a file with --init, or leave --freeze out")
    sizes = {} if init is None else {"vector_size": init.dim}
    return ClassifierConfig(**sizes | {name: value for name, value in given.items() if value is not None})


def check_model_path(output: str, *inputs: str | None, endings: Sequence[str] = (".safetensors",)) -> None:
    """Raises: InputError, OutputError if no model can be written there, or if an input would be overwritten"""
    check_output(output)
    check_ending(output, endings)
    check_not_input(output, *inputs)


def run(
    order: ClassifierOrder,
    report: Report = silent,
    note: Note = ignore,
    should_stop: Callable[[], bool] = lambda: False,
) -> Classifier:
    """Do what `wordvec classify train` does; how the model was made is in the metadata of its words.

    should_stop  asked from the moment on from which training can be resumed, where checkpoints are kept: then, and
                 after each block; if it is true, a checkpoint is written
    Raises: InputError, OptionError, OutputError, DivergedError, Cancelled
    """
    if order.output is not None:
        check_model_path(order.output)
    if order.resume and order.tuning is not None:
        raise OptionError("--tune: cannot be resumed; give the options that it found, and --resume")
    if order.resume and not checkpoint_folder.keeps(order.output):
        raise OptionError(f"--resume: -o {order.output} keeps no checkpoints; name a file")
    with (
        checkpoints.opened(order.output, order.spool_folder, order.checkpoint_every, order.resume, note) as kept,
        checkpoint_folder.ended_with_it(kept, is_resumed=kept.holds_run),
    ):
        return _run(order, kept, report, note, should_stop)


def _run(
    order: ClassifierOrder, kept: Checkpoint, report: Report, note: Note, should_stop: Callable[[], bool]
) -> Classifier:
    from wordvec_cli.kernels.ahead import compile_ahead

    compile_ahead("classify.train_examples", absent=absent_parameters(order.config))  # while the examples are read
    corpus = _opened(order, note)
    text = read_labelled(corpus, order.layout, report, order.n_threads)
    if order.tuning is not None:
        order = replace(order, config=_tuned(order, order.tuning, text, note))
    examples = make_examples(text, order.config.example_options, order.spool_folder, order.init)
    _note_examples(examples, order, note)
    order = replace(order, config=order.config.settled_for(examples.n))
    note_invalid_lines(corpus, note, text.n_lines)
    trainer = ClassifierTrainer(examples, order.config, order.init, order.n_threads)
    start = checkpoints.begun(kept, _inputs(order, text.corpus_fingerprint), trainer, note)
    if kept.lasts:
        should_stop()  # to ask for the first time is what makes signals wait for a checkpoint
    is_cancelled = should_stop if kept.lasts else lambda: False
    keeper = checkpoints.CheckpointKeeper(kept)
    session = Session(order.n_threads, keeper, report=report, note=note, is_cancelled=is_cancelled)
    state = train(trainer, session, start)
    if complaint := trainer.complaint(state.losses[-1]):
        note(complaint)
    return _kept(order, trainer, _provenance(order, state, text.corpus_fingerprint), note)


def _kept(order: ClassifierOrder, trainer: ClassifierTrainer, provenance: Provenance, note: Note) -> Classifier:
    """The trained classifier, quantised and written if that is wanted. Raises: OutputError"""
    prefix = order.layout.label_prefix
    trained = trainer.classifier(order.tokenizer, None if prefix is None else os.fsdecode(prefix))
    metadata: Mapping[str, str] = provenance.metadata()
    if order.is_quantised:
        whole, trained = trained, quantised(trained)
        measured = measured_on_examples(whole, trained, trainer.examples)
        metadata = recorded_loss(metadata, measured)
        note_quantised(whole, trained, measured, note)
    if order.output is not None:
        model.save(order.output, trained, metadata)
    return replace(trained, words=replace(trained.words, metadata=metadata))


def _tuned(order: ClassifierOrder, tuning: TuningOrder, text: LabelledText, note: Note) -> ClassifierConfig:
    """The best configuration that is found. Raises: InputError"""
    check_files([tuning.valid])
    valid = LineFiles([tuning.valid], order.layout, order.files)
    tuner = Tuner(
        text, tuning, valid, folder=order.spool_folder, tokenizer=order.tokenizer, init=order.init,
        n_threads=order.n_threads, note=note, is_quantised=order.is_quantised,
    )  # fmt: skip
    return tuner.best(order.config)


def _inputs(order: ClassifierOrder, fingerprint: str) -> dict[str, Any]:
    """What determines the model, for a run that goes on to be the same."""
    prefix, layout = order.layout.label_prefix, order.layout
    return {
        **order.config.options(), "tokenizer": order.tokenizer.to_metadata(),
        "label_prefix": None if prefix is None else os.fsdecode(prefix), "text_column": layout.text_column,
        "label_column": layout.label_column, "init": None if order.init is None else identity(order.init),
        checkpoints.CORPUS: fingerprint,
    }  # fmt: skip


def _opened(order: ClassifierOrder, note: Note) -> Corpus:
    if isinstance(order.corpus, Corpus):
        return order.corpus
    corpus = open_corpus(order.corpus, order.tokenizer, order.spool_folder, note, order.layout.files(order.files))
    if order.output is not None:
        corpus.check_not_output(order.output)
    return corpus


def _note_examples(examples: Examples, order: ClassifierOrder, note: Note) -> None:
    """What there is to learn, and what was left out and why."""
    ngrams = f", {counted(len(examples.buckets), 'n-gram')}" if order.config.example_options.has_ngrams else ""
    lines, words = counted(examples.n, "line"), counted(examples.n_words, "word")
    note(f"{lines}, {words}{ngrams}, {counted(len(examples.label_vocabulary), 'label')}")
    if examples.n_unlabelled:
        note(f"left out: {counted(examples.n_unlabelled, 'line')} without a label that is kept")
    if examples.n_without_text:
        note(f"without words: {counted(examples.n_without_text, 'line')} with labels; learnt from the line end alone")
    if order.init is not None:
        frozen = ", kept as in the file" if order.config.freeze else ""
        note(f"from --init: {counted(len(order.init.vocabulary), 'word')}{frozen}")
    note_threads(order.n_threads, note)
    if order.config.epochs is None:
        note(reason(order.config.settled_for(examples.n).n_epochs, examples.n, "lines to learn from"))


def _provenance(order: ClassifierOrder, state: State, fingerprint: str) -> Provenance:
    init = None if order.init is None else identity(order.init)
    return Provenance(order.config.options(), state, corpus_fingerprint=fingerprint, init=init)
