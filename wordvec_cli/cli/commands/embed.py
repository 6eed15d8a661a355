"""`wordvec embed`: what an embedding layer does, Y = E[X]."""

import math
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.options import (
    matrix_option,
    output_option,
    progress_options,
    sequences_option,
    spool_folder,
    tmp_dir_option,
)
from wordvec_cli.cli.output import check_not_for_terminal, read_vocabulary_and_tell, tell_awaited
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import STANDARD_STREAM, check_room, shown_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wordvec_cli.layer.embed import Layer, Layout, Pool
    from wordvec_cli.layer.matrix import Matrix


LARGE_BYTES = 10**9  # from which on what takes less is worth a word


@click.command(short_help="Look up rows of numbers in an embedding matrix.")
@matrix_option(required=True)
@sequences_option(required=True)
@output_option("the vectors")
@click.option(
    "--to", "layout", type=click.Choice(["npy", "text"]),
    help="What is written, if the output's name does not tell. npy: an array; text: line, position, row and vector of "
    "each number, with tabs between them; with --pool the vector alone.  [default: npy for -]",
)  # fmt: skip
@click.option(
    "--pool", type=click.Choice(["mean", "sum", "max", "sif"]),
    help="Make one vector of each line, padding left out. sif: the mean of words weighed by their rarity, without what "
    "all lines have in common (Arora et al. 2017).",
)  # fmt: skip
@click.option("--vocab", metavar="FILE", help="For --pool sif: the words with their counts.")
@tmp_dir_option
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    matrix: str,
    sequences: str,
    output: str,
    layout: "Layout | None",
    pool: "Pool | None",
    vocab: str | None,
    tmp_dir: str | None,
) -> None:
    """Write the vectors of all numbers: Y = E[X], an array (lines, length, dim) of float32; or one vector a line.

    Every number is checked to be a row of the matrix. Memory does not grow with the lines. What the vectors take is
    told before they are written, and refused if the disk cannot hold it.

    \b
    wordvec embed --matrix matrix.npy --sequences sequences.npy -o embedded.npy
    wordvec embed --matrix matrix.npy --sequences sequences.npy --pool mean -o sentences.npy
    wordvec embed --matrix matrix.npy --sequences sequences.npy --pool sif --vocab vocab.tsv -o sentences.npy
    echo '2 3 1' | wordvec embed --matrix matrix.npy --sequences - --to text -o -
    """
    from wordvec_cli.layer.embed import ENDINGS, Layer, check_fit, write_text, write_vectors
    from wordvec_cli.layer.encoded_text import open_any
    from wordvec_cli.layer.matrix import open_matrix
    from wordvec_cli.layer.text_rows import number_lines, vector_lines
    from wordvec_cli.storage.output_names import chosen_layout
    from wordvec_cli.storage.sidecar import check_outputs

    check_outputs([output], matrix, sequences, vocab)
    layout = chosen_layout(output, layout, ENDINGS, unnamed="npy")
    check_not_for_terminal(output, layout, "vectors")
    if (pool == "sif") != (vocab is not None):
        raise click.UsageError("--vocab: has the counts that --pool sif weighs words by; give both, or neither")
    folder = spool_folder(tmp_dir, output)
    if sequences == STANDARD_STREAM:
        tell_awaited("rows of numbers", terminal)
    layer = Layer(open_matrix(matrix), open_any(sequences, folder))
    for note in filter(None, (layer.matrix.note, layer.sequences.note)):
        terminal.note(note)
    check_fit(layer.matrix, layer.sequences)
    _tell_size(output, layout, layer, pool, terminal)
    sentences = None
    if vocab is not None:
        sentences = _sif_vectors(layer, vocab, folder, terminal)
    elif pool:
        sentences = layer.sentence_vectors(pool)
    if layout == "text":
        lines = vector_lines(layer.lookups()) if sentences is None else number_lines(sentences)
        write_text(output, layer, pool, lines)
    else:
        write_vectors(output, layer, pool, layer.vectors() if sentences is None else sentences, terminal.report)
    terminal.close()


def _tell_size(output: str, layout: "Layout", layer: "Layer", pool: "Pool | None", terminal: Terminal) -> None:
    """Tell before the work what the vectors take. Raises: InputError, OutputError if the disk cannot hold that"""
    if layout == "text":
        check_room({output: 2 * layer.dim * (layer.sequences.n_lines if pool else layer.sequences.ids.size)})
        return
    shape = layer.shape(pool)
    size = 4 * math.prod(shape)
    told = f"{' x '.join(map(str, shape))} numbers, {shown_size(size)}"
    if size >= LARGE_BYTES and not pool:
        pooled = shown_size(4 * math.prod(layer.shape("mean")))
        told += f"; --pool would make one vector of each line, {pooled}, and wordvec encode --length p99 shorter lines"
    terminal.note(told)
    check_room({output: size})


def _sif_vectors(layer: "Layer", vocab: str, folder: "Path", terminal: Terminal) -> "Iterator[Matrix]":
    """Raises: InputError if the words are not those of the matrix"""
    from wordvec_cli.layer.embed import sif_vectors, sif_weights
    from wordvec_cli.layer.row_rule import RowRule, Specials, check_agreement

    words = read_vocabulary_and_tell(vocab, terminal).vocabulary
    known = layer.matrix.rule or layer.sequences.rule
    rule = RowRule.of(words, known.specials if known else Specials())
    if known:
        check_agreement(vocab, rule, layer.matrix.path, known)
    elif rule.n_rows != len(layer.matrix.values):
        raise InputError(f"{vocab}: has {rule.n_words} words, which are not those of {layer.matrix.path}; name its own")
    return sif_vectors(layer, sif_weights(vocab, words, rule), folder)
