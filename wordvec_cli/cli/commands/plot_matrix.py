"""`wordvec plot matrix`: an embedding matrix, and what a layer looks up in it."""

import click

from wordvec_cli.cli.options import combined, matrix_option, progress_options, sequences_option, vocab_option
from wordvec_cli.cli.pictures import PictureOptions, picture_options
from wordvec_cli.cli.terminal import Terminal

_inputs = combined(
    matrix_option(required=True), sequences_option(required=False), vocab_option("The words of the rows.")
)


@click.command(short_help="Draw an embedding matrix and Y = E[X].")
@_inputs
@picture_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, matrix: str, sequences: str | None, vocab: str | None, picture: PictureOptions
) -> None:
    """Draw the first rows of an embedding matrix E as a table of colours; with --sequences, X, also Y = E[X]: the rows
    of the first numbers of X, which are those of E again.

    \b
    wordvec plot matrix --matrix matrix.npy --vocab vocab.tsv -o matrix.svg
    wordvec plot matrix --matrix matrix.npy --sequences sequences.npy --vocab vocab.tsv -o layer.svg
    """
    from pathlib import Path
    from tempfile import gettempdir

    from wordvec_cli.layer.encoded_text import open_any
    from wordvec_cli.layer.lookup import Layer, check_fit
    from wordvec_cli.layer.matrix_file import open_matrix
    from wordvec_cli.show.matrices import matrix_picture, rows_of_picture

    stored, layer = open_matrix(matrix), None
    if sequences is not None:
        layer = Layer(stored, open_any(sequences, Path(gettempdir())))
        check_fit(stored, layer.sequences)
    picture.finish(matrix_picture(stored, rows_of_picture(stored, vocab, terminal.note), layer), terminal)
