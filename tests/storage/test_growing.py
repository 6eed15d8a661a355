"""Files whose first tensor is written before its length is known, against `safetensors.write`, which knows it."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy as library

from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.storage import growing, safetensors
from wordvec_cli.storage.growing import Growing, write_growing
from wordvec_cli.storage.safetensors import Tensor

VALUES = np.sqrt(np.arange(1001))
IDS, TEXT = np.arange(7, dtype=np.int32), b"words"
METADATA = {"who": "we", "note": 'a "quoted" checksum":" value'}
OLD = b"what was there before"


def rest(n: int) -> dict[str, Tensor]:
    lengths = Tensor.of(np.full(n % 5, n, np.int64), "I64")
    return {"lengths": lengths, "ids": Tensor.of(IDS, "I32"), "text": Tensor("U8", (len(TEXT),), lambda: [TEXT])}


def written(path: Path, n: int, n_about: int, metadata: dict[str, str] = METADATA) -> bytes:
    parts = np.array_split(VALUES[:n], 3)
    write_growing(str(path), Growing("values", "F64", parts, n_about), rest, metadata)
    return path.read_bytes()


def expected(path: Path, n: int, metadata: dict[str, str] = METADATA) -> bytes:
    tensors = {"values": Tensor.of(VALUES[:n], "F64"), **rest(n)}
    safetensors.write(str(path), tensors, metadata, "values")
    return path.read_bytes()


@pytest.mark.parametrize("n_about", [0, 1, 1000, 1001, 10**15])
@pytest.mark.parametrize("n", [1, 2, 1000, 1001])
def test_the_bytes_do_not_depend_on_the_guess(n: int, n_about: int, tmp_path: Path) -> None:
    assert written(tmp_path / "grown", n, n_about) == expected(tmp_path / "known", n)


@pytest.mark.parametrize("copied_at_once", [1, 100, 1 << 20])
def test_a_header_of_another_length_than_guessed_moves_the_tensor(
    copied_at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Headers are padded to 64 bytes: of 64 lengths of a note, some make the guessed one longer, some shorter."""
    monkeypatch.setattr(growing, "COPY_BYTES", copied_at_once)
    moves: list[int] = []
    move = growing._move
    monkeypatch.setattr(
        growing, "_move", lambda file, *places: (moves.append(places[1] - places[0]), move(file, *places))
    )
    for length in range(0, 64, 4):
        metadata = METADATA | {"padding": "x" * length}
        for n, n_about in ((40, 10**9), (1001, 0)):
            grown = written(tmp_path / "grown", n, n_about, metadata)
            assert grown == expected(tmp_path / "known", n, metadata)
    assert set(moves) == {-64, 64}


def test_its_checksum_holds_and_the_safetensors_library_reads_it(tmp_path: Path) -> None:
    written(tmp_path / "grown", 1001, 900)
    assert safetensors.open_file(str(tmp_path / "grown")).checksum_holds()
    tensors = library.load_file(tmp_path / "grown")
    np.testing.assert_array_equal(tensors["values"], VALUES)
    np.testing.assert_array_equal(tensors["ids"], IDS)


def test_what_the_parts_raise_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def parts() -> Iterator[np.ndarray]:
        yield VALUES
        raise InputError("there is no more")

    (tmp_path / "old").write_bytes(OLD)
    with pytest.raises(InputError, match="there is no more"):
        write_growing(str(tmp_path / "old"), Growing("values", "F64", parts(), 10), rest, METADATA)
    assert (tmp_path / "old").read_bytes() == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("n_values", [20_000, 40_000])
def test_a_disk_that_fills_up_leaves_the_old_file_and_nothing_else(
    n_values: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A file may have 300 000 bytes: the first tensor is too large, or the second one."""
    (tmp_path / "old").write_bytes(OLD)
    first = Growing("values", "F64", [np.ones(n_values)], n_values)
    second = Tensor.of(np.ones(20_000), "F64")
    request.getfixturevalue("file_size_limit")
    with pytest.raises(OutputError, match=rf"{re.escape(str(tmp_path))}/old: file too large"):
        write_growing(str(tmp_path / "old"), first, lambda n: {"others": second}, METADATA)
    assert (tmp_path / "old").read_bytes() == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
