"""How the time and the memory of whole commands grow: with the text, the dimension, the size of the vocabulary.

Text: the corpus, its beginning, or repetitions of it whose lines are in other orders; --min-count is multiplied by
their number, so that a repetition brings tokens and no words. Vocabulary: words drawn from Zipf's distribution, each
word at least once. Every command is a process of its own. Its memory is the most that it had of its own at any time,
looked at 50 times a second: pages of files that it has mapped are the system's to take back, and stand in a column of
their own. (Where the system does not tell them apart, both columns are the peak of all.) A figure is one run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.arguments import Arguments
from benchmarks.growth_picture import picture
from benchmarks.table import print_table, text_file

WORDVEC = [sys.executable, "-m", "wordvec_cli"]
MEGABYTE = 1_000_000
TRAININGS = {
    "train skip-gram": ["--model", "skipgram"],
    "train CBOW": ["--model", "cbow"],
    "train skip-gram HS": ["--model", "skipgram", "--loss", "hierarchical-softmax"],
    "train CBOW HS": ["--model", "cbow", "--loss", "hierarchical-softmax"],
    "train GloVe": ["--model", "glove"],
}
DIMENSIONS = 50, 100, 200, 300, 500, 1000
VOCABULARIES = 10_000, 100_000, 1_000_000, 3_000_000
ZIPF_TOKENS = 10_000_000
WORDS_PER_LINE = 20
AT_ONCE = 1_000_000  # tokens that are written
PAUSE = 0.02  # seconds between two looks


@dataclass(frozen=True)
class Cost:
    """Of a command: seconds, and megabytes of its own and in all with mapped files."""

    seconds: float
    own: float
    resident: float


def cost_of(command: Sequence[object]) -> Cost:
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    own = resident = 0.0
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        own_now, resident_now = megabytes_of(process.pid)
        own, resident = max(own, own_now), max(resident, resident_now)
        time.sleep(PAUSE)
    seconds = time.perf_counter() - start
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    # the system's peak counts what this process had when it forked, too: only where nothing else is told
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MEGABYTE
    return Cost(seconds, own or peak, resident or peak)


def megabytes_of(pid: int) -> tuple[float, float]:
    """What a process holds that is not in a file, and in all; zeros where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("Rss", "VmRSS"))}
    own = kilobytes.get("RssAnon", 0) + kilobytes.get("RssShmem", 0)
    return own * 1024 / MEGABYTE, kilobytes.get("VmRSS", 0) * 1024 / MEGABYTE


# ---------------------------------------------------------------- texts


def text_of(corpus: Path, megabytes: int, target: Path) -> int:
    """Write so much of a corpus, in whole lines, or more than one time the whole; returns how many times."""
    size, whole = megabytes * MEGABYTE, corpus.stat().st_size
    n_copies = max(round(size / whole), 1)
    with corpus.open("rb") as source, target.open("wb") as file:
        if n_copies == 1:
            file.write(source.read(min(size, whole)).rpartition(b"\n")[0] + b"\n")
            return 1
        lines = source.read().splitlines(keepends=True)
        for seed in range(n_copies):
            order = np.random.default_rng(seed).permutation(len(lines))
            file.writelines(lines[i] for i in order)
    return n_copies


def zipf_text(n_words: int, n_tokens: int, target: Path) -> None:
    """Each word once, and for the rest of the tokens word r of them in proportion to 1 / (r + 2.7)."""
    rng = np.random.default_rng(1)
    sums = np.cumsum(1 / (np.arange(n_words) + 2.7))
    words = [b"word%d" % r for r in range(n_words)]
    once = rng.permutation(n_words)
    with target.open("wb") as file:
        for first in range(0, n_tokens, AT_ONCE):
            n = min(AT_ONCE, n_tokens - first)
            ids = np.searchsorted(sums, rng.random(n) * sums[-1])
            share = once[first * n_words // n_tokens : (first + n) * n_words // n_tokens]
            ids[rng.choice(n, len(share), replace=False)] = share
            for line in np.split(ids, range(WORDS_PER_LINE, n, WORDS_PER_LINE)):
                file.write(b" ".join([words[i] for i in line]) + b"\n")


# ---------------------------------------------------------------- commands


@dataclass(frozen=True)
class Work:
    """A text, and where the results of its commands go."""

    text: Path
    folder: Path
    min_count: int
    threads: int
    dim: int = 100

    def commands(self) -> Iterator[tuple[str, list[object]]]:
        """Each by its name; a later one needs the files of those before."""
        vocab, vectors, threads = self._file("vocab.tsv"), self._file("v.safetensors"), ["--threads", self.threads]
        count = ["--min-count", self.min_count]
        yield "build-vocab", ["build-vocab", self.text, "-o", vocab, *count, *threads]
        yield "cooccur", ["cooccur", self.text, "--vocab", vocab, "-o", self._file("pairs.safetensors"), *threads]
        for name, options in TRAININGS.items():
            common = ["--epochs", 1, "--vector-size", self.dim, *count, *threads]
            yield name, ["train", self.text, "-o", vectors, *options, *common]
        encoded = self._file("ids.safetensors")
        yield "encode", ["encode", self.text, "--vocab", vocab, "-o", encoded, *threads]
        yield "export", ["export", vectors, self._file("v.txt"), *threads]
        with vocab.open() as lines:
            yield "similar", ["similar", vectors, next(lines).split("\t")[0]]

    def _file(self, name: str) -> Path:
        return self.folder / name


def costs(work: Work, only: str, without: Sequence[str] = ()) -> Iterator[tuple[str, Cost]]:
    """Of the commands whose name has `only`; those that others need run in any case, but are not told."""
    work.folder.mkdir()
    needed = {"build-vocab", "train skip-gram"}
    for name, command in work.commands():
        if name in without or (only not in name and name not in needed):
            continue
        quiet = [] if name == "similar" else ["--quiet"]
        cost = cost_of([*WORDVEC, *command, *quiet])
        if only in name:
            yield name, cost


@dataclass(frozen=True)
class Table:
    """What grows along one axis: the costs of (command, threads), one for each value."""

    title: str
    axis: str
    values: Sequence[int]
    costs: dict[tuple[str, int], list[Cost]]

    def show(self) -> None:
        for figure, unit in (("seconds", "seconds"), ("own", "MB of its own"), ("resident", "MB with mapped files")):
            rows = [
                [name, threads, *(shown(getattr(cost, figure)) for cost in row)]
                for (name, threads), row in self.costs.items()
            ]
            head = [f"{unit}", "threads", *(f"{value:,} {self.axis}".replace(",", " ") for value in self.values)]
            print_table(self.title, head, rows)


def shown(figure: float) -> str:
    return f"{figure:.2f}" if figure < 10 else f"{figure:.0f}"


def by_text(corpus: Path, sizes: Sequence[int], threads: Sequence[int], only: str, folder: Path) -> Table:
    table = Table("growth with the text, dimension 100, 1 epoch", "MB", sizes, {})
    for size in sizes:
        text = folder / f"{size}.txt"
        n_copies = text_of(corpus, size, text)
        for n in threads:
            for name, cost in costs(Work(text, folder / f"{size}-{n}", 5 * n_copies, n), only):
                table.costs.setdefault((name, n), []).append(cost)
            shutil.rmtree(folder / f"{size}-{n}")
        text.unlink()
    return table


def by_dimension(corpus: Path, size: int, only: str, folder: Path) -> Table:
    table = Table(f"growth with the dimension, {size} MB of text, 1 epoch, 2 threads", "numbers", DIMENSIONS, {})
    text = folder / "text.txt"
    text_of(corpus, size, text)
    for dim in DIMENSIONS:
        work = Work(text, folder / f"{dim}", 5, 2, dim)
        for name, cost in costs(work, only, ("cooccur", "encode")):
            if name != "build-vocab":
                table.costs.setdefault((name, 2), []).append(cost)
        shutil.rmtree(work.folder)
    return table


def by_vocabulary(n_tokens: int, only: str, folder: Path) -> Table:
    title = f"growth with the vocabulary, {n_tokens / 1e6:.0f} million tokens, dimension 100, 1 epoch, 2 threads"
    table = Table(title, "words", VOCABULARIES, {})
    for n_words in VOCABULARIES:
        text = folder / "zipf.txt"
        zipf_text(n_words, n_tokens, text)
        work = Work(text, folder / f"{n_words}", 1, 2)
        for name, cost in costs(work, only):
            table.costs.setdefault((name, 2), []).append(cost)
        shutil.rmtree(work.folder)
    return table


def main(arguments: Arguments) -> None:
    sizes = [int(size) for size in arguments.sizes.split(",")]
    threads = [int(n) for n in arguments.threads.split(",")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = text_file(arguments.corpus, folder / "corpus")
        by_text(corpus, [1], threads, arguments.only, folder)  # compiles
        text = by_text(corpus, sizes, threads, arguments.only, folder)
        text.show()
        axes = arguments.axes.split(",")
        if "dimension" in axes:
            (folder / "dimensions").mkdir()
            by_dimension(corpus, min(10, max(sizes)), arguments.only, folder / "dimensions").show()
        if "vocabulary" in axes:
            (folder / "words").mkdir()
            by_vocabulary(ZIPF_TOKENS, arguments.only, folder / "words").show()
        if arguments.picture:
            Path(arguments.picture).write_text(picture(text.values, text.costs))
