"""torch's files of weights: what torch.save makes is read without torch and without running anything."""

import io
import os
import pickle
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.formats import open_vectors
from wordvec_cli.formats.plain_pickle import Call, Name, plain_values
from wordvec_cli.formats.reading import ReadOptions

WORDS = [b"[PAD]", b"the", "東京".encode()]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_bytes(b"".join(word + b"\n" for word in WORDS))


def read(path: str = "m.pt") -> np.ndarray:
    found = open_vectors(path, ReadOptions(vocabulary="words.txt"))
    assert list(found.vocabulary) == WORDS
    assert found.metadata["converted_from"] == "torch"
    return found.matrix


def matrix(dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(3, 4, generator=torch.Generator().manual_seed(1)).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_the_embedding_of_a_state_dict_is_read(dtype: torch.dtype) -> None:
    model = torch.nn.Sequential(torch.nn.Embedding(3, 4), torch.nn.Linear(4, 2), torch.nn.Embedding(7, 4)).to(dtype)
    torch.save(model.state_dict(), "m.pt")
    np.testing.assert_array_equal(read(), model[0].weight.detach().float().numpy())
    assert run_here("lookup", "m.pt", "the", "--vocab", "words.txt").returncode == 0


def test_a_matrix_is_found_in_a_checkpoint_and_by_its_name() -> None:
    weights = {"emb.weight": torch.nn.Parameter(matrix()), "out.weight": torch.randn(3, 9), "n": 3, "names": ["a"]}
    torch.save({"epoch": 2, "model": weights, "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}}}, "m.pt")
    np.testing.assert_array_equal(read(), matrix().numpy())


@pytest.mark.parametrize("name", ["0.weight", "emb.weight"])
def test_what_an_optimizer_keeps_is_passed_over(name: str) -> None:
    state = {name: {"exp_avg": torch.zeros(3, 4), "emb_sq": torch.zeros(3, 4)}}
    torch.save({"optimizer_state_dict": {"state": state}, "model": {name: matrix()}}, "m.pt")
    np.testing.assert_array_equal(read(), matrix().numpy())


def test_one_of_several_matrices_is_named() -> None:
    torch.save({"a": matrix(), "b": 2 * matrix(), "c": torch.zeros(5, 4)}, "m.pt")
    with pytest.raises(InputError, match=r"^m\.pt: has several matrices of 3 rows \(a .*\); name one: m\.pt#a"):
        read()
    np.testing.assert_array_equal(read("m.pt#b"), 2 * matrix().numpy())
    with pytest.raises(InputError, match=r"^m\.pt: has no matrix c of 3 rows"):
        read("m.pt#c")
    assert run_here("lookup", "m.pt#b", "the", "--vocab", "words.txt").returncode == 0


def test_a_name_where_there_is_one_matrix_is_an_error() -> None:
    Path("v.txt").write_bytes(b"the 1 2 3\ncat 4 5 6\n")
    with pytest.raises(InputError, match=r"^v\.txt: is glove, which holds one matrix; leave #name out"):
        open_vectors("v.txt#name", ReadOptions())
    os.rename("v.txt", "v#1.txt")
    assert list(open_vectors("v#1.txt").vocabulary) == [b"the", b"cat"]


def test_a_tensor_that_is_a_view_is_read_as_it_is_seen() -> None:
    base = torch.randn(9, 8)
    for view in (base.t()[1:4, 2:6], base[::3, ::2], base[3:6], base[:1, :4].expand(3, 4)):
        torch.save({"w": view}, "m.pt")
        np.testing.assert_array_equal(read(), view.numpy())


def test_a_view_with_other_signs_than_what_is_stored_is_not_read() -> None:
    view = torch.complex(matrix(), matrix()).conj().imag
    assert view.is_neg()
    torch.save({"w": view}, "m.pt")
    with pytest.raises(InputError, match=r"^m.pt: names no tensors of floats"):
        read()


def test_the_words_may_lie_beside_the_file() -> None:
    torch.save({"w": matrix()}, "m.pt")
    os.rename("words.txt", "m.pt.words")
    assert list(open_vectors("m.pt", ReadOptions()).vocabulary) == WORDS


@pytest.mark.parametrize(
    ("saved", "text"),
    [
        ({"a": torch.randn(5, 4)}, r"has no matrix of 3 rows, one for each word of words.txt \(a \[5, 4\]\)"),
        ({"a": torch.randn(3, 4), "b": torch.randn(3, 4)}, r"has several matrices of 3 rows"),
        ({"a": torch.zeros(3, 4, dtype=torch.int64)}, "names no tensors of floats"),
        ({}, "names no tensors of floats"),
        (3, "names no tensors of floats"),
    ],
)
def test_what_holds_no_matrix_of_the_words_is_an_error(saved: object, text: str) -> None:
    torch.save(saved, "m.pt")
    with pytest.raises(InputError, match=f"^m.pt: {text}"):
        read()


def test_a_pickle_that_would_run_something_runs_nothing() -> None:
    class Attack:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, ("run",)

    torch.save({"w": matrix(), "attack": Attack()}, "m.pt")
    np.testing.assert_array_equal(read(), matrix().numpy())
    assert not os.path.exists("run")
    assert plain_values(pickle.dumps(Attack())) == Call(Name(os.mkdir.__module__, "mkdir"), ("run",))


@pytest.mark.parametrize("protocol", range(6))
def test_values_are_those_of_the_pickle(protocol: int) -> None:
    value = {"a": [1, -70000, 2**70, 1.5, None, True], b"b": ("x", (), (1, 2, 3, 4)), "c": {"d": []}, "é": "東京"}
    if protocol < 3:  # which pickle bytes by a call
        del value[b"b"]
    assert plain_values(pickle.dumps(value, protocol)) == value


def changed(old: bytes, new: bytes) -> None:
    """Replace a part of the pickle in the archive."""
    with zipfile.ZipFile("m.pt") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member.replace(old, new) if name.endswith("data.pkl") else member)
    Path("m.pt").write_bytes(content.getvalue())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"K\x03K\x04\x86", b"K\x03K\x05\x86"),  # the shape
        (b"K\x04K\x01\x86", b"K\x05K\x01\x86"),  # the strides
        (b"QK\x00", b"QK\x01"),  # where it begins
        (b"QK\x00", b"QJ" + struct.pack("<i", -1)),
        (b"X\x01\x00\x00\x000", b"X\x01\x00\x00\x007"),  # which storage
    ],
)
def test_a_tensor_outside_of_its_storage_is_an_error(old: bytes, new: bytes) -> None:
    torch.save({"w": matrix()}, "m.pt")
    changed(old, new)
    with pytest.raises(InputError, match=r"^m.pt: "):
        read()


def test_a_file_with_any_damaged_byte_or_cut_is_an_error_or_vectors() -> None:
    torch.save({"w": matrix()}, "m.pt")
    whole = Path("m.pt").read_bytes()
    for i in range(4, len(whole), 3):
        Path("m.pt").write_bytes(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
        try:
            found = open_vectors("m.pt", ReadOptions(vocabulary="words.txt"))
        except InputError as error:
            assert str(error).startswith("m.pt: ")
        else:
            assert sorted(found.matrix.ravel().tolist()) == sorted(matrix().ravel().tolist())  # strides are not checked
    for n in range(4, len(whole), 23):
        Path("m.pt").write_bytes(whole[:n])
        with pytest.raises(InputError, match=r"^m.pt: "):
            read()


def test_it_takes_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"w": matrix()}, "m.pt")
    monkeypatch.setitem(sys.modules, "torch", None)
    read()


def test_a_matrix_that_repeats_a_few_numbers_is_not_blown_up() -> None:
    torch.save({"w": torch.zeros(1).expand(3, 10**11)}, "m.pt")
    with pytest.raises(InputError, match=r"^m\.pt: is not a whole file of torch's \(a tensor lies outside"):
        read()


@pytest.mark.parametrize("inner", [b"\x85" * 1_000_000, b"q\x00h\x00\x86" * 60], ids=["deep", "shared"])
def test_keys_of_tuples_in_tuples_are_not_hashed(inner: bytes) -> None:
    assert plain_values(b"\x80\x02}X\x01\x00\x00\x00aK\x01s)" + inner + b"K\x02s.") == {"a": 1}


def test_dictionaries_that_hold_each_other_often_are_looked_into_once() -> None:
    held: dict[str, object] = {}
    for _ in range(9):
        held = {str(i): held for i in range(20)}
    torch.save({"deep": held, "w": matrix()}, "m.pt")
    np.testing.assert_array_equal(read(), matrix().numpy())
