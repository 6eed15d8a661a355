"""GloVe on a cluster: the bytes are those of one machine, whatever the number of workers, and if some are lost.

The tiles of one round share no rows and no columns, so each worker owns row blocks, with the pairs of their tiles, and
the parameters of the column blocks travel through the object store to whoever trains with them next.

Source: Gemulla et al. 2011, "Large-Scale Matrix Factorization with Distributed Stochastic Gradient Descent"
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec_cli.cluster.members import Cluster, Member, WorkerLostError
from wordvec_cli.cluster.pace import Paces
from wordvec_cli.training.glove import CombinedRows, GloveConfig, GloveTrainer, tiles_of_round
from wordvec_cli.training.session import BlockLoss
from wordvec_cli.training.tiles import Tiles
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

PAIRS_AT_ONCE = 1 << 22  # that are on their way to a worker
SECONDS_BETWEEN_SYNCHRONISATIONS = 60.0  # at most so much is trained again when a worker is lost


class Round(NamedTuple):
    """What `train_block` is called with."""

    epoch: int
    block: int
    rate_factor: float


class ClusterGloveTrainer(GloveTrainer):
    """As `GloveTrainer`, whose parameters are those of the last synchronisation: what is asked for comes home first.

    If a worker is lost, all begin again there: that gives the same numbers, as nothing depends on who trains what.
    """

    def __init__(
        self, workers: Cluster, tiles: Tiles, vocabulary: Vocabulary, config: GloveConfig, init: Embeddings | None
    ) -> None:
        super().__init__(tiles, vocabulary, config, init)
        self._workers = workers
        self._owners: dict[int, Member] = {}  # of row blocks
        self._paces = Paces(workers, self.unit)
        self._columns: list[Any] = []  # references to the parameters of column blocks; none: they are here
        self._since: list[Round] = []  # the last synchronisation
        self._last = time.monotonic()

    # ------------------------------------------------------------ what the loop asks for

    @property
    def parameters(self) -> "Mapping[str, Matrix]":
        self._come_home()
        return super().parameters

    @property
    def matrix(self) -> CombinedRows:
        self._come_home()
        return super().matrix

    @property
    def context(self) -> "Matrix":
        self._come_home()
        return super().context

    def initialise(self) -> None:
        self._columns, self._since = [], []
        super().initialise()

    def load_kernel(self, n_threads: int) -> None:
        """Workers load theirs as they begin."""

    def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
        if not block and self._workers.join_new():
            self._come_home()
            self._owners = {}
        if time.monotonic() - self._last > SECONDS_BETWEEN_SYNCHRONISATIONS:
            self._come_home()
        self._since.append(Round(epoch, block, rate_factor))
        loss = self._trained()
        if block + 1 == self.n_blocks:
            with suppress(WorkerLostError):  # the next round finds out
                self._paces.tell(epoch)
        return loss

    # ------------------------------------------------------------ rounds

    def _trained(self) -> BlockLoss:
        """The loss of the last round; those before it are trained again if a worker is lost."""
        n_done = len(self._since) - 1 if self._columns else 0
        while True:
            try:
                if not self._columns:
                    self._go_out()
                for number in range(n_done, len(self._since)):
                    loss = self._round(self._since[number])
                return loss
            except WorkerLostError:
                self._recover()
                n_done = 0

    def _recover(self) -> None:
        self._workers.drop_lost()
        n_pairs = len(self._tiles.pairs) * len(self._since) // self.n_blocks
        self._workers.note(f"about {n_pairs} pairs since the last synchronisation are trained again")
        self._columns, self._owners = [], {}

    def _round(self, of: Round) -> BlockLoss:
        """Raises: WorkerLostError"""
        tiles = tiles_of_round(self._config.seed, self.n_blocks, of.epoch, of.block)
        losses: list[Any] = [None] * len(tiles)
        calls = []
        for member in self._workers.members:
            mine = [number for number, tile in enumerate(tiles) if self._owners[tile[0]] is member]
            if mine:
                calls.append((member, mine, self._begun(member, [tiles[number] for number in mine], of)))
        for member, mine, call in calls:
            for number, loss in zip(mine, self._workers.result(call), strict=True):
                losses[number] = BlockLoss(*loss)
            self._paces.add(member, sum(losses[number].n_terms for number in mine))
        return sum(losses, BlockLoss())  # in the order of one machine

    def _begun(self, member: Member, tiles: list[tuple[int, int]], of: Round) -> Any:
        """Have a worker train tiles; a reference to their losses."""
        contexts = [self._columns[column] for _, column in tiles]
        losses, *trained = self._workers.work(
            member, "train_tiles", of.epoch, tiles, of.rate_factor, *contexts, n_returns=1 + len(tiles)
        )
        for (_, column), reference in zip(tiles, trained, strict=True):
            self._columns[column] = reference
        return losses

    # ------------------------------------------------------------ out and home

    def _go_out(self) -> None:
        """Give the workers what they need to go on from the parameters that are here. Raises: WorkerLostError"""
        if not self._owners:
            self._deal_out()
        n = self.n_blocks
        calls = []
        for member in self._workers.members:
            mine = [block for block, owner in self._owners.items() if owner is member]
            calls.append(self._workers.work(member, "set_words", mine, *(self._words[block::n] for block in mine)))
        self._columns = [self._workers.put(self._contexts[block::n]) for block in range(n)]
        self._workers.result(calls)

    def _deal_out(self) -> None:
        """Let each worker own row blocks, about as many pairs for each thread. Raises: WorkerLostError"""
        members = self._workers.members
        self._workers.on_all("begin_tiles", self._config)
        load = dict.fromkeys(members, 0.0)
        sizes = np.diff(self._tiles.starts[:: self.n_blocks])
        for block in np.argsort(-sizes, kind="stable").tolist():
            member = min(members, key=lambda each: (load[each] + int(sizes[block])) / each.n_threads)
            self._owners[block] = member
            load[member] += int(sizes[block])
        for block, member in self._owners.items():
            self._send_pairs(block, member)

    def _send_pairs(self, block: int, member: Member) -> None:
        n = self.n_blocks
        starts = self._tiles.starts[block * n : (block + 1) * n + 1]
        first, last = int(starts[0]), int(starts[-1])
        for start in range(first, max(last, first + 1), PAIRS_AT_ONCE):
            some = self._tiles.pairs[start : min(start + PAIRS_AT_ONCE, last)]
            self._workers.result(self._workers.work(member, "add_pairs", block, starts - first, some))

    def _come_home(self) -> None:
        """Fetch the parameters of all blocks: a synchronisation, from which the workers begin again."""
        while self._columns:
            try:
                self._fetch()
                self._columns, self._since, self._last = [], [], time.monotonic()
            except WorkerLostError:
                self._recover()
                self._trained()

    def _fetch(self) -> None:
        """Raises: WorkerLostError, and then nothing has changed here"""
        n, words = self.n_blocks, dict[int, "Matrix"]()
        for member in self._workers.members:
            mine = [block for block, owner in self._owners.items() if owner is member]
            fetched = self._workers.result(self._workers.work(member, "words_of", mine))
            words.update(zip(mine, fetched, strict=True))
        contexts = self._workers.result(self._columns)
        for block in range(n):
            self._words[block::n], self._contexts[block::n] = words[block], contexts[block]
