"""`transform` with one read and one write, `align` with its bare product, and what steps do to the scores.

The file of 400 000 x 300 is made. Scores are of --vectors (a file of any kind) on the sets of --eval-set. With --german
and --raw-corpus, an English text, both are trained and aligned by `german-english.tsv`, pairs of frequent words.
"""

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.arguments import Arguments
from benchmarks.table import Task, medians_in_turn, print_table
from wordvec_cli import formats
from wordvec_cli.evaluation.asking import read_sets
from wordvec_cli.evaluation.protocol import PROTOCOLS, Judging
from wordvec_cli.evaluation.step_scores import MEAN
from wordvec_cli.evaluation.transforming import advise, reach_of
from wordvec_cli.parallel import THREADS_OF_PRODUCTS, on_threads, scans_at_once, usable_cpus
from wordvec_cli.queries.alignment import AlignOptions, align, read_pairs
from wordvec_cli.queries.translation import precisions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.run import transformed
from wordvec_cli.vectors.transform.spelling import parsed_steps
from wordvec_cli.vectors.transform.writing import save_made
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WORDS, DIM, N_COMMON = 400_000, 300, 50_000
STEPS = ("normalise", "centre", "abtt:2", "pca:100", "whiten")
# As a study of post-processing has them: GloVe 6B 50d and a skip-gram file on eight sets.
STUDIED = (
    "centre", "centre:fit-on=20000", "normalise centre normalise", "abtt:1", "abtt:2", "abtt:3", "abtt:5",
    "abtt:1,fit-on=20000", "abtt:2,fit-on=20000", "abtt:3,fit-on=20000", "whiten:0.25", "whiten",
)  # fmt: skip

PAIRS = Path(__file__).with_name("german-english.tsv")
TRANSLATION_DIM, REFINED = 100, (0, 1, 5)


def medians(tasks: dict[str, Task], n_runs: int) -> dict[str, float]:
    """Of the seconds of each, in turn, after one run that is not counted."""
    for task in tasks.values():
        task()
    return medians_in_turn(tasks, n_runs)


def made(n_words: int, seed: int) -> Embeddings:
    matrix = np.random.default_rng(seed).standard_normal((n_words, DIM), np.float32) + np.float32(0.5)
    return from_matrix(Vocabulary.from_words(b"word%d" % i for i in range(n_words)), matrix, {})


def steps(path: str, folder: Path, n_runs: int) -> None:
    """Files in the page cache; written files are flushed to the disk, as every output is."""
    vectors, target = load(path), str(folder / "out.safetensors")

    def copy() -> None:
        save(target, vectors.vocabulary, np.array(vectors.matrix), {})

    def step(spelled: str) -> None:
        reach = Reach(n_threads=usable_cpus())
        save_made(target, transformed(vectors, parsed_steps([spelled]), reach)[-1], reach)

    tasks: dict[str, Task] = {"one read and one write": copy, **{name: partial(step, name) for name in STEPS}}
    found = medians(tasks, n_runs)
    rows = [[name, seconds, seconds / found["one read and one write"]] for name, seconds in found.items()]
    title = f"steps on {N_WORDS} x {DIM}, file to file, medians of {n_runs} in turn"
    print_table(title, ["", "seconds", "read and write = 1"], rows)


def alignment(source: Embeddings, n_runs: int) -> None:
    """In memory: words found, rotation learnt, all rows turned; beside it the product of all rows alone."""
    words = [b"word%d" % i for i in range(N_COMMON)] + [b"other%d" % i for i in range(N_WORDS - N_COMMON)]
    target = from_matrix(Vocabulary.from_words(words), np.array(source.matrix), {})
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(DIM, DIM)))[0].astype(np.float32)
    out = np.empty((N_WORDS, DIM), np.float32)

    n_threads, parts = scans_at_once(), [slice(start, start + 4096) for start in range(0, N_WORDS, 4096)]

    def product() -> None:
        on_threads(lambda some: np.matmul(source.matrix[some], turn, out=out[some]), parts, n_threads)

    def whole() -> None:
        vectors = align(source, target, AlignOptions(n_threads=n_threads)).vectors
        on_threads(lambda some: np.copyto(out[some], vectors.rows(some)), parts, n_threads)

    found = medians({"the product of all rows alone": product, "align": whole}, n_runs)
    rows = [[name, seconds, seconds / found["the product of all rows alone"]] for name, seconds in found.items()]
    title = f"align of {N_WORDS} x {DIM} on {N_COMMON} common words, medians of {n_runs} in turn"
    print_table(title, ["", "seconds", "product = 1"], rows)


def scores(path: str, eval_sets: list[str]) -> None:
    """Without intervals, which take most of the time: `transform --advise` has them."""
    vectors, sets = formats.open_vectors(path), read_sets(eval_sets, print)
    names = [*STUDIED, f"pca:{vectors.dim // 2}"]
    candidates = [parsed_steps(name.split()) for name in names]
    judging = Judging("wordvec", PROTOCOLS["wordvec"], None)
    found = advise(vectors, candidates, reach_of(load, usable_cpus()), sets, judging)
    kept = [each for each in found if each.set_name == MEAN or len(sets) == 1]
    title = f"{Path(path).name}, mean score on {len(sets)} sets: {kept[0].before:.4f}"
    print_table(
        title,
        ["step", "after", "difference"],
        [[each.step, f"{each.after:.4f}", f"{each.value:+.4f}"] for each in kept],
    )


def translation(german: str, english: str, folder: Path) -> None:
    """As MUSE's supervised protocol: learnt from seed pairs, refined, tested on others, which every fourth pair is."""
    lines = PAIRS.read_bytes().splitlines(keepends=True)
    seeds, test = folder / "seeds.tsv", folder / "test.tsv"
    seeds.write_bytes(b"".join(line for number, line in enumerate(lines, 1) if number % 4))
    test.write_bytes(b"".join(lines[3::4]))
    paths = {path: folder / f"{place}.safetensors" for place, path in enumerate((german, english))}
    source, target = (trained(text, path) for text, path in paths.items())
    rows: list[list[object]] = []
    for n_refined in REFINED:
        options = AlignOptions(dictionary=str(seeds), n_refined=n_refined, n_threads=usable_cpus())
        aligned = align(source, target, options)
        for found in precisions((aligned.vectors, target), read_pairs(str(test)), n_threads=usable_cpus()):
            shares = [f"{share:.1%}" for share in found.at]
            rows.append([n_refined, aligned.fit.n_pairs, found.method, found.n_used, *shares])
    title = f"{Path(german).name} to {Path(english).name}, {len(source.vocabulary)} and {len(target.vocabulary)} words"
    print_table(title, ["refined", "pairs", "method", "tested", "P@1", "P@5", "P@10"], rows)


def trained(text: str, path: Path) -> Embeddings:
    """Skip-gram as `train` has it, by one thread, so that the bytes are always the same."""
    options = f"--tokenizer words --lowercase --vector-size {TRANSLATION_DIM} --threads 1 --quiet".split()
    subprocess.run([sys.executable, "-m", "wordvec_cli", "train", text, "-o", str(path), *options], check=True)
    return load(str(path))


def main(arguments: Arguments) -> None:
    if arguments.german and arguments.raw_corpus:
        with tempfile.TemporaryDirectory() as name:
            translation(arguments.german, arguments.raw_corpus, Path(name))
    if arguments.only == "translation":
        return
    if arguments.vectors and arguments.eval_set:
        scores(arguments.vectors, arguments.eval_set)
    # In a process of its own, in which each product of numpy has one thread, as in the commands.
    command = [sys.executable, "-m", "benchmarks.transform", str(arguments.runs)]
    subprocess.run(command, env=os.environ | {THREADS_OF_PRODUCTS[0]: "1"}, check=True)


def speed(n_runs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        path, source = str(Path(name) / "wide.safetensors"), made(N_WORDS, 1)
        alignment(source, n_runs)
        save(path, source.vocabulary, source.matrix, {})
        del source
        steps(path, Path(name), n_runs)


if __name__ == "__main__":
    speed(int(sys.argv[1]))
