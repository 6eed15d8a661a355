"""The whole command `wordvec lookup` on a 400 000 x 300 file, against starting Python and importing click."""

import statistics
import subprocess
import sys
import tempfile
from functools import partial

import numpy as np

from benchmarks.arguments import Arguments
from benchmarks.table import print_table, timed
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

ROWS, DIM = 400_000, 300
WORDVEC = [sys.executable, "-m", "wordvec_cli"]
BARE = [sys.executable, "-c", "import click"]


def seconds(command: list[str]) -> float:
    return timed(partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL))


def main(arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/v.safetensors"
        words, word = [b"word%d" % i for i in range(ROWS)], f"word{ROWS // 3}"
        matrix = np.random.default_rng(1).normal(size=(ROWS, DIM)).astype(np.float32)
        save(path, Vocabulary.from_words(words, None), matrix, {})
        commands = {
            "python -c 'import click'": BARE,
            "wordvec lookup, 1 word": [*WORDVEC, "lookup", path, word],
            "wordvec similar, 1 word": [*WORDVEC, "similar", path, word],
            "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
            "python -c 'import gensim'": [sys.executable, "-c", "import gensim"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(arguments.runs * 5):
            for name, command in commands.items():
                times[name].append(seconds(command))
    bare = statistics.median(times["python -c 'import click'"])
    print_table(
        f"whole commands on a {ROWS} x {DIM} file, in turn, medians of {arguments.runs * 5}",
        ["", "ms", "ratio to import click"],
        [[name, statistics.median(some) * 1e3, statistics.median(some) / bare] for name, some in times.items()],
    )
