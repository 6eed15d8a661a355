"""HDF5: the weights of Keras (.weights.h5, .keras, .h5), of which one is the words' matrix, and ConceptNet Numberbatch.

Numberbatch's files are frames of pandas: mat/axis1 has the words, mat/block0_values their vectors. The words of Keras'
matrices are those of --vocab, or of FILE.words. Links to other files are not followed.
"""

import math
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from wordvec_cli.errors import InputError
from wordvec_cli.formats.matrices import Words, check_rows, joined, words_beside
from wordvec_cli.formats.matrix_choice import matrix_of_words
from wordvec_cli.formats.packages import package
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Matrix
from wordvec_cli.storage.files import readable
from wordvec_cli.storage.npy import float_slices, row_slices
from wordvec_cli.storage.sidecar import words_path
from wordvec_cli.text.words import back_to_back
from wordvec_cli.vectors.embeddings import Embeddings

EXTRA = "hdf5"
WEIGHTS = "model.weights.h5"  # in a .keras archive
FRAME_WORDS, FRAME_VALUES, SECOND_VALUES = "axis1", "block0_values", "block1_values"
MOST_COMPRESSION = 1100  # times, which is what deflate can do


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """Raises: InputError"""
    h5py = package(path, "h5py", EXTRA)
    with _errors(path), ExitStack() as opened:
        source: Any = path
        if zipfile.is_zipfile(path):
            source = opened.enter_context(opened.enter_context(zipfile.ZipFile(path)).open(WEIGHTS))
        file = opened.enter_context(h5py.File(source, "r"))
        datasets = _datasets(h5py, file)
        if (frame := _frame(path, datasets, options.matrix)) is not None:
            values, words, where = datasets[frame + FRAME_VALUES], _frame_words(datasets[frame + FRAME_WORDS]), "has"
        else:
            words, where = words_beside(path, options), options.vocabulary or words_path(path)
            shapes = {name: each.shape for name, each in datasets.items() if each.dtype.kind == "f"}
            values = datasets[matrix_of_words(path, shapes, len(words), where, options.matrix)]
        _check(path, values, options.max_bytes)
        _note_unwritten(values, oddities)
        check_rows(path, values.shape[0], words, where)
        return joined(path, words, _rows(values), options, oddities)


def _datasets(h5py: Any, file: Any) -> dict[str, Any]:
    """All arrays in the file itself, by their names."""
    found: dict[str, Any] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not item.is_virtual and not item.external:
            found[name] = item

    file.visititems(visit)
    return found


def _frame(path: str, datasets: dict[str, Any], wanted: str | None) -> str | None:
    """What the names of a frame's parts begin with; None if there is no frame. Raises: InputError"""
    frames = [name.removesuffix(FRAME_VALUES) for name in datasets if name.endswith(f"/{FRAME_VALUES}")]
    frames = [frame for frame in frames if frame + FRAME_WORDS in datasets and wanted in (None, frame.strip("/"))]
    if len(frames) > 1:
        names = [frame.strip("/") for frame in frames]
        raise InputError(f"{path}: has several frames ({', '.join(names)}); name one: {path}#{names[0]}")
    for frame in frames:
        if f"{frame}{SECOND_VALUES}" in datasets:
            raise InputError(f"{path}: the columns of {frame.strip('/')} are of several types; save it with one type")
    return frames[0] if frames else None


def _frame_words(dataset: Any) -> Words:
    words = [word if isinstance(word, bytes) else str(word).encode() for word in dataset[:].tolist()]
    text, offsets = back_to_back(words)
    return Words(text[: offsets[-1]], offsets)


def _check(path: str, values: Any, max_bytes: int | None) -> None:
    """Raises: InputError if an array is not a matrix of numbers, or far larger than what is stored of it"""
    if values.ndim != 2 or values.dtype.kind not in "fiu" or not all(values.shape):
        raise InputError(f"{path}: {values.name} has the shape {values.shape} and the type {values.dtype}, not vectors")
    if values.nbytes > MOST_COMPRESSION * max(values.id.get_storage_size(), 1):
        raise InputError(
            f"{path}: {values.name} says it has {values.nbytes} bytes, of which few are there; copy it again"
        )
    if max_bytes is not None and values.nbytes > max_bytes:
        raise InputError(f"{path}: is longer than --max-bytes; raise it if you trust the file")


def _note_unwritten(values: Any, oddities: Oddities) -> None:
    """Say of an array whose file has not all of it, as one that was still being written when it was copied."""
    n = (
        math.prod(-(-size // part) for size, part in zip(values.shape, values.chunks, strict=True))
        if values.chunks
        else 1
    )
    n_there = values.id.get_num_chunks() if values.chunks else int(values.id.get_storage_size() > 0)
    if n_there < n:
        oddities.note(
            f"{n - n_there} of the {n} parts of {values.name} were never written, and are read as {values.fillvalue}"
        )


def _rows(values: Any) -> Iterator[Matrix]:
    for some in row_slices(values.shape, values.dtype.itemsize):
        yield from float_slices(values[some])


@contextmanager
def _errors(path: str) -> Iterator[None]:
    """Turn whatever can be wrong with a file into an InputError."""
    broken = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, LookupError, TypeError, MemoryError)
    try:
        with readable(path):
            yield
    except broken as error:
        what = (str(error) or type(error).__name__).partition("\n")[0]
        raise InputError(f"{path}: is not a whole HDF5 file ({what}); make or copy it again") from None
