"""Kernels that are in the cache are loaded without what numba needs only to compile."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# What compiling imports: numba's implementations of Python and NumPy, scipy for products of matrices, and cffi.
COMPILER = (
    "numba.np.arraymath", "numba.np.arrayobj", "numba.np.npyimpl", "numba.cpython.unicode", "scipy.linalg", "cffi",
)  # fmt: skip

# `inner` takes parts of numba: argsort, sum, arange; both allocate and return arrays.
KERNELS = """
import numpy as np
import wordvec_cli.kernels
from wordvec_cli.kernels import loading

loading.PACKAGE = __name__
from numba import njit

@njit(cache=True)
def inner(values):
    if not len(values):
        raise ValueError("no values")
    if len(values) > 5:
        values = values.reshape((2, 3)).copy().reshape(-1)
    return np.argsort(values) + np.arange(len(values)), values.sum()

@njit(cache=True)
def outer(values):
    order, total = inner(values)
    return np.sort(order)[::-1].copy(), total * 2, np.cumsum(values)
"""


def answer(folder: Path, code: str) -> list[str]:
    """What code prints in a process of its own that finds the kernels above, and keeps them in this folder."""
    (folder / "kernels_of_test.py").write_text(KERNELS)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder), "PYTHONWARNINGS": "ignore"}
    start = f"import sys; sys.path.insert(0, {str(folder)!r}); from kernels_of_test import inner, outer, np\n"
    command = [sys.executable, "-c", start + code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()


INNER = "print([part.tolist() if hasattr(part, 'tolist') else part for part in inner(np.array([3.0, 1.0, 2.0]))])\n"
OUTER = "print([part.tolist() if hasattr(part, 'tolist') else part for part in outer(np.array([3.0, 1.0, 2.0]))])\n"
IMPORTED = f"print([name for name in {COMPILER!r} if name in sys.modules])\n"
HITS = "print(sum(inner.stats.cache_hits.values()), sum(outer.stats.cache_hits.values()))\n"
# By hand: the places of 1, 2 and 3 are 1, 2, 0; with 0, 1, 2 added 1, 3, 2.
RIGHT_INNER, RIGHT_OUTER = "[[1, 3, 2], 6.0]", "[[3, 2, 1], 12.0, [3.0, 4.0, 6.0]]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one process has compiled `inner`."""
    path = tmp_path_factory.mktemp("kernels")
    assert answer(path, INNER + HITS) == [RIGHT_INNER, "0 0"]
    return path


def test_a_kernel_of_the_cache_is_loaded_without_the_compiler_and_gives_the_same(folder: Path) -> None:
    assert answer(folder, INNER + IMPORTED + HITS) == [RIGHT_INNER, "[]", "1 0"]


def test_a_kernel_that_was_loaded_can_raise_its_own_errors_and_those_of_its_parts(folder: Path) -> None:
    fails = "for n in 0, 7:\n  try:\n    inner(np.empty(n))\n  except ValueError as error:\n    print(error)\n"
    errors = ["no values", "total size of new array must be unchanged"]
    assert answer(folder, fails + IMPORTED) == [*errors, "[]"]


def test_a_kernel_that_is_compiled_may_call_one_that_was_loaded(folder: Path) -> None:
    assert answer(folder, INNER + OUTER + INNER + HITS) == [RIGHT_INNER, RIGHT_OUTER, RIGHT_INNER, "1 0"]
    assert answer(folder, OUTER + INNER + IMPORTED + HITS) == [RIGHT_OUTER, RIGHT_INNER, "[]", "1 1"]


def test_scipy_is_imported_for_products_of_matrices_only(tmp_path: Path) -> None:
    product = "from numba import njit\n@njit\ndef square(matrix):\n    return np.dot(matrix, matrix)\n"
    product += "print(square(np.array([[1.0, 1.0], [0.0, 1.0]])).tolist())\n"
    is_there = "print('scipy.linalg' in sys.modules)\n"
    code = INNER + is_there + product + is_there
    assert answer(tmp_path, code) == [RIGHT_INNER, "False", "[[1.0, 2.0], [0.0, 1.0]]", "True"]


def test_functions_of_other_people_keep_the_cache_of_numba(folder: Path) -> None:
    code = "from numba.core.caching import FunctionCache; loading.PACKAGE = 'wordvec_cli'\n"
    code += "print(type(inner._cache).__name__, type(njit(cache=True)(inner.py_func)._cache) is FunctionCache)\n"
    assert answer(folder, "from kernels_of_test import loading, njit\n" + code) == ["KernelCache True"]
