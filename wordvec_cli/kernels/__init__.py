"""The compiled inner loops: the only home of numba. Importing this package settles where compiled code is kept."""

import atexit
import shutil
import tempfile
import warnings
from typing import Any, cast

import numba
from numba.core import event


class Compiling(Warning):
    """Kernels are being compiled: what was quick yesterday takes some seconds."""


class _Teller(event.Listener):
    """Warns of the first kernel that is compiled, and not loaded from numba's cache."""

    has_told = False

    def on_start(self, event: object) -> None:
        if not self.has_told:
            self.has_told = True
            warnings.warn("compiling for this processor, which is done once and takes some seconds", Compiling, 1)

    def on_end(self, event: object) -> None:
        pass


def _probe() -> None:
    """Stands for every kernel: numba decides by the source's folder where compiled code is kept."""


def _settle_cache() -> None:
    """Give numba a temporary folder where neither the package's nor the home folder can be written: it raises there."""
    try:
        numba.njit(cache=True)(_probe)
    except RuntimeError:
        folder = tempfile.mkdtemp(prefix="wordvec-kernels-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        cast(Any, numba.config).CACHE_DIR = folder
        warnings.warn(
            "compiled code cannot be kept, so that every run compiles anew; set NUMBA_CACHE_DIR to a writable folder",
            stacklevel=1,
        )


_settle_cache()
event.register("numba:compile", _Teller())
