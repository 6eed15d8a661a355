"""What the commands share that make one vector file of another: how the vectors are read, and the output's format."""

from typing import NamedTuple

from wordvec_cli import formats
from wordvec_cli.cli.options import (
    bundled,
    memory_option,
    progress_options,
    threads_option,
    tmp_dir_option,
    to_option,
    vocab_option,
)
from wordvec_cli.cli.vectors import Part, VectorSource, vector_options
from wordvec_cli.storage.files import spool_folder

format_option = to_option(
    formats.writable_formats(),
    f"Format of OUTPUT, if its name does not say: {', '.join(formats.writable_formats())}.",
    metavar="FORMAT",
)


class Reading(NamedTuple):
    """How the vectors are read, and what the work may take."""

    source: VectorSource
    vocab: str | None
    threads: int
    memory: int
    tmp_dir: str | None

    def part(self, output: str | None, words: frozenset[bytes] | None = None, limit: int | None = None) -> Part:
        """These words, or the first ones; temporary files go, by default, where the output goes."""
        return Part(words, limit, (spool_folder(self.tmp_dir, output), self.memory))


reading_options = bundled(
    "reading", Reading,
    vocab_option(), vector_options, threads_option, memory_option("1GB", "the vectors"), tmp_dir_option,
    progress_options,
)  # fmt: skip
