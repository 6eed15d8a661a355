"""Training on a cluster of this machine: two workers beside one, and a model of what a synchronisation costs.

The model: seconds of an epoch = words / (words a second of a thread x threads of all workers) + synchronisations x
(numbers of a matrix x seconds of one / threads + bytes that a worker sends and receives / bandwidth). Its two constants
are measured here with one and two workers; with four it is checked: where there are fewer CPUs they share them. From it
comes the table for many machines.
"""

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.arguments import Arguments
from benchmarks.table import print_table, text_file
from wordvec_cli.cluster.members import ClusterOptions, cluster
from wordvec_cli.cluster.replicas import rounds_of
from wordvec_cli.cluster.training import train_by
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.progress import Progress, ignore
from wordvec_cli.training.order import settled
from wordvec_cli.vocabulary.vocabulary import Vocabulary

MODELS: dict[str, dict[str, Any]] = {
    "skip-gram": {"vector_size": 100},
    "GloVe": {"model": "glove", "vector_size": 100, "window": 10},
}
TARGETS = {"skip-gram": 1.6, "GloVe": 1.5}
# Of the table: machines, and what they have.
THREADS_OF_MACHINE, DIM, N_WORDS = 16, 300, 1_000_000
BITS_PER_SECOND = (10e9, 100e9)


class Run(NamedTuple):
    """A training."""

    units_per_second: float  # of its last epoch, which is not disturbed by kernels that are loaded
    vocabulary: Vocabulary
    n_units: int


def trained(corpus: Path, n_workers: int, model: dict[str, Any]) -> Run:
    """Train five epochs with so many workers of one thread each."""
    rates: list[float] = []
    n_units = 0

    def report(progress: Progress) -> None:
        nonlocal n_units
        if progress.stage == "epoch":
            rates.extend(v for name, v in progress.stats.items() if name.endswith("_per_second") and v)
        elif progress.stage == "training" and progress.total:
            n_units = progress.total // 5

    with TemporaryDirectory() as folder, cluster(ClusterOptions(f"local:{n_workers}", 1, folder), ignore) as workers:
        order = settled({"epochs": 5, **model, "corpus": str(corpus), "tmp_dir": folder, "threads": 1})
        result = train_by(workers, order, report, ignore)
    return Run(rates[-1], result.vocabulary, n_units)


def sent_bytes(n_words: int, dim: int) -> int:
    """By a worker at a synchronisation, if all rows have changed: its changes of both matrices, and its slice again."""
    return 2 * 2 * 4 * n_words * (dim + 1)


def synchronisation_seconds(one: Run, other: Run, n_workers: int) -> float:
    """What is left of an epoch of several workers when their share of the words is trained."""
    computing = one.n_units / (one.units_per_second * n_workers)
    return (other.n_units / other.units_per_second - computing) / rounds_of(one.n_units).n


def table_of_machines(words_per_second: float, seconds_of_number: float) -> list[list[str]]:
    """By the model.

    words_per_second   of a thread at dimension 100, which at 300 is a third
    seconds_of_number  of a synchronisation without a network, for each number of a matrix, on one thread
    """
    rows = []
    for n_tokens in (1e9, 1e10, 1e11):
        n_rounds = rounds_of(int(n_tokens)).n
        for n in (8, 32, 128):
            computing = n_tokens / (words_per_second / 3 * THREADS_OF_MACHINE * n)
            n_bytes, combining = sent_bytes(N_WORDS, DIM), seconds_of_number * N_WORDS * DIM / THREADS_OF_MACHINE
            seconds = [computing + n_rounds * (combining + n_bytes / (bits / 8)) for bits in BITS_PER_SECOND]
            rows.append([
                f"{n_tokens:.0e}", f"{n}", *(f"{n_tokens / each / 1e6:.0f} M" for each in seconds),
                *(f"{each / 3600:.2f}" for each in seconds), f"{n_rounds * n_bytes / 1e9:.0f} GB",
                *(f"{computing / each:.0%}" for each in seconds),
            ])  # fmt: skip
    return rows


def main(arguments: Arguments) -> None:
    with TemporaryDirectory() as folder:
        corpus = text_file(arguments.corpus, Path(folder))
        for name, model in MODELS.items():
            if arguments.only not in name:
                continue
            runs: dict[int, list[Run]] = {1: [], 2: []}
            for _ in range(arguments.runs):
                for n_workers, of_workers in runs.items():
                    of_workers.append(trained(corpus, n_workers, model))
            one, two = (max(each, key=lambda run: run.units_per_second) for each in runs.values())
            ratios = [b.units_per_second / a.units_per_second for a, b in zip(runs[1], runs[2], strict=True)]
            print_table(
                f"{name}: two workers of one thread beside one, on {usable_cpus()} CPUs",
                ["one worker, a second", "two workers, a second", "ratio (median)", "target"],
                [[f"{one.units_per_second:,.0f}", f"{two.units_per_second:,.0f}", f"{statistics.median(ratios):.2f}",
                  f"{TARGETS[name]}"]],
            )  # fmt: skip
            if name == "skip-gram":
                _print_model(corpus, model, one, two)


def _print_model(corpus: Path, model: dict[str, Any], one: Run, two: Run) -> None:
    seconds = synchronisation_seconds(one, two, 2)
    print(f"a synchronisation: {seconds:.2f} s, of {sent_bytes(len(one.vocabulary), 100) / 1e6:.0f} MB a worker")
    at_once = min(usable_cpus(), 4)
    four = trained(corpus, 4, model)
    expected = one.n_units / (one.units_per_second * at_once) + rounds_of(one.n_units).n * seconds * 4 / at_once
    print(f"four workers: {one.n_units / four.units_per_second:.2f} s an epoch, {expected:.2f} s expected")
    print_table(
        "an epoch on machines of 16 cores with a network of 10 and of 100 Gbit/s, vocabulary 10^6 x 300, by the model",
        ["words", "machines", "words/s", "", "hours", "", "sent by each", "efficiency", ""],
        table_of_machines(one.units_per_second, seconds / (len(one.vocabulary) * 100)),
    )
