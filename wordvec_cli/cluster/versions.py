"""Whether the workers run what the command runs: a difference would end in wrong numbers, or in errors far off."""

import sys
from collections.abc import Mapping

from wordvec_cli import __version__
from wordvec_cli.errors import InputError


def versions() -> dict[str, str]:
    """Of all that decides a result."""
    import numpy as np

    return {
        "wordvec": __version__,
        "numpy": np.__version__,
        "Python": ".".join(map(str, sys.version_info[:2])),
    }


def versions_there() -> dict[str, str]:
    """The same on a machine that may not have the package at all; this function is sent there as code."""
    import importlib
    import sys

    found = {"Python": ".".join(map(str, sys.version_info[:2]))}
    for name, module in (("wordvec", "wordvec_cli"), ("numpy", "numpy")):
        try:
            found[name] = importlib.import_module(module).__version__
        except ImportError:
            found[name] = "none"
    return found


versions_there.__module__ = "__main__"  # or it would be looked up in the package, which may be missing there


def check_same(worker: str, there: Mapping[str, str]) -> None:
    """Raises: InputError that names the worker, and what is another version there"""
    different = [f"{name} {there.get(name)} (here {here})" for name, here in versions().items() if there[name] != here]
    if different:
        raise InputError(f"worker {worker}: has {', '.join(different)}; install the same versions on all machines")
