"""Packages that only some formats need, and that may not be installed."""

import importlib
from typing import Any

from wordvec_cli.errors import InputError


def package(path: str, name: str, extra: str) -> Any:
    """A module of an extra package, for the file `path`. Raises: InputError that names the extra"""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        needed = name.partition(".")[0]
        raise InputError(
            f"{path}: needs {needed}, which is not installed; install it: pip install 'wordvec-cli[{extra}]'"
        ) from error
