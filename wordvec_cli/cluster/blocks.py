"""What a worker holds of a training of GloVe: its row blocks, and the pairs of their tiles."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.storage.spool import Spool
from wordvec_cli.training.glove import GloveConfig, Place, seed_of_tile, train_pairs
from wordvec_cli.training.matrices import aligned_zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Tile = tuple[int, int]


class RowBlocks:
    """Row blocks with their parameters; the column blocks travel from worker to worker.

    folder  for the pairs
    """

    def __init__(self, config: GloveConfig, n_threads: int, folder: Path) -> None:
        self._config = config
        self._n_threads = n_threads
        self._folder = folder
        self._words: dict[int, Matrix] = {}
        self._pairs: dict[int, Spool] = {}
        self._maps: dict[int, NDArray[np.void]] = {}  # of all pairs of a row block
        self._starts: dict[int, NDArray[np.int64]] = {}

    def add_pairs(self, block: int, starts: "NDArray[np.int64]", pairs: "NDArray[np.void]") -> None:
        """Take the next pairs of a row block.

        starts  (n_blocks + 1,): the tile of column block j is pairs[starts[j] : starts[j + 1]] of all that come
        """
        if block not in self._pairs:
            self._pairs[block] = Spool(self._folder, pairs.dtype)
        self._starts[block] = starts
        self._pairs[block].append(pairs)
        self._maps.pop(block, None)

    def set_words(self, blocks: Sequence[int], words: "Sequence[Matrix]") -> None:
        for block, matrix in zip(blocks, words, strict=True):
            self._words[block] = _own(matrix)

    def words(self, blocks: Sequence[int]) -> "list[Matrix]":
        """The parameters of row blocks."""
        return [self._words[block] for block in blocks]

    def train(
        self, epoch: int, tiles: "Sequence[Tile]", rate_factor: float, contexts: "Sequence[Matrix]"
    ) -> "tuple[list[tuple[float, int]], list[Matrix]]":
        """Train tiles of a round; the loss and number of pairs of each, and the parameters of its column block.

        contexts  of the column blocks, which stay as they are
        """

        def train(number: int) -> "tuple[tuple[float, int], Matrix]":
            return self._trained(epoch, tiles[number], rate_factor, _own(contexts[number]))

        with ThreadPoolExecutor(self._n_threads) as pool:
            results = list(pool.map(train, range(len(tiles))))
        return [loss for loss, _ in results], [matrix for _, matrix in results]

    def _trained(
        self, epoch: int, tile: "Tile", rate_factor: float, contexts: "Matrix"
    ) -> "tuple[tuple[float, int], Matrix]":
        row, column = tile
        starts = self._starts[row]
        pairs = self._of_block(row)[starts[column] : starts[column + 1]]
        place = Place(self._words[row].reshape(-1), contexts.reshape(-1))
        seed = seed_of_tile(self._config.seed, epoch, tile)
        loss = train_pairs(self._config, (pairs, np.empty_like(pairs)), place, rate_factor, seed)
        return (loss, len(pairs)), contexts

    def _of_block(self, block: int) -> "NDArray[np.void]":
        """All its pairs, mapped once: to touch a new map takes as long as to train."""
        if block not in self._maps:
            self._maps[block] = self._pairs[block].whole()
        return self._maps[block]


def _own(matrix: "Matrix") -> "Matrix":
    """A copy to train on."""
    copy = aligned_zeros((matrix.shape[0], matrix.shape[1]))
    copy[:] = matrix
    return copy
