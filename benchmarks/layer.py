"""From text to an embedding layer: encode, matrix and embed against Keras, gensim and numpy.

The corpus is --corpus; the vectors are --vectors (GloVe's glove.6B.50d.txt for the published figures), or some made.
"""

import os
import statistics
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.arguments import Arguments
from benchmarks.formats import made_text
from benchmarks.table import Task, print_table, text_file, timed
from wordvec_cli.cli import run
from wordvec_cli.vocabulary.file import read_vocabulary

THREADS = 2
LENGTH = 100
N_WORDS = 50_000
N_EMBEDDED_BYTES = 2_000_000_000


def wordvec(*arguments: object) -> None:
    """A command in this process, without its start."""
    assert run([*map(str, arguments), "--quiet"]) == 0


def plain_encode(corpus: Path, vocabulary: Path, output: Path) -> None:
    """What a tutorial does."""
    import keras

    with vocabulary.open(encoding="utf-8") as lines:
        index = {line.split("\t")[0]: row for row, line in enumerate(lines, 2)}
    with corpus.open(encoding="utf-8") as lines:
        sequences = [[index.get(word, 1) for word in line.split()] for line in lines]
    np.save(output, keras.utils.pad_sequences(sequences, maxlen=LENGTH))


def plain_matrix(vectors: Path, vocabulary: Path, output: Path) -> None:
    from gensim.models import KeyedVectors

    loaded = KeyedVectors.load_word2vec_format(vectors, no_header=True)
    with vocabulary.open(encoding="utf-8") as lines:
        words = [line.split("\t")[0] for line in lines]
    matrix = np.zeros((len(words) + 2, loaded.vector_size), np.float32)
    for row, word in enumerate(words, 2):
        if word in loaded:
            matrix[row] = loaded[word]
    np.save(output, matrix)


def plain_embed(matrix: Path, sequences: Path, output: Path, n_lines: int, is_synced: bool) -> None:
    """numpy.take, some lines at a time, written to a file; as we do, or without waiting for the disk."""
    rows, ids = np.load(matrix), np.load(sequences, mmap_mode="r")
    with output.open("wb") as file:
        for first in range(0, len(ids), n_lines):
            file.write(np.take(rows, ids[first : first + n_lines], axis=0).data)
        if is_synced:
            file.flush()
            os.fsync(file.fileno())


def medians(tasks: dict[str, Task], runs: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(runs):
        for name, task in tasks.items():
            os.sync()  # what the one before has left to write is not this one's
            seconds[name].append(timed(task))
    return {name: statistics.median(times) for name, times in seconds.items()}


def compare(title: str, tasks: dict[str, Task], runs: int, n_bytes: int) -> None:
    """A table of one of ours, the first, and its peers."""
    next(iter(tasks.values()))()  # compiles
    found = medians(tasks, runs)
    ours = next(iter(found.values()))
    rows = [[name, time, f"{n_bytes / time / 1e6:.0f}", f"{time / ours:.2f}x"] for name, time in found.items()]
    print_table(f"{title}, medians of {runs} runs", ["", "seconds", "MB/s", "of ours"], rows)


def main(arguments: Arguments) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = text_file(arguments.corpus, folder / "corpus")
        vocabulary, sequences, matrix, output = (folder / file for file in ("v.tsv", "s.npy", "m.npy", "out.npy"))
        wordvec("build-vocab", corpus, "-o", vocabulary, "--min-count", "1", "--max-vocab", N_WORDS)
        every_second = list(read_vocabulary(str(vocabulary)).vocabulary)[::2]  # so that some words are missing
        vectors = Path(arguments.vectors) if arguments.vectors else made_text(folder, every_second)
        asked = ("encode", corpus, "--vocab", vocabulary, "--length", LENGTH)
        compare(
            f"encode, {N_WORDS} words, length {LENGTH}",
            {
                f"encode, {THREADS} threads": lambda: wordvec(*asked, "-o", sequences, "--threads", THREADS),
                "encode, 1 thread": lambda: wordvec(*asked, "-o", sequences, "--threads", 1),
                "a dict, and Keras's pad_sequences": lambda: plain_encode(corpus, vocabulary, output),
            },
            arguments.runs,
            corpus.stat().st_size,
        )
        compare(
            f"matrix, {N_WORDS} words of {vectors.name}",
            {
                "matrix": lambda: wordvec("matrix", "--vocab", vocabulary, "--vectors", vectors, "-o", matrix),
                "gensim, and a loop": lambda: plain_matrix(vectors, vocabulary, output),
            },
            arguments.runs,
            vectors.stat().st_size,
        )
        n_lines = N_EMBEDDED_BYTES // (4 * LENGTH * np.load(matrix, mmap_mode="r").shape[1])
        np.save(sequences, np.resize(np.load(sequences), (n_lines, LENGTH)))
        embed = ("embed", "--matrix", matrix, "--sequences", sequences, "-o", output)
        at_once = max(1, 1_000_000 // (4 * LENGTH * np.load(matrix, mmap_mode="r").shape[1]))
        compare(
            f"embed, {N_EMBEDDED_BYTES / 1e9:.0f} GB of vectors",
            {
                "embed": lambda: wordvec(*embed),
                "numpy.take, synced": lambda: plain_embed(matrix, sequences, output, at_once, True),
                "numpy.take, not synced": lambda: plain_embed(matrix, sequences, output, at_once, False),
                "embed --pool mean": lambda: wordvec(*embed, "--pool", "mean"),
            },
            arguments.runs,
            N_EMBEDDED_BYTES,
        )
