"""Counting and encoding against GloVe's vocab_count and plain Python, side by side on the same text.

A figure is the median of runs in turn, with our kernels warm, reading and writing included.
"""

import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.arguments import Arguments
from benchmarks.table import Task, medians_in_turn, print_table, text_file
from wordvec_cli.sequences.word_ids import encode
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary.counting import CountOptions, count_words
from wordvec_cli.vocabulary.file import write_vocabulary
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WHITESPACE = Tokenizer()
WORDS = Tokenizer("words", lowercase=True)
MIN_COUNT = 5
THREADS = 2


def main(arguments: Arguments) -> None:
    if not arguments.glove_build:
        print("GloVe's vocab_count: left out; name the folder of its programs with GLOVE_BUILD\n")
    with tempfile.TemporaryDirectory() as folder:
        text = text_file(arguments.corpus, Path(folder))
        raw = text_file(arguments.raw_corpus or arguments.corpus, Path(folder) / "raw")
        compare("build-vocab, whitespace", text, arguments.runs, counting_tasks(text, arguments.glove_build))
        compare("build-vocab, words, lowercase", raw, arguments.runs, {
            "wordvec": lambda: count(raw, WORDS, THREADS),
            "the same tokenizer in Python": lambda: plain_count(raw, WORDS),
        })  # fmt: skip
        for tokenizer, path in ((WHITESPACE, text), (WORDS, raw)):
            compare(f"encode, {tokenizer.describe()}", path, arguments.runs, {
                "wordvec": encoder(path, tokenizer, THREADS),
                "the same tokenizer in Python and a dict": plain_encoder(path, tokenizer),
            })  # fmt: skip


def counting_tasks(text: Path, glove_build: str) -> dict[str, Task]:
    glove = {"GloVe's vocab_count (1 thread)": lambda: run_vocab_count(Path(glove_build) / "vocab_count", text)}
    return {
        "wordvec": lambda: count(text, WHITESPACE, THREADS),
        **(glove if glove_build else {}),
        "Counter over line.split()": lambda: plain_counter(text),
    }


def compare(title: str, text: Path, runs: int, programs: dict[str, Task]) -> None:
    programs["wordvec"]()  # compiles, or loads what was compiled
    medians = medians_in_turn(programs, runs)
    megabytes = text.stat().st_size / 1e6
    print_table(
        f"{title}: {text.name}, {megabytes:.0f} MB, {THREADS} threads, medians of {runs} runs in turn",
        ["", "s", "MB/s", "wordvec is faster by"],
        [[name, s, megabytes / s, s / medians["wordvec"]] for name, s in medians.items()],
    )


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
        command = [str(program), "-min-count", str(MIN_COUNT), "-verbose", "0"]
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
