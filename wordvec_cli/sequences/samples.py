"""Samples of a corpus that is word ids already: some of its lines, each as often as it was drawn."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.sequences.word_ids import FILES, IDS_FILE, OFFSETS_FILE, Sequences, open_sequences, write_facts
from wordvec_cli.storage.files import writable
from wordvec_cli.storage.spool import Spool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Times = NDArray[np.uint16]
    Lines = NDArray[np.int64]

DRAWS_AT_ONCE = 1 << 20
TOKENS_AT_ONCE = 1 << 22
BOOTSTRAP = 0xB007  # what tells these draws of a seed from all others


def bootstrap(n_lines: int, seed: int) -> "Times":
    """How often each of the lines is taken, (n_lines,), when as many are drawn with replacement as there are.

    Raises: InputError if there are fewer than two
    """
    if n_lines < 2:
        raise InputError(
            f"--bootstrap: the corpus has {counted(n_lines, 'line')}, and draws lines; put each document on a line of "
            "its own, or compare --seeds"
        )
    rng = np.random.default_rng((seed, BOOTSTRAP))
    times = np.zeros(n_lines, np.uint16)
    for start in range(0, n_lines, DRAWS_AT_ONCE):
        np.add.at(times, rng.integers(0, n_lines, min(DRAWS_AT_ONCE, n_lines - start)), 1)
    return times


def share_files(folder: Path, target: Path) -> Sequences:
    """The corpus of a folder in another one too, by other names of the same files where the system has such."""
    with writable(str(target)):
        for name in FILES:
            (target / name).unlink(missing_ok=True)
            try:
                os.link(folder / name, target / name)
            except OSError:
                shutil.copyfile(folder / name, target / name)
    return open_sequences(target)


def write_sample(sequences: Sequences, times: "Times", folder: Path, has_names: bool = True) -> Sequences:
    """The lines of a corpus in their order, each as often as it is taken, in files as `encode` writes them.

    has_names  whether in files of the folder that `open_sequences` reads again, or in nameless ones there
    Raises: InputError if no word is left that the vocabulary knows, OutputError if the disk is full
    """
    if has_names:
        for name in (IDS_FILE, OFFSETS_FILE):  # never to write into a file that another name stands for too
            (folder / name).unlink(missing_ok=True)
    ids = Spool(folder, np.int32, IDS_FILE if has_names else None)
    offsets = Spool(folder, np.int64, OFFSETS_FILE if has_names else None)
    offsets.append(np.zeros(1, np.int64))
    n_known = 0
    for lines in _parts(sequences, times):
        starts = sequences.offsets[lines]
        lengths = sequences.offsets[lines + 1] - starts
        ends = np.cumsum(lengths)
        part = sequences.ids[np.repeat(starts - (ends - lengths), lengths) + np.arange(ends[-1])]
        offsets.append(ends + len(ids))
        ids.append(part)
        n_known += int(np.count_nonzero(part >= 0))
    if not n_known:
        raise InputError("none of the words on the lines that were drawn is in the vocabulary; lower --min-count")
    statistics = replace(sequences.statistics, n_lines=len(offsets) - 1, n_tokens=len(ids))
    sample = Sequences(ids.whole(), offsets.whole(), n_known, statistics, sequences.corpus_fingerprint)
    if has_names:
        write_facts(sample, folder)
    return sample


def _parts(sequences: Sequences, times: "Times") -> "Iterator[Lines]":
    """The numbers of the lines that are taken, some at a time: about TOKENS_AT_ONCE tokens, or a line of more."""
    n_before = np.concatenate([[0], np.cumsum(np.diff(sequences.offsets) * times + times)])
    first = 0
    while first < len(times):
        last = int(np.searchsorted(n_before, n_before[first] + TOKENS_AT_ONCE, "right")) - 1
        last = min(max(last, first + 1), len(times))
        if n_before[last] > n_before[first]:
            yield np.repeat(np.arange(first, last), times[first:last])
        first = last
