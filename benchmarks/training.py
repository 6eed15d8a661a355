"""Skip-gram with negative sampling against gensim's fastest path: words a second, scores, threads, memory.

words/s = occurrences of vocabulary words, before subsampling, times epochs / seconds of training. Ours includes writing
the vectors; gensim's is `Word2Vec.train(corpus_file=...)` alone, without building its vocabulary.
"""

import argparse
import logging
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from gensim.test.utils import datapath

from benchmarks.table import print_table, text_file
from wordvec_cli.corpus import Corpus
from wordvec_cli.counting import CountOptions, count_words
from wordvec_cli.embeddings import save
from wordvec_cli.sequences import Sequences, encode
from wordvec_cli.tokenizer import Tokenizer
from wordvec_cli.training import loop, word2vec
from wordvec_cli.vocabulary import Vocabulary

RATE = 0.025  # gensim's default


@dataclass(frozen=True)
class Run:
    """One training: its speed in words/s and the vectors."""

    speed: float
    vectors: KeyedVectors


@dataclass(frozen=True)
class Material:
    """A corpus as each side needs it."""

    path: Path
    vocabulary: Vocabulary
    sequences: Sequences

    @staticmethod
    def of(path: Path, folder: Path) -> "Material":
        corpus = Corpus.open([str(path)], Tokenizer(), folder)
        vocabulary = count_words(corpus, CountOptions(n_threads=2)).vocabulary()
        return Material(path, vocabulary, encode(corpus, vocabulary, 2))


def ours(material: Material, epochs: int, seed: int, threads: int, dim: int) -> Run:
    config = word2vec.Word2VecConfig(vector_size=dim, epochs=epochs, seed=seed, learning_rate=RATE)
    start = time.perf_counter()
    trainer = word2vec.Word2VecTrainer(material.sequences, material.vocabulary, config)
    trained = word2vec.train(trainer, loop.Session(threads))
    with tempfile.TemporaryDirectory() as folder:
        save(f"{folder}/v.safetensors", material.vocabulary, trained.matrix, {})
    seconds = time.perf_counter() - start
    vectors = KeyedVectors(dim)
    words = [word.decode(errors="replace") for word in material.vocabulary]
    vectors.add_vectors(words, np.ascontiguousarray(trained.matrix))
    return Run(material.sequences.n_known * epochs / seconds, vectors)


def gensims(material: Material, epochs: int, seed: int, threads: int, dim: int) -> Run:
    model = Word2Vec(
        sg=1, vector_size=dim, window=5, negative=5, sample=1e-3, min_count=5, alpha=RATE, seed=seed, workers=threads
    )
    model.build_vocab(corpus_file=str(material.path))
    start = time.perf_counter()
    model.train(
        corpus_file=str(material.path), total_words=model.corpus_total_words, total_examples=model.corpus_count,
        epochs=epochs,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    return Run(material.sequences.n_known * epochs / seconds, model.wv)


def scores(vectors: KeyedVectors) -> dict[str, float]:
    """gensim's own evaluation, its defaults: Spearman of WordSim-353 and SimLex-999, accuracy of Google's analogies."""
    return {
        "WordSim-353": vectors.evaluate_word_pairs(datapath("wordsim353.tsv"))[1].statistic,
        "SimLex-999": vectors.evaluate_word_pairs(datapath("simlex999.txt"))[1].statistic,
        "analogies": vectors.evaluate_word_analogies(datapath("questions-words.txt"))[0],
    }


def compare_speed(material: Material, epochs: int, runs: int, dim: int) -> None:
    ours(material, 1, 1, 2, dim)  # compiles
    rows: dict[str, list[float]] = {"wordvec": [], "gensim": [], "wordvec, 1 thread": []}
    for seed in range(1, runs + 1):
        rows["wordvec"].append(ours(material, epochs, seed, 2, dim).speed)
        rows["wordvec, 1 thread"].append(ours(material, epochs, seed, 1, dim).speed)
        rows["gensim"].append(gensims(material, 1, seed, 2, dim).speed)
    medians = {name: statistics.median(speeds) for name, speeds in rows.items()}
    print_table(
        f"skip-gram, dimension {dim}, window 5, 5 negatives, 2 threads, {material.path.name}, {runs} runs in turn",
        ["", "million words/s (median)", "lowest", "highest"],
        [[name, medians[name] / 1e6, min(speeds) / 1e6, max(speeds) / 1e6] for name, speeds in rows.items()],
    )
    print(f"wordvec / gensim: {medians['wordvec'] / medians['gensim']:.1f}")
    print(f"2 threads / 1 thread: {medians['wordvec'] / medians['wordvec, 1 thread']:.2f}\n")


def compare_quality(material: Material, epochs: int, seeds: int, dim: int) -> None:
    rows = []
    for name, train in (("wordvec", ours), ("gensim", gensims)):
        results = [scores(train(material, epochs, seed, 2, dim).vectors) for seed in range(1, seeds + 1)]
        for score in results[0]:
            values = [result[score] for result in results]
            rows.append([name, score, statistics.mean(values), min(values), max(values)])
    print_table(
        f"scores after {epochs} epochs at rate {RATE}, 2 threads, means of {seeds} seeds (gensim's evaluation)",
        ["", "set", "mean", "lowest", "highest"],
        sorted(rows, key=lambda row: str(row[1])),
    )


def main(arguments: argparse.Namespace) -> None:
    logging.disable(logging.WARNING)  # gensim's
    with tempfile.TemporaryDirectory() as folder:
        material = Material.of(text_file(arguments.corpus, Path(folder)), Path(folder))
        for dim in arguments.dims:
            compare_speed(material, arguments.epochs, arguments.runs, dim)
            if arguments.quality:
                compare_quality(material, arguments.epochs, 3, dim)
