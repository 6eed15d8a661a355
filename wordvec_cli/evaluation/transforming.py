"""Steps on vectors, with what they reach, the scores that they change, and advice which of them to try."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.evaluation.step_scores import Pair, StepScore, step_scores
from wordvec_cli.progress import Note, Report, ignore, silent
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.transform.prune import NO_ROW
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.run import transformed
from wordvec_cli.vectors.transform.spelling import NamedStep, parsed_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]

FREQUENT = 20_000  # words that a mean or components are learnt from, where there are more


def reach_of(
    opened: Callable[[str], Embeddings], n_threads: int = 1, note: Note = ignore, report: Report = silent
) -> Reach:
    """opened  reads the vectors of a file; each file is read once"""
    return Reach(cache(opened), _nearest_rows(), n_threads, note, report)


def _nearest_rows() -> "Callable[[Embeddings, Matrix], Ids]":
    indexes: dict[int, Index] = {}  # which keep the lengths of rows

    def found(kept: Embeddings, rows: "Matrix") -> "Ids":
        index = indexes.setdefault(id(kept), Index(kept))
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.einsum("ij,ij->i", rows.astype(np.float64), rows.astype(np.float64))
        has_direction = np.isfinite(squares) & (squares > 0)
        ids = np.full(len(rows), NO_ROW)
        if has_direction.any():
            ids[has_direction] = nearest(index, Cosine(rows[has_direction]), 1).ids[:, 0]
        return ids

    return found


class Transformed(NamedTuple):
    """Vectors after some steps, and the scores before and after each."""

    vectors: Embeddings
    scores: list[StepScore]


def transform(
    vectors: Embeddings,
    steps: Sequence[NamedStep],
    reach: Reach,
    sets: Sequence[EvalSet] = (),
    judging: Judging | None = None,
) -> Transformed:
    """Take the steps in turn. Raises: InputError, OptionError"""
    stages = [vectors, *transformed(vectors, steps, reach)]
    pairs = [Pair(each.spelled, number, number + 1) for number, each in enumerate(steps)]
    scores = step_scores(stages, pairs, sets, judging, reach.note) if sets and judging else []
    return Transformed(stages[-1], scores)


def advise(
    vectors: Embeddings,
    candidates: Sequence[Sequence[NamedStep]],
    reach: Reach,
    sets: Sequence[EvalSet],
    judging: Judging,
) -> list[StepScore]:
    """What each of some sequences of steps does to the scores of the vectors as they are. Raises: as `transform`"""
    stages, pairs = [vectors], list[Pair]()
    for number, steps in enumerate(candidates, 1):
        stages.append(transformed(vectors, steps, reach)[-1])
        pairs.append(Pair(" ".join(each.spelled for each in steps), 0, number))
    return step_scores(stages, pairs, sets, judging, reach.note)


def usual_candidates(vectors: Embeddings) -> list[list[NamedStep]]:
    """The steps that are published for vectors of any kind, as far as these are wide and many enough."""
    n_words, dim = len(vectors.vocabulary), vectors.dim
    frequent = f"fit-on={FREQUENT}"
    spelled = ["centre", "normalise centre"]
    spelled += [f"abtt:{n}" for n in (1, 2, 3, 5) if n < dim]
    spelled += [f"centre:{frequent}", f"abtt:2,{frequent}"] if n_words > FREQUENT and dim > 2 else []
    spelled += ["whiten:0.25", "whiten"]
    spelled += [f"pca:{dim // 2}"] if dim > 1 else []
    return [parsed_steps(each.split()) for each in spelled]
