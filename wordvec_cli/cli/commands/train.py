"""`wordvec train`: word vectors of a corpus, or of pairs of words."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.clusters import cluster_options
from wordvec_cli.cli.options import cluster_option
from wordvec_cli.cli.output import is_for_terminal, write_stdout
from wordvec_cli.cli.stopping import resumable_run
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.training_options import (
    checkpoint_options,
    engine_option,
    folder_options,
    hyper_parameters,
    material_options,
    resource_options,
    result_options,
    score_options,
)
from wordvec_cli.cli.vectors import Init, init_options

if TYPE_CHECKING:
    from wordvec_cli.cluster.members import ClusterOptions
    from wordvec_cli.training.estimate.totals import Estimate
    from wordvec_cli.training.order import Order


@click.command(short_help="Train word vectors on a corpus.")
@material_options
@result_options
@hyper_parameters
@folder_options
@engine_option
@init_options(", and from its `context`.")
@score_options
@checkpoint_options
@cluster_option
@resource_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    dry_run: bool,
    init: Init,
    cluster: str | None,
    many: tuple[str, Any, int, str | None] | None,
    **options: Any,
) -> int | None:
    """Train word vectors on CORPUS: files, folders, or - for standard input; compressed ones too.

    A line is a sentence: windows stop at its end. With --threads 1, --deterministic or --model glove the same command
    gives the same bytes; else threads share the matrices without locks, and runs differ a little.

    \b
    wordvec train corpus.txt.gz -o vectors.safetensors
    wordvec train corpus/ -o vectors.safetensors --model cbow --window 10 --eval-set wordsim353.tsv
    wordvec train corpus.txt.gz -o vectors.safetensors --model glove --window 10 --x-max 10
    wordvec train --pairs pairs.safetensors -o vectors.safetensors --model glove
    zcat corpus/*.gz | wordvec train - -o vectors.safetensors --tokenizer words --lowercase --epochs 10
    wordvec train - -o vectors.safetensors --tokenizer words --lowercase --epochs 10 --resume  # after Ctrl-C
    wordvec train corpus.txt.gz -o models/ --bootstrap 20  # then: wordvec similar models/ WORD
    wordvec train corpus.txt.gz -o by-gensim.safetensors --engine gensim
    """
    if is_for_terminal(options["output"]) and not dry_run:
        raise click.UsageError("-o -: vectors are binary; use -o FILE or redirect the output")
    if not options["corpus"] and not options["pairs"]:
        raise click.UsageError("CORPUS: is missing; name files or folders, or - for standard input")

    options["init"] = lambda: init.open(terminal)
    if many:
        return _train_folder(many, options, dry_run, terminal)
    from wordvec_cli.training.order import settled

    order = settled(options, terminal.note)
    of_cluster = cluster_options(cluster, options["threads"], options["tmp_dir"]) if cluster else None
    return (_estimate if dry_run else _train)(order, of_cluster, terminal)


def _train(order: "Order", of_cluster: "ClusterOptions | None", terminal: Terminal) -> int | None:
    """Train until the end, or until a signal; the exit status."""
    if of_cluster:
        from wordvec_cli.cluster.training import train

        return resumable_run(
            lambda stop: train(order, of_cluster, terminal.report, terminal.note, stop), order.output, terminal
        )
    from wordvec_cli.training.run import run

    return resumable_run(lambda stop: run(order, terminal.report, terminal.note, stop), order.output, terminal)


def _train_folder(
    many: tuple[str, Any, int, str | None], given: dict[str, Any], is_dry: bool, terminal: Terminal
) -> int | None:
    """Train many times, or print what that will take; the exit status."""
    from wordvec_cli.training.folder import estimate_folder, train_folder
    from wordvec_cli.training.folder_order import BY, folder_order, order_by

    kind, what, n_samples, document_column = many
    if kind == BY:
        wanted = order_by(what, given, terminal.note, n_samples, document_column)
    else:
        wanted = folder_order(kind, what, given, terminal.note, document_column)
    if is_dry:
        return _print_estimate(estimate_folder(wanted, terminal.report, terminal.note), terminal)
    return resumable_run(
        lambda stop: train_folder(wanted, terminal.report, terminal.note, stop), wanted.folder, terminal
    )


def _estimate(order: "Order", of_cluster: "ClusterOptions | None", terminal: Terminal) -> int | None:
    """Print what training will take; the exit status. Raises: InputError or OutputError if it would not fit"""
    if of_cluster:
        from wordvec_cli.cluster import training as by_cluster

        found = by_cluster.estimate(order, of_cluster, terminal.report, terminal.note)
    else:
        from wordvec_cli.training.run import estimate

        found = estimate(order, terminal.report, terminal.note)
    return _print_estimate(found, terminal)


def _print_estimate(found: "Estimate", terminal: Terminal) -> int | None:
    terminal.close()
    write_stdout(_lines(found))
    if found.obstacle:
        raise found.obstacle
    return None


def _lines(found: "Estimate") -> Iterator[bytes]:
    """`name<TAB>value<TAB>the value for people`."""
    from wordvec_cli.storage.files import shown_size

    for name in ("tokens", "words", "pairs", "workers"):
        if n := getattr(found, f"n_{name}"):
            yield f"{name}\t{n}\t{n:,}\n".encode()
    of_workers = ("worker_memory_bytes",) if found.n_workers else ()
    for name in ("memory_bytes", *of_workers, "disk_bytes", "file_bytes"):
        n_bytes = getattr(found, name)
        yield f"{name}\t{n_bytes}\t{shown_size(n_bytes)}\n".encode()
    if found.seconds is not None:
        yield f"seconds\t{found.seconds:.1f}\t{timedelta(seconds=round(found.seconds))}\n".encode()
    else:
        why = "not measured, as it does not fit" if found.obstacle else "gensim's speed is not measured"
        yield f"seconds\t\t{why}\n".encode()
