"""`wordvec train --dry-run`: what training would take, as `name<TAB>value<TAB>the value for people` lines."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from wordvec_cli.cli.corpora import open_corpus
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.training_pairs import counter_of, with_pairs
from wordvec_cli.cli.training_plan import Counted, check, count, plan
from wordvec_cli.cli.training_run import Order, Told, read_told
from wordvec_cli.errors import WordvecError
from wordvec_cli.evaluation.asking import title_noted
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.formats import check_output_files
from wordvec_cli.sequences.word_ids import count_tokens, encode
from wordvec_cli.storage.files import shown_size
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.estimate.seconds import measured_seconds
from wordvec_cli.training.estimate.totals import Estimate
from wordvec_cli.training.estimate.totals import estimated as estimate


def tell_estimate(order: Order, terminal: Terminal) -> None:
    """Print the estimate. Raises: InputError or OutputError if training would not fit."""
    check_output_files(order.output, order.format)
    eval_sets = [title_noted(read_eval_set(path), terminal.note) for path in order.eval_sets]
    told = read_told(order, terminal)
    start = time.perf_counter()
    if file := told.pairs_file:
        planned = replace(plan(order, Counted(file.vocabulary), told.tokenizer, eval_sets), n_pairs=len(file.pairs))
    else:
        planned = _plan_of_text(order, told, eval_sets, terminal)
    _tell(order, planned, time.perf_counter() - start)


def _plan_of_text(order: Order, told: Told, eval_sets: list[EvalSet], terminal: Terminal) -> Plan:
    assert told.tokenizer is not None
    text = open_corpus(order.corpus, told.tokenizer, order.spool_folder, terminal)
    text.check_not_output(order.output)
    known = told.vocabulary_file
    if known and not order.is_glove:
        tally = count_tokens(text, known.vocabulary, order.threads, terminal.report)
        counted = Counted(known.vocabulary, tally.n_tokens, tally.n_lines, tally.n_known)
    else:
        counted = Counted(known.vocabulary) if known else count(order, text, terminal)
    if order.is_glove:  # how many pairs there are, nothing but the text can tell
        sequences = encode(text, counted.vocabulary, order.threads, terminal.report)
        counted = Counted.of_sequences(counted.vocabulary, sequences)
        counter = counter_of(order, sequences, len(counted.vocabulary))
        planned = with_pairs(order, plan(order, counted, told.tokenizer, eval_sets, text), counter)
    else:
        planned = plan(order, counted, told.tokenizer, eval_sets, text)
    terminal.close()
    return planned


def _tell(order: Order, planned: Plan, seconds_of_reading: float) -> None:
    estimated = estimate(planned)
    try:
        check(order, estimated)
    except WordvecError:
        write_stdout(_lines(estimated))
        raise
    if order.is_by_gensim:
        write_stdout(_lines(estimated, "gensim's speed is not measured"))
        return
    # Encoding reads as counting does, and what it does with each word takes about as long.
    seconds = seconds_of_reading + measured_seconds(planned)
    write_stdout(_lines(replace(estimated, seconds=seconds)))


def _lines(estimated: Estimate, without_seconds: str = "not measured, as it does not fit") -> Iterator[bytes]:
    for name in ("tokens", "words", "pairs"):
        if n := getattr(estimated, f"n_{name}"):
            yield f"{name}\t{n}\t{n:,}\n".encode()
    for name in ("memory_bytes", "disk_bytes", "file_bytes"):
        n_bytes = getattr(estimated, name)
        yield f"{name}\t{n_bytes}\t{shown_size(n_bytes)}\n".encode()
    if estimated.seconds is None:
        yield f"seconds\t\t{without_seconds}\n".encode()
    else:
        yield f"seconds\t{estimated.seconds:.1f}\t{timedelta(seconds=round(estimated.seconds))}\n".encode()
