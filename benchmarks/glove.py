"""GloVe against the C programs: each stage, the whole road from text to vectors, the cost, and scores.

Both sides run as commands, from files to files. The C programs train one epoch where ours trains all of them: theirs
take as long each, which the losses of a run with --quality show. Theirs is then the three stages and N epochs.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gensim.test.utils import datapath

from benchmarks.arguments import Arguments
from benchmarks.table import print_table, text_file
from benchmarks.training import SETS
from wordvec_cli.evaluation.asking import evaluate
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.vectors.native import load
from wordvec_cli.vocabulary.vocabulary import Vocabulary

MIN_COUNT, WINDOW, DIM, X_MAX, THREADS = 10, 10, 100, 10, 2
WORDVEC = [sys.executable, "-m", "wordvec_cli"]
Timed = dict[str, float]
Result = tuple[float, Vocabulary, np.ndarray]  # the cost of the last epoch, and the vectors


@dataclass(frozen=True)
class Place:
    """Where a comparison works, and on what."""

    folder: Path
    text: Path
    programs: Path  # GloVe's

    def file(self, name: str) -> Path:
        return self.folder / name


def seconds(*command: object, source: Path | None = None, target: Path | None = None) -> float:
    """How long a command takes."""
    start = time.perf_counter()
    with open(source or os.devnull, "rb") as stdin, open(target or os.devnull, "wb") as stdout:
        subprocess.run(
            [str(word) for word in command], stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, check=True
        )
    return time.perf_counter() - start


# ---------------------------------------------------------------- ours


def ours(place: Place, epochs: int) -> Timed:
    """Each stage as a command of its own, and all in one command."""
    vocab, pairs, vectors = place.file("vocab.tsv"), place.file("pairs.safetensors"), place.file("v.safetensors")
    threads = ["--threads", THREADS, "--quiet"]
    result = {
        "vocabulary": seconds(*WORDVEC, "build-vocab", place.text, "--min-count", MIN_COUNT, "-o", vocab, *threads),
        "pairs": seconds(*WORDVEC, "cooccur", place.text, "--vocab", vocab, "--window", WINDOW, "-o", pairs, *threads),
        "all": train_ours(place, epochs, seed=1),
    }
    short, long = (
        seconds(*WORDVEC, "train", "--pairs", pairs, "--model", "glove", "--x-max", X_MAX, "--epochs", n,
                "--vector-size", DIM, "-o", vectors, *threads)
        for n in (1, 3)
    )  # fmt: skip
    return result | {"epoch": (long - short) / 2}


def train_ours(place: Place, epochs: int, seed: int) -> float:
    return seconds(
        *WORDVEC, "train", place.text, "--model", "glove", "--min-count", MIN_COUNT, "--window", WINDOW,
        "--x-max", X_MAX, "--vector-size", DIM, "--epochs", epochs, "--seed", seed, "-o", place.file("v.safetensors"),
        "--threads", THREADS, "--quiet",
    )  # fmt: skip


def our_result(place: Place) -> Result:
    vectors = load(str(place.file("v.safetensors")))
    return json.loads(vectors.metadata["losses"])[-1], vectors.vocabulary, vectors.matrix


# ---------------------------------------------------------------- GloVe's


def theirs(place: Place) -> Timed:
    vocab, pairs, shuffled = place.file("vocab.txt"), place.file("cooccurrence.bin"), place.file("shuffled.bin")
    program = place.programs
    result = {
        "vocabulary": seconds(
            program / "vocab_count", "-min-count", MIN_COUNT, "-verbose", 0, source=place.text, target=vocab
        ),
        "pairs": seconds(
            program / "cooccur", "-vocab-file", vocab, "-window-size", WINDOW, "-memory", 4, "-verbose", 0,
            "-overflow-file", place.file("overflow"), source=place.text, target=pairs,
        ),
        "shuffle": seconds(
            program / "shuffle", "-memory", 4, "-seed", 1, "-verbose", 0, "-temp-file", place.file("temp"),
            source=pairs, target=shuffled,
        ),
    }  # fmt: skip
    train_theirs(place, 1, seed=1)
    return result | {"epoch": seconds_per_epoch(place)[0]}


def train_theirs(place: Place, epochs: int, seed: int) -> None:
    command = [
        place.programs / "glove", "-threads", THREADS, "-input-file", place.file("shuffled.bin"), "-vocab-file",
        place.file("vocab.txt"), "-save-file", place.file("vectors"), "-x-max", X_MAX, "-iter", epochs,
        "-vector-size", DIM, "-seed", seed, "-verbose", 2,
    ]  # fmt: skip
    with place.file("log").open("wb") as log:
        start = time.perf_counter()
        subprocess.run([str(word) for word in command], stderr=log, check=True)
        place.file("seconds").write_text(f"{(time.perf_counter() - start) / epochs}")


def seconds_per_epoch(place: Place) -> tuple[float, float]:
    """Those of the last training, its start and its writing included, and the cost of its last epoch."""
    costs = re.findall(r"cost: ([\d.]+)", place.file("log").read_text(errors="replace"))
    return float(place.file("seconds").read_text()), float(costs[-1])


def their_result(place: Place) -> Result:
    lines = [line.split(b" ") for line in place.file("vectors.txt").read_bytes().splitlines()]
    known = [line for line in lines if line[0] != b"<unk>"]
    vocabulary = Vocabulary.from_words(line[0] for line in known)
    return seconds_per_epoch(place)[1], vocabulary, np.array([line[1:] for line in known], dtype=np.float32)


# ---------------------------------------------------------------- both


def compare_speed(place: Place, epochs: int, runs: int) -> None:
    ours(place, 1)  # compiles
    sides: Mapping[str, list[Timed]] = {"ours": [], "theirs": []}
    for _ in range(runs):
        sides["ours"].append(ours(place, epochs))
        sides["theirs"].append(theirs(place))
    mine, its = (
        {stage: statistics.median(run[stage] for run in results) for stage in results[0]} for results in sides.values()
    )
    its["all"] = its["vocabulary"] + its["pairs"] + its["shuffle"] + epochs * its["epoch"]
    rows = [
        [title, mine[stage], its[stage], f"{its[stage] / mine[stage]:.1f}x"]
        for stage, title in (
            ("vocabulary", "vocabulary"), ("pairs", "co-occurrences"), ("epoch", "an epoch of training"),
            ("all", f"from text to vectors, {epochs} epochs"),
        )
    ]  # fmt: skip
    n_pairs = place.file("cooccurrence.bin").stat().st_size // 16
    print_table(
        f"seconds, {THREADS} threads, {n_pairs / 1e6:.1f} million pairs, {place.text.name}, medians of {runs} runs",
        ["", "wordvec", "GloVe's programs", "ratio"],
        rows,
    )
    print(f"shuffle, which wordvec does not need: {its['shuffle']:.1f} s\n")


def compare_quality(place: Place, epochs: int, seeds: int) -> None:
    def results(train: Callable[[int], object], result: Callable[[Place], Result]) -> dict[str, list[float]]:
        columns: dict[str, list[float]] = {"cost of the last epoch": [], **{name: [] for name in SETS}}
        for seed in range(1, seeds + 1):
            train(seed)
            cost, vocabulary, matrix = result(place)
            columns["cost of the last epoch"].append(cost)
            for name, file in SETS.items():
                columns[name].append(evaluate(vocabulary, matrix, read_eval_set(datapath(file))).value)
        return columns

    mine = results(lambda seed: train_ours(place, epochs, seed), our_result)
    its = results(lambda seed: train_theirs(place, epochs, seed), their_result)
    print_table(
        f"after {epochs} epochs, means of {seeds} seeds (lowest-highest)",
        ["", "wordvec", "GloVe's programs"],
        [[name, shown(mine[name]), shown(its[name])] for name in mine],
    )


def shown(values: list[float]) -> str:
    return f"{statistics.mean(values):.4f} ({min(values):.4f}-{max(values):.4f})"


def main(arguments: Arguments) -> None:
    if not arguments.glove_build:
        print("GloVe: left out; name the folder of its programs with GLOVE_BUILD\n")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = Place(folder, text_file(arguments.corpus, folder), Path(arguments.glove_build).resolve())
        compare_speed(place, max(arguments.epochs, 10), arguments.runs)
        if arguments.quality:
            compare_quality(place, max(arguments.epochs, 10), 3)
