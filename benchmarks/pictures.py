"""`wordvec plot` beside importing matplotlib; and UMAP and t-SNE from our neighbours beside those packages' own."""

import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.arguments import Arguments
from benchmarks.table import print_table, timed
from wordvec_cli.show.layouts import kept_neighbours, lay_out, pca
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WORDS, DIM, N_CLOUDS = 2_000, 100, 50
N_DRAWN = 60


def clouds() -> Any:
    """Vectors in clouds, (N_WORDS, DIM) float32."""
    rng = np.random.default_rng(1)
    middles = rng.normal(size=(N_CLOUDS, DIM))
    return (middles[rng.integers(N_CLOUDS, size=N_WORDS)] + rng.normal(size=(N_WORDS, DIM))).astype(np.float32)


def commands(rows: Any, runs: int) -> None:
    words = [b"word%d" % number for number in range(N_WORDS)]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/v.safetensors"
        save(path, Vocabulary.from_words(words), rows, {})
        plot = [
            sys.executable,
            "-m",
            "wordvec_cli",
            "plot",
            "words",
            path,
            *(word.decode() for word in words[:N_DRAWN]),
        ]
        tried = {
            "python -c 'import matplotlib.figure'": [sys.executable, "-c", "import matplotlib.figure"],
            f"plot words, {N_DRAWN} words, PNG": [*plot, "-o", f"{folder}/p.png"],
            f"plot words, {N_DRAWN} words, SVG": [*plot, "-o", f"{folder}/p.svg"],
            f"plot words, {N_DRAWN} words, --format json": [*plot, "--format", "json"],
        }
        times: dict[str, list[float]] = {name: [] for name in tried}
        for _ in range(runs + 1):  # the first warms the caches
            for name, command in tried.items():
                times[name].append(timed(partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)))
    medians = {name: statistics.median(some[1:]) for name, some in times.items()}
    bound = medians["python -c 'import matplotlib.figure'"]
    print_table(
        f"whole commands, in turn, medians of {runs}",
        ["", "seconds", "ratio to importing matplotlib"],
        [[name, median, median / bound] for name, median in medians.items()],
    )


def layouts(rows: Any, runs: int) -> None:
    """Ours, and the packages' own way: their approximate neighbours, and the places they begin with."""
    import openTSNE
    import umap

    def own_umap() -> Any:
        return umap.UMAP(metric="cosine", random_state=1, n_jobs=1).fit_transform(rows)

    def own_tsne() -> Any:
        return np.asarray(openTSNE.TSNE(metric="cosine", n_jobs=1, random_state=1).fit(rows))

    pairs: dict[str, tuple[Callable[[], Any], Callable[[], Any] | None]] = {
        "pca": (lambda: pca(rows).places, None),
        "umap": (lambda: lay_out(rows, "umap").places, own_umap),
        "tsne": (lambda: lay_out(rows, "tsne").places, own_tsne),
    }
    table = []
    for name, (ours, theirs) in pairs.items():
        medians, shares = [], []
        for call in (ours, theirs):
            if call is None:
                continue
            kept = kept_neighbours(rows, call())  # compiles what there is to compile
            medians.append(statistics.median(timed(call) for _ in range(runs)))
            shares.append(kept.share if kept else float("nan"))
        peer = [medians[1], medians[1] / medians[0], shares[1]] if theirs else ["", "", ""]
        table.append([name, medians[0], shares[0], *peer])
    head = ["", "seconds", "neighbours kept", "the package alone, seconds", "ratio", "neighbours kept"]
    print_table(f"layouts of {N_WORDS} x {DIM} in {N_CLOUDS} clouds, medians of {runs}, one thread", head, table)


def main(arguments: Arguments) -> None:
    rows = clouds()
    commands(rows, arguments.runs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layouts(rows, arguments.runs)
