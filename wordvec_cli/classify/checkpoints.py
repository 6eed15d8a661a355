"""Checkpoints of a classifier's training: a folder `OUT.checkpoint/`, as `training.checkpoint` has it for word vectors.

What was prepared is not kept: the examples are made again of the corpus, which is read again in any case and has to be
the same. Checkpoints hold the parameters and how far training is. No snapshots are taken to go back to: a training that
diverges begins again.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.progress import Note
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.safetensors import Tensor
from wordvec_cli.training import checkpoint_folder
from wordvec_cli.training.checkpoint import FORMAT_VERSION, RUN, Checkpoint
from wordvec_cli.training.options import option_name
from wordvec_cli.training.resume import check_is_wanted
from wordvec_cli.training.session import State

if TYPE_CHECKING:
    from pathlib import Path

    from wordvec_cli.classify.trainer import ClassifierTrainer
    from wordvec_cli.training.session import Matrix

CORPUS = "corpus_fingerprint"


@dataclass(frozen=True)
class CheckpointKeeper:
    """A `Keeper` of the checkpoint alone, without the states that it could go back to."""

    kept: Checkpoint

    def is_due(self) -> bool:
        return self.kept.is_due()

    def save_checkpoint(self, state: State, parameters: "Mapping[str, Matrix]") -> None:
        self.kept.save_checkpoint(state, parameters)

    def newly_kept(self, wait: bool) -> State | None:
        return self.kept.newly_kept(wait)

    def save(self, name: str, state: State, parameters: "Mapping[str, Matrix]") -> None:
        pass

    def restore(self, name: str, parameters: "Mapping[str, Matrix]") -> State | None:
        return None


@contextmanager
def opened(output: str | None, spool_folder: "Path", minutes: float, resume: bool, note: Note) -> Iterator[Checkpoint]:
    """The checkpoint of an output, locked. Raises: InputError if it holds a run and nobody asked to go on with that"""
    with checkpoint_folder.opened(output, spool_folder, minutes) as kept:
        check_is_wanted(kept, resume)
        if resume and not kept.holds_run:
            note(f"{kept.folder}: holds no checkpoint; training starts at the beginning")
        yield kept


def begun(kept: Checkpoint, inputs: Mapping[str, Any], trainer: "ClassifierTrainer", note: Note) -> State | None:
    """Where training goes on, with the parameters of the trainer as they were there; None: at the beginning.

    inputs  what determines the result, by the names of options; it is written if the folder holds no run yet
    Raises: InputError if the run that the folder holds has other inputs
    """
    if not kept.lasts:
        return None
    path = str(kept.folder / f"{RUN}.safetensors")
    if not kept.holds_run:
        metadata = {"format_version": FORMAT_VERSION, "told": json.dumps(dict(inputs))}
        safetensors.write(path, {"none": Tensor.of(np.zeros(1, np.uint8), "U8")}, metadata, "none")
        return None
    _check_same(kept, _inputs_of(kept, path), json.loads(json.dumps(dict(inputs))))
    trainer.initialise()  # what no checkpoint holds, too
    if (state := kept.restore_checkpoint(trainer.parameters)) is None:
        note("the run had no checkpoint yet; training starts at the beginning")
    elif state.epoch < trainer.n_epochs:
        note(f"resuming in epoch {state.epoch + 1} of {trainer.n_epochs}")
    return state


def _inputs_of(kept: Checkpoint, path: str) -> dict[str, Any]:
    """Raises: InputError if the file is damaged, or of word vectors"""
    try:
        file = safetensors.open_file(path)
        inputs = json.loads(file.metadata["told"]) if file.checksum_holds() else None
    except (InputError, KeyError, ValueError):
        inputs = None
    if not isinstance(inputs, dict):
        raise InputError(f"{path}: is damaged; remove the folder {kept.folder} to start afresh")
    return inputs


def _check_same(kept: Checkpoint, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises: InputError"""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if names:
        shown = ", ".join("text of the corpus" if name == CORPUS else option_name(name) for name in names)
        raise InputError(
            f"{kept.folder}: belongs to another run, and cannot be resumed with another {shown}; give the options of "
            "that run, or remove the folder to start afresh"
        )
