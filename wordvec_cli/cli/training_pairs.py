"""What `wordvec train --model glove` does before it trains: count pairs, or read them, and lay them out in tiles."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.training_plan import check_fits, checkpoint_disk
from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.sequences.pairs import PairCounter, Pairs, Room
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.storage.files import are_on_one_disk, check_free_space
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.glove import GloveConfig
from wordvec_cli.training.tiles import Tiles, lay_out

if TYPE_CHECKING:
    from wordvec_cli.cli.training_run import Order


def counter_of(order: "Order", sequences: Sequences, n_words: int) -> PairCounter:
    assert isinstance(order.config, GloveConfig)
    return PairCounter(sequences, n_words, order.config.pair_options, order.room)


def with_pairs(order: "Order", planned: Plan, counter: PairCounter) -> Plan:
    """The plan, with what counting will have on disk. Raises: OutputError if that of --tmp-dir has too little room"""
    is_near = are_on_one_disk(order.spool_folder, checkpoint_disk(order))
    if not is_near:
        check_free_space(order.spool_folder, counter.disk_bytes, "counting pairs")
    return replace(planned, n_pairs=counter.n_pairs_about, bytes_of_counting=counter.disk_bytes if is_near else 0)


def tiles_of_text(order: "Order", sequences: Sequences, planned: Plan, folder: Path, terminal: Terminal) -> Tiles:
    """Count the pairs of a corpus, and lay them out in a folder. Raises: InputError, OutputError"""
    counter = counter_of(order, sequences, len(planned.vocabulary))
    check_fits(order, with_pairs(order, planned, counter))
    pairs = counter.count(terminal.report)
    terminal.close()
    terminal.note(f"{counted(len(pairs), 'pair of words', 'pairs of words')}{_within(counter)}")
    return _laid_out(order, pairs, len(planned.vocabulary), folder, terminal)


def _within(counter: PairCounter) -> str:
    return "" if counter.n_runs == 1 else f", counted in {counter.n_runs} runs to stay within --memory"


def tiles_of_pairs(order: "Order", pairs: Pairs, planned: Plan, folder: Path, terminal: Terminal) -> Tiles:
    """Lay pairs of a file out in a folder. Raises: InputError that names the file, OutputError"""
    planned = replace(planned, n_pairs=len(pairs))
    check_fits(order, planned)
    try:
        return _laid_out(order, pairs, len(planned.vocabulary), folder, terminal)
    except InputError as error:
        raise InputError(f"{order.pairs}: {error}") from error


def _laid_out(order: "Order", pairs: Pairs, n_words: int, folder: Path, terminal: Terminal) -> Tiles:
    assert isinstance(order.config, GloveConfig)
    room = Room(folder, order.memory, order.threads)
    tiles = lay_out(pairs, n_words, order.config.weighting, room, terminal.report)
    terminal.close()
    return tiles


def stamp(path: str) -> list[Any]:
    """As long as these stay, the file does: as `Corpus.stamp`."""
    status = os.stat(path)
    return [(os.path.realpath(path), status.st_size, status.st_mtime_ns)]
