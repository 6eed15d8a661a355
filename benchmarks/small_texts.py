"""The defaults on texts of 1 MB: the whole command, with the epochs that it chooses and with 5, and gensim's defaults.

Pieces are taken from all over the corpus. Scores are Spearman's correlation on WordSim-353 and on the pairs of
--eval-set (MEN has most), of the words that a piece knows; seconds are those of a process of its own.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gensim.test.utils import datapath

from benchmarks.arguments import Arguments
from benchmarks.table import print_table, text_file, timed
from wordvec_cli.evaluation.asking import evaluate
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.formats import open_vectors

SIZE, N_PIECES = 1_000_000, 5
OURS = [sys.executable, "-m", "wordvec_cli", "train", "--quiet", "--tokenizer", "words", "--lowercase"]
GENSIMS = """
import sys
from gensim.models import Word2Vec
Word2Vec(corpus_file=sys.argv[1], workers=2).wv.save_word2vec_format(sys.argv[2], binary=True)
"""


class Result(NamedTuple):
    seconds: float
    scores: list[float]


def pieces(corpus: Path, folder: Path) -> list[Path]:
    """Files of 1 MB in lower case, of whole lines, evenly spread; fewer where the corpus is small."""
    text = corpus.read_bytes().lower()
    n = min(N_PIECES, max(len(text) // SIZE, 1))
    paths = []
    for i in range(n):
        start = text.find(b"\n", i * len(text) // n) + 1 if i else 0
        part = text[start : start + SIZE]
        paths.append(folder / f"piece-{i}.txt")
        paths[-1].write_bytes(part[: part.rfind(b"\n") + 1])
    return paths


def trained(command: Sequence[str], output: Path, sets: Sequence[EvalSet]) -> Result:
    seconds = timed(partial(subprocess.run, command, check=True, stderr=subprocess.DEVNULL))
    vectors = open_vectors(str(output))
    return Result(seconds, [evaluate(vectors.vocabulary, vectors.matrix, each).value for each in sets])


def main(arguments: Arguments) -> None:
    sets = [read_eval_set(path) for path in (datapath("wordsim353.tsv"), *arguments.eval_set)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, its = folder / "v.safetensors", folder / "v.bin"
        sides: dict[str, Callable[[Path], Result]] = {
            "wordvec train": lambda text: trained([*OURS, str(text), "-o", str(ours)], ours, sets),
            "wordvec train --epochs 5": lambda text: trained(
                [*OURS, str(text), "-o", str(ours), "--epochs", "5"], ours, sets
            ),
            "gensim's defaults": lambda text: trained([sys.executable, "-c", GENSIMS, str(text), str(its)], its, sets),
        }
        texts = pieces(text_file(arguments.corpus, folder), folder)
        sides["wordvec train"](texts[0])  # compiles
        results = {side: [train(text) for text in texts] for side, train in sides.items()}
    rows = [
        [side, statistics.median(each.seconds for each in of_side), *means([each.scores for each in of_side])]
        for side, of_side in results.items()
    ]
    print_table(f"{len(texts)} pieces of 1 MB, means", ["", "seconds", *(each.name for each in sets)], rows)


def means(scores: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.mean(values) for values in zip(*scores, strict=True)]
