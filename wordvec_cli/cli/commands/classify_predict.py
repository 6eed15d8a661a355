"""`wordvec classify predict`: predict the labels of lines."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.commands.classify import (
    classified_files,
    k_option,
    only_column,
    opened_model,
    threshold_option,
)
from wordvec_cli.cli.options import id_column_option, progress_options, text_column_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.text.decoding import as_text

if TYPE_CHECKING:
    from wordvec_cli.classify.prediction import Answer
    from wordvec_cli.text.file_options import FileOptions


@click.command(short_help="Predict the labels of lines.")
@click.argument("model")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@k_option
@threshold_option
@text_column_option
@id_column_option("Print this column of the table before the labels of its row.")
@classified_files
@table_options(
    "tsv: label, probability, label, probability ...; csv: the same below titles, with empty cells for missing labels; "
    "json: an object for each line."
)
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
    text_columns: tuple[str, ...],
    id_column: str | None,
    options: "FileOptions",
    table: Table,
) -> None:
    """Print the most probable labels of each line of FILEs, or of standard input, best first: one line for each.

    Lines of standard input are answered as they arrive, so that a program can keep the command running. Words that
    begin as labels did in training are left out, so that a labelled file can be read as it is. A line that cannot be
    read is reported and gets an empty answer; the others are answered, and the exit status is 1.

    \b
    wordvec classify predict model.safetensors < lines.txt
    echo 'how long does bread keep ?' | wordvec classify predict model.safetensors -k 3 --min-probability 0.1
    wordvec classify predict model.safetensors mail.jsonl --text-column body --format json
    """
    from wordvec_cli.classify.line_files import LineFiles
    from wordvec_cli.classify.prediction import label_layout, predict_files

    predictor = opened_model(model, files, terminal)
    n_labels = min(k, len(predictor.classifier.label_names))
    numbers = [""] if n_labels == 1 else [f"_{i + 1}" for i in range(n_labels)]
    titles = [f"{name}{number}" for number in numbers for name in ("label", "probability")]
    write_stdout(table.head(titles if id_column is None else ["id", *titles]))
    lines = LineFiles(files, label_layout(predictor.classifier, only_column(text_columns), id_column), options)
    for answers in predict_files(predictor, lines, k, threshold, terminal.failure):
        write_stdout(_lines(answers, table, n_labels, id_column is not None))


def _lines(answers: Sequence["Answer"], table: Table, n_labels: int, has_ids: bool) -> Iterator[bytes]:
    """A line for each answer."""
    for id, line in answers:
        if table.is_json:
            labels = [{"label": as_text(label), "probability": round(value, 6)} for label, value in line or ()]
            yield table.record(({"id": as_text(id)} if has_ids else {}) | {"labels": None if line is None else labels})
        else:
            cells = [cell for label, value in line or () for cell in (label, b"%.6f" % value)]
            missing = 2 * n_labels - len(cells) if table.is_csv else 0
            yield table.row([*[id] * has_ids, *cells, *[b""] * missing])
