"""Compiled kernels are loaded without the half of numba that compiles, which takes as long to import as all the rest.

Before numba looks into its cache, it makes ready to compile: it imports what it knows of Python and NumPy, scipy with
it, and compiles its own memory management. Code that has been compiled needs none of that: it is linked, and called.
Where the cache lacks a kernel, numba makes itself ready as ever before it compiles.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from llvmlite import binding
from numba.core import caching, dispatcher, environment
from numba.core.runtime import _nrt_python, rtsys  # type: ignore[attr-defined]

PACKAGE = __package__.partition(".")[0]
ONE_OF_THE_HELPERS = "NRT_MemInfo_call_dtor"


class KernelCache(caching.FunctionCache):
    """The cache of one kernel, which touches no file before the kernel is called."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        self._py_func = py_func

    def __getattr__(self, name: str) -> Any:
        if "_impl" in vars(self):
            raise AttributeError(name)
        super().__init__(self._py_func)
        return getattr(self, name)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """As numba's, but for what only a compiler needs; the caller holds numba's lock."""
        _name_helpers(target_context)
        with self._guard_against_spurious_io_errors(), _without_modules_of_numba():
            loaded = self._load_overload(sig, target_context)
        if loaded is None:  # it will be compiled
            _import_arraymath()
        return loaded


def cache_of(py_func: Callable[..., Any]) -> caching.FunctionCache:
    """Our kernels' cache; for other people's functions that of numba."""
    is_ours = py_func.__module__.partition(".")[0] == PACKAGE
    return KernelCache(py_func) if is_ours else caching.FunctionCache(py_func)


def install() -> None:
    """Have the kernels that are defined from now on loaded in this way."""
    dispatcher.FunctionCache = cache_of  # type: ignore[attr-defined]


def _name_helpers(target_context: Any) -> None:
    """Tell the linker where the functions are that compiled code calls to get and free memory.

    numba does it together with compiling a few more, which all compiled code has a copy of.
    Source: numba, core/runtime/nrt.py, `initialize`
    """
    if binding.address_of_symbol(ONE_OF_THE_HELPERS):
        return
    for name, address in _nrt_python.c_helpers.items():
        binding.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)
    if not binding.address_of_symbol(ONE_OF_THE_HELPERS):  # a numba that names them otherwise
        rtsys.initialize(target_context)


def _import_arraymath() -> None:
    """Import this module of numba without SciPy, which takes as long as the rest of what a compiler needs.

    It imports SciPy only to know that matrices can be multiplied. No kernel does; code that does imports it itself.
    Source: numba, np/arraymath.py, `_check_blas`, and _lapack.c, `import_cblas_function`
    """
    if "numba.np.arraymath" in sys.modules or not find_spec("scipy"):
        return
    from numba.np import linalg

    ensure_blas = linalg.ensure_blas
    linalg.ensure_blas = getattr(linalg, "_check_lapack_int_width", lambda: None)
    try:
        from numba.np import arraymath

        arraymath.ensure_blas = ensure_blas  # type: ignore[attr-defined]
    finally:
        linalg.ensure_blas = ensure_blas


@contextmanager
def _without_modules_of_numba() -> Iterator[None]:
    """Have the environments of numba's own functions, parts of a kernel, rebuilt without importing their modules."""
    rebuild_env = environment._rebuild_env

    def rebuild(module: str, constants: Any, name: str) -> Any:
        if module in sys.modules or not module.startswith("numba."):
            return rebuild_env(module, constants, name)
        found = environment.lookup_environment(name)
        return _environment(module, constants, name) if found is None else found

    environment._rebuild_env = rebuild
    try:
        yield
    finally:
        environment._rebuild_env = rebuild_env


def _environment(module: str, constants: Any, name: str) -> Any:
    """As numba makes it, but for the module's variables: only what runs in object mode looks at them."""
    made = environment.Environment({"__name__": module})
    made.consts[:] = constants
    made.env_name = name
    environment.Environment._memo[name] = made
    return made
