"""`wordvec map`: one page with a map of words, which opens anywhere."""

import os
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.options import (
    combined,
    layout_option,
    limit_option,
    output_option,
    progress_options,
    seed_option,
)
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import WHOLE, Part, VectorSource, vector_options
from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import check_not_input, check_output, replacing, shown_size
from wordvec_cli.vectors.native import native_kind

if TYPE_CHECKING:
    from wordvec_cli.show.word_map import Source, WordMap

_map_options = combined(
    limit_option("Show the N most frequent words: of vectors without counts, the first ones.", 20_000, 200_000),
    layout_option,
    click.option(
        "-k", type=click.IntRange(0, 100), default=10, show_default=True, metavar="N",
        help="How many true neighbours a click on a word lists.",
    ),
    click.option(
        "--clusters", "n_clusters", type=click.IntRange(1, 100), default=12, show_default=True, metavar="N",
        help="How many clusters words are coloured by, each named by its most central words.",
    ),
    click.option(
        "--groups", metavar="FILE",
        help="Colour by the columns of this table too: a line with `word` and their names, then a line for each word, "
        "fields between tabs; groups or numbers.",
    ),
    click.option(
        "--no-vectors", is_flag=True,
        help="Leave the vectors out of the page, which makes it smaller: without them it has no axes of word pairs, "
        "and no colours by nearness.",
    ),
    seed_option,
)  # fmt: skip


@click.command(short_help="Make a page with a map of the words.")
@click.argument("files", nargs=-1, required=True, metavar="VECTORS [NEWER]")
@output_option("the page")
@_map_options
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, files: tuple[str, ...], output: str, limit: int, method: str, k: int, n_clusters: int,
    groups: str | None, no_vectors: bool, seed: int | None, source: VectorSource,
) -> None:  # fmt: skip
    """Make one HTML file with a map of the words of VECTORS. It opens in any browser, from a disk too, and never asks a
    network for anything.

    Words are points; a click lists the true neighbours, by all numbers of the vectors. Search, select, colour, and lay
    words out by pairs such as man:woman. With NEWER, the words that both files have: side by side or as arrows, NEWER
    turned to where VECTORS are first.

    \b
    wordvec map vectors.safetensors -o map.html
    wordvec map vectors.safetensors -o map.html --layout umap --limit 50000 --groups parts-of-speech.tsv
    wordvec map 1990.safetensors 2020.safetensors -o change.html
    """
    if len(files) > 2:
        raise click.UsageError(f"{len(files)} files: a map compares two; leave the others out")
    check_output(output)
    check_not_input(output, *files, groups)
    from wordvec_cli.show.page_file import page_of
    from wordvec_cli.show.word_map import MapOptions, make_map

    options = MapOptions(limit, k, method, n_clusters, not no_vectors, groups, 1 if seed is None else seed)
    made = make_map(_opened(files, limit, source, terminal), options, terminal.note, terminal.report)
    page = page_of(made)
    with replacing(output) as file:
        file.write(page)
    terminal.close()
    _note_made(output, made, len(page), terminal)


def _opened(files: tuple[str, ...], limit: int, source: VectorSource, terminal: Terminal) -> "list[Source]":
    """The files with their names; of one that is not native and stands alone, no more rows than are shown."""
    from wordvec_cli.show.word_map import Source

    opened = []
    for path in files:
        is_all = len(files) > 1 or native_kind(path) is not None
        vectors = source.open(path, terminal, part=WHOLE if is_all else Part(limit=limit))
        opened.append(Source(os.path.basename(path), vectors))
    if len({each.vectors.dim for each in opened}) > 1:
        raise InputError(
            f"{files[1]}: has {opened[1].vectors.dim} numbers a word where {files[0]} has {opened[0].vectors.dim}; "
            "compare vectors of one size"
        )
    return opened


def _note_made(output: str, made: "WordMap", n_bytes: int, terminal: Terminal) -> None:
    n, n_words = len(made.words), made.n_words
    of = " common" if len(made.sides) == 2 else f" most frequent of {n_words:,}" if n < n_words else ""
    kept = f"; the plane keeps {made.kept.share:.1%} of the {made.kept.k} nearest neighbours" if made.kept else ""
    terminal.note(f"{output}: {n:,}{of} words, {shown_size(n_bytes)}, laid out by {made.layout.method}{kept}")
    if n < n_words and len(made.sides) == 1:
        terminal.note("--limit shows more, up to 200000")
