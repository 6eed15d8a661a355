"""Train, convert and query word vectors: a library, and the `wordvec` command on top of it.

`wordvec_cli.load(path)` opens a vector file. Nothing heavy is imported here: this module is on every command's path.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["__version__", "load"]

if TYPE_CHECKING:
    from wordvec_cli.embeddings import load


def __getattr__(name: str) -> object:
    if name == "load":
        from wordvec_cli.embeddings import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
