"""What steps are, and how a map of rows becomes vectors whose rows are made when they are asked for."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from wordvec_cli.progress import Note, ignore
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.made_rows import MadeRows
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.rows import flat, view, zero_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.packing import Places

    Matrix = NDArray[np.float32]


class RowMap(NamedTuple):
    """What becomes of each row by itself; `map(rows)` are the new rows, and rows that are not finite no warning.

    apply      new rows of rows (n, dim) float32, which are left as they are
    dim        of the new rows
    is_affine  whether the mean of some rows becomes the mean of what these become
    is_linear  whether zeros stay zeros, beside that
    """

    apply: "Callable[[Matrix], Matrix]"
    dim: int
    is_affine: bool = True
    is_linear: bool = False

    def __call__(self, rows: "Matrix") -> "Matrix":
        with np.errstate(over="ignore", invalid="ignore"):
            return self.apply(rows)


class Step(Protocol):
    """One step, with its options as the fields of a frozen dataclass."""

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        """What it is recorded as, beside its name: all that decides the result."""
        ...


@runtime_checkable
class RowStep(Step, Protocol):
    """A step that does the same to each row."""

    def fit(self, vectors: Embeddings, reach: Reach) -> RowMap:
        """Learn from the rows what is to become of each. Raises: InputError"""
        ...


@runtime_checkable
class TableStep(Step, Protocol):
    """A step that chooses rows, or makes some of several."""

    def applied(self, vectors: Embeddings, reach: Reach) -> Embeddings:
        """Other vectors, whose rows are made when they are asked for. Raises: InputError"""
        ...


def stepped(vectors: Embeddings, name: str, step: Step, reach: Reach) -> Embeddings:
    """The vectors after a step, their rows made when they are asked for. Raises: InputError"""
    if isinstance(step, RowStep):
        return mapped(vectors, name, step.fit(vectors, reach), reach.note)
    assert isinstance(step, TableStep)
    return step.applied(vectors, reach)


def options_of(step: Any) -> dict[str, Any]:
    """The options of a step that are given, by name."""
    values = {each.name: getattr(step, each.name) for each in fields(step)}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def mapped(vectors: Embeddings, name: str, row_map: RowMap, note: Note = ignore) -> Embeddings:
    """The vectors with each row mapped, and what stands beside them too if the map is affine; else that is dropped."""

    def made(values: Any, n_rows: int) -> MadeRows:
        source = view(values, n_rows, vectors.dim)

        def make(places: "Places") -> "Matrix":
            return _with_zeros(source[places], row_map)

        return MadeRows(make, (n_rows, row_map.dim))

    if not row_map.is_affine:
        vectors = without_parts(vectors, name, note)
    elif vectors.composed is not None:
        vectors = without_composing(vectors, name, note)
    subwords, unknown = vectors.subwords, vectors.unknown
    n_words = len(vectors.vocabulary)
    return replace(
        vectors,
        values=made(vectors.values, n_words),
        dim=row_map.dim,
        context_values=None if vectors.context_values is None else made(vectors.context_values, n_words),
        unknown=None if unknown is None else flat(_with_zeros(view(unknown, 1, vectors.dim)[:], row_map)),
        subwords=None
        if subwords is None
        else replace(
            subwords,
            dim=row_map.dim,
            row_values=made(subwords.row_values, len(subwords.buckets)),
            word_row_values=made(subwords.word_row_values, n_words),
        ),
    )


def without_parts(vectors: Embeddings, name: str, note: Note) -> Embeddings:
    """The vectors alone, with a note of what is dropped."""
    if vectors.context_values is not None:
        note(f"{name}: dropped the context vectors, which do not go through this step")
    vectors = without_composing(vectors, name, note)
    return replace(vectors, context_values=None)


def without_composing(vectors: Embeddings, name: str, note: Note) -> Embeddings:
    """The vectors without what makes those of words that they lack, with a note of that."""
    if vectors.can_compose:
        note(f"{name}: dropped the vectors of parts of words, which do not go through this step")
    return replace(vectors, subwords=None, composed=None, whole=None)


def _with_zeros(rows: "Matrix", row_map: RowMap) -> "Matrix":
    new = row_map(rows)
    if not row_map.is_linear and (are_zeros := zero_rows(rows)).any():
        new[are_zeros] = 0
    return new
