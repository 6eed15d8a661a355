"""`wordvec classify predict`: the labels of lines."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.classify import check_files, k_option, layout_of, rows_of, text_column_option, threshold_option
from wordvec_cli.cli.options import progress_options
from wordvec_cli.cli.output import as_text, write_stdout
from wordvec_cli.cli.terminal import Terminal

if TYPE_CHECKING:
    from wordvec_cli.prediction import Prediction


@click.command(short_help="Give lines labels.")
@click.argument("model")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@k_option
@threshold_option
@text_column_option
@click.option(
    "--format", "layout", type=click.Choice(["tsv", "json"]), default="tsv", show_default=True,
    help="tsv: label, probability, label, probability ...; json: an object for each line.",
)  # fmt: skip
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    model: str,
    files: tuple[str, ...],
    k: int,
    threshold: float,
    text_column: str | None,
    layout: str,
) -> None:
    """Print the most probable labels of each line of FILEs, or of standard input, best first: a line for a line.

    Lines of standard input are answered as they come, so that a program can keep the command running. Words that begin
    as the labels of training did are left out, so that a labelled file can be read as it is.

    \b
    wordvec classify predict model.safetensors < lines.txt
    echo 'how long does bread keep ?' | wordvec classify predict model.safetensors -k 3 --threshold 0.1
    wordvec classify predict model.safetensors mail.jsonl --text-column body --format json
    """
    from wordvec_cli.classifier import load
    from wordvec_cli.prediction import Predictor

    predictor = Predictor(load(model))
    check_files(files)
    classifier = predictor.classifier
    its_layout = layout_of(text_column, None, classifier.task.label_prefix)
    for rows in rows_of(files, its_layout, classifier.tokenizer, terminal):
        write_stdout(_LAYOUTS[layout](predictor.predict(rows, k, threshold)))


def _tsv(predictions: Sequence[Sequence["Prediction"]]) -> Iterator[bytes]:
    for line in predictions:
        yield b"\t".join(b"%b\t%.6f" % prediction for prediction in line) + b"\n"


def _json(predictions: Sequence[Sequence["Prediction"]]) -> Iterator[bytes]:
    for line in predictions:
        labels = [{"label": as_text(label), "probability": round(value, 6)} for label, value in line]
        yield json.dumps({"labels": labels}).encode() + b"\n"


_LAYOUTS = {"tsv": _tsv, "json": _json}
