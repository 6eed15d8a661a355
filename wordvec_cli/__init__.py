"""Train, convert and query word vectors: a library, and the `wordvec` command on top of it.

`wordvec_cli.load(path)` opens a vector file. Nothing is imported here: this module is on every command's path, and each
name of `__all__` is imported when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "Vectors", "__version__", "build_vocab", "change", "classify", "clusters", "contexts", "embedding_matrix", "encode",
    "errors", "get", "induce", "induce_table", "load", "row_ids", "stability", "train", "train_folder",
]  # fmt: skip

if TYPE_CHECKING:
    from wordvec_cli import classify, errors
    from wordvec_cli.api.layer import embedding_matrix, encode, row_ids
    from wordvec_cli.api.measures import change, clusters, contexts, induce, induce_table, stability
    from wordvec_cli.api.opening import load
    from wordvec_cli.api.pretrained import get
    from wordvec_cli.api.training import train, train_folder
    from wordvec_cli.api.vectors import Vectors
    from wordvec_cli.api.vocabulary import build_vocab

_HOMES = {
    "Vectors": "api.vectors",
    "build_vocab": "api.vocabulary",
    "embedding_matrix": "api.layer",
    "encode": "api.layer",
    "get": "api.pretrained",
    "load": "api.opening",
    "row_ids": "api.layer",
    "train": "api.training",
    "train_folder": "api.training",
    **dict.fromkeys(("change", "clusters", "contexts", "induce", "induce_table", "stability"), "api.measures"),
}


def __getattr__(name: str) -> Any:
    import importlib

    if name in ("classify", "errors"):  # of which importing makes attributes of this module
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
