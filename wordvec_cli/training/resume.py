"""Going on with a run that ended too early: whether its checkpoint is of the same run, and where it is."""

import json
from collections.abc import Iterator
from dataclasses import replace

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.training.checkpoint import Checkpoint
from wordvec_cli.training.estimate.totals import estimated
from wordvec_cli.training.inputs import Inputs
from wordvec_cli.training.options import option_name
from wordvec_cli.training.planning import Counted
from wordvec_cli.training.prepare import Preparation, stamp
from wordvec_cli.training.prepared_run import TRAININGS, PreparedRun
from wordvec_cli.training.tiles import Tiles

NO_OPTIONS = ("tokenizer", TRAININGS)


def resumed(preparation: Preparation, kept: Checkpoint) -> PreparedRun:
    """What an earlier run prepared. Raises: InputError if that was another run"""
    prepared, note = kept.prepared_run(), preparation.note
    order = preparation.order.settled_for(prepared.n_tokens)
    differences = list(_differences(prepared, preparation.inputs.settled_for(order, prepared.n_tokens)))
    is_piped = order.corpus == (STANDARD_STREAM,)
    if not differences and not is_piped:
        differences += _differences_of_source(preparation, prepared)
    if differences:
        raise InputError(
            f"{kept.folder}: belongs to another run, and cannot be resumed with {', '.join(differences)}; "
            "give the options of that run, or remove the folder to start afresh"
        )
    if is_piped:
        note(f"the corpus is in {kept.folder}; standard input is not read")
    if (state := kept.newest_state()) is None:
        note("the run had no checkpoint yet; training starts at the beginning, on the corpus that it has read")
    elif state.epoch < order.config.n_epochs:
        note(f"resuming in epoch {state.epoch + 1} of {order.config.n_epochs}")
    _check_memory(preparation, prepared)
    return prepared


def check_is_wanted(kept: Checkpoint, resume: bool) -> None:
    """Raises: InputError if there is a run to go on with, and nobody asked for that"""
    if kept.holds_run and not resume:
        raise InputError(
            f"{kept.folder}: holds the checkpoint of a run that has not ended; "
            "add --resume to go on with it, or remove the folder to start afresh"
        )


def _differences(prepared: PreparedRun, inputs: Inputs) -> Iterator[str]:
    for name in {**prepared.inputs, **inputs.table}:
        now, before = inputs.table.get(name), prepared.inputs.get(name)
        if now != before:
            option = f"the {name}" if name in NO_OPTIONS else option_name(name)
            yield f"{option} {_shown(now)} (was {_shown(before)})"


def _differences_of_source(preparation: Preparation, prepared: PreparedRun) -> Iterator[str]:
    """In what the corpus, or the file of pairs, is another than it was."""
    order, inputs = preparation.order, preparation.inputs
    if order.pairs:
        # The table has the checksum of a file that holds one.
        if not inputs.table["pairs"] and json.loads(json.dumps(stamp(order.pairs))) != prepared.sources:
            yield f"--pairs {order.pairs}, whose size or time has changed"
        return
    text = preparation.text()
    if prepared.sources and json.loads(json.dumps(text.stamp())) == prepared.sources:
        return
    if text.read_through(preparation.report).fingerprint != prepared.corpus_fingerprint:
        yield f"the corpus {' '.join(text.paths)}, whose text has changed"


def _shown(value: object) -> str:
    return "not given" if value is None else json.dumps(value)


def _check_memory(preparation: Preparation, prepared: PreparedRun) -> None:
    material = prepared.material
    if isinstance(material, Tiles):
        words, n_pairs = Counted(prepared.vocabulary), len(material.pairs)
    else:
        words, n_pairs = Counted.of_sequences(prepared.vocabulary, material), 0
    plan = preparation.planner.plan(words, is_encoded=True)
    estimated(replace(plan, n_pairs=n_pairs)).check_memory()
