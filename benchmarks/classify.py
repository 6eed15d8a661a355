"""Text classification against fastText's `supervised`: words a second, whole trainings, precision at 1.

Each pair of --labelled files is trained on and scored by both sides: dimension 100, 5 epochs, word bigrams, learning
rate 0.5, 2 threads; and once by subwords of 1 to 3 characters in place of bigrams. words/s are words and line ends of
labelled lines times epochs, divided by the time of training alone: ours by the clock around the loop, fastText's as it
reports its own. Whole trainings include reading and the filling of the matrices, and ours also writing the model.

With --tune-minutes N, both search their options for N minutes instead, as fastText's autotune does.
"""

import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from benchmarks.arguments import Arguments
from benchmarks.table import SAMPLE, print_table, text_file
from wordvec_cli.classify import model as classifier
from wordvec_cli.classify.examples import Examples, make_examples
from wordvec_cli.classify.labelled import read_labelled
from wordvec_cli.classify.lines import LabelLayout, LineParser
from wordvec_cli.classify.prediction import Predictor
from wordvec_cli.classify.run import ClassifierOrder, run
from wordvec_cli.classify.scores import LabelScores
from wordvec_cli.classify.scoring import score_lines
from wordvec_cli.classify.trainer import ClassifierConfig, ClassifierTrainer
from wordvec_cli.classify.tuning import TuningOrder
from wordvec_cli.formats import open_vectors
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.ngram_lengths import ngram_lengths
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import loop
from wordvec_cli.training.session import Session
from wordvec_cli.vectors.embeddings import Embeddings

THREADS = 2
EPOCHS = 5
CONFIG = ClassifierConfig(learning_rate=0.5, word_ngrams=2, epochs=EPOCHS)
BY_SUBWORDS = replace(CONFIG, word_ngrams=1, subwords="1-3", buckets=200_000)
# ours: fastText's
LOSSES: dict[classifier.Loss, str] = {"softmax": "softmax", "hierarchical-softmax": "hs", "one-vs-all": "ova"}
FEW = 200, 500, 1000, 5000  # lines of small training sets
VALID_SHARE = 10  # of the lines of training one is left out, for options to be tried on


@dataclass(frozen=True)
class Run:
    """One training: words/s of the training alone, seconds of all of it, precision at 1."""

    speed: float
    seconds: float
    precision: float


def examples_of(train: Path, config: ClassifierConfig, tokenizer: Tokenizer, init: Embeddings | None) -> Examples:
    text = read_labelled(Corpus.open([str(train)], tokenizer, train.parent), LabelLayout())
    return make_examples(text, config.example_options, train.parent, init)


def precision(model: classifier.Classifier, test: Path) -> float:
    lines = LineParser(LabelLayout(), str(test)).parse(test.read_bytes().splitlines())
    scores = LabelScores()
    score_lines(Predictor(model), lines, 1, 0.0, scores)
    return scores.overall.precision


def ours(
    train: Path,
    test: Path,
    config: ClassifierConfig,
    tokenizer: Tokenizer | None = None,
    init: Embeddings | None = None,
) -> Run:
    tokenizer = tokenizer or Tokenizer()
    start = time.perf_counter()
    examples = examples_of(train, config, tokenizer, init)
    trainer = ClassifierTrainer(examples, config, init, THREADS)
    trainer.load_kernel()
    start_of_training = time.perf_counter()
    loop.run(trainer, Session(THREADS))
    seconds_of_training = time.perf_counter() - start_of_training
    path = str(train.with_name("model.safetensors"))
    classifier.save(path, trainer.classifier(tokenizer, "__label__"), {})
    seconds = time.perf_counter() - start
    speed = examples.n_tokens * config.n_epochs / seconds_of_training
    return Run(speed, seconds, precision(classifier.load(path), test))


def fasttexts(fasttext: Any, train: Path, test: Path, config: ClassifierConfig, n_tokens: int) -> Run:
    lengths, start = ngram_lengths(config.subwords), time.perf_counter()
    with tempfile.TemporaryFile() as told, stderr_to(told):
        model = fasttext.train_supervised(
            str(train), dim=config.vector_size, epoch=config.epochs, wordNgrams=config.word_ngrams,
            lr=config.learning_rate, loss=LOSSES[config.loss], thread=THREADS, seed=config.seed, verbose=2,
            minn=lengths.shortest, maxn=lengths.longest, bucket=config.buckets,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        told.seek(0)
        *_, per_thread = re.findall(rb"words/sec/thread: +([0-9]+)", told.read())
    its_tokens = sum(len(line.split()) + 1 for line in train.read_bytes().splitlines())  # it counts labels too
    return Run(THREADS * int(per_thread) * n_tokens / its_tokens, seconds, model.test(str(test))[1])


@contextmanager
def stderr_to(file: IO[bytes]) -> Iterator[None]:
    """Send what compiled code writes to standard error to a file."""
    before = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def compare(name: str, train: Path, test: Path, runs: int, fasttext: Any) -> None:
    rows = []
    configs = [(loss, replace(CONFIG, loss=loss)) for loss in LOSSES]
    for title, config in [*configs, ("subwords 1-3", BY_SUBWORDS)]:
        n_tokens = examples_of(train, config, Tokenizer(), None).n_tokens
        ours(train, test, replace(config, epochs=1))  # loads the kernels
        results: dict[str, list[Run]] = {"wordvec": [], "fastText": []}
        for seed in range(1, runs + 1):
            results["wordvec"].append(ours(train, test, replace(config, seed=seed)))
            if fasttext:
                results["fastText"].append(fasttexts(fasttext, train, test, replace(config, seed=seed), n_tokens))
        rows += rows_of(title, results)
    print_table(
        f"{name}: {THREADS} threads, dimension 100, {EPOCHS} epochs, bigrams, rate 0.5; medians of {runs} seeds",
        ["loss", "figure", "wordvec", "fastText", "ratio or difference"],
        rows,
    )


def rows_of(loss: str, results: Mapping[str, list[Run]]) -> list[list[object]]:
    mine, its = results["wordvec"], results["fastText"]

    def medians(runs: list[Run]) -> tuple[float, float]:
        speed = statistics.median(run.speed for run in runs) / 1e6
        return speed, statistics.median(run.seconds for run in runs)

    def mean(runs: list[Run]) -> float:
        return statistics.mean(run.precision for run in runs)

    def range_of(runs: list[Run]) -> str:
        values = [run.precision for run in runs]
        return f"{mean(runs):.4f} ({min(values):.4f}-{max(values):.4f})"

    speed, seconds = medians(mine)
    if not its:
        figures = (("million words/s", speed), ("seconds in all", seconds), ("precision@1", range_of(mine)))
        return [[loss, figure, value, "", ""] for figure, value in figures]
    its_speed, its_seconds = medians(its)
    return [
        [loss, "million words/s", speed, its_speed, f"{speed / its_speed:.1f}x"],
        [loss, "seconds in all", seconds, its_seconds, f"{its_seconds / seconds:.1f}x"],
        [loss, "precision@1, mean (lowest-highest)", range_of(mine), range_of(its), f"{mean(mine) - mean(its):+.4f}"],
    ]


def compare_starts(name: str, train: Path, test: Path, vectors: str, runs: int) -> None:
    """Small training sets: from random vectors, from those of --vectors, and with these frozen."""
    init = open_vectors(vectors)
    tokenizer = Tokenizer("words", lowercase=True)
    lines = train.read_bytes().splitlines(keepends=True)
    few = train.with_name("few.txt")
    base = ClassifierConfig(vector_size=init.dim, learning_rate=0.5, epochs=20)
    rows = []
    for n in FEW:
        few.write_bytes(b"".join(lines[:n]))
        starts = ((base, None), (base, init), (replace(base, freeze=True), init))
        means = [
            statistics.mean(
                ours(few, test, replace(config, seed=seed), tokenizer, start).precision for seed in range(1, runs + 1)
            )
            for config, start in starts
        ]
        rows.append([n, *means])
    print_table(
        f"{name}: precision@1 of few lines, dimension {init.dim}, 20 epochs, rate 0.5, means of {runs} seeds",
        ["first lines", "random", "--init", "--init --freeze"],
        rows,
    )


# ---------------------------------------------------------------- options found by trial


def compare_tuning(name: str, train: Path, test: Path, minutes: float, fasttext: Any) -> None:
    """Both search options for so many minutes, on every tenth line of training, and are scored on the test."""
    lines = train.read_bytes().splitlines(keepends=True)
    rest, valid = train.with_name("rest.txt"), train.with_name("valid.txt")
    rest.write_bytes(b"".join(line for i, line in enumerate(lines) if i % VALID_SHARE))
    valid.write_bytes(b"".join(lines[::VALID_SHARE]))
    rows = [["wordvec", *tuned_by_us(rest, valid, test, minutes)]]
    if fasttext:
        rows.append(["fastText", *tuned_by_fasttext(fasttext, rest, valid, test, minutes)])
    print_table(
        f"{name}: options found by trial in {minutes:g} minutes, {THREADS} threads",
        ["by", "precision@1, valid", "precision@1, test", "seconds in all", "options"],
        rows,
    )


def tuned_by_us(train: Path, valid: Path, test: Path, minutes: float) -> list[object]:
    notes: list[str] = []
    order = ClassifierOrder([str(train)], n_threads=THREADS, tuning=TuningOrder(str(valid), minutes))
    start = time.perf_counter()
    model = run(order, note=lambda text, **_: notes.append(text))
    seconds = time.perf_counter() - start
    (best,) = [note for note in notes if note.startswith("best of")]
    return [precision(model, valid), precision(model, test), seconds, best]


def tuned_by_fasttext(fasttext: Any, train: Path, valid: Path, test: Path, minutes: float) -> list[object]:
    start = time.perf_counter()
    with tempfile.TemporaryFile() as told, stderr_to(told):
        model = fasttext.train_supervised(
            str(train), autotuneValidationFile=str(valid), autotuneDuration=round(60 * minutes), thread=THREADS,
            verbose=0,
        )  # fmt: skip
    seconds = time.perf_counter() - start
    names = "dim", "lr", "epoch", "wordNgrams", "minn", "maxn", "bucket", "loss"
    found = " ".join(f"{name}={getattr(model.f.getArgs(), name)}" for name in names)
    return [model.test(str(valid))[1], model.test(str(test))[1], seconds, found]


def main(arguments: Arguments) -> None:
    try:
        import fasttext
    except ImportError:
        fasttext = None
        print("NO COMPARISON: the package fasttext is not installed (pip install fasttext-wheel)\n")
    pairs = [pair.split(",") for pair in arguments.labelled]
    if not pairs:
        pairs = [[str(SAMPLE.with_name(f"eras-{part}.txt.xz")) for part in ("train", "test")]]
    for paths in pairs:
        with tempfile.TemporaryDirectory() as folder:
            train, test = (text_file(path, Path(folder)) for path in paths)
            if arguments.tune_minutes:
                compare_tuning(train.name, train, test, arguments.tune_minutes, fasttext)
                continue
            compare(train.name, train, test, arguments.runs, fasttext)
            if arguments.vectors:
                compare_starts(train.name, train, test, arguments.vectors, arguments.runs)
