"""Signals that come while LLVM makes machine code, when Python cannot pass an exception on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# A signal at the moment when LLVM hands its code to numba; the kernel is compiled by the thread that hears it.
CODE = """
import signal, sys
import numpy
from numba.core.codegen import JITCodeLibrary

hook = JITCodeLibrary._object_compiled_hook

def interrupted(module, code):
    signal.raise_signal({signal})
    hook(module, code)

JITCodeLibrary._object_compiled_hook = interrupted
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
from wordvec_cli.kernels.vector_text import count_lines

try:
    count_lines(numpy.zeros(3, "u1"))
except {error}:
    print("heard")
"""


@pytest.mark.parametrize(
    ("signal", "error"), [("signal.SIGINT", "KeyboardInterrupt"), ("signal.SIGTERM", "SystemExit")]
)
def test_a_signal_while_code_is_made_is_heard_when_it_is_there(tmp_path: Path, signal: str, error: str) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE.format(signal=signal, error=error)],
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}, cwd=tmp_path, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert (result.stdout, result.stderr, result.returncode) == ("heard\n", "", 0)
