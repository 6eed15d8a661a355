"""`wordvec classify train`: learn to give lines their labels."""

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wordvec_cli.cli.commands.classify import label_prefix_option, layout_options
from wordvec_cli.cli.options import (
    combined,
    corpus_argument,
    output_option,
    progress_options,
    spool_folder,
    threads_option,
    tmp_dir_option,
    tokenizer_options,
)
from wordvec_cli.cli.output import is_for_terminal
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import Init, init_options
from wordvec_cli.messages import counted
from wordvec_cli.storage.files import check_not_input, check_output
from wordvec_cli.storage.output_names import check_ending

if TYPE_CHECKING:
    from pathlib import Path

    from wordvec_cli.classify.examples import Examples
    from wordvec_cli.classify.lines import Layout
    from wordvec_cli.classify.trainer import ClassifierConfig
    from wordvec_cli.text.tokenizer import Tokenizer
    from wordvec_cli.training.session import State
    from wordvec_cli.vectors.embeddings import Embeddings

LABEL_PREFIX = "__label__"


class LossName(click.Choice):  # type: ignore[type-arg, unused-ignore]  # generic since click 8.2
    """A loss, by its name or by fastText's."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert({"hs": "hierarchical-softmax", "ova": "one-vs-all"}.get(value, value), param, ctx)


# An option that is left out is None: its default is that of `ClassifierConfig`.
hyper_parameters = combined(
    click.option(
        "--loss", type=LossName(["softmax", "hierarchical-softmax", "one-vs-all"]),
        help="softmax: one label out of all; hierarchical-softmax (or hs): the same by a tree, for thousands of "
        "labels; one-vs-all (or ova): each label by itself, where lines have several.  [default: softmax]",
    ),
    click.option("--vector-size", type=click.IntRange(min=1), metavar="N", help="Numbers in a vector.  "
                 "[default: 100; with --init: as there]"),
    click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Passes over the lines.  [default: 5]"),
    click.option(
        "--learning-rate", type=click.FloatRange(min=0, min_open=True), metavar="X",
        help="Step size at the start; it falls linearly to zero.  [default: 0.1]",
    ),
    click.option(
        "--word-ngrams", type=click.IntRange(min=1), metavar="N",
        help="Give sequences of up to N words vectors too, 100 at most.  [default: 1]",
    ),
    click.option(
        "--buckets", type=click.IntRange(min=1), metavar="N",
        help="Into how many places the word n-grams are hashed; only those that occur take memory.  "
        "[default: 2000000]",
    ),
    click.option(
        "--min-count", type=click.IntRange(min=1), metavar="N", help="Drop words that occur less often.  [default: 1]"
    ),
    click.option(
        "--min-count-label", type=click.IntRange(min=1), metavar="N",
        help="Drop labels that occur less often.  [default: 1]",
    ),
    click.option("--freeze", is_flag=True, default=None, help="Keep the vectors of --init as they are."),
    click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed of all random choices.  [default: 1]"),
)  # fmt: skip


@click.command(short_help="Learn to give lines their labels.")
@corpus_argument
@output_option("the model")
@hyper_parameters
@init_options("; all its words are known then.")
@label_prefix_option
@layout_options
@threads_option
@tokenizer_options
@tmp_dir_option
@progress_options
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
    **options: Any,
) -> None:
    """Train a classifier on CORPUS: files, folders, or - for standard input; compressed ones too.

    A line has its labels anywhere among its words, as fastText reads them (`__label__sauce how much starch ...`), or in
    a column of a table. The model is a vector file: its word vectors can be looked up, compared and exported.

    With --threads 1 the same command gives the same bytes; else threads share the matrices without locks, and runs
    differ a little. There are no checkpoints: after Ctrl-C training starts anew.

    \b
    wordvec classify train train.txt -o model.safetensors --word-ngrams 2 --learning-rate 0.5
    wordvec classify train sst2.tsv -o model.safetensors --text-column sentence --label-column label
    wordvec classify train few.txt -o model.safetensors --init glove.6B.50d.txt --freeze
    """
    if is_for_terminal(output):
        raise click.UsageError("-o -: a model is binary; use -o FILE or redirect the output")
    given = {name: value for name, value in options.items() if value is not None}
    if init.path is None and "freeze" in given:
        raise click.UsageError("--freeze: keeps the vectors of --init; name a file with --init, or leave it out")
    its_layout = layout(LABEL_PREFIX if label_prefix is None else label_prefix)
    if its_layout.text_column is not None and label_prefix is not None:
        raise click.UsageError("--label-prefix and --label-column exclude each other; give one of them")
    check_output(output)
    check_ending(output, [".safetensors"])
    check_not_input(output, init.path)

    from wordvec_cli.classify.trainer import ClassifierConfig
    from wordvec_cli.text.tokenizer import Tokenizer

    start = init.open(terminal)
    if start is not None:
        given = {"vector_size": start.dim, **given}
    folder = spool_folder(tmp_dir, output)
    order = Order(
        corpus, output, its_layout, tokenizer or Tokenizer(), ClassifierConfig(**given), start, threads, folder
    )
    _train(order, terminal)


class Order(NamedTuple):
    """What the command line asks for, its defaults filled in."""

    corpus: tuple[str, ...]
    output: str
    layout: "Layout"
    tokenizer: "Tokenizer"
    config: "ClassifierConfig"
    init: "Embeddings | None"
    threads: int
    spool_folder: "Path"


def _train(order: Order, terminal: Terminal) -> None:
    from wordvec_cli.classify import model as classifier
    from wordvec_cli.classify.examples import make_examples
    from wordvec_cli.classify.labelled import read_labelled
    from wordvec_cli.classify.trainer import train
    from wordvec_cli.cli.corpora import open_corpus, tell_invalid_lines
    from wordvec_cli.training.session import Session

    corpus = open_corpus(order.corpus, order.tokenizer, order.spool_folder, terminal)
    corpus.check_not_output(order.output)
    text = read_labelled(corpus, order.layout, terminal.report)
    examples = make_examples(text, order.config.example_options, order.spool_folder, order.init)
    terminal.close()
    _tell(examples, order, terminal)
    tell_invalid_lines(corpus, terminal, text.n_lines)
    trainer, state = train(examples, order.config, order.init, Session(order.threads, report=terminal.report))
    terminal.close()
    if complaint := trainer.complaint(state.losses[-1]):
        terminal.note(complaint)
    prefix = order.layout.label_prefix
    trained = trainer.classifier(order.tokenizer, None if prefix is None else os.fsdecode(prefix))
    classifier.save(order.output, trained, _metadata(order, state, text.corpus_fingerprint))


def _tell(examples: "Examples", order: Order, terminal: Terminal) -> None:
    """Tell what there is to learn, and whatever was left out for which reason."""
    ngrams = f", {counted(len(examples.buckets), 'n-gram')}" if order.config.word_ngrams > 1 else ""
    lines, words = counted(examples.n, "line"), counted(examples.n_words, "word")
    terminal.note(f"{lines}, {words}{ngrams}, {counted(len(examples.label_vocabulary), 'label')}")
    if examples.n_unlabelled:
        terminal.note(f"left out: {counted(examples.n_unlabelled, 'line')} without a label that is kept")
    if examples.n_without_text:
        terminal.note(f"counted as empty: {counted(examples.n_without_text, 'line')} with labels and no words")
    if order.init is not None:
        frozen = ", kept as in the file" if order.config.freeze else ""
        terminal.note(f"from --init: {counted(len(order.init.vocabulary), 'word')}{frozen}")
    if order.threads > 1:
        terminal.note(
            f"{order.threads} threads share the matrices without locks: another run will differ a little; "
            "for the same bytes every time: --threads 1"
        )


def _metadata(order: Order, state: "State", fingerprint: str) -> dict[str, str]:
    metadata = {
        "configuration": json.dumps(order.config.options(), sort_keys=True),
        "seed": str(order.config.seed),
        "reproducible": "yes" if state.n_threads == 1 else f"no: {state.n_threads} threads",
        "corpus_fingerprint": fingerprint,
        "losses": json.dumps(state.losses),
    }
    if state.n_halvings:
        metadata["learning_rate_halvings"] = str(state.n_halvings)
    if order.init is not None:
        metadata["init"] = order.init.metadata.get("checksum") or order.init.fingerprint()
    return metadata
