"""Finding the options of a classifier by trial: trainings in a limited time, each scored on a file of labelled lines.

A trial is a function of the seed, of its number and of the results before it: only how many there are is a matter of
time. The first has the options as they are given. The next few are known to do well on one or the other kind of text;
from then on the best so far is changed at random, a little or much. Source of the idea: fastText, src/autotune.cc.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from wordvec_cli.classify.examples import ExampleOptions, Examples, make_examples
from wordvec_cli.classify.labelled import LabelledText
from wordvec_cli.classify.line_files import LineFiles
from wordvec_cli.classify.model import ONE_VS_ALL, SOFTMAX
from wordvec_cli.classify.prediction import Predictor
from wordvec_cli.classify.scoring import score_files
from wordvec_cli.classify.trainer import ClassifierConfig, ClassifierTrainer, train
from wordvec_cli.errors import DivergedError, InputError
from wordvec_cli.progress import Cancelled, Note
from wordvec_cli.storage.files import replacing
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.options import option_name
from wordvec_cli.training.session import Session
from wordvec_cli.vectors.embeddings import Embeddings

TUNED = ("loss", "vector_size", "epochs", "learning_rate", "word_ngrams", "subwords", "buckets")
# Trials that come first; each is the given configuration but for these.
FIRST: tuple[Mapping[str, Any], ...] = (
    {},
    {"word_ngrams": 2},
    {"word_ngrams": 2, "subwords": "3-6"},
    {"subwords": "1-3"},
    {"word_ngrams": 3, "learning_rate": 0.25},
)
SUBWORDS = (None, "1-3", "2-4", "3-6")
CHANGE, CHANGE_OF_CHOICE = 0.6, 0.25  # how likely an option is changed: a number, and one of a few values
FILE_OVERHEAD_BYTES = 1 << 14  # of a model: its header


@dataclass(frozen=True)
class TuningOrder:
    """How options are searched for.

    valid     a file of labelled lines, on which trials are scored
    minutes   for all trials
    size_bytes  of the model, at most; None: any
    trials    a table of tabs with a line for each trial, written after each; None: nowhere
    fixed     the names of options that stay as they are
    """

    valid: str
    minutes: float = 5.0
    size_bytes: int | None = None
    trials: str | None = None
    fixed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Trial:
    """A configuration and what came of it.

    f1          of the most probable label of each line, all lines together; 0 if training diverged
    size_bytes  of the model, about
    """

    number: int
    config: ClassifierConfig
    f1: float
    seconds: float
    size_bytes: int

    def cells(self) -> list[str]:
        return [str(self.number), f"{self.f1:.6f}", f"{self.seconds:.1f}", str(self.size_bytes), *self.options()]

    def options(self) -> list[str]:
        return [_shown(getattr(self.config, name)) for name in TUNED]


TITLES = ["trial", "f1", "seconds", "bytes", *TUNED]


def _shown(value: object) -> str:
    return "none" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def options_of(config: ClassifierConfig) -> str:
    """The tuned options as they would be given to a command."""
    values = ((name, getattr(config, name)) for name in TUNED)
    return " ".join(f"{option_name(name)} {value!r}".replace("'", "") for name, value in values if value is not None)


def proposed(number: int, given: ClassifierConfig, best: Trial | None, fixed: frozenset[str]) -> ClassifierConfig:
    """The configuration of a trial; it is a function of its number, the seed and the best trial before it."""
    if number < len(FIRST) or best is None:
        changes = FIRST[number % len(FIRST)]
        return replace(given, **{name: value for name, value in changes.items() if name not in fixed})
    rng = np.random.default_rng((given.seed, number))
    changed = dict(_changes(best.config, rng))
    return replace(best.config, **{name: value for name, value in changed.items() if name not in fixed})


def _changes(config: ClassifierConfig, rng: np.random.Generator) -> Iterator[tuple[str, Any]]:
    """Draws the same numbers whatever the configuration."""
    width = rng.choice([0.25, 1.0, 2.0])  # of steps, in doublings
    for name, lowest, highest in (("epochs", 1, 200), ("vector_size", 5, 400), ("buckets", 10_000, 5_000_000)):
        step, is_changed = rng.normal(0, width), rng.random() < CHANGE
        if is_changed:
            yield name, int(np.clip(round(getattr(config, name) * 2**step), lowest, highest))
    step, is_changed = rng.normal(0, width), rng.random() < CHANGE
    if is_changed:
        yield "learning_rate", float(f"{np.clip(config.learning_rate * 2**step, 0.01, 5.0):.4g}")
    for name, choices in (("word_ngrams", (1, 2, 3, 4, 5)), ("subwords", SUBWORDS), ("loss", (SOFTMAX, ONE_VS_ALL))):
        place, is_changed = int(rng.integers(len(choices))), rng.random() < CHANGE_OF_CHOICE
        if is_changed:
            yield name, choices[place]


@dataclass
class Tuner:
    """Makes trials on one labelled text; keeps the examples of the last, which the next may have too."""

    text: LabelledText
    order: TuningOrder
    valid: LineFiles
    folder: Path
    tokenizer: Tokenizer
    init: Embeddings | None
    n_threads: int
    note: Note
    is_quantised: bool = False
    _made: dict[ExampleOptions, Examples] = field(default_factory=dict)

    def best(self, given: ClassifierConfig) -> ClassifierConfig:
        """The best configuration that could be found in time. Raises: InputError if no trial came to its end"""
        end = time.monotonic() + 60 * self.order.minutes
        trials: list[Trial] = []
        best: Trial | None = None
        number = 0
        while time.monotonic() < end:
            trial = self._trial(number, proposed(number, given, best, self.order.fixed), end)
            number += 1
            if trial is None:
                continue
            trials.append(trial)
            best = trial if best is None or trial.f1 > best.f1 else best
            self._tell(trials, best)
        if best is None:
            raise InputError(
                f"--tune-minutes {self.order.minutes:g}: no trial ended in that time, or none within --tune-size; give "
                "more"
            )
        self.note(f"best of {len(trials)} trials: number {best.number}, f1 {best.f1:.4f}: {options_of(best.config)}")
        return best.config

    def _trial(self, number: int, config: ClassifierConfig, end: float) -> Trial | None:
        """Train and score; None if time is over first, or the model would be too large."""
        start = time.monotonic()
        examples = self._examples(config.example_options)
        fitting = self._fitting(config.settled_for(examples.n), examples)
        if fitting is None:
            self.note(f"trial {number}: larger than --tune-size: {options_of(config)}")
            return None
        config = fitting
        try:
            f1 = self._f1(
                ClassifierTrainer(examples, config, self.init, self.n_threads), lambda: time.monotonic() >= end
            )
        except DivergedError:
            f1 = 0.0
        except Cancelled:
            return None
        return Trial(number, config, f1, time.monotonic() - start, self._size(examples, config.vector_size))

    def _examples(self, options: ExampleOptions) -> Examples:
        if options not in self._made:
            self._made = {options: make_examples(self.text, options, self.folder, self.init)}
        return self._made[options]

    def _fitting(self, config: ClassifierConfig, examples: Examples) -> ClassifierConfig | None:
        """With shorter vectors, if the model would be too large with these; None if it always would."""
        limit = self.order.size_bytes
        if limit is None or self._size(examples, config.vector_size) <= limit:
            return config
        least = self._size(examples, 0)
        dim = (limit - least) // (self._size(examples, 1) - least)
        is_free = "vector_size" not in self.order.fixed and self.init is None and dim >= 1
        return replace(config, vector_size=int(dim)) if is_free else None

    def _size(self, examples: Examples, dim: int) -> int:
        return size_of(examples, dim, self.is_quantised)

    def _f1(self, trainer: ClassifierTrainer, is_over: Callable[[], bool]) -> float:
        train(trainer, Session(self.n_threads, is_cancelled=is_over))
        prefix = self.valid.layout.label_prefix
        trained = trainer.classifier(self.tokenizer, None if prefix is None else prefix.decode(errors="replace"))
        return score_files(Predictor(trained), self.valid, 1, 0.0).overall.f1

    def _tell(self, trials: list[Trial], best: Trial) -> None:
        trial = trials[-1]
        mark = ", the best so far" if trial is best else ""
        self.note(f"trial {trial.number}: f1 {trial.f1:.4f}{mark}, {trial.seconds:.1f} s: {options_of(trial.config)}")
        if self.order.trials is not None:
            lines = ["\t".join(cells) for cells in (TITLES, *(each.cells() for each in trials))]
            with replacing(self.order.trials) as file:
                file.write(("\n".join(lines) + "\n").encode())


def size_of(examples: Examples, dim: int, is_quantised: bool = False) -> int:
    """The bytes of the file of a model with such vectors, about."""
    words, labels = examples.vocabulary, examples.label_vocabulary
    n_rows, n_labels = len(words) + len(examples.buckets), len(labels)
    tables = 24 * len(words) + len(words.text) + 4 * len(examples.buckets) + 40 * n_labels + len(labels.text)
    rows = n_rows * (dim + 4) if is_quantised else 4 * dim * n_rows
    return rows + 4 * dim * n_labels + tables + FILE_OVERHEAD_BYTES
