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
from wordvec_cli.cli.output import is_for_terminal
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.files import STANDARD_STREAM, check_free_space, output_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wordvec_cli.embedding_layer import Layer, Pool
    from wordvec_cli.embedding_matrix import Matrix


@click.command(short_help="Look up rows of numbers in an embedding matrix.")
@matrix_option(required=True)
@sequences_option(required=True)
@output_option("the vectors, as .npy,")
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
    pool: "Pool | None",
    vocab: str | None,
    tmp_dir: str | None,
) -> None:
    """Write the vectors of all numbers: Y = E[X], an array (lines, length, dim) of float32; or one vector a line.

    Every number is checked to be a row of the matrix. Memory does not grow with the lines.

    \b
    wordvec embed --matrix matrix.npy --sequences sequences.npy -o embedded.npy
    wordvec embed --matrix matrix.npy --sequences sequences.npy --pool mean -o sentences.npy
    wordvec embed --matrix matrix.npy --sequences sequences.npy --pool sif --vocab vocab.tsv -o sentences.npy
    """
    from wordvec_cli.embedding_layer import Layer, check_fit, write_vectors
    from wordvec_cli.embedding_matrix import open_matrix
    from wordvec_cli.sequence_files import open_sequences
    from wordvec_cli.sidecar import check_ending, check_outputs

    check_outputs([output], matrix, sequences, vocab)
    check_ending(output, ".npy")
    if is_for_terminal(output):
        raise click.UsageError("-o -: vectors are binary and standard output is a terminal; name a file or a pipe")
    if (pool == "sif") != (vocab is not None):
        raise click.UsageError("--vocab: has the counts that --pool sif weighs words by; give both, or neither")
    layer = Layer(open_matrix(matrix), open_sequences(sequences))
    for note in filter(None, (layer.matrix.note, layer.sequences.note)):
        terminal.note(note)
    check_fit(layer.matrix, layer.sequences)
    shape = layer.shape(pool)
    if output != STANDARD_STREAM:
        check_free_space(output_folder(output), 4 * math.prod(shape), output)
    if vocab is not None:
        parts = _sif_vectors(layer, vocab, spool_folder(tmp_dir, output))
    else:
        parts = layer.sentence_vectors(pool) if pool else layer.vectors()
    write_vectors(output, layer, pool, parts, terminal.report)
    terminal.close()
    terminal.note(f"{' x '.join(map(str, shape))} numbers")


def _sif_vectors(layer: "Layer", vocab: str, folder: "Path") -> "Iterator[Matrix]":
    """Raises: InputError if the words are not those of the matrix"""
    from wordvec_cli.embedding_layer import sif_vectors, sif_weights
    from wordvec_cli.specials import RowRule, Specials, check_agreement
    from wordvec_cli.vocabulary_file import read_vocabulary

    words = read_vocabulary(vocab).vocabulary
    known = layer.matrix.rule or layer.sequences.rule
    rule = RowRule.of(words, known.specials if known else Specials())
    if known:
        check_agreement(vocab, rule, layer.matrix.path, known)
    elif rule.n_rows != len(layer.matrix.values):
        raise InputError(f"{vocab}: has {rule.n_words} words, which are not those of {layer.matrix.path}; name its own")
    return sif_vectors(layer, sif_weights(vocab, words, rule), folder)
