"""Labelled texts, and classifiers that are trained on them; its `train` and `load` are those of `import wordvec_cli`.

Importing any module of this family makes `wordvec_cli.classify` this package, whatever else is called so; therefore
the names that Python users ask of `wordvec_cli.classify` are found here, lazily, in `wordvec_cli.api.classifier`.
"""

from typing import TYPE_CHECKING, Any

__all__ = ["Prediction", "TextClassifier", "load", "train"]

if TYPE_CHECKING:
    from wordvec_cli.api.classifier import Prediction, TextClassifier, load, train


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = globals()[name] = getattr(importlib.import_module("wordvec_cli.api.classifier"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
