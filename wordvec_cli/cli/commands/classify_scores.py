"""`wordvec classify test`: how well a classifier does on lines whose labels are known."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.commands.classify import (
    check_files,
    k_option,
    label_prefix_option,
    layout_options,
    parsed_lines,
    threshold_option,
)
from wordvec_cli.cli.options import progress_options
from wordvec_cli.cli.output import as_text, shown, write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.text import json_text

if TYPE_CHECKING:
    from wordvec_cli.classify.lines import Layout
    from wordvec_cli.classify.prediction import Predictor
    from wordvec_cli.classify.scores import LabelScores, Score

EXAMPLES_TOLD = 3


@click.command(short_help="Score a classifier on labelled lines.")
@click.argument("model")
@click.argument("files", nargs=-1, metavar="[LABELLED]...")
@k_option
@threshold_option
@click.option("--confusion", is_flag=True, help="Print too which labels were taken for which.")
@label_prefix_option
@table_options(
    "text: tables, their cells separated by tabs; tsv: a line of titles, then one for each score; csv: the same "
    "between commas; json: one object.",
    ("text", "tsv", "csv", "json"),
    has_header_option=False,
)
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
    table: Table,
) -> None:
    """Print precision, recall and F1 of a model on LABELLED files, or standard input: of all labels, and of each.

    Precision and recall of all are fastText's P@k and R@k, but that a label which the model does not know counts as one
    that was not found. Where there is nothing to divide by, a score is 0.

    \b
    wordvec classify test model.safetensors test.txt
    wordvec classify test model.safetensors test.txt -k 5 --min-probability 0.2 --format json
    wordvec classify test model.safetensors dev.tsv --text-column sentence --label-column label --confusion
    """
    from wordvec_cli.classify.model import load
    from wordvec_cli.classify.prediction import Predictor

    predictor = Predictor(load(model))
    check_files(files)
    prefix = label_prefix if label_prefix is not None else predictor.classifier.task.label_prefix
    its_layout = layout(prefix)
    if its_layout.text_column is None and prefix is None:
        raise click.UsageError(
            "the model was trained on a table; name the columns (--text-column, --label-column), or --label-prefix"
        )
    scores = _scores(predictor, files, its_layout, k, threshold, terminal)
    if table.layout in ("tsv", "csv"):
        write_stdout(map(table.row, _rows(scores, confusion)))
    else:
        write_stdout((_json if table.is_json else _text)(scores, k, confusion))


def _scores(
    predictor: "Predictor", files: tuple[str, ...], layout: "Layout", k: int, threshold: float, terminal: Terminal
) -> "LabelScores":
    from wordvec_cli.classify.scores import LabelScores

    scores, n_unlabelled = LabelScores(), 0
    for parser, lines in parsed_lines(files, layout, predictor.classifier.tokenizer, terminal):
        rows = parser.rows(lines)
        labelled = [row for row in rows if row[0]]
        n_unlabelled += len(rows) - len(labelled)
        predicted = predictor.predict(labelled, k, threshold) if labelled else []
        for (labels, _), predictions in zip(labelled, predicted, strict=True):
            scores.add(labels, [prediction.label for prediction in predictions])
    if not scores.n_lines:
        raise InputError(
            f"{', '.join(files) or 'standard input'}: no line has a label, so there is nothing to compare with"
        )
    if n_unlabelled:
        terminal.note(f"left out: {counted(n_unlabelled, 'line')} without a label")
    known = set(predictor.classifier.label_names)
    if unknown := [label for label in scores.labels if label not in known]:
        names = ", ".join(shown(label) for label in unknown[:EXAMPLES_TOLD])
        n = sum(scores.of_label(label).n_true for label in unknown)
        terminal.note(
            f"not known to the model, and counted as not found: {counted(len(unknown), 'label')} "
            f"({names}{', ...' * (len(unknown) > EXAMPLES_TOLD)}), on {counted(n, 'line')}"
        )
    return scores


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


def _cells(score: "Score") -> list[bytes]:
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


def _figures(score: "Score") -> dict[str, float]:
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
