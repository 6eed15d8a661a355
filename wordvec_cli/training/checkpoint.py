"""Checkpoints: a folder `OUT.checkpoint/` with all that a training needs to go on, whatever became of its corpus.

lock               held by the command that works on it
ids, offsets, sequences.json   the corpus as word ids, for word2vec; of a cluster, whose workers have it, the last alone
pairs, tile-sizes, pairs.json  its pairs in tiles, for GloVe
groups, groups.json, documents  of many trainings: which group, or document, each line is of
run.safetensors    the vocabulary, the inputs of the run, and the fingerprints of the files above, which are on the disk
                   before this one is; written last of what comes before training
state.safetensors  the newest checkpoint: the parameters and how far training is; none: at the beginning
snapshot, best     .safetensors, as the state: what training may go back to

Nothing is resumed from a file that is not, byte for byte, what was written: each has a checksum or a fingerprint.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.parallel import on_threads
from wordvec_cli.sequences import documents, groups
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.files import writable
from wordvec_cli.storage.sidecar import fingerprint_of
from wordvec_cli.training.background import Background
from wordvec_cli.training.prepared_run import PreparedRun, is_elsewhere, material_files, open_material
from wordvec_cli.training.session import BEST, SNAPSHOT, BlockLoss, State
from wordvec_cli.vectors.native import stored_vocabulary, vocabulary_tensors
from wordvec_cli.vectors.row_tensors import matrix_tensor

if TYPE_CHECKING:
    from wordvec_cli.training.session import Matrix

RUN, STATE = "run", "state"
RUN_FILE = f"{RUN}.safetensors"
ROW_FILES = (groups.NAMES_FILE, groups.LINES_FILE, documents.DOCUMENTS_FILE)
FORMAT_VERSION = "3"
MOST_COPIED_BYTES = 1 << 26  # of parameters: below it they are copied, and written while training goes on


class Checkpoint:
    """The folder of one output; a `Keeper`.

    Small parameters are copied and written in the background, one file at a time; large ones while training waits, as
    it would otherwise need their memory twice.

    seconds  between two checkpoints; None: none are written, the folder is a temporary one
    """

    def __init__(self, folder: Path, seconds: float | None) -> None:
        self.folder = folder
        self._seconds = seconds
        self._last = time.monotonic()
        self._whole: set[str] = set()  # the files that this process has written, or found to be as they were written
        self._background = Background()
        self._copies: dict[str, Matrix] = {}  # kept: to fill memory takes a fifth of the time of getting it
        self._to_announce: State | None = None

    @property
    def lasts(self) -> bool:
        """Whether it stays when the command is interrupted."""
        return self._seconds is not None

    @property
    def holds_run(self) -> bool:
        return (self.folder / RUN_FILE).exists()

    def begin(self, run: PreparedRun) -> None:
        """Write what training starts from; its material is in the folder already."""
        if not self.lasts:
            return
        words = vocabulary_tensors(run.vocabulary)
        metadata = {
            "format_version": FORMAT_VERSION,
            "told": json.dumps(dict(run.inputs)),
            "sources": json.dumps(run.sources),
            "corpus_fingerprint": json.dumps(run.corpus_fingerprint),
            "material": json.dumps(self._sealed((*material_files(run.inputs), *self._row_files()))),
        }
        safetensors.write(self._path(RUN), words, metadata, "words.text")

    def _sealed(self, names: Iterable[str]) -> dict[str, str]:
        """The fingerprints of files, which are on the disk when this returns."""
        paths = {name: self.folder / name for name in names}
        with writable(str(self.folder)):
            for path in (*paths.values(), self.folder):
                _synchronise(path)
        return {name: fingerprint_of(str(path)) for name, path in paths.items()}

    def _row_files(self) -> list[str]:
        """Those there are that tell which group, or document, each line is of."""
        return [name for name in ROW_FILES if (self.folder / name).exists()]

    def check_row_files(self) -> None:
        """Raises: InputError if one is not what was there at `begin`"""
        file = self._open(RUN)
        with self._understood(RUN):
            sealed = json.loads(file.metadata["material"])
            for name in self._row_files():
                if fingerprint_of(str(self.folder / name)) != sealed[name]:
                    raise self._damaged(self.folder / name)

    def prepared_run(self) -> PreparedRun:
        """What `begin` wrote. Raises: InputError if any file of the folder is not what was written"""
        file = self._open(RUN)
        with self._understood(RUN):
            inputs, sources, fingerprint, sealed = (
                json.loads(file.metadata[key]) for key in ("told", "sources", "corpus_fingerprint", "material")
            )
            for name in material_files(inputs):
                path = self.folder / name
                if not path.exists() or fingerprint_of(str(path)) != sealed[name]:
                    raise self._damaged(path)
            material = open_material(inputs, self.folder)
            vocabulary = stored_vocabulary(file)
            if not is_elsewhere(inputs) and not material.fits(len(vocabulary)):
                raise self._damaged(self.folder / material_files(inputs)[0])
        state = self.newest_state()
        if state and state.best_epoch and inputs.get("early_stopping"):
            self._open(BEST)
        return PreparedRun(material, vocabulary, inputs, sources, fingerprint)

    def is_due(self) -> bool:
        return self._seconds is not None and time.monotonic() - self._last >= self._seconds

    def save_checkpoint(self, state: State, parameters: "Mapping[str, Matrix]") -> None:
        self.save(STATE, state, parameters)
        self._to_announce = state
        self._last = time.monotonic()

    def newly_kept(self, wait: bool) -> State | None:
        if wait or not self._background.is_busy:
            self._background.wait()
            state, self._to_announce = self._to_announce, None
            return state
        return None

    def close(self) -> None:
        """Wait until nothing is written any more."""
        self._background.wait_whatever_came_of_it()
        self._copies.clear()

    def restore_checkpoint(self, parameters: "Mapping[str, Matrix]") -> State | None:
        """The newest checkpoint, or snapshot if that is newer; None if training is to start at its beginning."""
        newest = self._newest()
        return self.restore(newest[0], parameters) if newest else None

    def newest_state(self) -> State | None:
        """What `restore_checkpoint` would give."""
        newest = self._newest()
        return newest[1] if newest else None

    def _newest(self) -> tuple[str, State] | None:
        saved = [(name, state) for name in (STATE, SNAPSHOT) if (state := self._state(name)) is not None]
        return max(saved, key=lambda each: (each[1].n_halvings, each[1].epoch, each[1].block), default=None)

    def save(self, name: str, state: State, parameters: "Mapping[str, Matrix]") -> None:
        if bytes_of_copy(sum(matrix.size for matrix in parameters.values())):
            self._background.wait()  # before the copy: there is one at a time
            copies = self._copied(parameters)
            self._background.begin(lambda: self._write(name, state, copies))
        else:
            self._background.wait()
            self._write(name, state, parameters)

    def _copied(self, parameters: "Mapping[str, Matrix]") -> "Mapping[str, Matrix]":
        """Copies that stay as they are until the next ones are made; threads share the matrices."""

        def copy(key: str) -> None:
            np.copyto(self._copies[key], parameters[key])

        for key, matrix in parameters.items():
            if key not in self._copies:
                self._copies[key] = np.empty(matrix.shape, matrix.dtype)
        on_threads(copy, list(parameters), len(parameters))
        return {key: self._copies[key] for key in parameters}

    def _write(self, name: str, state: State, parameters: "Mapping[str, Matrix]") -> None:
        tensors = {key: matrix_tensor(matrix) for key, matrix in parameters.items()}
        metadata = {"format_version": FORMAT_VERSION, "state": json.dumps(asdict(state))}
        write = (
            safetensors.write if self.lasts else safetensors.write_unchecked
        )  # nobody resumes from a folder that goes
        write(self._path(name), tensors, metadata, next(iter(tensors)))
        self._whole.add(name)

    def restore(self, name: str, parameters: "Mapping[str, Matrix]") -> State | None:
        self._background.wait()
        if (state := self._state(name)) is not None:
            file = self._open(name)
            for key, matrix in parameters.items():
                stored = file.tensors.get(key)
                if stored is None or (stored.dtype, stored.shape) != ("F32", matrix.shape):
                    raise self._damaged(Path(file.path))
                matrix[:] = np.asarray(stored.data).reshape(stored.shape)
        return state

    def _state(self, name: str) -> State | None:
        if not os.path.exists(self._path(name)):
            return None
        with self._understood(name):
            table = json.loads(self._open(name).metadata["state"])
            lists = {
                "losses": tuple(table["losses"]),
                "scores": tuple(map(dict, table.get("scores", [{}] * len(table["losses"])))),
            }
            state = State(**table | {"loss": BlockLoss(**table["loss"])} | lists)
            _check_numbers(state)
            return state

    def _open(self, name: str) -> safetensors.StoredFile:
        """A safetensors file of the folder. Raises: InputError if it is not what was written"""
        path = Path(self._path(name))
        try:
            file = safetensors.open_file(str(path))
        except InputError as error:
            if isinstance(error.__cause__, OSError) and path.exists():
                raise  # it may be whole, and cannot be read
            raise self._damaged(path) from error
        if file.metadata.get("format_version", FORMAT_VERSION) != FORMAT_VERSION:
            raise InputError(f"{self.folder}: was made by another version of wordvec; remove it and start afresh")
        if name not in self._whole and not file.checksum_holds():
            raise self._damaged(path)
        self._whole.add(name)
        return file

    @contextmanager
    def _understood(self, name: str) -> Iterator[None]:
        """Turn what is wrong with the content of a file into an InputError."""
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise self._damaged(Path(self._path(name))) from error

    def _damaged(self, path: Path) -> InputError:
        """The error for a file that is missing, or is not what was written."""
        advice = f"remove the folder {self.folder} to start afresh"
        if path.name in (f"{STATE}.safetensors", f"{SNAPSHOT}.safetensors"):
            advice = f"remove this file to go on from what else is there, or the folder {self.folder} to start afresh"
        return InputError(f"{path}: is damaged, as a power cut or a full disk may leave it; {advice}")

    def _path(self, name: str) -> str:
        return str(self.folder / f"{name}.safetensors")

    def end(self) -> None:
        """Nothing is left to resume: the folder is removed when it is closed."""
        (self.folder / RUN_FILE).unlink(missing_ok=True)


def bytes_of_copy(n_numbers: int) -> int:
    """The memory that it takes to write so many parameters in the background; 0 of those that are not copied."""
    n_bytes = 4 * n_numbers
    return n_bytes if n_bytes <= MOST_COPIED_BYTES else 0


def _synchronise(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_numbers(state: State) -> None:
    """Raises: ValueError if a number of the state has the wrong type or sign"""
    counts = state.epoch, state.block, state.n_halvings, state.best_epoch, state.n_threads, state.loss.n_terms
    others = state.best_score, state.loss.total, *state.losses
    others += tuple(score for each in state.scores for score in each.values())
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError
    if not all(type(number) in {int, float} for number in others):
        raise ValueError
