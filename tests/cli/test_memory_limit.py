"""`ulimit` too low for numpy or numba: one line before they load, instead of an abort or an endless loop in them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.posix import resource
from wordvec_cli.cli import memory_limit
from wordvec_cli.errors import InputError

KILOBYTE = 1024


def limited(kind: int, kilobytes: int, *arguments: str | Path) -> "subprocess.CompletedProcess[bytes]":
    size = kilobytes * KILOBYTE
    environment = {name: value for name, value in os.environ.items() if name != memory_limit.THREADS_OF_OPENBLAS}
    return subprocess.run(
        [sys.executable, "-m", "wordvec_cli", *arguments], capture_output=True, timeout=60, check=False,
        env=environment, preexec_fn=lambda: resource.setrlimit(kind, (size, size)),
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not keep to this limit")
@pytest.mark.parametrize(
    ("kind", "option", "kilobytes"),
    [(resource.RLIMIT_AS, "-v", 300_000), (resource.RLIMIT_AS, "-v", 400_000), (resource.RLIMIT_DATA, "-d", 100_000)],
)
def test_training_under_too_low_a_limit_ends_before_it_begins(
    kind: int, option: str, kilobytes: int, corpus_file: Path, tmp_path: Path
) -> None:
    result = limited(kind, kilobytes, "train", corpus_file, "-o", tmp_path / "v.safetensors")
    assert result.returncode == 1
    (line,) = result.stderr.decode().splitlines()
    assert line.startswith(f"Error: ulimit {option}: allows ")
    assert f"raise it (ulimit {option} " in line
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not keep to this limit")
def test_what_loads_neither_runs_under_a_limit_that_numpy_could_not_live_with(vector_file: Path) -> None:
    assert limited(resource.RLIMIT_AS, 60_000, "lookup", vector_file, "monday").stdout.startswith(b"monday ")
    refused = limited(resource.RLIMIT_AS, 60_000, "similar", vector_file, "monday")
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert refused.stderr.startswith(b"Error: ulimit -v: allows 61.44 MB, and this command needs ")
    assert limited(resource.RLIMIT_AS, 200_000, "similar", vector_file, "monday").returncode == 0


def gate(megabytes: int) -> memory_limit._Gate:
    return memory_limit._Gate(memory_limit._LIMITS[0], megabytes * memory_limit.MEGABYTE)


@pytest.fixture
def sixteen_cpus(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv(memory_limit.THREADS_OF_OPENBLAS, "")
    monkeypatch.delenv(memory_limit.THREADS_OF_OPENBLAS)
    monkeypatch.setattr(memory_limit, "usable_cpus", lambda: 16)
    return monkeypatch


@pytest.mark.parametrize(("megabytes", "n_threads"), [(550, "1"), (650 + 92 * 3, "4"), (650 + 92 * 16, None)])
def test_a_tight_limit_gets_fewer_threads_of_openblas(
    megabytes: int, n_threads: str | None, sixteen_cpus: pytest.MonkeyPatch
) -> None:
    gate(megabytes).find_spec("numpy")
    gate(megabytes).find_spec("numba")
    assert os.environ.get(memory_limit.THREADS_OF_OPENBLAS) == n_threads


def test_threads_that_the_user_asks_for_are_kept_and_named(sixteen_cpus: pytest.MonkeyPatch) -> None:
    sixteen_cpus.setenv(memory_limit.THREADS_OF_OPENBLAS, "16")
    with pytest.raises(InputError, match=r"needs 810 MB to start; .*, or set OPENBLAS_NUM_THREADS=1$"):
        gate(800).find_spec("numpy")


def test_without_a_limit_nothing_is_watched() -> None:
    code = (
        "import sys; from wordvec_cli.cli import memory_limit; before = list(sys.meta_path); "
        "memory_limit.watch_imports(); print(sys.meta_path == before)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"True\n"
