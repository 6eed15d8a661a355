"""What `wordvec train` does: prepare or resume, train, write; and what it tells on the way."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wordvec_cli import formats
from wordvec_cli.cli import EXIT_INTERRUPTED
from wordvec_cli.cli.corpora import open_corpus, tell_invalid_lines
from wordvec_cli.cli.options import agreed_tokenizer, spool_folder
from wordvec_cli.cli.output import read_vocabulary_and_tell
from wordvec_cli.cli.small_corpus import advise
from wordvec_cli.cli.stopping import Stop, stop_signals
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.training_pairs import stamp, tiles_of_pairs, tiles_of_text
from wordvec_cli.cli.training_plan import Counted, check_fits, count, plan
from wordvec_cli.errors import DivergedError, InputError, OptionError, OutputError
from wordvec_cli.evaluation.asking import check_words, evaluate, note_if_few, title_noted
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.messages import counted
from wordvec_cli.progress import Cancelled
from wordvec_cli.sequences.pairs import Room
from wordvec_cli.sequences.pairs_file import read_pairs
from wordvec_cli.sequences.word_ids import Sequences, encode
from wordvec_cli.storage.files import STANDARD_STREAM, check_not_input
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.training import checkpoint_folder, gensim_engine, word2vec
from wordvec_cli.training.checkpoint import Checkpoint, PreparedRun
from wordvec_cli.training.estimate.totals import estimated as estimate
from wordvec_cli.training.glove import GloveConfig, GloveTrainer, vector_of_unknown_words
from wordvec_cli.training.matrices import words_in_common
from wordvec_cli.training.models import Config
from wordvec_cli.training.options import option_name
from wordvec_cli.training.session import Session
from wordvec_cli.training.tiles import Tiles
from wordvec_cli.training.trainer import Trained, train
from wordvec_cli.vectors import embeddings, native

if TYPE_CHECKING:
    from pathlib import Path

    from wordvec_cli.sequences.pairs_file import PairsFile
    from wordvec_cli.text.tokenizer import Tokenizer
    from wordvec_cli.vectors.embeddings import Embeddings, Rows
    from wordvec_cli.vocabulary.file import VocabularyFile
    from wordvec_cli.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True)
class Order:
    """What the command line asks for, its defaults filled in."""

    corpus: tuple[str, ...]
    pairs: str | None  # a file of them, instead of a corpus
    output: str
    to: str | None  # the format; None: as the output's name tells
    vocab: str | None
    min_count: int | None  # None: no limit, on a vocabulary that is given
    max_vocab: int | None
    tokenizer: "Tokenizer | None"
    config: Config
    engine: str
    init: "Embeddings | None"
    like: str | None
    eval_sets: tuple[str, ...]
    early_stopping: int | None
    save_context: bool
    checkpoint_every: float  # minutes
    resume: bool
    threads: int
    memory: int
    tmp_dir: str | None

    @property
    def is_by_gensim(self) -> bool:
        return self.engine == "gensim"

    @property
    def is_glove(self) -> bool:
        return isinstance(self.config, GloveConfig)

    @property
    def format(self) -> formats.Format:
        """Of the output."""
        if self.output == STANDARD_STREAM and not self.to:
            return formats.FORMATS[formats.NATIVE]
        return formats.format_for(self.output, self.to)

    @property
    def spool_folder(self) -> "Path":
        return spool_folder(self.tmp_dir, self.output)

    @property
    def room(self) -> Room:
        """For counting pairs."""
        return Room(self.spool_folder, self.memory, self.threads)


def run(order: Order, terminal: Terminal) -> int | None:
    """Train, and write the vectors; the exit status."""
    formats.check_output_files(order.output, order.format)
    check_not_input(order.output, order.vocab, order.pairs)
    if order.resume and not checkpoint_folder.keeps(order.output):
        raise OptionError(f"--resume: there are no checkpoints of -o {order.output}; name a file")
    eval_sets = [title_noted(read_eval_set(path), terminal.note) for path in order.eval_sets]
    with checkpoint_folder.opened(order.output, order.spool_folder, order.checkpoint_every) as kept:
        is_resumed = kept.holds_run
        prepared = (_resumed if is_resumed else _prepared)(order, kept, eval_sets, terminal)
        with stop_signals(is_graceful=kept.lasts and not order.is_by_gensim) as stop:
            try:
                _train(order, prepared, kept, eval_sets, stop, terminal)
            except Cancelled:
                terminal.close()
                terminal.error(f"interrupted; the same command with --resume goes on from {kept.folder}")
                return stop.exit_status
            except KeyboardInterrupt:
                if not (kept.lasts and kept.holds_run):
                    raise
                terminal.close()
                terminal.error(
                    f"interrupted at once; the same command with --resume goes on from what {kept.folder} has"
                )
                return EXIT_INTERRUPTED
            except (DivergedError, InputError):
                if not is_resumed:  # else what has been trained stays, as the error may be in an option of this call
                    kept.end()
                raise
        kept.end()
    return None


# ---------------------------------------------------------------- before training


@dataclass(frozen=True)
class Told:
    """What decides the result: `table` of it, and the vocabulary and the pairs that were given.

    tokenizer  None: that of pairs which do not say
    """

    table: Mapping[str, Any]
    tokenizer: "Tokenizer | None"
    vocabulary_file: "VocabularyFile | None"
    pairs_file: "PairsFile | None"


def read_told(order: Order, terminal: Terminal) -> Told:
    """What the options and the files say that they name. Raises: InputError"""
    known = _read_vocabulary(order, terminal) if order.vocab else None
    pairs = read_pairs(order.pairs, known.vocabulary if known else None) if order.pairs else None
    if pairs:
        tokenizer = pairs.tokenizer or (known.tokenizer if known else None)
    elif order.tokenizer is None and known is None and order.like:
        tokenizer = _tokenizer_of(order.like)
    else:
        tokenizer = agreed_tokenizer(order.tokenizer, known.tokenizer if known else None, f"{order.vocab}: was built")
    table = {
        **order.config.options(),
        "min_count": order.min_count,
        "max_vocab": order.max_vocab,
        "tokenizer": tokenizer.to_metadata() if tokenizer else None,
        "pairs": pairs.fingerprint if pairs else None,
        "vocab": known.vocabulary.fingerprint() if known else None,
        "vocab_limits": dict(known.limits) if known else None,
        "init": (order.init.metadata.get("checksum") or order.init.fingerprint()) if order.init else None,
        "early_stopping": order.early_stopping,
    }
    return Told(table, tokenizer, known, pairs)


def _tokenizer_of(path: str) -> "Tokenizer":
    """The tokenizer that a vector file was made with."""
    from wordvec_cli.text.tokenizer import Tokenizer

    return Tokenizer.from_metadata(embeddings.recorded(native.load(path).metadata, "tokenizer"))


def _read_vocabulary(order: Order, terminal: Terminal) -> "VocabularyFile":
    assert order.vocab is not None
    file = read_vocabulary_and_tell(order.vocab, terminal)
    if file.note:
        terminal.note(file.note)
    if order.min_count or order.max_vocab:
        return file._replace(vocabulary=file.vocabulary.prune(order.min_count or 1, order.max_vocab))
    return file


def _prepared(order: Order, kept: Checkpoint, eval_sets: list[EvalSet], terminal: Terminal) -> PreparedRun:
    """Count (or read) the words, and encode the corpus; for GloVe count (or read) pairs."""
    told = read_told(order, terminal)
    if order.resume:
        terminal.note(f"{kept.folder}: holds no checkpoint; training starts at the beginning")
    from_what = _from_pairs if told.pairs_file else _from_text
    prepared = from_what(order, told, kept, eval_sets, terminal)
    if not order.is_by_gensim:  # it has no checkpoints
        kept.begin(prepared)
    return prepared


def _from_pairs(
    order: Order, told: Told, kept: Checkpoint, eval_sets: list[EvalSet], terminal: Terminal
) -> PreparedRun:
    file = told.pairs_file
    assert file is not None
    assert order.pairs is not None
    planned = plan(order, Counted(file.vocabulary), told.tokenizer, eval_sets)
    tiles = tiles_of_pairs(order, file.pairs, planned, kept.folder, terminal)
    return PreparedRun(tiles, file.vocabulary, told.table, stamp(order.pairs), file.corpus_fingerprint)


def _from_text(order: Order, told: Told, kept: Checkpoint, eval_sets: list[EvalSet], terminal: Terminal) -> PreparedRun:
    assert told.tokenizer is not None
    text = open_corpus(order.corpus, told.tokenizer, order.spool_folder, terminal)
    text.check_not_output(order.output)
    if known := told.vocabulary_file:
        vocabulary = known.vocabulary
    else:
        words = count(order, text, terminal)
        vocabulary = words.vocabulary
        check_fits(order, plan(order, words, told.tokenizer, eval_sets, text))
    # What GloVe trains on are the pairs; the ids are gone when these are counted.
    sequences = encode(text, vocabulary, order.threads, terminal.report, None if order.is_glove else kept.folder)
    planned = plan(order, Counted.of_sequences(vocabulary, sequences), told.tokenizer, eval_sets, text, is_encoded=True)
    if known:
        check_fits(order, planned)
        terminal.note(
            f"in {order.vocab}: {counted(sequences.n_known, 'token')}; not in it, and left out: {sequences.n_unknown}"
        )
        tell_invalid_lines(text, terminal, sequences.statistics.n_lines)
    advise(order, vocabulary, sequences, terminal)
    material: Sequences | Tiles = sequences
    if order.is_glove:
        material = tiles_of_text(order, sequences, planned, kept.folder, terminal)
    return PreparedRun(material, vocabulary, told.table, text.stamp(), sequences.corpus_fingerprint)


def _resumed(order: Order, kept: Checkpoint, eval_sets: list[EvalSet], terminal: Terminal) -> PreparedRun:
    """What an earlier run prepared. Raises: InputError if this is not to be resumed, or is another run"""
    if not order.resume:
        raise InputError(
            f"{kept.folder}: holds the checkpoint of a run that has not ended; "
            "add --resume to go on with it, or remove the folder to start afresh"
        )
    prepared = kept.prepared_run()
    told = read_told(order, terminal)
    differences = [
        f"{_option(name)} {_shown(told.table.get(name))} (was {_shown(prepared.inputs.get(name))})"
        for name in {**prepared.inputs, **told.table}
        if told.table.get(name) != prepared.inputs.get(name)
    ]
    if not differences and order.corpus != (STANDARD_STREAM,):
        differences += _difference_of_source(order, prepared, told, terminal)
    if differences:
        raise InputError(
            f"{kept.folder}: is of another run, and cannot be resumed with {', '.join(differences)}; "
            "give the options of that run, or remove the folder to start afresh"
        )
    if order.corpus == (STANDARD_STREAM,):
        terminal.note(f"the corpus is in {kept.folder}; standard input is not read")
    if (state := kept.newest_state()) is None:
        terminal.note("the run had no checkpoint yet; training starts at the beginning, on the corpus that it has read")
    elif state.epoch < order.config.epochs:
        terminal.note(f"resuming in epoch {state.epoch + 1} of {order.config.epochs}")
    material = prepared.material
    if isinstance(material, Tiles):
        words, n_pairs = Counted(prepared.vocabulary), len(material.pairs)
    else:
        words, n_pairs = Counted.of_sequences(prepared.vocabulary, material), 0
    planned = plan(order, words, told.tokenizer, eval_sets, is_encoded=True)
    estimate(replace(planned, n_pairs=n_pairs)).check_memory()
    return prepared


def _difference_of_source(order: Order, prepared: PreparedRun, told: Told, terminal: Terminal) -> list[str]:
    """In what the corpus, or the file of pairs, is another than it was."""
    if order.pairs:
        if told.table["pairs"] or json.loads(json.dumps(stamp(order.pairs))) == prepared.sources:
            return []  # the table has the checksum of a file that holds one
        return [f"--pairs {order.pairs}, whose size or time is another"]
    assert told.tokenizer is not None
    text = Corpus.open(order.corpus, told.tokenizer, order.spool_folder)
    if prepared.sources and json.loads(json.dumps(text.stamp())) == prepared.sources:
        return []
    if text.read_through(terminal.report).fingerprint == prepared.corpus_fingerprint:
        return []
    return [f"the corpus {' '.join(order.corpus)}, whose text is another"]


def _option(name: str) -> str:
    return "the tokenizer" if name == "tokenizer" else option_name(name)


def _shown(value: object) -> str:
    return "not given" if value is None else json.dumps(value)


# ---------------------------------------------------------------- training


def _train(
    order: Order,
    prepared: PreparedRun,
    kept: Checkpoint,
    eval_sets: list[EvalSet],
    stop: Stop,
    terminal: Terminal,
) -> None:
    vocabulary = prepared.vocabulary
    for eval_set in eval_sets:
        note_if_few(eval_set, check_words(vocabulary, eval_set), terminal.note)
    trainer = _trainer(order, prepared, kept)
    n_threads = gensim_engine.n_workers(order.threads, trainer.units_per_epoch) if order.is_by_gensim else order.threads
    if order.init:
        known, _ = words_in_common(vocabulary, order.init.vocabulary)
        if not len(known):
            kept.end()  # nothing worth going on with
            raise InputError("--init: holds none of the words to train on; are they of the same language and case?")
        terminal.note(f"from --init: {len(known)} of {counted(len(vocabulary), 'word')}; the others start at random")
    if n_threads > 1 and not order.config.deterministic:
        terminal.note(
            f"{n_threads} threads share the matrices without locks: another run will differ a little; "
            f"for the same bytes every time: --threads 1{'' if order.is_by_gensim else ', or --deterministic'}"
        )
    state = kept.restore_checkpoint(trainer.parameters)

    def score() -> Mapping[str, float]:
        return {each.name: evaluate(vocabulary, trainer.matrix, each).value for each in eval_sets}

    session = Session(
        n_threads,
        kept,
        terminal.report,
        score if eval_sets else None,
        order.early_stopping,
        stop.is_asked_for,
        terminal.note,
    )
    if isinstance(trainer, gensim_engine.GensimTrainer):
        trained = gensim_engine.train(trainer, session)
    else:
        trained = train(trainer, session, state)
    terminal.close()
    if trained.complaint:
        terminal.note(trained.complaint)
    if order.early_stopping:
        terminal.note(f"the vectors are those of epoch {trained.state.best_epoch}, with the highest mean score")
    try:
        metadata = _metadata(order, prepared, trained)
        _write(order, vocabulary, trained, metadata, terminal)
    except OutputError as error:
        if order.is_by_gensim or not kept.lasts:
            raise
        kept.save_checkpoint(replace(trained.state, epoch=order.config.epochs), trainer.parameters)
        raise OutputError(f"{error}; the same command with --resume then writes what has been trained") from error


def _trainer(
    order: Order, prepared: PreparedRun, kept: Checkpoint
) -> word2vec.Word2VecTrainer | GloveTrainer | gensim_engine.GensimTrainer:
    if isinstance(order.config, GloveConfig):
        return GloveTrainer(prepared.tiles, order.config, prepared.vocabulary, order.init)
    what = prepared.sequences, prepared.vocabulary, order.config, order.init
    return gensim_engine.GensimTrainer(*what, kept.folder) if order.is_by_gensim else word2vec.Word2VecTrainer(*what)


def _write(
    order: Order, vocabulary: "Vocabulary", trained: Trained, metadata: Mapping[str, str], terminal: Terminal
) -> None:
    others = _other_vectors(order, vocabulary, trained)
    if order.format is formats.FORMATS[formats.NATIVE]:
        native.save(order.output, vocabulary, trained.matrix, metadata, others)
        return
    from wordvec_cli.formats.reading import WriteOptions

    vectors = embeddings.of_rows(vocabulary, trained.matrix, metadata, others)
    for what in formats.write_vectors(order.output, vectors, order.format, WriteOptions(n_threads=order.threads)):
        terminal.note(f"{order.output}: has no room for {what}")


def _other_vectors(order: Order, vocabulary: "Vocabulary", trained: Trained) -> "dict[str, Rows]":
    """What the file holds beside the vectors of the words."""
    others: dict[str, Rows] = {}
    if order.save_context and trained.context is not None:
        others["context"] = trained.context
    if isinstance(order.config, GloveConfig) and order.config.unknown_vector:
        others["unknown"] = vector_of_unknown_words(trained.matrix, vocabulary)
    return others


def _metadata(order: Order, prepared: PreparedRun, trained: Trained) -> dict[str, str]:
    state = trained.state
    is_reproducible = state.n_threads == 1 or order.config.deterministic
    choice = "" if order.is_by_gensim else " without --deterministic"
    limits = {"min_count": order.min_count, "max_vocab": order.max_vocab}
    metadata = {
        "configuration": _json(order.config.options() | limits),
        "seed": str(order.config.seed),
        "reproducible": "yes" if is_reproducible else f"no: {state.n_threads} threads{choice}",
    }
    if prepared.corpus_fingerprint:
        metadata["corpus_fingerprint"] = prepared.corpus_fingerprint
    if prepared.inputs["vocab_limits"]:
        metadata["vocabulary"] = _json(prepared.inputs["vocab_limits"])
    if prepared.inputs["tokenizer"]:
        metadata["tokenizer"] = _json(prepared.inputs["tokenizer"])
    if order.is_by_gensim:
        metadata["engine"] = gensim_engine.version()  # whose losses are wrong, so that none are recorded
    else:
        metadata["losses"] = _json(state.known_losses)
    if state.n_halvings:
        metadata["learning_rate_halvings"] = str(state.n_halvings)
    if order.init:
        metadata["init"] = str(prepared.inputs["init"])
    if order.early_stopping:
        metadata["best_epoch"] = str(state.best_epoch)
    return metadata


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)
