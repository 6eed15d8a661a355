"""The compiled inner loops: the only home of numba. Importing this package settles where compiled code is kept."""

import gc
import logging
import os
import warnings

# Before numba is imported: where colorama is installed, numba would have it write an escape sequence to standard output
# at the end of a process that has compiled something.
os.environ.setdefault("NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING", "1")

from numba.core import event

from wordvec_cli.kernels import compiled, loading, signals


class Compiling(Warning):
    """Kernels are being compiled: what was quick yesterday takes some seconds."""


class _Sweeper(event.Listener):
    """Has Python's garbage collector wait while a kernel is compiled: a tenth of the time, for little."""

    n_compiling = 0
    was_on = False

    def on_start(self, event: object) -> None:
        if not self.n_compiling:
            self.was_on = gc.isenabled()
            gc.disable()
        self.n_compiling += 1

    def on_end(self, event: object) -> None:
        self.n_compiling -= 1
        if not self.n_compiling and self.was_on:
            gc.enable()


class _Teller(event.Listener):
    """Warns of the first kernel that is compiled, and not loaded from numba's cache."""

    has_told = False

    def on_start(self, event: object) -> None:
        if not self.has_told:
            self.has_told = True
            once = "is done once and " if _is_kept else ""
            text = f"compiling what this command runs for this processor, which {once}takes some seconds"
            logging.getLogger("wordvec_cli").info(text)  # for programs, where the face hides the warning
            warnings.warn(text, Compiling, 1)

    def on_end(self, event: object) -> None:
        pass


_is_kept = compiled.settle()
if not _is_kept:
    warnings.warn(
        "compiled code cannot be kept, so that every run compiles anew; set NUMBA_CACHE_DIR to a writable folder",
        stacklevel=1,
    )
loading.install()
signals.install()
event.register("numba:compile", _Teller())
event.register("numba:compile", _Sweeper())
