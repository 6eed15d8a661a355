"""Counting and encoding against GloVe's vocab_count and plain Python, side by side on the same text.

    python benchmarks/text.py [--corpus FILE] [--glove-build DIR] [--threads N] [--rounds N]

Ours and the others run in turn; a figure is the median of the rounds, with kernels warm, reading and writing included.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from wordvec_cli.corpus import Corpus
from wordvec_cli.counting import CountOptions, count_words
from wordvec_cli.files import decompressed
from wordvec_cli.sequences import encode
from wordvec_cli.tokenizer import Tokenizer
from wordvec_cli.vocabulary import Vocabulary
from wordvec_cli.vocabulary_file import write_vocabulary

SAMPLE = Path(__file__).parent.parent / "sample_data" / "state-of-the-union.txt.xz"
WHITESPACE = Tokenizer()
WORDS = Tokenizer("words", lowercase=True)
MIN_COUNT = 5

Task = Callable[[], object]


def main() -> None:
    arguments = parsed_arguments()
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "corpus.txt"
        with open(arguments.corpus, "rb") as raw, open(text, "wb") as file:
            shutil.copyfileobj(decompressed(raw), file)
        size = f"{text.stat().st_size / 1e6:.1f} MB"
        print(f"{arguments.corpus}: {size}, {arguments.threads} threads, {os.cpu_count()} cores")
        print(f"{'task':<22}{'by':<30}{'s':>8}{'MB/s':>8}{'ours is':>10}")
        for task, ours, others in comparisons(text, arguments):
            compare(task, {"wordvec": ours, **others}, arguments.rounds, text.stat().st_size)
    if not arguments.glove_build:
        print("GloVe's vocab_count: left out; name its folder with --glove-build")


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=SAMPLE, help="a text, compressed or not (default: the sample)")
    parser.add_argument("--glove-build", type=Path, help="the folder of GloVe's programs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def comparisons(text: Path, arguments: argparse.Namespace) -> list[tuple[str, Task, dict[str, Task]]]:
    """(task, ours, the others by name)"""
    threads = arguments.threads
    glove = {}
    if arguments.glove_build:
        program = arguments.glove_build / "vocab_count"
        glove = {"GloVe's vocab_count (1 thread)": lambda: run_vocab_count(program, text)}
    return [
        (
            "count, whitespace",
            lambda: count(text, WHITESPACE, threads),
            {**glove, "Counter over line.split()": lambda: plain_counter(text)},
        ),
        (
            "count, words",
            lambda: count(text, WORDS, threads),
            {"Tokenizer.tokens in Python": lambda: plain_count(text, WORDS)},
        ),
        *(
            (
                f"encode, {tokenizer.kind}",
                encoder(text, tokenizer, threads),
                {"Tokenizer.tokens and a dict": plain_encoder(text, tokenizer)},
            )
            for tokenizer in (WHITESPACE, WORDS)
        ),
    ]


def compare(task: str, programs: dict[str, Task], rounds: int, n_bytes: int) -> None:
    programs["wordvec"]()  # compiles, or loads what was compiled
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            start = time.perf_counter()
            program()
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        ratio = "" if name == "wordvec" else f"{median / medians['wordvec']:.1f}x"
        print(f"{task:<22}{name:<30}{median:8.3f}{n_bytes / median / 1e6:8.0f}{ratio:>10}")


# ---------------------------------------------------------------- ours


def count(text: Path, tokenizer: Tokenizer, threads: int) -> Vocabulary:
    corpus = Corpus.open([str(text)], tokenizer, text.parent)
    words = count_words(corpus, CountOptions(MIN_COUNT, n_threads=threads))
    write_vocabulary(words, str(text.with_suffix(".tsv")))
    return words.vocabulary()


def encoder(text: Path, tokenizer: Tokenizer, threads: int) -> Task:
    vocabulary = count(text, tokenizer, threads)
    return lambda: encode(Corpus.open([str(text)], tokenizer, text.parent), vocabulary, threads)


# ---------------------------------------------------------------- the others


def run_vocab_count(program: Path, text: Path) -> None:
    with open(text, "rb") as source, open(text.with_suffix(".glove"), "wb") as target:
        command = [program, "-min-count", str(MIN_COUNT), "-verbose", "0"]
        subprocess.run(command, stdin=source, stdout=target, stderr=subprocess.DEVNULL, check=True)


def plain_counter(text: Path) -> None:
    counts: Counter[bytes] = Counter()
    with open(text, "rb") as lines:
        for line in lines:
            counts.update(line.split())
    write_plainly(counts, text)


def plain_count(text: Path, tokenizer: Tokenizer) -> None:
    with open(text, "rb") as lines:
        counts = Counter(token for line in lines for token in tokenizer.tokens(line))
    write_plainly(counts, text)


def write_plainly(counts: Counter[bytes], text: Path) -> None:
    kept = sorted(((-count, word) for word, count in counts.items() if count >= MIN_COUNT))
    with open(text.with_suffix(".plain"), "wb") as target:
        target.writelines(b"%b\t%d\n" % (word, -count) for count, word in kept)


def plain_encoder(text: Path, tokenizer: Tokenizer) -> Task:
    ids = {word: id for id, word in enumerate(count(text, tokenizer, 1))}

    def run() -> list[list[int]]:
        with open(text, "rb") as lines:
            return [[ids.get(token, -1) for token in tokenizer.tokens(line)] for line in lines]

    return run


if __name__ == "__main__":
    main()
