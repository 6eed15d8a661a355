"""`wordvec stability`: which words keep their neighbours from one training to the next."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.missing import EXIT_MISSING
from wordvec_cli.cli.models import opened_models, vectors_to_ask
from wordvec_cli.cli.options import progress_options, seed_option
from wordvec_cli.cli.output import asked, write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.text.decoding import as_text, shown

if TYPE_CHECKING:
    from wordvec_cli.queries.models import Models
    from wordvec_cli.queries.stability import Band

WORD_TITLES = ("word", "count", "overlap", "verdict", "models")
BAND_TITLES = ("least_count", "most_count", "words", "asked", "overlap", "stable", "models")


@click.command(short_help="Tell which words keep their neighbours over trainings.")
@vectors_to_ask("[WORD]...")
@click.option(
    "-k", "k", type=click.IntRange(min=1), default=10, show_default=True, metavar="N",
    help="Neighbours of each word.",
)  # fmt: skip
@click.option("--each", is_flag=True, help="Without WORDs, print a line for each word, not for each band of counts.")
@seed_option
@table_options(
    "tsv: a line for each word or band, below titles; csv: the same with commas; json: an object for each.",
    has_header_option=False,
)
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, paths: tuple[str, ...], words: tuple[str, ...], k: int, each: bool,
    seed: int | None, table: Table, source: VectorSource,
) -> int:  # fmt: skip
    """Tell how many of their nearest neighbours words keep from one training to the next, over a folder of trainings.

    Without WORDs, for bands of words by how often they occur, of each a sample of 200; a note says from which count on
    words keep half of their neighbours and may carry a statement. WORDs get a verdict each: stable (half and more),
    shaky (a quarter), unstable. A - in the place of WORD reads words from standard input.

    \b
    wordvec stability folder-of-trainings/
    wordvec stability folder-of-trainings/ freedom liberty justice
    """
    from wordvec_cli.queries.stability import bands

    models = opened_models(paths, source, terminal)
    if models is None:
        raise click.UsageError(f"{paths[0]}: is one vector file; name a folder of trainings, or more files with --also")
    from_stdin = words == ("-",)
    wanted = [word for batch in asked(() if from_stdin else words, terminal) for word in batch] if words else []
    if words or each:
        return _print_words(models, wanted, k, table, terminal)
    found = bands(models, k, 1 if seed is None else seed)
    write_stdout(_band_lines(found, table, len(models)))
    _advise(found, k, models, terminal)
    return 0


def _print_words(models: "Models", wanted: Sequence[bytes], k: int, table: Table, terminal: Terminal) -> int:
    """Print a line for each word, for all if none is wanted; the exit status."""
    import numpy as np

    from wordvec_cli.queries.stability import shares_that_stay

    found = [models.vocabulary.find(word) for word in wanted] if wanted else list(range(len(models.vocabulary)))
    for word, word_id in zip(wanted, found, strict=False):
        if word_id is None:
            terminal.note(f"{shown(word)!r} is missing", missing=as_text(word))
    ids = np.array([word_id for word_id in found if word_id is not None], np.int64)
    shares = shares_that_stay(models, ids, k).tolist() if len(ids) else []
    write_stdout(_word_lines(models, ids.tolist(), shares, table))
    return EXIT_MISSING if len(ids) < len(found) else 0


def _advise(found: "Sequence[Band]", k: int, models: "Models", terminal: Terminal) -> None:
    from wordvec_cli.queries.stability import least_stable_count

    if models.vocabulary.counts is None:
        terminal.note("the files have no counts: bands are of places in the file")
        return
    least = least_stable_count(found)
    if least is None:
        terminal.note(
            f"not even the most frequent words keep half of their {k} neighbours: train on more text or for longer, "
            "and report means over many trainings alone"
        )
    else:
        terminal.note(
            f"words that occur {least} times and more keep half of their {k} neighbours, in the mean; of rarer ones "
            "report no single neighbour"
        )


# ---------------------------------------------------------------- layouts


def _word_lines(models: "Models", ids: Sequence[int], shares: Sequence[float], table: Table) -> Iterator[bytes]:
    from wordvec_cli.queries.stability import verdict

    counts = models.vocabulary.counts
    rows = (
        (as_text(models.vocabulary.word(word_id)), None if counts is None else int(counts[word_id]), round(share, 6),
         verdict(share), len(models))
        for word_id, share in zip(ids, shares, strict=True)
    )  # fmt: skip
    return table.titled(WORD_TITLES, rows)


def _band_lines(found: "Sequence[Band]", table: Table, n_models: int) -> Iterator[bytes]:
    rows = ((*band[:4], round(band.overlap, 6), round(band.stable, 6), n_models) for band in found)
    return table.titled(BAND_TITLES, rows)
