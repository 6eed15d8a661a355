"""Train, convert and query word vectors: a library, and the `wordvec` command on top of it.

`wordvec_cli.load(path)` opens a vector file. Nothing heavy is imported here: this module is on every command's path.
"""

import os
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["__version__", "load"]

if TYPE_CHECKING:
    from wordvec_cli.vectors.embeddings import Embeddings


def load(path: "str | os.PathLike[str]", vocabulary: "str | os.PathLike[str] | None" = None) -> "Embeddings":
    """The vectors of a file, of any kind that `wordvec` reads: a native one is mapped, others are read.

    vocabulary  a file of the words, for a kind that holds none
    Raises: InputError; warns of what is odd about the file
    """
    from wordvec_cli.vectors import native

    path = os.fspath(path)
    if native.is_native(path):
        return native.load(path)
    import warnings

    from wordvec_cli import formats
    from wordvec_cli.formats.reading import ReadOptions

    options = ReadOptions(vocabulary=None if vocabulary is None else os.fspath(vocabulary))
    return formats.open_vectors(path, options, note=lambda text: warnings.warn(text, stacklevel=2))
