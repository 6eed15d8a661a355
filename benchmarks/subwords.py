"""Training with n-grams of characters against fastText's own program and gensim's FastText: words a second, and scores.

All train with the defaults of fastText, on two threads, and have the same corpus in a file. words/s = occurrences of
vocabulary words, before subsampling, times epochs / seconds: ours by the clock around the loop, fastText's as it
reports its own (per thread, times two), gensim's of `FastText.train(corpus_file=...)` alone.

Scores are those of `--quality`. fastText fills only a tenth of its input matrix for each thread that it has, so there
it trains with ten; rare words are scored with all pairs, as all sides have vectors for unknown words.
"""

import logging
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from gensim.models import FastText
from gensim.test.utils import datapath

from benchmarks.arguments import Arguments
from benchmarks.table import print_table, text_file, timed
from benchmarks.training import Material
from wordvec_cli.evaluation.asking import evaluate
from wordvec_cli.evaluation.scores import spearman
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.sets import Analogies
from wordvec_cli.formats import open_vectors
from wordvec_cli.training.frequencies import keep_thresholds
from wordvec_cli.training.matrices import padded
from wordvec_cli.training.models import configured, word2vec_trainer
from wordvec_cli.training.ngrams import ngram_rows
from wordvec_cli.training.presets import PRESETS
from wordvec_cli.training.session import Session
from wordvec_cli.training.trainer import train
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix

MODELS = {"skip-gram": "skipgram", "CBOW": "cbow"}
SETS = ("wordsim353.tsv", "simlex999.txt", "questions-words.txt")
THREADS = 2
ALL_BLOCKS = 10  # threads with which fastText fills its whole matrix


@dataclass(frozen=True)
class Run:
    """One training: words/s, and the vectors."""

    speed: float
    vectors: Embeddings | None = None


Side = Callable[[Material, Word2VecConfig], Run]


def config_of(model: str, epochs: int, seed: int) -> Word2VecConfig:
    config = configured({"model": model, "epochs": epochs, "seed": seed}, PRESETS["fasttext"]({}))
    assert isinstance(config, Word2VecConfig)
    return config


def ours(material: Material, config: Word2VecConfig, threads: int = THREADS) -> Run:
    trainer = word2vec_trainer(material.sequences, material.vocabulary, config)
    trainer.load_kernel(threads)
    start = time.perf_counter()
    trained = train(trainer, Session(threads))
    speed = material.sequences.n_known * config.n_epochs / (time.perf_counter() - start)
    vectors = from_matrix(material.vocabulary, np.ascontiguousarray(trained.matrix), {})
    return Run(speed, replace(vectors, subwords=trained.subwords))


def fasttexts(program: str, threads: int) -> Side:
    def run(material: Material, config: Word2VecConfig) -> Run:
        with tempfile.TemporaryDirectory() as folder:
            result = subprocess.run(
                [program, config.model, "-input", material.path, "-output", f"{folder}/v", "-thread", str(threads),
                 "-epoch", str(config.epochs), "-seed", str(config.seed), "-verbose", "1"],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            a_thread = re.findall(r"words/sec/thread:\s*(\d+)", result.stdout + result.stderr)[-1]
            vectors = open_vectors(f"{folder}/v.bin") if threads == ALL_BLOCKS else None
            return Run(int(a_thread) * threads, vectors)

    return run


def gensims(material: Material, config: Word2VecConfig) -> Run:
    model = FastText(
        sg=int(config.model == "skipgram"), negative=config.negative or 0, vector_size=config.vector_size,
        window=config.window, sample=config.sample, ns_exponent=config.noise_exponent, min_count=5,
        alpha=config.learning_rate, min_alpha=config.min_learning_rate, seed=config.seed, workers=THREADS,
    )  # fmt: skip
    model.build_vocab(corpus_file=str(material.path))
    start = time.perf_counter()
    model.train(
        corpus_file=str(material.path), total_words=model.corpus_total_words, total_examples=model.corpus_count,
        epochs=config.n_epochs,
    )  # fmt: skip
    return Run(material.sequences.n_known * config.n_epochs / (time.perf_counter() - start))


def bytes_copied_per_second() -> float:
    """Read and written by one thread that copies what no cache holds."""
    source = np.ones(1 << 26, np.float32)
    target = np.zeros_like(source)
    return 2 * source.nbytes / min(timed(lambda: np.copyto(target, source)) for _ in range(5))


def bytes_per_word(material: Material, config: Word2VecConfig) -> float:
    """Of a word of the corpus on average: its rows of the inputs, each read and written once, where it is kept."""
    counts = np.asarray(material.vocabulary.counts, np.float64)
    kept = counts * keep_thresholds(counts, config.sample) / 2**32
    n_rows = np.diff(ngram_rows(material.vocabulary, config.lengths, config.n_buckets).offsets)
    return float((kept * n_rows).sum() / counts.sum()) * 2 * 4 * padded(config.vector_size)


def compare_with_memory(material: Material, epochs: int) -> None:
    """How much of what memory gives one thread the rows would take, were none in a cache."""
    config = config_of("skipgram", epochs, 1)
    speed = ours(material, config, threads=1).speed
    of_word, limit = bytes_per_word(material, config), bytes_copied_per_second()
    print_table(
        "skip-gram, one thread: rows of words and n-grams, against a copy of what no cache holds",
        ["bytes a word", "GB/s", "a copy, GB/s", "share"],
        [[f"{of_word:.0f}", f"{of_word * speed / 1e9:.1f}", f"{limit / 1e9:.1f}", f"{of_word * speed / limit:.0%}"]],
    )


def compare_speed(material: Material, sides: dict[str, Side], epochs: int, runs: int) -> None:
    rows = []
    for name, model in MODELS.items():
        ours(material, config_of(model, 1, 1))  # compiles
        speeds: dict[str, list[float]] = {side: [] for side in sides}
        alone = []
        for seed in range(1, runs + 1):
            for side, run in sides.items():
                speeds[side].append(run(material, config_of(model, epochs, seed)).speed)
            alone.append(ours(material, config_of(model, epochs, seed), threads=1).speed)
        mine, *others = (statistics.median(values) / 1e6 for values in speeds.values())
        single = statistics.median(alone) / 1e6
        ratios = [text for value in others for text in (f"{value:.2f}", f"{mine / value:.1f}x")]
        rows.append([name, f"{mine:.2f}", *ratios, f"{mine / single:.2f}x"])
    columns = [text for side in list(sides)[1:] for text in (side, "ratio")]
    print_table(
        f"million words/s, 3-6-grams, dimension 100, 5 negatives, 2 threads, medians of {runs} runs in turn",
        ["", "wordvec", *columns, "2 threads / 1"],
        rows,
    )


def score(vectors: Embeddings, path: str) -> float:
    """Of pairs all, with vectors of unknown words; of analogies those of known words."""
    eval_set = read_eval_set(path)
    if isinstance(eval_set, Analogies):
        return evaluate(vectors.vocabulary, vectors.matrix, eval_set).value
    firsts, seconds = (vectors.vectors([pair[i].lower() for pair in eval_set.words])[0] for i in range(2))
    lengths = np.linalg.norm(firsts, axis=1) * np.linalg.norm(seconds, axis=1)
    cosines = (firsts * seconds).sum(axis=1) / np.maximum(lengths, 1e-9)
    return spearman(np.array(eval_set.scores), cosines)


def compare_quality(material: Material, program: str, paths: list[str], epochs: int, seeds: int) -> None:
    rows = []
    for name, model in MODELS.items():
        found: dict[tuple[str, str], list[float]] = {}
        for seed in range(1, seeds + 1):
            for side, run in (("wordvec", ours), ("fastText", fasttexts(program, ALL_BLOCKS))):
                vectors = run(material, config_of(model, epochs, seed)).vectors
                assert vectors is not None
                for path in paths:
                    found.setdefault((path, side), []).append(score(vectors, path))
        for path in paths:
            mine, its = (statistics.mean(found[path, side]) for side in ("wordvec", "fastText"))
            rows.append([name, Path(path).name, f"{mine:.3f}", f"{its:.3f}", f"{mine - its:+.3f}"])
    print_table(
        f"scores after {epochs} epochs, means of {seeds} seeds; fastText with {ALL_BLOCKS} threads",
        ["", "set", "wordvec", "fastText", "difference"],
        rows,
    )


def main(arguments: Arguments) -> None:
    logging.disable(logging.WARNING)  # gensim's
    with tempfile.TemporaryDirectory() as folder:
        material = Material.of(text_file(arguments.corpus, Path(folder)), Path(folder))
        sides: dict[str, Side] = {"wordvec": ours}
        if arguments.fasttext:
            sides["fastText"] = fasttexts(arguments.fasttext, THREADS)
        else:
            print("NO COMPARISON with fastText's program: name it with --fasttext\n")
        sides["gensim"] = gensims
        compare_speed(material, sides, arguments.epochs, arguments.runs)
        compare_with_memory(material, arguments.epochs)
        if arguments.quality and arguments.fasttext:
            paths = [*map(datapath, SETS), *arguments.eval_set]
            compare_quality(material, arguments.fasttext, paths, max(arguments.epochs, 3), arguments.runs)
