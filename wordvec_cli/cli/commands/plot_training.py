"""`wordvec plot training`: loss and scores by epoch."""

import click

from wordvec_cli.cli.options import progress_options
from wordvec_cli.cli.pictures import PictureOptions, picture_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import AS_IT_IS


@click.command(short_help="Draw loss and scores by epoch.")
@click.argument("vectors", nargs=-1, required=True, metavar="VECTORS...")
@picture_options
@progress_options
@click.pass_obj
def command(terminal: Terminal, /, *, vectors: tuple[str, ...], picture: PictureOptions) -> None:
    """Draw the mean loss of each epoch, and the scores of `train --eval-set`, as the files record them; of several
    VECTORS in one picture. A dashed line is the epoch that early stopping chose.

    \b
    wordvec plot training vectors.safetensors -o training.pdf
    wordvec plot training first.safetensors second.safetensors --format tsv
    """
    from wordvec_cli.show.epochs import course_of, training_picture

    courses = [course_of(path, AS_IT_IS.open(path, terminal)) for path in vectors]
    picture.finish(training_picture(courses), terminal)
