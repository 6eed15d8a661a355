"""Kernels for processors other than this one: registers that are narrower, and fewer."""

import json
import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from wordvec_cli.kernels.processor import describe

X86 = "x86_64-unknown-linux-gnu"
is_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names a processor of x86")

# Rows of whole numbers, whose products and sums are exact in any order.
PROGRAM = """
import json
import sys
import numpy as np
from wordvec_cli.kernels import parts, rows
from wordvec_cli.kernels.processor import REGISTER

@parts.part
def divide(numbers, squares, results):
    for d in range(0, len(numbers), REGISTER):
        root = parts.divide_by_root(parts.load_register(numbers, d), parts.load_register(squares, d))
        parts.store(results, d, root)

dim = 48
rng = np.random.default_rng(1)
contexts, outputs, matrix = (rng.integers(-9, 9, 8 * dim).astype(np.float32) for _ in range(3))
scores = np.zeros(32, np.float32)
rows.score_tile(contexts, 1, outputs, 2, dim, scores, 3, 5)
factors, starts = np.arange(12, dtype=np.float32), dim * np.array([0, 3, 1, 3])
rows.update_tile(matrix, starts, 0, contexts, 2, 3, dim, factors, 0, 4, 1)
squares = np.arange(1, dim + 1).astype(np.float32)
quotients = np.zeros_like(squares)
divide(contexts[:dim], squares, quotients)
json.dump([REGISTER, scores.tolist(), matrix.tolist(), quotients.tolist()], sys.stdout)
"""


@is_x86
@pytest.mark.parametrize(
    "name, features, expected",
    [
        ("znver4", "", (16, 32)),
        ("haswell", "", (8, 16)),
        ("haswell", "+avx512f", (16, 32)),
        ("znver4", "-avx512f", (8, 16)),
        ("generic", "", (4, 16)),
        ("generic", "+avx2", (8, 16)),
    ],
)
def test_registers_are_those_of_the_processor_and_the_features_that_are_named(name, features, expected):
    assert describe(X86, name, features)[:2] == expected


def test_registers_of_other_kinds_of_processors_are_taken_to_be_those_of_arm():
    assert describe("aarch64-unknown-linux-gnu", "generic", "") == (4, 32, "")


@is_x86
@pytest.mark.parametrize("name, register", [("haswell", 8), ("generic", 4)])
def test_kernels_for_narrower_registers_compute_the_same(name, register):
    processor = {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": ""}
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM], env=os.environ | processor,
                         capture_output=True, check=True)  # fmt: skip
    its_register, scores, matrix, quotients = json.loads(run.stdout)
    assert its_register == register

    dim, rng = 48, np.random.default_rng(1)
    contexts, outputs, before = (rng.integers(-9, 9, (8, dim)) for _ in range(3))
    tile = np.zeros(32)
    for o in range(4):
        tile[3 + 5 * o : 7 + 5 * o] = contexts[1:5] @ outputs[2 + o]
    np.testing.assert_array_equal(scores, tile)
    for k, row in enumerate([0, 3, 1, 3]):
        before[row] += np.arange(12).reshape(3, 4)[:, k] @ contexts[2:5]
    np.testing.assert_array_equal(np.reshape(matrix, (8, dim)), before)
    np.testing.assert_allclose(quotients, contexts[0] / np.sqrt(np.arange(1, dim + 1)), rtol=6e-7)
