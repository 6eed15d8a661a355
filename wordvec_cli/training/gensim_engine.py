"""gensim's Word2Vec on the same words, counts and sentences: to compare with our trainer, and to trust it."""

import os
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.errors import DivergedError, InputError, OptionError
from wordvec_cli.progress import Cancelled, Progress
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.training import word2vec
from wordvec_cli.training.frequencies import word_counts
from wordvec_cli.training.gensim_text import GensimText, names_of_words, write_text
from wordvec_cli.training.matrices import is_finite
from wordvec_cli.training.session import ALONE, Session, State
from wordvec_cli.training.trainer import Trained
from wordvec_cli.training.word2vec_config import CBOW, HIERARCHICAL_SOFTMAX, SKIPGRAM, Word2VecConfig
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

WORDS_PER_THREAD = 100_000  # at least
KEEPS_ALL = 0.5  # as `sample`: sqrt(t/f) + t/f is above 1 for every share f
SEEDS = 1 << 32
HIGHEST_RATE = 1000.0  # far beyond all use; where numbers overflow, gensim reads beyond its tables and crashes
SECONDS_BETWEEN_LOOKS = 0.1


def version() -> str:
    import gensim

    return f"gensim {gensim.__version__}"


def cbow_gradient(cbow_mean: bool) -> str:
    """How gensim passes the error of the hidden vector on. Source: word2vec_inner.pyx"""
    return "sum" if cbow_mean else "mean"


def check(config: Word2VecConfig, n_threads: int) -> None:
    """Raises: OptionError that names an option that gensim does not have"""
    if config.subwords is not None:
        raise OptionError("--subwords: are not for --engine gensim, whose Word2Vec has none; leave them out")
    if config.deterministic and n_threads > 1:
        raise OptionError("--deterministic: gensim is deterministic on one thread only; add --threads 1")
    if config.model == CBOW and config.cbow_gradient != cbow_gradient(bool(config.cbow_mean)):
        form = "mean" if config.cbow_mean else "sum"
        raise OptionError(
            f"--cbow-gradient {config.cbow_gradient}: gensim cannot do that with --cbow-{form}; leave it out"
        )
    if config.seed >= SEEDS:
        raise OptionError(f"--seed {config.seed}: gensim takes seeds below 2^32 = {SEEDS}; choose a smaller one")
    if config.learning_rate > HIGHEST_RATE:
        raise OptionError(
            f"--learning-rate {config.learning_rate}: gensim may crash above {HIGHEST_RATE:.0f}; lower it"
        )


def n_workers(n_threads: int, n_words: int) -> int:
    """How many of the threads are worth starting."""
    return max(1, min(n_threads, n_words // WORDS_PER_THREAD))


class GensimTrainer:
    """gensim's model of a vocabulary, before training. Row i is word i.

    folder  where the sentences are written for gensim; None: the system's folder of temporary files
    Raises: OptionError, InputError if `init` has a number that is not finite
    """

    def __init__(
        self,
        sequences: Sequences,
        vocabulary: Vocabulary,
        config: Word2VecConfig,
        init: Embeddings | None = None,
        folder: Path | None = None,
    ) -> None:
        check(config, n_threads=1)
        word2vec.check_tree(vocabulary, config)
        self._config = config = config.settled_for(sequences.n_known)
        self.sequences = sequences
        self.units_per_epoch = sequences.n_known
        self.n_epochs = config.n_epochs
        self.folder = folder
        self.model = _model(config)
        counts = np.maximum(word_counts(vocabulary, sequences), 1).astype(np.int64)
        self.model.build_vocab_from_freq(dict(zip(names_of_words(len(vocabulary)), counts.tolist(), strict=True)))
        if init is not None:
            word2vec.take_over(init, vocabulary, self.matrix, self.context)
            if not self.is_finite():
                raise InputError("--init: some of its numbers are not finite, and gensim would crash; use another file")

    @property
    def matrix(self) -> "Matrix":
        matrix: Matrix = self.model.wv.vectors
        return matrix

    @property
    def nothing_to_learn(self) -> str:
        return word2vec.why_no_pairs(self.sequences, self._config)

    @property
    def outputs(self) -> "Matrix":
        outputs: Matrix = self.model.syn1 if self.model.hs else self.model.syn1neg
        return outputs

    @property
    def context(self) -> "Matrix | None":
        return None if self.model.hs else self.outputs

    @property
    def parameters(self) -> "Mapping[str, Matrix]":
        return {"inputs": self.matrix, "outputs": self.outputs}

    def is_finite(self) -> bool:
        return all(is_finite(matrix) for matrix in self.parameters.values())


def _model(config: Word2VecConfig) -> Any:
    from gensim.models import Word2Vec

    is_hierarchical = config.loss == HIERARCHICAL_SOFTMAX
    sample = config.sample if config.sample < KEEPS_ALL else 0  # from 1 on, it would be a count to gensim
    if is_hierarchical and not sample:
        sample = KEEPS_ALL  # gensim seeds its random numbers for noise and for dropping only, not for windows
    return Word2Vec(
        sg=int(config.model == SKIPGRAM), hs=int(is_hierarchical), negative=config.negative or 0,
        ns_exponent=0.75 if config.noise_exponent is None else config.noise_exponent,
        cbow_mean=int(config.cbow_mean is not False), vector_size=config.vector_size, window=config.window,
        shrink_windows=not config.fixed_window, sample=sample, epochs=config.n_epochs, alpha=config.learning_rate,
        min_alpha=config.min_learning_rate, seed=config.seed, min_count=1, sorted_vocab=0,
    )  # fmt: skip


def train(trainer: GensimTrainer, session: Session = ALONE) -> Trained:
    """Train by gensim. On one thread the result is a function of the corpus, the vocabulary and the configuration.

    The state that is returned has no losses: those that gensim reports are wrong. The keeper and the patience of the
    session are not used.
    Raises: InputError if the corpus has nothing to learn from, DivergedError, Cancelled, OutputError
    """
    model = trainer.model
    model.workers = n_workers(session.n_threads, trainer.units_per_epoch)
    untrained = zlib.crc32(trainer.outputs.data)
    with temporary_folder(trainer.folder) as folder:
        text = write_text(trainer.sequences, len(trainer.matrix), model.workers, Path(folder), session.report)
        if not text.has_pairs:
            raise InputError(trainer.nothing_to_learn)
        scores = _train_on(text, trainer, session)
    if zlib.crc32(trainer.outputs.data) == untrained:
        raise InputError(trainer.nothing_to_learn)
    state = State(epoch=trainer.n_epochs, scores=scores, n_threads=model.workers)
    return Trained(trainer.matrix, trainer.context, state)


def _train_on(text: "GensimText", trainer: GensimTrainer, session: Session) -> tuple[Mapping[str, float], ...]:
    """Let gensim train in a thread of its own; whatever happens, all of its threads have ended afterwards.

    The scores of the epochs.
    """
    from gensim.models.callbacks import CallbackAny2Vec

    epochs, callback = _Epochs(trainer, session), CallbackAny2Vec()
    callback.on_epoch_end = epochs.end_one
    with ThreadPoolExecutor(1) as executor:
        epochs.begin()
        training = executor.submit(
            trainer.model.train, corpus_file=os.fsencode(text.path), total_words=text.total_words,
            total_examples=text.n_lines, epochs=trainer.n_epochs, callbacks=[callback],
        )  # fmt: skip
        try:
            while not wait([training], SECONDS_BETWEEN_LOOKS).done:
                if session.is_cancelled():
                    raise Cancelled
            training.result()
        finally:
            epochs.are_stopped = True
            os.truncate(text.path, 0)  # gensim cannot be told to stop, but stops where its file ends
    return tuple(epochs.scores)


class _Epochs:
    """Checks, scores and reports epochs as they end."""

    def __init__(self, trainer: GensimTrainer, session: Session) -> None:
        self.are_stopped = False
        self._trainer = trainer
        self._session = session
        self._n_done = 0
        self.scores: list[Mapping[str, float]] = []

    def begin(self) -> None:
        self._start = perf_counter()
        self._report_words()

    def end_one(self, _: Any) -> None:
        """Called by gensim. Raises: DivergedError, Cancelled"""
        if self.are_stopped:
            raise Cancelled
        self._n_done += 1
        if not self._trainer.is_finite():
            raise DivergedError(f"training diverged in epoch {self._n_done}; lower --learning-rate and train again")
        figures = self._session.score() if self._session.score else {}
        self.scores.append(dict(figures))
        rate = self._n_done * self._trainer.units_per_epoch / max(perf_counter() - self._start, 1e-9)
        speed = {"words_per_second": rate, "words_per_second_and_thread": rate / self._trainer.model.workers}
        n_epochs = self._trainer.n_epochs
        self._report_words()
        self._session.report(
            Progress("epoch", self._n_done, n_epochs, "epochs", {**figures, **speed}, is_milestone=True)
        )

    def _report_words(self) -> None:
        n_words, n_epochs = self._trainer.units_per_epoch, self._trainer.n_epochs
        epoch = {"epoch": min(self._n_done + 1, n_epochs)}
        self._session.report(Progress("training", n_words * self._n_done, n_words * n_epochs, "words", epoch))
