"""`wordvec plot evaluate`: the scores of vector files, with intervals."""

import click

from wordvec_cli.cli.judging import judging_options
from wordvec_cli.cli.options import combined, progress_options
from wordvec_cli.cli.pictures import PictureOptions, picture_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.evaluation.protocol import Judging

sets_option = click.option(
    "--set", "sets", multiple=True, metavar="SET",
    help="A set to score on, as wordvec evaluate takes them (repeat for more).  [default: those that come with gensim]",
)  # fmt: skip
_judging_options = combined(sets_option, judging_options)


@click.command(short_help="Draw the scores of vector files.")
@click.argument("vectors", nargs=-1, required=True, metavar="VECTORS...")
@_judging_options
@picture_options
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    vectors: tuple[str, ...],
    sets: tuple[str, ...],
    judging: Judging,
    picture: PictureOptions,
    source: VectorSource,
) -> None:
    """Draw the scores of one or more VECTORS on word pairs and analogies, each with its interval: the numbers of
    `wordvec evaluate`.

    \b
    wordvec plot evaluate vectors.safetensors -o scores.pdf
    wordvec plot evaluate old.safetensors new.safetensors --set wordsim353 --set simlex999 -o scores.png
    """
    from wordvec_cli.evaluation.asking import judge, read_sets
    from wordvec_cli.evaluation.set_folders import SHIPPED
    from wordvec_cli.show.scores import scores_picture

    asked = read_sets(sets or SHIPPED, terminal.note)
    files = []
    for path in vectors:
        scored = judge(source.open(path, terminal), asked, judging, terminal.note)
        files.append((path, [(outcomes.eval_set, score) for outcomes, score in scored]))
    picture.finish(scores_picture(files, judging.facts()), terminal)
