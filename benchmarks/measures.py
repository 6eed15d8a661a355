"""Measures over many trainings: bootstraps of a corpus beside gensim's trainings, a query to 20 files, `change`.

Bootstraps are whole commands of ours, with all that is counted, encoded and written; gensim's is `Word2Vec` of one
epoch on the same text, times epochs and trainings. A query to a folder is a whole command beside the same of each
file by itself. `change` with k 1000 is beside numpy's argpartition of all cosines, of some words, times the rest.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.table import print_table, text_file
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_TRAINED, N_WANTED, EPOCHS = 3, 20, 5  # bootstraps that are trained, and that are told of
N_FILES, N_WORDS, DIM, K = 20, 50_000, 100, 1000
N_PLAIN = 500  # words that numpy is asked about
OURS = [sys.executable, "-m", "wordvec_cli"]
GENSIMS = """
import sys, time
from gensim.models import Word2Vec
model = Word2Vec(sg=1, vector_size=100, workers=2)
model.build_vocab(corpus_file=sys.argv[1])
start = time.perf_counter()
model.train(corpus_file=sys.argv[1], total_words=model.corpus_total_words, total_examples=model.corpus_count, epochs=1)
print(time.perf_counter() - start)
"""


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def command(*arguments: str | Path) -> None:
    subprocess.run([*OURS, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def bootstraps(corpus: Path, folder: Path) -> None:
    common = ["train", corpus, "--vector-size", "100", "--epochs", str(EPOCHS)]
    command("train", corpus, "--vector-size", "100", "--epochs", "1", "-o", folder / "compiles.safetensors")
    ours = seconds(lambda: command(*common, "--bootstrap", str(N_TRAINED), "-o", folder / "models")) / N_TRAINED
    result = subprocess.run([sys.executable, "-c", GENSIMS, str(corpus)], check=True, capture_output=True, text=True)
    theirs = float(result.stdout) * EPOCHS
    rows = [
        [side, each, each * N_WANTED / 60, theirs / each]
        for side, each in (("wordvec train --bootstrap", ours), ("gensim, its training alone", theirs))
    ]
    megabytes = corpus.stat().st_size / 1e6
    title = (
        f"{N_WANTED} bootstraps of {megabytes:.0f} MB, skip-gram 100, {EPOCHS} epochs, of {N_TRAINED} that were trained"
    )
    print_table(title, ["", "seconds each", f"minutes of {N_WANTED}", "times gensim"], rows)


def made(path: Path, truth: np.ndarray, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=truth.shape)
    counts = [max(1, 10_000_000 // (i + 10)) for i in range(len(truth))]
    words = Vocabulary.from_words([b"word%d" % i for i in range(len(truth))], counts)
    save(str(path), words, (truth + 0.5 * noise).astype(np.float32), {})


def questions(folder: Path, runs: int) -> None:
    paths = sorted(folder.glob("*.safetensors"))
    command("similar", folder, "word77")
    of_folder = min(seconds(lambda: command("similar", folder, "word77")) for _ in range(runs))
    one_by_one = seconds(lambda: [command("similar", path, "word77") for path in paths])
    stable = seconds(lambda: command("stability", folder))
    rows = [
        [f"similar FOLDER WORD, {len(paths)} files", of_folder],
        ["similar of each file by itself", one_by_one],
        ["stability FOLDER", stable],
    ]
    print_table(f"Queries over {len(paths)} files of {N_WORDS} x {DIM}", ["", "seconds"], rows)


def change(folder: Path) -> None:
    first, second = sorted(folder.glob("*.safetensors"))[:2]
    ours = seconds(lambda: command("change", first, second, "--min-count", "2", "-k", str(K)))
    rows = np.random.default_rng(1).normal(size=(N_WORDS, DIM)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)

    def plain() -> None:
        for start in range(0, N_PLAIN, 100):
            np.argpartition(rows[start : start + 100] @ rows.T, N_WORDS - K, axis=1)

    plain()
    theirs = 2 * seconds(plain) * N_WORDS / N_PLAIN
    table = [["wordvec change", ours, 1.0], ["argpartition of all cosines of both", theirs, theirs / ours]]
    print_table(f"change of {N_WORDS} words, k {K}", ["", "seconds", "times ours"], table)


def main(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.only in ("", "bootstraps"):
            bootstraps(text_file(arguments.corpus, folder), folder)
        models = folder / "many"
        models.mkdir()
        truth = np.random.default_rng(0).normal(size=(N_WORDS, DIM))
        for i in range(N_FILES):
            made(models / f"m{i:02}.safetensors", truth, i + 1)
        if arguments.only in ("", "questions"):
            questions(models, arguments.runs)
        if arguments.only in ("", "change"):
            change(models)
