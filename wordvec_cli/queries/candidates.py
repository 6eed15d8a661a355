"""The rows that may be among the best for many queries: room for what compiled loops find, and what is dropped."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from wordvec_cli.parallel import on_threads, usable_cpus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]

ROOM_PER_BLOCK = 2  # for the candidates that a block and a tile may give at most
ROOM_PER_KEPT = 4  # candidates for each row that is kept


class Found:
    """The candidates of some queries.

    lowest  flat, n_kept for each query: scores that its best rows have at least; the kernel raises them
    """

    def __init__(self, n_queries: int, n_kept: int, most_of_tile: int, kind: "type[np.floating[Any]]") -> None:
        """most_of_tile: candidates that a block of rows and a tile of queries may give; kind: of scores"""
        self.lowest = np.full(n_queries * n_kept, -np.inf, kind)
        self._n_kept, self._most_of_tile = n_kept, most_of_tile
        room = ROOM_PER_BLOCK * most_of_tile + ROOM_PER_KEPT * len(self.lowest)
        self._of_query, self._of_row = np.empty(room, np.int32), np.empty(room, np.int32)
        self._at_most, self._ids = np.empty(room, kind), np.empty(room, np.int64)
        self._n = 0

    def take_block(self, find: Callable[[Any, int, int], tuple[int, int]], n_tiles: int, ids: "Ids") -> None:
        """Let a kernel add those of a block of rows.

        find  gives the tile to go on from and how many there are then, of arrays to fill, how many are in them, a tile
        """
        tile = 0
        while tile < n_tiles:
            begun = self._n
            tile, self._n = find((self._of_query, self._of_row, self._at_most), begun, tile)
            self._ids[begun : self._n] = ids[self._of_row[begun : self._n]]
            if tile < n_tiles:
                self._make_room()

    def best(self, first_query: int) -> "tuple[Ids, Ids]":
        """The numbers of queries, from this one on, and the ids of rows."""
        self._drop_those_too_low()
        return self._of_query[: self._n] + np.int64(first_query), self._ids[: self._n]

    def _make_room(self) -> None:
        self._drop_those_too_low()
        n_free = len(self._of_query) - self._n
        if n_free < max(self._n, self._most_of_tile):  # so that dropping is rare, and a tile has room
            self._of_query, self._of_row, self._at_most, self._ids = (
                np.resize(each, 2 * len(each)) for each in (self._of_query, self._of_row, self._at_most, self._ids)
            )

    def _drop_those_too_low(self) -> None:
        """Forget the candidates that are certainly not among the best."""
        some = slice(self._n)
        lowest = self.lowest.reshape(-1, self._n_kept)[:, 0]
        kept = np.flatnonzero(self._at_most[some] >= lowest[self._of_query[some]])
        self._n = len(kept)
        for each in (self._of_query, self._at_most, self._ids):
            each[: len(kept)] = each[kept]


class Part(Protocol):
    """The search for some of the queries."""

    def search(self) -> "tuple[Ids, Ids]": ...


def by_threads(n_queries: int, tile: int, part: Callable[[slice], Part]) -> "tuple[Ids, Ids]":
    """What parts find that share the queries, whole tiles each, on all threads: numbers of queries, and ids of rows."""
    n_threads = usable_cpus()
    n_each = math.ceil(math.ceil(n_queries / tile) / n_threads) * tile
    parts: Sequence[Part] = [part(slice(start, start + n_each)) for start in range(0, n_queries, n_each)]
    found: list[tuple[Ids, Ids] | None] = [None] * len(parts)

    def search(number: int) -> None:
        found[number] = parts[number].search()

    on_threads(search, range(len(parts)), n_threads)
    every = [each for each in found if each is not None]
    return np.concatenate([queries for queries, _ in every]), np.concatenate([ids for _, ids in every])


def whole(n: int, size: int) -> int:
    """At least `n`, a multiple of `size`."""
    return -(-n // size) * size
