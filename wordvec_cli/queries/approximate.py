"""Indexes of the extra `faiss`: graphs (hnsw) and compressed lists (ivf-pq), which find most neighbours, and soon.

The file is a safetensors file with one tensor, the bytes that faiss writes; it is bound to the vectors by the checksum
in their file's header. faiss is asked for candidates by cosine; their scores are exact.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.queries.metrics import Cosine, Scorer
from wordvec_cli.queries.packed_copy import BOUND_TO, bound_checksum, check_bound
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.safetensors import Tensor
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]

FORMAT = safetensors.OwnFormat("wordvec-faiss", "1", "an index of faiss; wordvec index --kind hnsw makes those")
KINDS = ("hnsw", "ivf-pq")
TENSOR = "faiss"
ROWS_AT_ONCE = 1 << 14
LINKS, EFFORT_OF_BUILDING, LEAST_EFFORT = 32, 80, 128  # of a graph; effort: rows that a search keeps in view
MOST_TRAINED_ON = 1 << 18  # rows, of lists and codebooks
ROWS_PER_LIST, LEAST_VISITED, SHARE_VISITED = 256, 16, 16  # at least so many lists, or one in so many
NUMBERS_PER_PART = 4  # that a byte stands for: more are lost, and candidates are four times what is asked for
SEED = 1


@dataclass(frozen=True)
class Approximate:
    """An index of faiss that is open."""

    kind: str
    index: Any

    def candidates(self, scorer: Scorer, n_kept: int, among: "Ids | None") -> "tuple[Ids, Ids]":
        """Numbers of queries and ids of rows that are likely to be among their best, ids ascending for each query.

        among  the ids that may be answers; None: all
        Raises: OptionError if the scorer is not of cosines
        """
        if type(scorer) is not Cosine:
            raise OptionError("--index: an index of faiss answers by cosine only; leave it out for another metric")
        n_found = min(n_kept if self.kind == "hnsw" else 4 * n_kept, self.index.ntotal)
        with np.errstate(invalid="ignore"):
            queries = np.nan_to_num(scorer.queries).astype(np.float32)
        _, found = self.index.search(queries, n_found, params=self._parameters(n_found, among))
        query = np.repeat(np.arange(len(queries)), n_found)
        ids = np.sort(found, axis=1).reshape(-1)
        return query[ids >= 0], ids[ids >= 0]

    def _parameters(self, n_found: int, among: "Ids | None") -> Any:
        faiss = imported()
        chosen = {} if among is None else {"sel": faiss.IDSelectorBatch(among)}
        if self.kind == "hnsw":
            return faiss.SearchParametersHNSW(efSearch=max(LEAST_EFFORT, 2 * n_found), **chosen)
        n_lists = self.index.nlist
        return faiss.SearchParametersIVF(
            nprobe=min(n_lists, max(LEAST_VISITED, n_lists // SHARE_VISITED)), **chosen
        )  # fmt: skip


def imported() -> Any:
    """The module of the extra. Raises: OptionError if it is not installed"""
    try:
        import faiss
    except ImportError:
        raise OptionError(
            "this index needs faiss, which is not installed; install it with: pip install 'wordvec-cli[faiss]'"
        ) from None
    return faiss


# ---------------------------------------------------------------- writing


def write(path: str, embeddings: Embeddings, kind: str, report: Report = silent) -> None:
    """Make an index of faiss for the vectors of a native file. Raises: InputError, OptionError, OutputError"""
    faiss, checksum = imported(), bound_checksum(embeddings)
    n_rows, dim = len(embeddings.vocabulary), embeddings.dim
    index = _graph(faiss, dim) if kind == "hnsw" else _lists(faiss, embeddings)
    for start in range(0, n_rows, ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        index.add(_directions(embeddings.rows(some)))
        report(Progress("index", min(some.stop, n_rows), n_rows, "rows"))
    content = faiss.serialize_index(index)
    told = {BOUND_TO: checksum, "kind": kind, "dimension": str(dim)}
    safetensors.write(path, {TENSOR: Tensor.of(content, "U8")}, told | FORMAT.metadata(), TENSOR)


def _graph(faiss: Any, dim: int) -> Any:
    graph = faiss.IndexHNSWFlat(dim, LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = EFFORT_OF_BUILDING
    return graph


def _lists(faiss: Any, embeddings: Embeddings) -> Any:
    """Lists that have been trained on some of the vectors."""
    n_rows, dim = len(embeddings.vocabulary), embeddings.dim
    n_lists = max(1, n_rows // ROWS_PER_LIST, min(n_rows, 1)) if n_rows < 1 << 16 else int(4 * n_rows**0.5)
    n_parts = next(n for n in range(max(1, dim // NUMBERS_PER_PART), 0, -1) if dim % n == 0)
    chosen = np.random.default_rng(SEED).permutation(n_rows)[:MOST_TRAINED_ON]
    n_bits = min(8, max(1, int(np.log2(max(len(chosen), 2)))))
    coarse = faiss.IndexFlatIP(dim)
    lists = faiss.IndexIVFPQ(coarse, dim, n_lists, n_parts, n_bits, faiss.METRIC_INNER_PRODUCT)
    lists.cp.seed = lists.pq.cp.seed = SEED
    lists.cp.min_points_per_centroid = lists.pq.cp.min_points_per_centroid = 1
    lists.train(_directions(embeddings.rows(np.sort(chosen))))
    return lists


def _directions(rows: "Matrix") -> "Matrix":
    directions = unit_rows(rows)
    directions[~np.isfinite(directions).all(axis=1)] = 0
    return directions.astype(np.float32)


# ---------------------------------------------------------------- reading


def read(path: str, embeddings: Embeddings) -> Approximate:
    """An index of these vectors. Raises: InputError if it is of others, or damaged; OptionError"""
    file = safetensors.open_file(path)
    FORMAT.check(file)
    check_bound(file, embeddings, f"--kind {file.metadata.get('kind')} ")
    tensor, kind = file.tensors.get(TENSOR), file.metadata.get("kind", "")
    faiss = imported()
    if tensor is None or tensor.dtype != "U8" or kind not in KINDS or not file.checksum_holds():
        raise InputError(f"{path}: is damaged; make it again with wordvec index")  # faiss itself trusts what it reads
    try:
        index = faiss.deserialize_index(np.asarray(tensor.data))
    except RuntimeError as error:
        raise InputError(f"{path}: cannot be read by this faiss ({error}); make it again with wordvec index") from None
    if (index.ntotal, index.d) != (len(embeddings.vocabulary), embeddings.dim):
        raise InputError(f"{path}: is not of as many vectors as {embeddings.path}; make it again with wordvec index")
    return Approximate(kind, index)
