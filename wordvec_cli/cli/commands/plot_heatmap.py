"""`wordvec plot heatmap`: how similar each word is to each."""

import click

from wordvec_cli.cli.missing import exit_status
from wordvec_cli.cli.pictures import PictureOptions, WordsOptions, picture_options, words_options
from wordvec_cli.cli.terminal import Terminal


@click.command(short_help="Draw the similarities of words as a table of colours.")
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@picture_options
@words_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, vectors: str, words: tuple[str, ...], picture: PictureOptions, which: WordsOptions
) -> int:
    """Draw the cosine of each WORD with each, in the order in which they are given.

    Without WORDs, and without --words, they are read from standard input, one on each line.

    \b
    wordvec plot heatmap vectors.safetensors monday friday red blue -o heatmap.pdf
    wordvec plot heatmap vectors.safetensors --words words.txt --format tsv > cosines.tsv
    """
    from wordvec_cli.show.heatmap import heatmap_picture

    finder, chosen = which.chosen(vectors, words, terminal)
    picture.finish(heatmap_picture(chosen), terminal)
    return exit_status(finder)
