"""The corpus of a cluster as the command sees it: what the workers have found in it."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from wordvec_cli.cluster.members import Cluster, WorkerLostError
from wordvec_cli.cluster.parts import Listing, Shard, cut
from wordvec_cli.cluster.worker import ShardFacts
from wordvec_cli.errors import InputError
from wordvec_cli.progress import Report, silent
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.storage.remote import is_remote
from wordvec_cli.text.blocks import Reading
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.source import Source
from wordvec_cli.text.tokenizer import Tokenizer


@dataclass
class ClusterText(Corpus):
    """Files that all workers can read, and the shards in which they do; the command itself may be unable to."""

    cluster: Cluster = field(default=cast(Cluster, None), repr=False)
    listing: Listing = field(default=Listing(()), repr=False)
    shards: list[Shard] = field(default_factory=list, repr=False)
    encoded: Any = field(default=None, repr=False)
    _fingerprint: Any = None

    def begin_fingerprint(self) -> None:
        """Have a worker read all of the text, which takes as long as one disk takes, while others count."""
        self._fingerprint = self.cluster.read(self.cluster.members[-1], "fingerprint", self.listing.files)

    def fingerprint(self) -> str:
        """Of the text: see `Reading`."""
        while True:
            try:
                return str(self.cluster.result(self._fingerprint))
            except WorkerLostError:
                self.cluster.drop_lost()
                self.begin_fingerprint()

    def stamp(self) -> list[tuple[str, int, int]]:
        return [(file.name, file.size_bytes, file.changed) for file in self.listing.files]

    def read_through(self, report: Report = silent) -> Reading:
        self.begin_fingerprint()
        return Reading(self.fingerprint(), 0, 0, 0)

    def take_facts(self, found: Iterable[tuple[Shard, ShardFacts]]) -> None:
        """Make of what was found in the shards what is known of the corpus."""
        in_order = [facts for _, facts in sorted(found, key=lambda each: each[0].number)]
        readings = [facts.reading for facts in in_order]
        self.tables = tuple(rows for facts in in_order for rows in facts.tables)
        self.reading = Reading(
            self.fingerprint(),
            sum(reading.n_bytes for reading in readings),
            sum(reading.n_invalid_lines for reading in readings),
            sum(reading.n_dropped_lines for reading in readings),
            next((reading.first_invalid for reading in readings if reading.first_invalid), None),
        )


def open_text(
    cluster: Cluster,
    paths: Sequence[str | Source],
    tokenizer: Tokenizer,
    spool_folder: Path,
    files: FileOptions = AS_NAMED,
) -> ClusterText:
    """Have a worker list the corpus, and all others see that they can read it.

    files  how the corpus is read
    Raises: InputError, which names the worker and the path
    """
    wanted = [_for_workers(path) for path in paths]
    listing: Listing = cluster.result(cluster.work(cluster.members[0], "listing", wanted, files))
    sizes = [(file.name, file.size_bytes) for file in listing.files]
    for member, why in zip(cluster.members, cluster.on_all("unreadable", sizes), strict=True):
        if why:
            raise InputError(
                f"worker {member.name}: cannot read the corpus ({why}); put it on a file system that all workers "
                "share, or in a storage that they can reach"
            )
    sources = tuple(file.whole for file in listing.files)
    return ClusterText(
        tuple(wanted), tokenizer, spool_folder, listing.size_bytes, files=files, left_out=tuple(listing.left_out),
        _sources=sources, cluster=cluster, listing=listing, shards=cut(listing.files),
    )  # fmt: skip


def _for_workers(path: str | Source) -> str:
    """A path that means the same in every folder. Raises: InputError"""
    if isinstance(path, Source) or path == STANDARD_STREAM:
        raise InputError("-: the workers of a cluster cannot read standard input; name files that all of them can read")
    return path if is_remote(path) else os.path.abspath(path)
