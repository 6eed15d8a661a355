"""Neighbours of 10 000 words among 400 000 against gensim and the bare matrix product; of one word, cold and warm.

Vectors are those of --vectors (GloVe's glove.6B.50d.txt for the published figures), or random ones.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors

from benchmarks.arguments import Arguments
from benchmarks.table import Task, print_table, timed
from wordvec_cli import formats
from wordvec_cli.api.vectors import Vectors
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WORDS, DIM, K = 400_000, 50, 10
N_ROWS = 300_000  # of the vectors that are asked one by one
N_QUERIES, N_OF_GENSIM = 10_000, 200  # gensim's loop is timed on fewer, and its time multiplied
AT_ONCE, ROWS = 512, 4096  # the blocks of the command
WORDVEC = [sys.executable, "-m", "wordvec_cli"]


def opened(path: str) -> Embeddings:
    if path:
        return formats.open_vectors(path)
    print(f"no --vectors given: {N_WORDS} random vectors of {DIM} numbers\n")
    matrix = np.random.default_rng(1).normal(size=(N_WORDS, DIM)).astype(np.float32)
    return from_matrix(Vocabulary.from_words(b"word%d" % i for i in range(N_WORDS)), matrix, {})


def library(vectors: Embeddings, asked: "np.ndarray") -> None:
    nearest(Index(vectors), Cosine(vectors.matrix[asked]), K, [[int(i)] for i in asked])


def bare_product(directions: "np.ndarray", asked: "np.ndarray") -> None:
    products = np.empty((AT_ONCE, ROWS), np.float32)
    for start in range(0, len(asked), AT_ONCE):
        queries = directions[asked[start : start + AT_ONCE]]
        for row in range(0, len(directions), ROWS):
            rows = directions[row : row + ROWS]
            np.matmul(queries, rows.T, out=products[: len(queries), : len(rows)])


def gensim_loop(vectors: KeyedVectors, asked: list[str]) -> None:
    for word in asked:
        vectors.most_similar(word, topn=K)


def command(path: Path, words: Path, threads: str | None) -> None:
    environment = os.environ | ({"OPENBLAS_NUM_THREADS": threads} if threads else {})
    with words.open("rb") as source:
        subprocess.run(
            [*WORDVEC, "similar", path], stdin=source, stdout=subprocess.DEVNULL, check=True, env=environment
        )


def many(vectors: Embeddings, path: Path, folder: Path, n_runs: int) -> None:
    asked = np.random.default_rng(2).choice(len(vectors.vocabulary), N_QUERIES, replace=False)
    (folder / "words").write_bytes(b"".join(vectors.vocabulary.word(i) + b"\n" for i in asked.tolist()))
    theirs = KeyedVectors(vectors.dim)
    theirs.add_vectors([str(i) for i in range(len(vectors.vocabulary))], vectors.matrix)
    directions = unit_rows(vectors.matrix).astype(np.float32)
    tasks: dict[str, tuple[float, Task]] = {
        "the bare product, queries @ matrix.T": (1, lambda: bare_product(directions, asked)),
        "wordvec, in Python": (1, lambda: library(vectors, asked)),
        "wordvec similar, the whole command": (1, lambda: command(path, folder / "words", None)),
        "... with OPENBLAS_NUM_THREADS=2": (1, lambda: command(path, folder / "words", "2")),
        "gensim's most_similar, one by one": (
            N_QUERIES / N_OF_GENSIM, lambda: gensim_loop(theirs, [str(i) for i in asked[:N_OF_GENSIM]])
        ),
    }  # fmt: skip
    gensim_loop(theirs, ["0"])  # computes its norms
    command(path, folder / "words", None)  # compiles what is not yet compiled
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(n_runs):
        for name, (factor, task) in tasks.items():
            seconds[name].append(factor * timed(task))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    bare, its = medians["the bare product, queries @ matrix.T"], medians["gensim's most_similar, one by one"]
    print_table(
        f"the {K} nearest of {N_QUERIES} words among {len(vectors.vocabulary)} x {vectors.dim}, medians of {n_runs}",
        ["", "seconds", "bare product = 1", "gensim / it"],
        [[name, median, median / bare, f"{its / median:.1f}x"] for name, median in medians.items()],
    )


def cold(path: Path, word: str, n_runs: int) -> None:
    """Whole commands, the file in the page cache; beside them the least that they could take, and their peak memory."""
    read = f"import numpy; numpy.fromfile({str(path)!r}, numpy.uint8)"
    packed = {packing: path.with_suffix(f".{packing}.safetensors") for packing in ("float16", "int8")}
    for packing, target in packed.items():
        subprocess.run([*WORDVEC, "export", "--quiet", f"--{packing}", path, target], check=True)
    commands: dict[str, list[object]] = {
        "python -c 'import click, numpy'": [sys.executable, "-c", "import click, numpy"],
        "python -c 'import numpy', and the file read once": [sys.executable, "-c", read],
        "wordvec similar, one word": [*WORDVEC, "similar", path, word],
        **{f"... {packing}": [*WORDVEC, "similar", target, word] for packing, target in packed.items()},
        "wordvec analogy, one question": [*WORDVEC, "analogy", path, word, word, word],
        "wordvec similarity, one pair": [*WORDVEC, "similarity", path, word, word],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    megabytes: dict[str, float] = {}
    for _ in range(5 * n_runs):
        for name, arguments in commands.items():
            start = time.perf_counter()
            megabytes[name] = peak_megabytes(arguments)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    first = next(iter(medians.values()))
    print_table(
        f"whole commands, the file of {path.stat().st_size / 1e6:.0f} MB in the page cache, in turn, medians of "
        f"{5 * n_runs}",
        ["", "ms", "ratio", "peak MB"],
        [[name, median * 1e3, median / first, megabytes[name]] for name, median in medians.items()],
    )


PEAK = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"""


def peak_megabytes(arguments: Sequence[object]) -> float:
    """Peak memory of a command, asked by a small process: a child begins with the peak of what starts it."""
    command = [sys.executable, "-c", PEAK, *map(str, arguments)]
    peak = int(subprocess.run(command, capture_output=True, check=True).stdout)
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def one_by_one(n_runs: int) -> None:
    """`most_similar` in Python, a word at a time, each time another one."""
    matrix = np.random.default_rng(1).normal(size=(N_ROWS, 100)).astype(np.float32)
    ours = Vectors.from_arrays([f"word{i}" for i in range(N_ROWS)], matrix)
    theirs = KeyedVectors(100)
    theirs.add_vectors([f"word{i}" for i in range(N_ROWS)], matrix)
    sides: dict[str, Callable[..., object]] = {"gensim": theirs.most_similar, "wordvec": ours.most_similar}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(10 * n_runs + 1):
        for name, most_similar in sides.items():
            seconds[name].append(timed(partial(most_similar, f"word{7 * number}", topn=K)))
    medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}  # the first computes lengths
    print_table(
        f"most_similar in Python, one word of {N_ROWS} x 100, in turn, medians of {10 * n_runs}",
        ["", "ms", "gensim / it"],
        [[name, median * 1e3, f"{medians['gensim'] / median:.1f}x"] for name, median in medians.items()],
    )


def main(arguments: Arguments) -> None:
    vectors = opened(arguments.vectors)
    with tempfile.TemporaryDirectory() as name:
        path, wide = Path(name) / "v.safetensors", Path(name) / "wide.safetensors"
        rows = np.random.default_rng(1).normal(size=(N_WORDS, 300)).astype(np.float32)
        save(str(wide), Vocabulary.from_words(b"word%d" % i for i in range(N_WORDS)), rows, {})
        del rows
        cold(wide, "word1000", arguments.runs)
        save(str(path), vectors.vocabulary, vectors.matrix, {})
        one_by_one(arguments.runs)
        many(vectors, path, Path(name), arguments.runs)
