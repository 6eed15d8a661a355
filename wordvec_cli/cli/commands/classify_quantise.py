"""`wordvec classify quantise`: a classifier in a quarter of its size."""

from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.commands.classify import classified_files, label_prefix_option, layout_of_labelled, layout_options
from wordvec_cli.cli.options import output_option, progress_options
from wordvec_cli.cli.output import is_for_terminal
from wordvec_cli.cli.terminal import Terminal

if TYPE_CHECKING:
    from wordvec_cli.text.file_options import FileOptions


@click.command(short_help="Make a classifier's file smaller.")
@click.argument("model")
@click.argument("files", nargs=-1, metavar="[LABELLED]...")
@output_option("the smaller model")
@label_prefix_option
@layout_options
@classified_files
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    model: str,
    files: tuple[str, ...],
    output: str,
    label_prefix: str | None,
    layout: Any,
    options: "FileOptions",
) -> None:
    """Write MODEL with a byte for each number of its words' and n-grams' vectors, in about a quarter of the size.

    With LABELLED files, report the precision on them before and after. The smaller model is used as any other. A name
    that ends in .ftz makes a quantised model of fastText, by product quantisation, in about a seventh of the size: its
    program predicts with it, and its word vectors can be read here.

    \b
    wordvec classify quantise model.safetensors -o small.safetensors valid.txt
    wordvec classify quantise model.safetensors -o model.ftz valid.txt
    wordvec classify train train.txt -o small.safetensors --quantise
    """
    if is_for_terminal(output):
        raise click.UsageError("-o -: a model is binary; use -o FILE or redirect the output")
    from wordvec_cli.classify.line_files import LineFiles, check_files
    from wordvec_cli.classify.model import load
    from wordvec_cli.classify.quantising import FASTTEXT_ENDING, quantise_file
    from wordvec_cli.classify.run import check_model_path

    check_model_path(output, model, *files, endings=[".safetensors", FASTTEXT_ENDING])
    classifier = load(model)
    check_files(files)
    labelled = LineFiles(files, layout_of_labelled(layout, label_prefix, classifier), options) if files else None
    quantise_file(classifier, model, output, labelled, terminal.note)
