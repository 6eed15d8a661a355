"""`wordvec classify train`: train a classifier on labelled lines."""

from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.commands.classify import label_prefix_option, layout_options
from wordvec_cli.cli.corpus_options import corpus_argument, corpus_options, file_options
from wordvec_cli.cli.option_types import Size
from wordvec_cli.cli.options import combined, min_count_option, output_option, seed_option
from wordvec_cli.cli.output import is_for_terminal
from wordvec_cli.cli.stopping import resumable_run
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.training_options import checkpoint_every_option, resume_option
from wordvec_cli.cli.vectors import Init, init_options
from wordvec_cli.storage.files import STANDARD_STREAM

if TYPE_CHECKING:
    from wordvec_cli.classify.run import ClassifierOrder
    from wordvec_cli.classify.tuning import TuningOrder
    from wordvec_cli.text.file_options import FileOptions
    from wordvec_cli.text.tokenizer import Tokenizer

LABEL_PREFIX = "__label__"
MINUTES, TUNE_MINUTES = 10.0, 5.0  # between checkpoints; for trials


class LossName(click.Choice):  # type: ignore[type-arg, unused-ignore]  # generic since click 8.2
    """A loss, by its name or by fastText's."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert({"hs": "hierarchical-softmax", "ova": "one-vs-all"}.get(value, value), param, ctx)


# An option that is left out is None: its default is that of `ClassifierConfig`.
hyper_parameters = combined(
    click.option(
        "--loss", type=LossName(["softmax", "hierarchical-softmax", "one-vs-all"]),
        help="softmax: one label out of all; hierarchical-softmax (or hs): the same by a tree, for thousands of "
        "labels; one-vs-all (or ova): each label by itself, for lines with several labels.  [default: softmax]",
    ),
    click.option("--vector-size", type=click.IntRange(min=1), metavar="N", help="Numbers in a vector.  "
                 "[default: 100; with --init: as there]"),
    click.option(
        "--epochs", type=click.IntRange(min=1), metavar="N",
        help="Passes over the lines.  [default: 5 to 100, the more the fewer lines; fastText: 5]",
    ),
    click.option(
        "--learning-rate", type=click.FloatRange(min=0, min_open=True), metavar="X",
        help="Step size at the start; it falls linearly to zero.  [default: 0.5; fastText: 0.1]",
    ),
    click.option(
        "--word-ngrams", type=click.IntRange(min=1), metavar="N",
        help="Also learn vectors of sequences of up to N words, 100 at most.  [default: 1]",
    ),
    click.option(
        "--buckets", type=click.IntRange(min=1), metavar="N",
        help="Hash n-grams into N buckets; only buckets that occur take memory.  [default: 2000000]",
    ),
    click.option(
        "--subwords", metavar="MIN-MAX",
        help="Learn vectors of n-grams of MIN to MAX characters of each word too, as fastText's minn and maxn: unknown "
        "words then have features, and text without spaces does.  [default: none, as fastText]",
    ),
    min_count_option(None, "Drop words that occur less often.  [default: 1]"),
    click.option(
        "--min-count-label", type=click.IntRange(min=1), metavar="N",
        help="Drop labels that occur less often.  [default: 1]",
    ),
    click.option("--freeze", is_flag=True, default=None, help="Keep the vectors of --init as they are."),
    seed_option,
)  # fmt: skip

quantise_option = click.option(
    "--quantise", is_flag=True,
    help="Write vectors with a byte for each number, a quarter of the size; reports the sizes and the precision on the "
    "lines of training before and after.",
)  # fmt: skip
tuning_options = combined(
    click.option(
        "--tune", metavar="FILE",
        help="Find the options of the model that are left out by trial, scored on the labelled lines of FILE.",
    ),
    click.option(
        "--tune-minutes", type=click.FloatRange(min=0, min_open=True), metavar="N",
        help="Minutes for all trials.  [default: 5, as fastText]",
    ),
    click.option("--tune-size", type=Size(), metavar="SIZE", help="The model's file is to be no larger: 10MB."),
    click.option(
        "--tune-trials", metavar="FILE", help="Write a table of all trials.  [default: OUTPUT.trials.tsv]"
    ),
)  # fmt: skip


@click.command(short_help="Train a text classifier.")
@corpus_argument
@output_option("the model")
@hyper_parameters
@init_options("; the model then knows all its words.")
@label_prefix_option
@layout_options
@corpus_options(files=file_options)
@checkpoint_every_option
@resume_option
@quantise_option
@tuning_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    corpus: tuple[str, ...],
    output: str,
    init: Init,
    label_prefix: str | None,
    layout: Any,
    threads: int,
    tokenizer: "Tokenizer | None",
    tmp_dir: str | None,
    checkpoint_every: float | None,
    resume: bool,
    quantise: bool,
    files: "FileOptions",
    **options: Any,
) -> int | None:
    """Train a classifier on CORPUS: files or folders, compressed or not, or - for standard input.

    A line has its labels among its words, as in fastText (`__label__sauce how much starch ...`), or in a column of a
    table. The model is a vector file: its word vectors can be looked up, compared and exported.

    With --threads 1 the same command gives the same bytes; with more, threads share the matrices without locks, and
    runs differ a little. A training that was stopped goes on with --resume, to the same bytes, reading CORPUS again.

    \b
    wordvec classify train train.txt -o model.safetensors --word-ngrams 2
    wordvec classify train sst2.tsv -o model.safetensors --text-column sentence --label-column label
    wordvec classify train few.txt -o model.safetensors --init glove.6B.50d.txt --freeze
    """
    its_layout = _checked_layout(output, layout, label_prefix)
    from wordvec_cli.classify.run import ClassifierOrder, config_of
    from wordvec_cli.text.tokenizer import Tokenizer

    tuning, start = _checked_tuning(output, init, options), init.open(terminal)
    return _train(ClassifierOrder(
        corpus, output, its_layout, tokenizer or Tokenizer(), config_of(options, start), start, threads, tmp_dir,
        checkpoint_every or MINUTES, resume, tuning, quantise, files,
    ), terminal)  # fmt: skip


def _checked_layout(output: str, layout: Any, label_prefix: str | None) -> Any:
    """Where a line's labels are. Raises: UsageError"""
    if is_for_terminal(output):
        raise click.UsageError("-o -: a model is binary; use -o FILE or redirect the output")
    its_layout = layout(LABEL_PREFIX if label_prefix is None else label_prefix)
    if its_layout.text_column is not None and label_prefix is not None:
        raise click.UsageError("--label-prefix and --label-column exclude each other; give one of them")
    return its_layout


def _checked_tuning(output: str, init: Init, options: dict[str, Any]) -> "TuningOrder | None":
    """What --tune asks for, taken out of the options. Raises: UsageError, OutputError if the model cannot be written"""
    from wordvec_cli.classify.run import check_model_path
    from wordvec_cli.classify.tuning import TuningOrder

    names = "tune", "tune_minutes", "tune_size", "tune_trials"
    tune, minutes, size, trials = (options.pop(name) for name in names)
    check_model_path(output, init.path, tune)
    if tune is None:
        if minutes or size or trials:
            raise click.UsageError("--tune-minutes, --tune-size and --tune-trials belong to --tune FILE; give that too")
        return None
    given = frozenset(name for name, value in options.items() if value is not None)
    trials = trials or (None if output == STANDARD_STREAM else f"{output}.trials.tsv")
    return TuningOrder(tune, minutes or TUNE_MINUTES, size, trials, given)


def _train(order: "ClassifierOrder", terminal: Terminal) -> int | None:
    """Train until the end, or until a signal; the exit status."""
    from wordvec_cli.classify.run import run

    return resumable_run(lambda stop: run(order, terminal.report, terminal.note, stop), order.output, terminal)
