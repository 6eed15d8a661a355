"""How long a whole command takes on next to nothing, beside the least that it could: importing what it stands on."""

import os
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.arguments import Arguments
from benchmarks.table import SAMPLE, print_table, timed

COMMAND = [sys.executable, "-m", "wordvec_cli"]
TEXT = "the cat sat on the mat\nthe dog sat on the cat and the mat\n" * 20
LABELLED = "__label__a the cat sat\n__label__b on the mat\n" * 5
VECTORS = "the 1 2\ncat 3 4\n"

# Of each table: the bound that all are divided by, then the commands.
COLD = {
    "python -c 'import click'": [sys.executable, "-c", "import click"],
    "wordvec lookup, 1 word": [*COMMAND, "lookup", "v.safetensors", "cat"],
    "wordvec info": [*COMMAND, "info", "v.safetensors"],
}
TINY = {
    "python -c 'import numba'": [sys.executable, "-c", "import numba"],
    "wordvec train": [*COMMAND, "train", "t.txt", "--min-count", "1", "-o", "t.safetensors"],
    "wordvec export of text": [*COMMAND, "export", "v.txt", "v.safetensors"],
    "wordvec matrix": [*COMMAND, "matrix", "--vocab", "vocab.tsv", "--vectors", "v.txt", "-o", "m.npy"],
    "wordvec classify train": [*COMMAND, "classify", "train", "l.txt", "--min-count", "1", "-o", "c.safetensors"],
    "wordvec phrases": [*COMMAND, "phrases", "t.txt", "-o", "p.txt"],
    "python -c 'import gensim.models'": [sys.executable, "-c", "import gensim.models"],
}
FIRST = {
    name: TINY[name] for name in ("wordvec train", "wordvec classify train", "wordvec export of text")
} | {
    "wordvec build-vocab": [*COMMAND, "build-vocab", "t.txt", "--min-count", "1", "-o", "b.tsv"],
    "wordvec cooccur": [*COMMAND, "cooccur", "t.txt", "--vocab", "vocab.tsv", "-o", "c.safetensors"],
}  # fmt: skip
SAMPLES = {
    "python -c 'import numba'": TINY["python -c 'import numba'"],
    "wordvec phrases": [*COMMAND, "phrases", str(SAMPLE), "-o", "p.txt"],
    "wordvec decode of .npy": [*COMMAND, "decode", "i.npy", "--vocab", "sample.tsv"],
    "wordvec decode of text": [*COMMAND, "decode", "i.txt", "--vocab", "sample.tsv"],
    "wordvec decode of safetensors": [*COMMAND, "decode", "i.safetensors", "--vocab", "sample.tsv"],
}


def run(command: list[str], folder: Path, **variables: str) -> float:
    task = partial(
        subprocess.run, command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | variables,
    )  # fmt: skip
    return timed(task)


def prepare(folder: Path) -> None:
    for name, text in {"t.txt": TEXT, "l.txt": LABELLED, "v.txt": VECTORS}.items():
        (folder / name).write_text(text)
    run([*COMMAND, "build-vocab", "t.txt", "--min-count", "1", "-o", "vocab.tsv"], folder)
    run(TINY["wordvec export of text"], folder)
    run([*COMMAND, "build-vocab", str(SAMPLE), "-o", "sample.tsv"], folder)
    for ending in ("npy", "txt", "safetensors"):
        run([*COMMAND, "encode", str(SAMPLE), "--vocab", "sample.tsv", "-o", f"i.{ending}"], folder)


def measure(title: str, commands: dict[str, list[str]], n_runs: int, folder: Path) -> None:
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(n_runs + 1):
        for name, command in commands.items():
            seconds = run(command, folder)
            if number:  # the first may compile, and fills the caches
                times[name].append(seconds)
    medians = {name: statistics.median(some) for name, some in times.items()}
    bound = next(iter(medians))
    rows = [[name, seconds * 1e3, seconds / medians[bound]] for name, seconds in medians.items()]
    print_table(f"{title}, in turn, medians of {n_runs}", ["", "ms", f"ratio to {bound}"], rows)


def measure_first_runs(n_runs: int, folder: Path) -> None:
    """Commands that find nothing compiled, beside the same commands at once after them."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in FIRST}
    for _ in range(n_runs):
        for name, command in FIRST.items():
            with tempfile.TemporaryDirectory() as cache:
                first, second = (run(command, folder, NUMBA_CACHE_DIR=cache) for _ in range(2))
            times[name].append((first, second))
    medians = {name: [statistics.median(side) for side in zip(*some, strict=True)] for name, some in times.items()}
    print_table(
        f"the first run after installation, on a tiny text, medians of {n_runs}",
        ["", "seconds", "the second run", "ratio"],
        [[name, first, second, first / second] for name, (first, second) in medians.items()],
    )


def main(arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        measure("whole commands on a small file", COLD, arguments.runs * 5, folder)
        measure("whole commands on a tiny text, kernels compiled before", TINY, arguments.runs * 3, folder)
        measure_first_runs(arguments.runs, folder)
        measure(f"whole commands on {SAMPLE.name}", SAMPLES, arguments.runs, folder)
