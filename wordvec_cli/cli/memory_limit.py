"""Whether `ulimit -v` or `ulimit -d` leaves room for numpy and numba, asked before they are loaded.

Where it does not, their own failure explains nothing: OpenBLAS, which comes with numpy and with what numba links,
aborts or tries for ever, and the loader names a shared object. OpenBLAS takes its memory for each thread that it may
use, so a limit that has too little room for all of them gets fewer.
"""

import os
import sys
from typing import NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.storage.files import shown_size

MEGABYTE = 1_000_000
THREADS_OF_OPENBLAS = "OPENBLAS_NUM_THREADS"


class _Need(NamedTuple):
    """Bytes that a package takes until work can begin: with one thread of OpenBLAS, and for each more."""

    at_least: int
    each_thread: int

    def of(self, n_threads: int) -> int:
        return (self.at_least + self.each_thread * (n_threads - 1)) * MEGABYTE


class _Limit(NamedTuple):
    option: str  # of ulimit
    name: str  # in the module `resource`
    needs: dict[str, _Need]


# Measured, by bisection, on Linux with the kernels in their cache: commands that query, train, and train by gensim.
_LIMITS = (
    _Limit("-v", "RLIMIT_AS", {"numpy": _Need(120, 46), "numba": _Need(500, 92), "gensim": _Need(650, 92)}),
    _Limit("-d", "RLIMIT_DATA", {"numpy": _Need(95, 36), "numba": _Need(200, 82), "gensim": _Need(300, 82)}),
)


def watch_imports() -> None:
    """Check each limit that is set before numpy and numba load; without one, nothing is slower."""
    if sys.platform == "win32":
        return
    import resource

    for limit in _LIMITS:
        soft, _ = resource.getrlimit(getattr(resource, limit.name))
        if soft != resource.RLIM_INFINITY:
            sys.meta_path.insert(0, _Gate(limit, soft))


class _Gate:
    """A finder of modules that finds nothing, and refuses those that need more memory than there is."""

    def __init__(self, limit: _Limit, allowed: int) -> None:
        self._limit = limit
        self._allowed = allowed

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Raises: InputError"""
        if need := self._limit.needs.get(name):
            if name == "numpy":
                self._take_fewer_threads()
            self._check(need.of(_n_threads()))

    def _take_fewer_threads(self) -> None:
        """As many as leave room for all that may come later; how many there are is settled with numpy."""
        most = max(self._limit.needs.values())
        n_threads = 1 + max(0, self._allowed // MEGABYTE - most.at_least) // most.each_thread
        if THREADS_OF_OPENBLAS not in os.environ and n_threads < usable_cpus():
            os.environ[THREADS_OF_OPENBLAS] = str(n_threads)

    def _check(self, needed: int) -> None:
        if needed <= self._allowed:
            return
        fewer = f", or set {THREADS_OF_OPENBLAS}=1" if _n_threads() > 1 else ""
        raise InputError(
            f"ulimit {self._limit.option}: allows {shown_size(self._allowed)}, and this command needs "
            f"{shown_size(needed)} to start; raise it (ulimit {self._limit.option} {-(-needed // 1024)}){fewer}"
        )


def _n_threads() -> int:
    setting = os.environ.get(THREADS_OF_OPENBLAS, "")
    return max(1, int(setting)) if setting.isdecimal() else usable_cpus()
