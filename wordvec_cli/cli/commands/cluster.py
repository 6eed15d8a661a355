"""`wordvec cluster`: words in groups of words that are near each other."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.options import limit_option, progress_options, seed_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import Part, VectorSource, vector_options
from wordvec_cli.text.decoding import as_text

if TYPE_CHECKING:
    from wordvec_cli.queries.word_clusters import Clusters

N_CENTRAL = 5  # words that name a cluster
WORD_TITLES = ("cluster", "word", "cosine", "silhouette", "central")
CLUSTER_TITLES = ("cluster", "words", "cosine", "silhouette", "central")


@click.command(short_help="Put words into groups that are near each other.")
@click.argument("vectors")
@click.option("--into", "n", type=click.IntRange(min=2), default=100, show_default=True, metavar="N",
              help="How many clusters there are to be.")  # fmt: skip
@click.option(
    "--grouping", "method", type=click.Choice(["kmeans", "agglomerative"]), default="kmeans", show_default=True,
    help="kmeans: near the mean of a cluster, the best of five starts; agglomerative: joined two by two by the mean "
    "cosine of their words, for up to 20000 words.",
)  # fmt: skip
@click.option("--words", metavar="FILE", help="Only the words in this file, one a line.")
@limit_option("Keep only the first N rows.")
@click.option("--summary", is_flag=True, help="Print a line for each cluster, not for each word.")
@seed_option
@table_options(
    "tsv: a line for each word or cluster, below titles; csv: the same with commas; json: an object for each.",
    has_header_option=False,
)
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, vectors: str, n: int, method: str, words: str | None, limit: int | None, summary: bool,
    seed: int | None, table: Table, source: VectorSource,
) -> None:  # fmt: skip
    """Put the words of VECTORS into clusters of words that are near each other, as word2vec.c's -classes did.

    Clusters are numbered from the largest on and named by their central words, and each has its words from the
    centre outwards. The silhouette of a word is 1 in the midst of its cluster, and below 0 nearer to another. The same
    command gives the same clusters.

    \b
    wordvec cluster vectors.safetensors --into 500 > classes.tsv
    wordvec cluster vectors.safetensors --words nouns.txt --grouping agglomerative --into 20 --summary
    """
    import numpy as np

    from wordvec_cli.queries.agreement import have_directions
    from wordvec_cli.queries.word_clusters import clusters
    from wordvec_cli.text.lines import listed_words
    from wordvec_cli.vectors.lengths import unit_rows

    part = Part(None if words is None else frozenset(listed_words(words)), limit)
    opened = source.open(vectors, terminal, part=part)
    rows = opened.rows(slice(0, len(opened.vocabulary)))
    ids = np.flatnonzero(have_directions(rows))
    if n_left := len(rows) - len(ids):
        terminal.note(f"{n_left} words with a vector that is zeros or not finite are left out")
    found = clusters(unit_rows(rows[ids]).astype(np.float32), n, method, 1 if seed is None else seed)
    names = [as_text(opened.vocabulary.word(word_id)) for word_id in ids.tolist()]
    write_stdout(_cluster_lines(found, names, table) if summary else _word_lines(found, names, table))
    terminal.note(
        f"mean silhouette {found.silhouettes.mean():.3f}, mean cosine with the centre {found.cosines.mean():.3f}"
    )


# ---------------------------------------------------------------- layouts


def _central(found: "Clusters", cluster: int, names: Sequence[str]) -> str:
    return " ".join(names[i] for i in found.members(cluster)[:N_CENTRAL].tolist())


def _word_lines(found: "Clusters", names: Sequence[str], table: Table) -> Iterator[bytes]:
    rows = (
        (cluster + 1, names[i], round(float(found.cosines[i]), 6), round(float(found.silhouettes[i]), 6), central)
        for cluster in range(found.n)
        for central in [_central(found, cluster, names)]
        for i in found.members(cluster).tolist()
    )
    return table.titled(WORD_TITLES, rows)


def _cluster_lines(found: "Clusters", names: Sequence[str], table: Table) -> Iterator[bytes]:
    members = [found.members(cluster) for cluster in range(found.n)]
    rows = (
        (cluster + 1, len(places), round(float(found.cosines[places].mean()), 6),
         round(float(found.silhouettes[places].mean()), 6), _central(found, cluster, names))
        for cluster, places in enumerate(members)
    )  # fmt: skip
    return table.titled(CLUSTER_TITLES, rows)
