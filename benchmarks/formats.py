"""Vector files: reading text and word2vec's binary format against gensim, and opening our own.

Text is that of --vectors (GloVe's glove.6B.50d.txt for the published figures), or one that is made.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors

from benchmarks.arguments import Arguments
from benchmarks.table import Task, medians_in_turn, print_table
from wordvec_cli import formats
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.storage import safetensors
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.native import load, save_tensors
from wordvec_cli.vocabulary.vocabulary import Vocabulary

THREADS = 2
WORDVEC = [sys.executable, "-m", "wordvec_cli"]
MADE_WORDS, MADE_DIM = 100_000, 50  # where no --vectors are given
N_WORDS, DIM = 3_000_000, 300  # of the file that is only opened


def made_text(folder: Path, first: Sequence[bytes] = ()) -> Path:
    """Random vectors of these words, and of more up to MADE_WORDS."""
    words = [*first, *(b"made-word%d" % i for i in range(MADE_WORDS - len(first)))]
    matrix = np.round(np.random.default_rng(1).normal(size=(len(words), MADE_DIM)), 5).astype(np.float32)
    path = folder / "made.txt"
    vectors = from_matrix(Vocabulary.from_words(words), matrix, {})
    formats.write_vectors(str(path), vectors, formats.FORMATS["glove"], WriteOptions())
    print(f"no --vectors given: {len(words)} words x {MADE_DIM} are made\n")
    return path


def read(source: Path) -> Embeddings:
    return formats.open_vectors(str(source), ReadOptions(n_threads=THREADS))


def to_native(source: Path, target: Path) -> None:
    vectors = read(source)
    formats.write_vectors(str(target), vectors, formats.FORMATS[formats.NATIVE], WriteOptions())


def command_to_native(source: Path, target: Path) -> None:
    subprocess.run([*WORDVEC, "export", source, target, "--quiet"], check=True)


def opening(folder: Path) -> float:
    """Milliseconds to open a large native file, one whose disk space holds no numbers: none is read."""
    path = str(folder / "large.safetensors")
    words = Vocabulary.from_words(b"%d" % i for i in range(N_WORDS))
    tensors = {"vectors": safetensors.Tensor("F32", (N_WORDS, DIM), list)}
    try:
        save_tensors(path, words, tensors, {})
    finally:
        os.truncate(path, os.path.getsize(path) + 4 * N_WORDS * DIM)
    start = time.perf_counter()
    vectors = load(path)
    assert vectors.dim == DIM
    return 1000 * (time.perf_counter() - start)


def main(arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = Path(arguments.vectors) if arguments.vectors else made_text(folder)
        native, binary = folder / "v.safetensors", folder / "v.bin"
        to_native(text, native)  # compiles
        formats.write_vectors(str(binary), load(str(native)), formats.FORMATS["word2vec-binary"], WriteOptions())
        to_native(binary, native)
        tasks: dict[str, dict[str, Task]] = {
            text.name: {
                "read": lambda: read(text),
                "written": lambda: to_native(text, native),
                "the command": lambda: command_to_native(text, native),
                "gensim": lambda: KeyedVectors.load_word2vec_format(text, no_header=True),
            },
            "the same in word2vec's binary format": {
                "read": lambda: read(binary),
                "written": lambda: to_native(binary, native),
                "the command": lambda: command_to_native(binary, native),
                "gensim": lambda: KeyedVectors.load_word2vec_format(binary, binary=True),
            },
        }
        each = {(title, side): task for title, sides in tasks.items() for side, task in sides.items()}
        medians = medians_in_turn(each, arguments.runs)
        rows = []
        for title, sides in tasks.items():
            mine, written, command, its = (medians[title, side] for side in sides)
            rows.append([title, mine, written, command, its, *(f"{its / s:.1f}x" for s in (mine, written, command))])
        print_table(
            f"seconds, {THREADS} threads, {len(load(str(native)).vocabulary)} words, medians of {arguments.runs} runs",
            ["", "read", "and written", "the command", "gensim (reads only)", "ratio", "written", "command"],
            rows,
        )
        print(f"opening a native file of {N_WORDS:,} words: {opening(folder):.1f} ms\n")
