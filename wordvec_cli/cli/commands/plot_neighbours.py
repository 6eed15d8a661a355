"""`wordvec plot neighbours`: words and the words nearest to them."""

import click

from wordvec_cli.cli.missing import exit_status
from wordvec_cli.cli.pictures import PictureOptions, WordsOptions, neighbours_option, picture_options, words_options
from wordvec_cli.cli.terminal import Terminal


@click.command(short_help="Draw words with their nearest neighbours.")
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@neighbours_option(12, "How many neighbours each WORD has.", least=1)
@picture_options
@words_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, vectors: str, words: tuple[str, ...], k: int, picture: PictureOptions, which: WordsOptions
) -> int:
    """Draw the nearest words of each WORD: of one as a star, whose rings are cosines; of several as a graph.

    The neighbours are those of `wordvec similar`. Without WORDs, and without --words, they are read from standard
    input, one on each line.

    \b
    wordvec plot neighbours vectors.safetensors war -o war.svg
    wordvec plot neighbours vectors.safetensors war peace trade -k 8 -o graph.pdf
    """
    from wordvec_cli.show.chosen import with_neighbours
    from wordvec_cli.show.neighbours import neighbours_picture

    finder, chosen = which.chosen(vectors, words, terminal)
    picture.finish(neighbours_picture(with_neighbours(finder.embeddings, chosen, k)), terminal)
    return exit_status(finder)
