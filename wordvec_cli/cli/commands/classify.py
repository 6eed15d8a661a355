"""`wordvec classify`: the group of its commands, and what they share."""

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli import Commands
from wordvec_cli.cli.corpus_options import corpus_format_option, encoding_option
from wordvec_cli.cli.option_types import Renamed, is_number
from wordvec_cli.cli.options import combined, text_column_option
from wordvec_cli.cli.output import tell_awaited
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.storage.files import STANDARD_STREAM

if TYPE_CHECKING:
    from wordvec_cli.classify.lines import LabelLayout
    from wordvec_cli.classify.model import Classifier
    from wordvec_cli.classify.prediction import Predictor


class ClassifyCommands(Commands):
    """The commands that train a classifier and apply it."""

    modules: Mapping[str, str] = {
        "train": "classify_train", "predict": "classify_predict", "test": "classify_scores",
        "quantise": "classify_quantise",
    }  # fmt: skip


@click.group(cls=ClassifyCommands, short_help="Train and apply a text classifier.")
def command() -> None:
    """Classify lines of text by a linear layer over the mean of their words' vectors, both learnt for the task.

    \b
    wordvec classify train train.txt -o model.safetensors --word-ngrams 2
    wordvec classify test model.safetensors test.txt
    wordvec classify predict model.safetensors < lines.txt
    """


threshold_option = click.option(
    "--min-probability",
    "threshold",
    cls=Renamed,
    old_name="--threshold",
    type=click.FloatRange(0, 1),
    callback=is_number,
    default=0.0,
    show_default=True,
    metavar="P",
    help="Leave out labels less probable than P.",
)
k_option = click.option(
    "-k",
    "k",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Give each line at most N labels.",
)
label_prefix_option = click.option(
    "--label-prefix",
    metavar="TEXT",
    help="What labels begin with.  [default: __label__, or as in training]",
)
_COLUMN_OPTIONS = combined(
    text_column_option,
    click.option("--label-column", metavar="NAME", help="The column of the label; in JSON also of a list of labels."),
)


def layout_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say where a line has its labels, as one argument: `layout`, a function of the label prefix."""

    @functools.wraps(function)
    def with_layout(*, text_columns: tuple[str, ...], label_column: str | None, **others: Any) -> Any:
        text_column = only_column(text_columns)
        if (text_column is None) != (label_column is None):
            raise click.UsageError("--text-column and --label-column belong together; give both")
        return function(layout=functools.partial(layout_of, text_column, label_column), **others)

    return _COLUMN_OPTIONS(with_layout)


_FILE_OPTIONS = combined(corpus_format_option, encoding_option)


def classified_files(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how files of lines are read, as one argument, `options`: FileOptions."""

    @functools.wraps(function)
    def with_options(*, corpus_format: str | None, encoding: str | None, **others: Any) -> Any:
        from wordvec_cli.text.file_options import FileOptions

        return function(options=FileOptions(corpus_format, encoding=encoding), **others)

    return _FILE_OPTIONS(with_options)


def only_column(names: tuple[str, ...]) -> str | None:
    """Of --text-column. Raises: UsageError"""
    if len(names) > 1:
        raise click.UsageError("--text-column: a classifier reads one column; name it once")
    return names[0] if names else None


def layout_of(text_column: str | None, label_column: str | None, label_prefix: str | None) -> "LabelLayout":
    from wordvec_cli.classify.lines import LabelLayout

    if text_column is not None:
        return LabelLayout(None, text_column, label_column)
    return LabelLayout(None if label_prefix is None else os.fsencode(label_prefix))


def layout_of_labelled(layout: Any, label_prefix: str | None, classifier: "Classifier") -> "LabelLayout":
    """Where the lines that a model is tried on have their labels. Raises: UsageError"""
    prefix = label_prefix if label_prefix is not None else classifier.task.label_prefix
    its_layout: LabelLayout = layout(prefix)
    if its_layout.text_column is None and prefix is None:
        raise click.UsageError(
            "the model was trained on a table; name the columns (--text-column, --label-column), or --label-prefix"
        )
    return its_layout


def opened_model(path: str, files: Sequence[str], terminal: Terminal) -> "Predictor":
    """A model, for lines of files; if standard input is a terminal, the user is asked to type them."""
    from wordvec_cli.classify.line_files import check_files
    from wordvec_cli.classify.model import load
    from wordvec_cli.classify.prediction import Predictor

    predictor = Predictor(load(path))
    check_files(files)
    if STANDARD_STREAM in (files or [STANDARD_STREAM]):
        tell_awaited("texts", terminal)
    return predictor
