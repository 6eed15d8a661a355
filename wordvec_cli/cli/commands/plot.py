"""`wordvec plot`: the group of the commands that draw."""

from collections.abc import Mapping

import click

from wordvec_cli.cli import Commands


class PlotCommands(Commands):
    """The commands that draw pictures of vectors."""

    modules: Mapping[str, str] = {
        "words": "plot_words", "axes": "plot_axes", "axis": "plot_axis", "neighbours": "plot_neighbours",
        "heatmap": "plot_heatmap",
        "training": "plot_training", "evaluate": "plot_evaluate", "compare": "plot_compare", "change": "plot_change",
        "matrix": "plot_matrix",
    }  # fmt: skip


@click.group(cls=PlotCommands, short_help="Draw words, scores and trainings.")
def command() -> None:
    """Draw pictures of vectors as PNG, SVG or PDF, for papers and slides; it takes pip install 'wordvec-cli[plot]'.

    With --format json a command prints what its picture shows, which needs nothing more.

    \b
    wordvec plot words vectors.safetensors king queen man woman -o words.pdf
    wordvec plot axes vectors.safetensors --x poor:rich --y man:woman doctor nurse banker -o axes.svg
    wordvec plot heatmap vectors.safetensors king queen man woman --format json
    """
