"""`wordvec plot words`: a map of some words."""

import click

from wordvec_cli.cli.missing import exit_status
from wordvec_cli.cli.options import layout_option, seed_option
from wordvec_cli.cli.pictures import PictureOptions, WordsOptions, neighbours_option, picture_options, words_options
from wordvec_cli.cli.terminal import Terminal


@click.command(short_help="Draw a map of some words.")
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@layout_option
@neighbours_option(0, "Draw the N nearest words of each WORD too, in its colour.")
@seed_option
@picture_options
@words_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    vectors: str,
    words: tuple[str, ...],
    method: str,
    k: int,
    seed: int | None,
    picture: PictureOptions,
    which: WordsOptions,
) -> int:
    """Draw WORDs as points in the plane, near each other where their vectors are, with labels that do not overlap.

    Below the picture stands how many of the nearest neighbours the plane keeps: what it does not keep is not to be read
    from it. Without WORDs, and without --words, they are read from standard input, one on each line.

    \b
    wordvec plot words vectors.safetensors king queen man woman -o words.pdf
    wordvec plot words vectors.safetensors war peace -k 15 --layout umap -o words.png
    head -n 60 words.txt | wordvec plot words vectors.safetensors --format json
    """
    from wordvec_cli.show.chosen import with_neighbours
    from wordvec_cli.show.words import words_picture

    finder, chosen = which.chosen(vectors, words, terminal)
    near = with_neighbours(finder.embeddings, chosen, k)
    picture.finish(words_picture(near, method, 1 if seed is None else seed, terminal.note), terminal)
    return exit_status(finder)
