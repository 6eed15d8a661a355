"""Pairs on disk in the order that GloVe trains on them: tile by tile. See `kernels.glove`."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.parallel import TASKS_AHEAD, in_order
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.sequences.pair_arrays import Integers, Pairs
from wordvec_cli.sequences.pairs import Room
from wordvec_cli.storage.files import readable, replacing, writable
from wordvec_cli.storage.spool import mapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILES = PAIRS_FILE, SIZES_FILE, FACTS_FILE = "pairs", "tile-sizes", "pairs.json"
BYTES_PER_PAIR = 8
WORDS_PER_BLOCK = 4096
MIN_BLOCKS = 16  # that threads may share, if there are as many words
FEWEST_PAIRS, MOST_PAIRS = 1 << 14, 1 << 20  # that are sorted at a time
PAIRS_OF_TILE = 64  # of these, about: with fewer for a tile, writing each tile's takes more time than sorting all


class Weighting(NamedTuple):
    """f(x) = min(1, (x / x_max) ** exponent), the weight of a pair in the loss.

    Source: Pennington et al. 2014, equation 9
    """

    x_max: float = 100.0
    exponent: float = 0.75

    @property
    def log_max(self) -> float:
        return math.log(self.x_max)


@dataclass(frozen=True)
class _Facts:
    """What `Tiles` holds beside its arrays."""

    n_words: int
    n_blocks: int
    untrained_loss: float


@dataclass(frozen=True, eq=False)
class Tiles:
    """The pairs of a corpus in n_blocks * n_blocks tiles, as a read-only map of a file.

    starts          (n_blocks ** 2 + 1,) int64: tile (i, j) is pairs[starts[t] : starts[t + 1]], t = i * n_blocks + j
    pairs           (n_pairs,) of `kernels.glove.PAIR`
    untrained_loss  the mean loss of vectors and biases of zero
    """

    starts: Integers
    pairs: "NDArray[np.void]"
    n_words: int
    n_blocks: int
    untrained_loss: float

    def tile(self, row_block: int, column_block: int) -> "NDArray[np.void]":
        tile = row_block * self.n_blocks + column_block
        return self.pairs[self.starts[tile] : self.starts[tile + 1]]

    def fits(self, n_words: int) -> bool:
        """Whether all places of all tiles are rows and columns of `n_words` words, as kernels take for granted."""
        n_blocks, starts = number_of_blocks(n_words), self.starts
        if (self.n_words, self.n_blocks, len(starts)) != (n_words, n_blocks, n_blocks**2 + 1):
            return False
        if starts[0] != 0 or starts[-1] != len(self.pairs) or (starts[1:] < starts[:-1]).any():
            return False
        sizes = [len(range(block, n_words, n_blocks)) for block in range(n_blocks)]
        return all(
            _is_within(self.tile(row_block, column_block), sizes[row_block], sizes[column_block])
            for row_block in range(n_blocks)
            for column_block in range(n_blocks)
        )

    @property
    def largest(self) -> int:
        """How many pairs the largest tile has."""
        return int(np.diff(self.starts).max())


def _is_within(tile: "NDArray[np.void]", n_rows: int, n_columns: int) -> bool:
    """Whether the places of a tile lie within `n_rows` and `n_columns`, and its numbers are finite."""
    places = tile["place"]
    if not len(places):
        return True
    return bool(places.max() >> 16 < n_rows and (places & 0xFFFF).max() < n_columns and np.isfinite(tile["log"]).all())


def number_of_blocks(n_words: int) -> int:
    """A function of the vocabulary alone, as it decides in which order pairs are trained on."""
    return max(-(-n_words // WORDS_PER_BLOCK), min(MIN_BLOCKS, n_words))


def pairs_at_once(n_words: int, room: Room) -> int:
    """How many pairs a thread sorts at a time."""
    wanted = max(MOST_PAIRS, PAIRS_OF_TILE * number_of_blocks(n_words) ** 2)
    return min(max(room.memory // (BYTES_PER_PAIR * (TASKS_AHEAD + 1) * room.n_threads), FEWEST_PAIRS), wanted)


def lay_out(pairs: Pairs, n_words: int, weighting: Weighting, room: Room, report: Report = silent) -> Tiles:
    """Write pairs, in whatever order they are, tile by tile to files of room.folder, which `open_tiles` opens again.

    Raises: InputError if a pair has a word that there is not, or a weight that is not positive, OutputError
    """
    sorter = _Sorter(pairs, n_words, weighting)
    size = pairs_at_once(n_words, room)
    parts = [slice(first, first + size) for first in range(0, len(pairs), size)]
    sizes = np.zeros(sorter.n_blocks**2, np.int64)
    for part, sizes_of_part in in_order(sorter.sizes, parts, room.n_threads):
        sizes += sizes_of_part
        report(Progress("looking through pairs", min(part.stop, len(pairs)), len(pairs), "pairs"))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    places = starts[:-1] * BYTES_PER_PAIR
    loss = 0.0
    with writable(f"{room.folder} (the pairs)"), (room.folder / PAIRS_FILE).open("wb") as file:
        for part, tiles in in_order(sorter.sort, parts, room.n_threads):
            _write_at(file, places, tiles)
            loss += tiles.loss
            report(Progress("ordering pairs", min(part.stop, len(pairs)), len(pairs), "pairs"))
    facts = _Facts(n_words, sorter.n_blocks, loss / max(len(pairs), 1))
    with replacing(str(room.folder / SIZES_FILE)) as file:
        file.write(sizes.data.cast("B"))
    with replacing(str(room.folder / FACTS_FILE)) as file:
        file.write(json.dumps(asdict(facts)).encode())
    return open_tiles(room.folder)


def open_tiles(folder: Path) -> Tiles:
    """What `lay_out` wrote to a folder. Raises: InputError"""
    from wordvec_cli.kernels.glove import PAIR

    with readable(str(folder)):
        facts = _Facts(**json.loads((folder / FACTS_FILE).read_bytes()))
        sizes = np.fromfile(folder / SIZES_FILE, np.int64)
        with (folder / PAIRS_FILE).open("rb") as file:
            pairs = mapped(file, PAIR)
    return Tiles(np.concatenate([[0], np.cumsum(sizes)]), pairs, **asdict(facts))


class _SortedPart(NamedTuple):
    """Some pairs by tile, how many of each tile they are, and their loss before training."""

    pairs: "NDArray[np.void]"
    sizes: Integers
    loss: float


class _Sorter:
    def __init__(self, pairs: Pairs, n_words: int, weighting: Weighting) -> None:
        self.n_blocks = number_of_blocks(n_words)
        self._pairs = pairs
        self._n_words = n_words
        self._weighting = weighting

    def sizes(self, part: slice) -> Integers:
        """How many pairs of the part are of each tile. Raises: InputError"""
        from wordvec_cli.kernels import glove

        sizes = np.zeros(self.n_blocks**2, np.int64)
        pairs = self._pairs[part]
        wrong = glove.count_tiles(
            pairs.rows, pairs.columns, pairs.weights, pairs.first_id, self._n_words, self.n_blocks, sizes
        )
        if wrong >= 0:
            row, column, weight = pairs.rows[wrong], pairs.columns[wrong], pairs.weights[wrong]
            raise InputError(
                f"pair {part.start + wrong + 1} is ({row}, {column}, {weight}), and the vocabulary has "
                f"{self._n_words} words; weights must be positive; check that the pairs were counted with this "
                "vocabulary"
            )
        return sizes

    def sort(self, part: slice) -> _SortedPart:
        from wordvec_cli.kernels import glove

        sizes, pairs = self.sizes(part), self._pairs[part]
        by_tile = np.empty(len(pairs), glove.PAIR)
        x_max, exponent = self._weighting.log_max, self._weighting.exponent
        loss = glove.sort_by_tile(
            pairs.rows, pairs.columns, pairs.weights, pairs.first_id, self.n_blocks, exponent, x_max, sizes, by_tile
        )
        return _SortedPart(by_tile, sizes, loss)


def _write_at(file: BinaryIO, places: Integers, part: _SortedPart) -> None:
    """Write each tile's pairs where the tile has its next; moves the places on."""
    ends = np.cumsum(part.sizes)
    content = part.pairs.view(np.uint8).data
    tiles = np.flatnonzero(part.sizes)
    for tile, first, last in zip(
        tiles.tolist(), (ends - part.sizes)[tiles].tolist(), ends[tiles].tolist(), strict=True
    ):
        file.seek(places[tile])
        file.write(content[first * BYTES_PER_PAIR : last * BYTES_PER_PAIR])
    places += part.sizes * BYTES_PER_PAIR
