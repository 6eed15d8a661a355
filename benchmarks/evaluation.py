"""Google's analogies and WordSim-353 under gensim's protocol: the same scores, and the time, against gensim.

Vectors are those of --vectors (any kind), or are made, as many as a corpus of 100 MB has words. The whole
command reads the vectors and draws 2000 resamples besides; gensim has its vectors in memory already.
"""

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors

from benchmarks.arguments import Arguments
from benchmarks.table import Task, medians_in_turn, print_table
from wordvec_cli import formats
from wordvec_cli.evaluation.asking import ask
from wordvec_cli.evaluation.bootstrap import Resampling
from wordvec_cli.evaluation.protocol import GENSIM, Lexicon
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.set_folders import shipped_path
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.queries.analogies import Method
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WORDS, DIM = 68_000, 100
SETS = "questions-words", "wordsim353"


def native(given: str, folder: Path) -> Path:
    """The vectors as a native file."""
    path = folder / "v.safetensors"
    if given:
        read = formats.open_vectors(given, ReadOptions())
        formats.write_vectors(str(path), read, formats.FORMATS[formats.NATIVE], WriteOptions())
        return path
    print(f"no --vectors given: {N_WORDS} words x {DIM} are made\n")
    asked = {word.encode() for name in SETS for words in read_eval_set(shipped_path(name)).words for word in words}
    words = [*sorted(asked), *(b"word%d" % i for i in range(N_WORDS - len(asked)))]
    matrix = np.random.default_rng(1).normal(size=(N_WORDS, DIM)).astype(np.float32)
    save(str(path), Vocabulary.from_words(words), matrix, {})
    return path


def ours(vectors: Embeddings, name: str, method: Method, resampling: Resampling | None = None) -> float:
    protocol = replace(GENSIM, method=method)
    outcomes = ask(Lexicon(vectors.vocabulary, protocol), vectors.matrix, read_eval_set(shipped_path(name)))
    return outcomes.score(resampling).value


def command(path: Path, *options: str) -> None:
    arguments = ["evaluate", str(path), "--protocol", "gensim", *options]
    subprocess.run([sys.executable, "-m", "wordvec_cli", *arguments], check=True, stdout=subprocess.DEVNULL)


def check_equal(vectors: Embeddings, gensims: KeyedVectors) -> None:
    accuracy, _ = gensims.evaluate_word_analogies(shipped_path(SETS[0]))
    _, (correlation, _), _ = gensims.evaluate_word_pairs(shipped_path(SETS[1]))
    mine = [ours(vectors, name, "3cosadd") for name in SETS]
    print(f"analogies {mine[0]:.6f}, gensim {accuracy:.6f}; pairs {mine[1]:.6f}, gensim {correlation:.6f}\n")


def main(arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = native(arguments.vectors, Path(name))
        vectors = load(str(path))
        gensims = KeyedVectors(vectors.dim)
        gensims.add_vectors([word.decode(errors="replace") for word in vectors.vocabulary], vectors.matrix)
        check_equal(vectors, gensims)
        tasks: dict[str, Task] = {
            "gensim's evaluate_word_analogies": lambda: gensims.evaluate_word_analogies(shipped_path(SETS[0])),
            "analogies": lambda: ours(vectors, SETS[0], "3cosadd"),
            "analogies, 2000 resamples": lambda: ours(vectors, SETS[0], "3cosadd", Resampling()),
            "analogies, 3CosMul": lambda: ours(vectors, SETS[0], "3cosmul"),
            "the command, analogies": lambda: command(path, SETS[0]),
            "the command, all three sets": lambda: command(path),
        }
        medians = medians_in_turn(tasks, arguments.runs)
        its = medians["gensim's evaluate_word_analogies"]
        print_table(
            f"seconds, {len(vectors.vocabulary)} words x {vectors.dim}, in turn, medians of {arguments.runs} runs",
            ["", "seconds", "ratio to gensim"],
            [[task, each, f"{its / each:.1f}x"] for task, each in medians.items()],
        )
