"""The files that `wordvec index` makes of vectors: which there are, and opening the one that a question is to use."""

import os

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.progress import Note, Report, silent
from wordvec_cli.queries import approximate, packed_copy
from wordvec_cli.queries.approximate import Approximate
from wordvec_cli.queries.packed_copy import PackedCopy
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import native_kind

PACKED = "packed"
KINDS = (PACKED, *approximate.KINDS)
NONE = "none"  # where a file is named: to use no index


def default_path(vectors: str, kind: str) -> str:
    """Where the index of a vector file goes: the packed copy to the place where it is looked for."""
    return vectors + (packed_copy.SUFFIX if kind == PACKED else f".{kind}")


def write(path: str, embeddings: Embeddings, kind: str, report: Report = silent) -> None:
    """Make an index of vectors that were read from a native file. Raises: InputError, OptionError, OutputError"""
    try:
        if kind == PACKED:
            packed_copy.write(path, embeddings, report)
        else:
            approximate.write(path, embeddings, kind, report)
    except OptionError:
        raise
    except InputError as error:
        raise InputError(f"{embeddings.path or 'vectors'}: {error}") from None


def opened(embeddings: Embeddings, path: str | None, note: Note) -> PackedCopy | Approximate | None:
    """The index that is named; or, if none is, the packed copy beside the file of the vectors, if it can be used.

    note  is told of a packed copy that cannot be used, and of an index that may miss answers
    Raises: InputError if an index that is named cannot be used; OptionError
    """
    if path == NONE:
        return None
    if path is None:
        return packed_copy.found_copy(embeddings, note)
    kind = native_kind(path)
    if kind == "faiss":
        found = approximate.read(path, embeddings)
        note(
            f"{path}: an index of kind {found.kind} finds most neighbours, not all; --recall-check N measures how many"
        )
        return found
    if kind == "index":
        return packed_copy.read(path, embeddings)
    what = "is not an index" if os.path.exists(path) else "there is no such file"
    raise OptionError(f"--index {path}: {what}; make one with wordvec index, or give none")
