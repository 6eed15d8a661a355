"""Neighbours from a file of many rows: with its packed copy and without, beside gensim's loop and faiss's flat index.

Rows are random: no two are near each other, so that more of them than of words' vectors are candidates.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.arguments import Arguments
from benchmarks.queries import peak_megabytes
from benchmarks.table import Task, medians_in_turn, print_table
from wordvec_cli import formats
from wordvec_cli.evaluation.asking import evaluate
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.parallel import scans_at_once
from wordvec_cli.queries import packed_copy
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.queries.packing_loss import packing_loss
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vectors.row_tensors import packed_in_memory
from wordvec_cli.vocabulary.vocabulary import Vocabulary

DIM, K = 300, 10
N_MANY, N_OF_GENSIM = 1000, 3
WORDVEC = [sys.executable, "-m", "wordvec_cli"]
PACKINGS = ("float16", "int8", "int4", "pq", "bits")


class MadeRows:
    """Random rows that are made when they are asked for."""

    def __init__(self, n_rows: int) -> None:
        self.shape = (n_rows, DIM)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(len(self))
        return np.random.default_rng(start + 7).standard_normal((stop - start, DIM), np.float32)


def made(folder: Path, n_rows: int) -> Path:
    """A file of random vectors, with its index."""
    path = folder / f"{n_rows}.safetensors"
    if not path.exists():
        save(str(path), Vocabulary.from_words(b"word%d" % i for i in range(n_rows)), MadeRows(n_rows), {})
    if not Path(f"{path}.index").exists():
        packed_copy.write(f"{path}.index", load(str(path)))
    return path


def cold(path: Path, n_runs: int) -> None:
    """Whole commands, the files in the page cache."""
    similar = [*WORDVEC, "similar", str(path), "word1000"]
    commands = {
        "python -c 'import click, numpy'": [sys.executable, "-c", "import click, numpy"],
        "similar --index none": [*similar, "--index", "none"],
        "similar, with the packed copy": similar,
    }
    answers = {subprocess.run(each, capture_output=True, check=True).stdout for each in list(commands.values())[1:]}
    assert len(answers) == 1
    runs = {
        name: partial(subprocess.run, each, stdout=subprocess.DEVNULL, check=True) for name, each in commands.items()
    }
    seconds = medians_in_turn(runs, 3 * n_runs)
    without = seconds["similar --index none"]
    print_table(
        f"one question, a process of its own, {path.stat().st_size / 1e9:.2f} GB in the page cache, medians",
        ["", "ms", "of --index none", "peak MB, with mapped pages"],
        [[name, 1e3 * each, each / without, peak_megabytes(commands[name])] for name, each in seconds.items()],
    )


def many(path: Path, n_runs: int) -> None:
    """In one process, with all that is compiled loaded."""
    from gensim.models import KeyedVectors

    vectors = load(str(path))
    copy, asked = packed_copy.read(f"{path}.index", vectors), _asked(vectors, N_MANY)
    theirs = KeyedVectors(DIM)
    theirs.index_to_key = list(map(str, range(len(vectors.vocabulary))))
    theirs.key_to_index = {str(i): int(i) for i in asked}
    theirs.vectors = vectors.matrix
    theirs.fill_norms()
    indexes = {
        "wordvec, the vectors alone": Index(vectors),
        "wordvec, with the packed copy": Index(vectors, None, 1, copy),
    }
    for index in indexes.values():  # loads, or compiles, and computes lengths
        _ask(index, vectors, asked[:200])
    sides: dict[str, Task] = {name: partial(_ask, index, vectors, asked) for name, index in indexes.items()}
    sides["gensim's most_similar, one by one"] = lambda: [theirs.most_similar(str(i)) for i in asked[:N_OF_GENSIM]]
    seconds = medians_in_turn(sides, n_runs)
    seconds["gensim's most_similar, one by one"] *= N_MANY / N_OF_GENSIM
    ours = seconds["wordvec, with the packed copy"]
    print_table(
        f"the {K} nearest of {N_MANY} words among {len(vectors.vocabulary)} x {DIM}, medians of {n_runs}",
        ["", "seconds", "packed copy = 1"],
        [[name, each, each / ours] for name, each in seconds.items()],
    )


def beside_faiss(path: Path, n_runs: int) -> None:
    import faiss

    vectors = load(str(path))
    copy, asked = packed_copy.read(f"{path}.index", vectors), _asked(vectors, N_MANY)
    flat = faiss.IndexFlatIP(DIM)
    for start in range(0, len(vectors.vocabulary), 1 << 15):
        flat.add(unit_rows(vectors.rows(slice(start, start + (1 << 15)))).astype(np.float32))
    directions = unit_rows(vectors.rows(asked)).astype(np.float32)
    index = Index(vectors, None, scans_at_once(), copy)
    found = nearest(index, Cosine(vectors.rows(asked)), K + 1).ids
    theirs = flat.search(directions, K + 1)[1]
    same = np.mean([len(set(a) & set(b)) / (K + 1) for a, b in zip(found.tolist(), theirs.tolist(), strict=True)])

    def ask(n: int) -> None:
        nearest(index, Cosine(vectors.rows(asked[:n])), K + 1)

    rows = []
    for n_asked, n_of_runs in ((1, 5 * n_runs), (N_MANY, n_runs)):
        sides: dict[str, Task] = {
            "faiss": partial(flat.search, directions[:n_asked], K + 1),
            "wordvec": partial(ask, n_asked),
        }
        seconds = medians_in_turn(sides, n_of_runs)
        rows.append(
            [str(n_asked), *(n_asked / each for each in seconds.values()), seconds["faiss"] / seconds["wordvec"]]
        )
    print_table(
        f"questions a second, exactly ({same:.5f} of the answers are the same), medians",
        ["in batches of", "faiss, flat", "wordvec, with the packed copy", "ratio"],
        rows,
    )


def sizes(vectors: Embeddings, sets: Sequence[str]) -> None:
    """What packings take and lose."""
    rows = []
    for name in ("", *PACKINGS):
        packing = f"pq {vectors.dim // 2}" if name == "pq" else name
        packed = packed_in_memory(vectors, packing) if packing else vectors
        loss = packing_loss(vectors, packed)
        scores = [evaluate(packed.vocabulary, packed.matrix, read_eval_set(each)).value for each in sets]
        rows.append([packing or "float32", loss.mean, loss.overlap, float(np.mean(scores)) if scores else float("nan")])
    print_table("packings", ["", "mean cosine error", "of 10 neighbours stay", "mean score of the sets"], rows)


def _asked(vectors: Embeddings, n: int) -> np.ndarray:
    return np.random.default_rng(2).choice(len(vectors.vocabulary), n, replace=False)


def _ask(index: Index, vectors: Embeddings, asked: np.ndarray) -> None:
    nearest(index, Cosine(vectors.rows(asked)), K, [[int(i)] for i in asked])


def main(arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(arguments.folder or name)
        if arguments.only in ("", "cold", "many", "faiss"):
            path = made(folder, arguments.rows)
        for part, task in {"cold": cold, "many": many, "faiss": beside_faiss}.items():
            if arguments.only in ("", part):
                task(path, arguments.runs)
    if arguments.vectors and arguments.only in ("", "sizes"):
        sizes(formats.open_vectors(arguments.vectors), arguments.eval_set)
