"""Vectors made of the rows of n-grams, against the plain oracle of fastText's models."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import run_here
from tests.reference_fasttext import Model, ngram_hashes
from wordvec_cli.errors import InputError
from wordvec_cli.formats import FORMATS, write_vectors
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.storage import safetensors
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vectors.packing import Packing, unpacked_rows
from wordvec_cli.vectors.subwords import LONG_WORD, Subwords, ngram_buckets, of_arrays, word_ngrams
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b"the", b"</s>", "東京".encode(), b"caf\xe9", b"\x80\x81", b"a", b"x" * 40, b"<", b">", b"a<b>c"]
OTHERS = [b"them", b"zz", b"", "東京都".encode(), b"\xff\xfe", b"th" * LONG_WORD, b"x" * 100_000]
SIZES = [(3, 6, 1000), (1, 2, 7), (0, 1, 50), (5, 5, (1 << 31) - 1), (6, 300, 90)]


def made(shortest: int = 3, longest: int = 6, n_buckets: int = 1000, dim: int = 5) -> tuple[Subwords, Model]:
    """Subwords with a row for each bucket that the words hit, and the model that has zeros for the others."""
    hit = sorted({bucket for word in WORDS for bucket in ngram_hashes(word, shortest, longest, n_buckets)})
    rng = np.random.default_rng(3)
    own, rows = (rng.normal(size=(n, dim)).astype(np.float32) for n in (len(WORDS), len(hit)))
    table = np.zeros((n_buckets, dim), np.float32)
    table[hit] = rows
    model = Model(WORDS, np.vstack([own, table]), shortest, longest, n_buckets)
    return of_arrays(shortest, longest, n_buckets, np.array(hit, np.int32), rows, own), model


@pytest.mark.parametrize("sizes", SIZES)
def test_ngrams_fall_into_the_buckets_that_fasttext_puts_them_into(sizes: tuple[int, int, int]) -> None:
    words = [word for word in WORDS + OTHERS if len(word) < 1000]
    lengths = np.array([len(word) for word in words])
    text = np.frombuffer(b"".join(words), np.uint8)
    offsets, buckets = word_ngrams(text, np.cumsum(lengths) - lengths, lengths, sizes)
    for i, word in enumerate(words):
        expected = ngram_hashes(word, *sizes)
        assert list(ngram_buckets(word, *sizes)) == expected
        assert buckets[offsets[i] : offsets[i + 1]].tolist() == expected


@given(st.binary(max_size=30), st.integers(0, 4), st.integers(0, 6))
def test_the_buckets_of_any_bytes_are_those_of_the_oracle(word: bytes, shortest: int, longest: int) -> None:
    assert list(ngram_buckets(word, shortest, longest, 1009)) == ngram_hashes(word, shortest, longest, 1009)


@pytest.mark.parametrize("sizes", [(3, 6, 1000), (1, 2, 7), (0, 1, 50)])
def test_vectors_of_the_vocabulary_are_fasttexts_to_the_last_bit(sizes: tuple[int, int, int]) -> None:
    subwords, model = made(*sizes)
    expected = np.array([model.vector(word) for word in WORDS])
    assert subwords.vocabulary_vectors(Vocabulary.from_words(WORDS)).tobytes() == expected.tobytes()


@pytest.mark.parametrize("sizes", [(3, 6, 1000), (1, 2, 7), (0, 1, 50)])
def test_a_bucket_without_a_row_counts_as_zeros_in_the_mean(sizes: tuple[int, int, int]) -> None:
    subwords, model = made(*sizes)
    words = [word for word in OTHERS if len(word) < 1000]
    matrix, is_known = subwords.vectors_of(words)
    for i, word in enumerate(words):
        assert matrix[i].tobytes() == model.vector(word).tobytes()
        single = subwords.composed(word)
        assert (single is not None) == is_known[i]
        assert single is None or np.array(single, np.float32).tobytes() == matrix[i].tobytes()


def test_a_word_is_unknown_if_none_of_its_ngrams_has_a_row() -> None:
    subwords, _ = made()
    words = [b"qqq", "Ω".encode(), b"</s>", b""]
    matrix, is_known = subwords.vectors_of(words)
    assert not is_known.any()
    assert not matrix.any()
    assert all(subwords.composed(word) is None for word in words)


def test_without_any_row_all_words_are_unknown() -> None:
    empty = np.empty((0, 4), np.float32)
    subwords = of_arrays(3, 6, 10, np.empty(0, np.int32), empty, empty)
    assert subwords.composed(b"word") is None
    assert not subwords.vectors_of([b"word"])[1].any()


@pytest.mark.parametrize(
    ("buckets", "complaint"),
    [([3, 2], "not in order"), ([2, 2], "not in order"), ([-1, 2], "not in order"), ([2, 10], "beyond the last")],
)
def test_a_table_that_is_not_in_order_is_refused_before_any_kernel(buckets: list[int], complaint: str) -> None:
    rows = np.ones((2, 4), np.float32)
    subwords = of_arrays(3, 6, 10, np.array(buckets, np.int32), rows, rows)
    with pytest.raises(InputError, match=re.escape(complaint)):
        subwords.vectors_of([b"word"])


# ---------------------------------------------------------------- the native file


def run(*arguments: str | Path, status: int = 0) -> str:
    """What a command prints, and says."""
    done = run_here(*arguments)
    assert done.returncode == status, done.stderr
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def embeddings() -> Embeddings:
    subwords, _ = made()
    words = Vocabulary.from_words(WORDS, range(len(WORDS), 0, -1))
    return replace(from_matrix(words, subwords.vocabulary_vectors(words), {}), subwords=subwords)


def saved(folder: Path, packing: Packing | None = None) -> Path:
    path = folder / f"{packing}.safetensors"
    write_vectors(str(path), embeddings(), FORMATS["native"], WriteOptions(packing=packing))
    return path


def test_a_native_file_gives_the_same_vectors_again(tmp_path: Path) -> None:
    before, after = embeddings(), load(str(saved(tmp_path)))
    assert after.matrix.tobytes() == before.matrix.tobytes()
    assert after.fingerprint() == before.fingerprint()
    for word in OTHERS[:4]:
        assert np.array(after.compose(word)).tobytes() == np.array(before.compose(word)).tobytes()


def test_the_two_writers_write_the_same_bytes(tmp_path: Path) -> None:
    vectors = embeddings()
    save(str(tmp_path / "saved"), vectors.vocabulary, vectors.matrix, {}, subwords=vectors.subwords)
    assert (tmp_path / "saved").read_bytes() == saved(tmp_path).read_bytes()


@pytest.mark.parametrize("packing", ["float16", "int8"])
def test_packed_rows_compose_what_unpacked_ones_would(tmp_path: Path, packing: Packing) -> None:
    subwords, after = made()[0], load(str(saved(tmp_path, packing)))
    expected = replace(subwords, row_values=unpacked_rows(subwords.rows, packing).reshape(-1).data)
    found, is_known = after.compose_all([b"them"] * 600)
    assert is_known.all()
    assert np.array(found[7]).tobytes() == np.array(expected.composed(b"them"), np.float32).tobytes()
    assert np.array(after.compose(b"them"), np.float32).tobytes() == found[7].tobytes()


def test_some_words_of_a_file_keep_the_rows_of_ngrams(tmp_path: Path) -> None:
    path = saved(tmp_path)
    (tmp_path / "words").write_bytes("東京\na\n".encode())
    run("export", str(path), str(tmp_path / "few.safetensors"), "--words", str(tmp_path / "words"))
    few = load(str(tmp_path / "few.safetensors"))
    assert list(few.vocabulary) == ["東京".encode(), b"a"]
    assert few.subwords is not None
    assert few.subwords.vocabulary_vectors(few.vocabulary).tobytes() == few.matrix.tobytes()
    assert few.matrix.tobytes() == embeddings().matrix[[2, 5]].tobytes()


def test_info_and_verify_know_the_table(tmp_path: Path) -> None:
    path = str(saved(tmp_path))
    assert "subwords.buckets\t1000\n" in run("info", path)
    assert "n-grams that cannot be found\t0" in run("verify", path)


def damaged(folder: Path, metadata: dict[str, str] | None = None, **tensors: Any) -> str:
    """A file with other tensors or metadata than it should have."""
    file = safetensors.open_file(str(saved(folder)))
    dtypes = {np.dtype(np.int32): "I32", np.dtype(np.float32): "F32", np.dtype(np.int64): "I64"}
    own = {
        name: safetensors.Tensor(each.dtype, each.shape, lambda each=each: [each.data.cast("B")])  # type: ignore[misc]
        for name, each in file.tensors.items()
    }
    own |= {name: safetensors.Tensor.of(each, dtypes[each.dtype]) for name, each in tensors.items() if each is not None}
    text = own.pop("words.text")
    for name in [name for name, each in tensors.items() if each is None]:
        del own[name]
    path = str(folder / "damaged.safetensors")
    safetensors.write(path, {**own, "words.text": text}, {**file.metadata, **(metadata or {})}, "vectors")
    return path


N_ROWS = len(made()[0].buckets)


@pytest.mark.parametrize(
    "tensors",
    [
        {"word_rows": None},
        {"subword_rows": None},
        {"subword_buckets": None},
        {"word_rows": np.zeros((3, 5), np.float32)},
        {"subword_rows": np.zeros((N_ROWS, 4), np.float32)},
        {"subword_rows": np.zeros((N_ROWS + 1, 5), np.float32)},
        {"subword_buckets": np.zeros(N_ROWS, np.int64)},
        {"subword_rows": np.zeros((N_ROWS, 5), np.int32)},
    ],
)
def test_tables_whose_sizes_do_not_match_are_refused_when_a_file_is_opened(
    tmp_path: Path, tensors: dict[str, Any]
) -> None:
    path = damaged(tmp_path, **tensors)
    with pytest.raises(InputError, match="make it again"):
        load(path)


@pytest.mark.parametrize(
    "sizes",
    ["", "[]", "{}", '{"shortest": 4, "longest": 3, "buckets": 9}', '{"shortest": 0, "longest": 256, "buckets": 9}']
    + [f'{{"shortest": 3, "longest": 6, "buckets": {n}}}' for n in ("0", "-1", "2147483648", "1e3", "true", '"9"')],
)
def test_numbers_that_make_no_ngrams_are_refused_when_a_file_is_opened(tmp_path: Path, sizes: str) -> None:
    path = damaged(tmp_path, {"subwords": sizes})
    with pytest.raises(InputError, match="how its n-grams are made"):
        load(path)


def test_verify_tells_of_a_table_that_is_not_in_order(tmp_path: Path) -> None:
    path = damaged(tmp_path, subword_buckets=np.arange(N_ROWS, dtype=np.int32)[::-1])
    assert f"n-grams that cannot be found\t{N_ROWS}" in run("verify", path, status=1)
    assert "not in order" in run("export", path, str(tmp_path / "again.safetensors"), status=1)
