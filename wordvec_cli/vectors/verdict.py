"""Whether a vector file is sound: undamaged, read without a remark, and its vectors what they should be."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from wordvec_cli.progress import Note
from wordvec_cli.storage import safetensors
from wordvec_cli.vectors.checks import findings
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import native_kind

INDEXES = ("index", "faiss")  # kinds of files that hold no vectors of their own


class Result(NamedTuple):
    """What was checked, and how it is.

    n_wrong, examples  how many words or rows are wrong, where they were counted, and some of them
    is_wrong           whether the file is not sound because of it
    """

    check: str
    result: str
    n_wrong: int | None = None
    examples: Sequence[bytes] = ()
    is_wrong: bool = False


def results_of(path: str, read: Callable[[Note], Embeddings], is_strict: bool) -> list[Result]:
    """The results of all checks.

    read       opens the vectors of the file, with a note of each oddity
    is_strict  whether oddities are wrong too
    Raises: InputError
    """
    kind = native_kind(path)
    results = [_checksum(path)] if kind is not None else []
    if kind in INDEXES:
        return results
    notes: list[str] = []
    vectors = read(notes.append)
    results += [Result("reading", note, is_wrong=is_strict) for note in notes]
    results.append(Result("rows", f"{len(vectors.vocabulary)} of {vectors.dim} numbers"))
    for check, n, examples, is_error in findings(vectors):
        results.append(Result(check, str(n), n, examples, is_wrong=n > 0 and (is_error or is_strict)))
    return results


def _checksum(path: str) -> Result:
    holds = safetensors.open_file(path).checksum_holds()
    told = "holds" if holds else "does not hold: the file was changed or damaged"
    return Result("checksum", told, is_wrong=not holds)
