"""`wordvec classify test`: how well a classifier does on lines whose labels are known."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.commands.classify import (
    classified_files,
    k_option,
    label_prefix_option,
    layout_of_labelled,
    layout_options,
    opened_model,
    threshold_option,
)
from wordvec_cli.cli.options import progress_options
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_text

if TYPE_CHECKING:
    from wordvec_cli.classify.scores import LabelScores, PrecisionRecall
    from wordvec_cli.text.file_options import FileOptions


@click.command(short_help="Score a classifier on labelled lines.")
@click.argument("model")
@click.argument("files", nargs=-1, metavar="[LABELLED]...")
@k_option
@threshold_option
@click.option("--confusion", is_flag=True, help="Also print which labels were taken for which.")
@label_prefix_option
@table_options(
    "text: tables with tabs between cells; tsv: a line of titles, then one for each score; csv: the same with commas; "
    "json: one object.",
    ("text", "tsv", "csv", "json"),
    has_header_option=False,
)
@classified_files
@layout_options  # below those of the table, which take an argument of the same name
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
    confusion: bool,
    label_prefix: str | None,
    layout: Any,
    options: "FileOptions",
    table: Table,
) -> None:
    """Print precision, recall and F1 of a model on LABELLED files, or standard input: for all labels, and for each.

    Precision and recall for all labels are fastText's P@k and R@k, except that a label unknown to the model counts as
    not found. A score that would divide by zero is 0.

    \b
    wordvec classify test model.safetensors test.txt
    wordvec classify test model.safetensors test.txt -k 5 --min-probability 0.2 --format json
    wordvec classify test model.safetensors dev.tsv --text-column sentence --label-column label --confusion
    """
    from wordvec_cli.classify.line_files import LineFiles
    from wordvec_cli.classify.scoring import score_files

    predictor = opened_model(model, files, terminal)
    its_layout = layout_of_labelled(layout, label_prefix, predictor.classifier)
    scores = score_files(predictor, LineFiles(files, its_layout, options), k, threshold, terminal.note)
    if table.layout in ("tsv", "csv"):
        write_stdout(map(table.row, _rows(scores, confusion)))
    else:
        write_stdout((_json if table.is_json else _text)(scores, k, confusion))


def _text(scores: "LabelScores", k: int, with_confusion: bool) -> Iterator[bytes]:
    overall = scores.overall
    yield b"lines\t%d\n" % scores.n_lines
    for name, value in (
        (f"precision@{k}", overall.precision), (f"recall@{k}", overall.recall), (f"f1@{k}", overall.f1),
        ("mean f1 of labels", scores.mean_f1),
    ):  # fmt: skip
        yield b"%b\t%.6f\n" % (name.encode(), value)
    yield b"\nlabel\tprecision\trecall\tf1\ttrue\tpredicted\n"
    for label in scores.labels:
        yield b"\t".join([label, *_cells(scores.of_label(label))]) + b"\n"
    if with_confusion:
        yield b"\ntrue\tpredicted\tlines\n"
        for (true, predicted), n in _confusion(scores):
            yield b"%b\t%b\t%d\n" % (true, predicted or b"", n)


TITLES = (b"part", b"label", b"precision", b"recall", b"f1", b"true", b"predicted", b"lines", b"taken_for")


def _rows(scores: "LabelScores", with_confusion: bool) -> Iterator[Sequence[bytes]]:
    """Titles, and a row for each score, all of as many cells."""
    yield TITLES
    yield b"all", b"", *_cells(scores.overall), b"%d" % scores.n_lines, b""
    yield b"mean of labels", b"", b"", b"", b"%.6f" % scores.mean_f1, *[b""] * 4
    for label in scores.labels:
        yield b"label", label, *_cells(scores.of_label(label)), b"", b""
    for (true, predicted), n in _confusion(scores) if with_confusion else ():
        yield b"confusion", true, *[b""] * 5, b"%d" % n, predicted or b""


def _cells(score: "PrecisionRecall") -> list[bytes]:
    ratios = [b"%.6f" % ratio for ratio in (score.precision, score.recall, score.f1)]
    return [*ratios, b"%d" % score.n_true, b"%d" % score.n_predicted]


def _json(scores: "LabelScores", k: int, with_confusion: bool) -> Iterator[bytes]:
    labels = [{"label": as_text(label), **_figures(scores.of_label(label))} for label in scores.labels]
    facts: dict[str, Any] = {"lines": scores.n_lines, "k": k, **_figures(scores.overall)}
    facts |= {"mean_f1_of_labels": scores.mean_f1, "labels": labels}
    if with_confusion:
        facts["confusion"] = [
            {"true": as_text(true), "predicted": None if predicted is None else as_text(predicted), "lines": n}
            for (true, predicted), n in _confusion(scores)
        ]
    yield json_text.written(facts, indent=2).encode() + b"\n"


def _figures(score: "PrecisionRecall") -> dict[str, float]:
    return {
        "precision": score.precision, "recall": score.recall, "f1": score.f1,
        "true": score.n_true, "predicted": score.n_predicted,
    }  # fmt: skip


def _confusion(scores: "LabelScores") -> list[tuple[tuple[bytes, bytes | None], int]]:
    """The cells that are not 0, true labels by frequency, for each of them the most frequent prediction first."""
    rank = {label: i for i, label in enumerate(scores.labels)}
    return sorted(
        scores.confusion.items(), key=lambda cell: (rank[cell[0][0]], -cell[1], rank.get(cell[0][1] or b"", -1))
    )
