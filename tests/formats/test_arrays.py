"""numpy's files: what numpy writes is read, what we write numpy reads, and nothing is ever unpickled."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.errors import InputError, OutputError, WordvecError
from wordvec_cli.formats.arrays import read_npy, read_npz, write_npy, write_npz
from wordvec_cli.formats.reading import NOT_FINITE, REPEATED, Oddities, ReadOptions, WriteOptions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

NASTY = [b"the", "東京".encode(), b"caf\xe9", b"a\x00b", b"new york", b"no\xc2\xa0break", b"", b"x\r", b"tab\t", b"5 3"]
MATRIX = np.random.default_rng(1).standard_normal((len(NASTY), 3)).astype(np.float32)
COUNTS = list(range(100, 100 - len(NASTY), -1))


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def vectors(words: list[bytes] = NASTY, matrix: np.ndarray = MATRIX, counts: list[int] | None = COUNTS) -> Embeddings:
    return from_matrix(Vocabulary.from_words(words, counts), matrix, {})


def read(path: str, options: ReadOptions | None = None, oddities: Oddities | None = None) -> Embeddings:
    reader = read_npz if path.endswith("npz") else read_npy
    return reader(path, options or ReadOptions(), oddities or Oddities())


def pairs(embeddings: Embeddings) -> list[tuple[bytes, list[float]]]:
    return list(zip(embeddings.vocabulary, embeddings.matrix.tolist(), strict=True))


def counts_of(embeddings: Embeddings) -> list[int] | None:
    counts = embeddings.vocabulary.counts
    return None if counts is None else np.asarray(counts).tolist()


def savez(path: str, **arrays: object) -> None:
    """numpy.savez, to a file that is not held to a name."""
    with open(path, "wb") as file:
        np.savez(file, **arrays)


def test_an_npy_of_ours_is_numpys_and_comes_back_with_any_words() -> None:
    assert write_npy("v.npy", vectors(), WriteOptions()) == ["counts"]
    loaded = np.load("v.npy", allow_pickle=False)
    assert (loaded.dtype, loaded.flags.c_contiguous) == (np.float32, True)
    np.testing.assert_array_equal(loaded, MATRIX)
    assert Path("v.npy.words").read_bytes() == b"".join(word + b"\n" for word in NASTY)
    expected = io.BytesIO()
    np.save(expected, MATRIX)
    assert Path("v.npy").read_bytes() == expected.getvalue()
    assert pairs(read("v.npy")) == list(zip(NASTY, MATRIX.tolist(), strict=True))
    named = read("v.npy", ReadOptions(vocabulary="v.npy.words"))
    assert pairs(named) == pairs(read("v.npy"))


def test_an_npz_of_ours_is_numpys_and_comes_back_with_any_words_and_counts() -> None:
    words = [*NASTY, b"line\nend", b"nul\x00"]
    embeddings = vectors(words, np.concatenate([MATRIX, MATRIX[:2]]), [*COUNTS, 2, 1])
    assert write_npz("v.npz", embeddings, WriteOptions()) == []
    with np.load("v.npz", allow_pickle=False) as loaded:
        assert sorted(loaded) == ["counts", "offsets", "vectors", "words"]
        np.testing.assert_array_equal(loaded["vectors"], embeddings.matrix)
        text, offsets = loaded["words"].tobytes(), loaded["offsets"]
        assert [text[offsets[i] : offsets[i + 1]] for i in range(len(words))] == words
        assert loaded["counts"].tolist() == [*COUNTS, 2, 1]
    assert zipfile.ZipFile("v.npz").testzip() is None
    back = read("v.npz")
    assert (pairs(back), counts_of(back)) == (pairs(embeddings), [*COUNTS, 2, 1])


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f2", ">f8", "<f8", "<i4", "|u1", "|i1", "<i8"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", ["v.npy", "v.npz"])
def test_any_type_of_number_and_order_is_read_as_float32(name: str, dtype: str, order: str) -> None:
    matrix = np.asarray(np.abs(MATRIX) * 50, dtype, order=order)
    if name == "v.npy":
        np.save(name, matrix)
    else:
        savez(name, embeddings=matrix)
    Path(f"{name}.words").write_bytes(b"".join(word + b"\n" for word in NASTY))
    back = read(name)
    assert back.matrix.dtype == np.float32
    np.testing.assert_array_equal(back.matrix, matrix.astype(np.float32))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("matrix_name", ["vectors", "matrix", "embeddings"])
def test_arrays_of_text_are_words(save: Callable[..., None], matrix_name: str) -> None:
    words = ["the", "東京", "new york", "", "caf\udce9"]
    save("u.npz", words=np.array(words), **{matrix_name: MATRIX[:5]})
    assert list(read("u.npz").vocabulary) == [word.encode("utf-8", "surrogateescape") for word in words]
    save("s.npz", words=np.array([b"the", b"caf\xe9", b"a\x00b", b"", b"x"]), **{matrix_name: MATRIX[:5]})
    assert pairs(read("s.npz")) == list(zip([b"the", b"caf\xe9", b"a\x00b", b"", b"x"], MATRIX.tolist(), strict=False))


def test_matrices_larger_than_a_slice_come_back_whole() -> None:
    words = [b"w%d" % i for i in range(30_000)]
    matrix = np.random.default_rng(1).standard_normal((30_000, 70)).astype(np.float32)
    embeddings = vectors(words, matrix, None)
    write_npz("v.npz", embeddings, WriteOptions())
    write_npy("v.npy", embeddings, WriteOptions())
    np.save("wide.npy", matrix.astype(np.float64))
    Path("v.npy.words").rename("wide.npy.words")
    for name in ("v.npz", "wide.npy"):
        back = read(name)
        assert list(back.vocabulary) == words
        np.testing.assert_array_equal(back.matrix, matrix)


def test_words_of_a_matrix_alone_are_those_of_a_vocabulary_with_its_counts() -> None:
    np.save("v.npy", MATRIX[:3])
    Path("vocab.tsv").write_bytes("the\t9\n東京\t5\ncaf".encode() + b"\xe9\t1\n")
    back = read("v.npy", ReadOptions(vocabulary="vocab.tsv"))
    assert pairs(back) == list(zip(NASTY, MATRIX[:3].tolist(), strict=False))
    assert counts_of(back) == [9, 5, 1]
    with pytest.raises(InputError, match=r"v\.npy: holds no words, .* v\.npy\.words; name .* --vocab"):
        read("v.npy")


def test_wanted_words_come_with_their_counts() -> None:
    write_npz("v.npz", vectors(), WriteOptions())
    some = read("v.npz", ReadOptions(words=frozenset([b"x\r", b"new york", b"unheard"])))
    assert (list(some.vocabulary), counts_of(some)) == ([b"new york", b"x\r"], [96, 93])
    np.testing.assert_array_equal(some.matrix, MATRIX[[4, 7]])
    first = read("v.npz", ReadOptions(limit=7))
    assert (list(first.vocabulary), counts_of(first)) == (NASTY[:7], COUNTS[:7])


@pytest.mark.parametrize(("duplicates", "rows", "counts"), [("first", [0, 1], [7, 5]), ("last", [1, 2], [5, 3])])
def test_a_word_that_comes_again_keeps_one_row_and_its_count(
    duplicates: str, rows: list[int], counts: list[int]
) -> None:
    savez("v.npz", vectors=MATRIX[:3], words=np.array(["a", "b", "a"]), counts=np.array([7, 5, 3]))
    oddities = Oddities()
    back = read("v.npz", ReadOptions(duplicates=duplicates), oddities)
    np.testing.assert_array_equal(back.matrix, MATRIX[rows])
    assert (counts_of(back), oddities.counts, oddities.first) == (counts, {REPEATED: 1}, {REPEATED: 3})


def test_what_is_odd_is_told_with_its_row() -> None:
    matrix = MATRIX.astype(np.float64)
    matrix[4, 0], matrix[6, 2] = np.nan, 1e300  # too large for float32
    np.save("v.npy", matrix)
    with open("v.npy", "ab") as file:
        file.write(b"more")
    Path("v.npy.words").write_bytes(b"\n".join(NASTY))
    oddities = Oddities()
    read("v.npy", None, oddities)
    told = list(oddities.lines())
    assert "has 4 bytes after its first array, which are not read" in told
    assert f"{NOT_FINITE}: 2, the first on row 5" in told


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([["a", 1]], object), "holds Python objects, which only a pickle can bring, and a pickle can run any"),
        (MATRIX[0], "has the shape (3,); save it with a row for each word"),
        (MATRIX[:, :, None], "has the shape (10, 3, 1)"),
        (MATRIX[:0], "has the shape (0, 3)"),
        (MATRIX[:, :0], "has the shape (10, 0)"),
        (np.float32(1), "has the shape ()"),
        (MATRIX.astype(complex), "holds values of type complex128, which are not numbers"),
        (MATRIX > 0, "holds values of type bool"),
        (np.array([["a"]]), "holds values of type <U1"),
        (np.zeros((10, 3), "f4,i4"), "which are not numbers"),
        (MATRIX[:9], "9 vectors and"),
    ],
)
@pytest.mark.parametrize("name", ["v.npy", "v.npz"])
def test_an_array_that_is_no_matrix_of_numbers_is_one_line(name: str, array: np.ndarray, message: str) -> None:
    if name == "v.npy":
        np.save(name, array, allow_pickle=True)
    else:
        savez(name, vectors=array)
    Path(f"{name}.words").write_bytes(b"w\n" * 10)
    assert_one_line(name, message)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_dictionary_that_was_saved_as_an_array_is_refused_with_what_to_do(protocol: int) -> None:
    np.save("v.npy", {"the": MATRIX[0]})  # type: ignore[arg-type]
    content = Path("v.npy").read_bytes()
    header = content[: content.index(b"\n") + 1]
    for value, message in (
        ({"the": MATRIX[0], "cat": MATRIX[1]}, "is a pickled dictionary, and a pickle can run any code"),
        ({"the", "cat"}, "holds Python objects"),
    ):
        array = np.array(value, object)
        Path("v.npy").write_bytes(header + pickle.dumps(array, protocol))
        assert_one_line("v.npy", message)
    written = (
        "json.dump({word: [float(x) for x in v] for word, v in numpy.load(FILE, allow_pickle=True).item().items()}"
    )
    np.save("v.npy", {"the": MATRIX[0]})  # type: ignore[arg-type]
    assert_one_line("v.npy", written)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"stuff": MATRIX}, "has no array called vectors, matrix, embeddings, but words, stuff"),
        ({"vectors": MATRIX, "words": np.array(["a"])}, "holds 10 vectors and has 1 words"),
        ({"vectors": MATRIX, "words": np.array(["a"] * 10, object)}, "its array words holds Python objects"),
        ({"vectors": MATRIX, "words": np.zeros((10, 2), "U1")}, "its array words has the shape (10, 2)"),
        ({"vectors": MATRIX, "words": np.zeros(10)}, "its array words has the shape (10,) and the type float64"),
        ({"vectors": MATRIX, "words": np.zeros(10, "u1")}, "its arrays words and offsets do not match"),
        ({"vectors": MATRIX, "words": np.zeros(9, "u1"), "offsets": np.arange(11)}, "words and offsets do not match"),
        ({"vectors": MATRIX, "words": np.zeros(9, "u1"), "offsets": np.array([0, 5, 4, 9])}, "do not match"),
        ({"vectors": MATRIX, "words": np.zeros(9, "u1"), "offsets": np.array([], int)}, "do not match"),
        ({"vectors": MATRIX, "words": np.array(["\ud800"])}, "its array words is not text"),
        ({"vectors": MATRIX, "counts": np.arange(9)}, "has 10 words and 9 counts"),
        ({"vectors": MATRIX, "counts": np.ones(10)}, "its array counts has the shape (10,) and the type float64"),
    ],
)
def test_arrays_that_do_not_match_are_one_line(arrays: dict[str, np.ndarray], message: str) -> None:
    savez("v.npz", **({"words": np.array(list("abcdefghij"))} | arrays))
    assert_one_line("v.npz", message)


def assert_one_line(name: str, message: str = "") -> None:
    with pytest.raises(InputError) as caught:
        read(name)
    text = str(caught.value)
    assert text.startswith(f"{name}: "), text
    assert message in text
    assert "\n" not in text


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed, None])
def test_a_file_cut_short_anywhere_is_one_line(save: Callable[..., None] | None) -> None:
    name = "v.npz" if save else "v.npy"
    if save:
        save("whole.npz", vectors=MATRIX[:2, :2], words=np.array(["a", "b"]))
    else:
        np.save("whole.npy", MATRIX[:2])
        Path("v.npy.words").write_bytes(b"a\nb\n")
    content = Path(f"whole{name[1:]}").read_bytes()
    for size in range(0, len(content), 3 if save else 1):
        Path(name).write_bytes(content[:size])
        assert_one_line(name)


def test_a_file_with_changed_bytes_never_ends_in_a_traceback() -> None:
    np.savez_compressed("whole.npz", vectors=MATRIX, words=np.array(list("abcdefghij")))
    write_npy("whole.npy", vectors(), WriteOptions())
    Path("whole.npy.words").rename("v.npy.words")
    rng = np.random.default_rng(1)
    for name in ("v.npz", "v.npy"):
        content = Path(f"whole{name[1:]}").read_bytes()
        for place in rng.permutation(len(content))[:150].tolist():
            changed = bytearray(content)
            changed[place] = rng.integers(256)
            Path(name).write_bytes(changed)
            try:
                read(name)
            except InputError as error:
                assert str(error).startswith(f"{name}: ")
                assert "\n" not in str(error)


def test_a_huge_shape_is_not_believed() -> None:
    with open("v.npy", "wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 60, 300)}
        np.lib.format.write_array_header_1_0(file, header)
    Path("v.npy.words").write_bytes(b"a\n")
    assert_one_line("v.npy", "the file is cut short")
    with zipfile.ZipFile("v.npz", "w") as archive:
        archive.write("v.npy", "vectors.npy")
        archive.write("v.npy", "words.npy")
    assert_one_line("v.npz", "the file is damaged")


def test_an_archive_is_not_read_beyond_the_limit_on_its_bytes() -> None:
    np.savez_compressed("v.npz", vectors=np.zeros((1000, 100), np.float32), words=np.array(["a"] * 1000))
    with pytest.raises(InputError, match="more than --max-bytes 100000"):
        read("v.npz", ReadOptions(max_bytes=100_000))


def test_a_word_with_a_line_end_is_named_and_nothing_is_written() -> None:
    embeddings = vectors([b"good", b"bad\nword"], MATRIX[:2], None)
    with pytest.raises(InputError, match=r"^v\.npy: the word 'bad\\nword' has a line end, .* write an \.npz"):
        write_npy("v.npy", embeddings, WriteOptions())
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(("name", "write"), [("v.npy", write_npy), ("v.npz", write_npz)])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    name: str, write: Callable[..., list[str]], file_size_limit: None
) -> None:
    Path(name).write_bytes(b"old")
    embeddings = vectors([b"w%d" % i for i in range(5000)], np.zeros((5000, 100), np.float32), None)
    with pytest.raises(OutputError, match=f"^{name}: file too large"):
        write(name, embeddings, WriteOptions())
    assert [path.name for path in Path().iterdir()] == [name]
    assert Path(name).read_bytes() == b"old"


def test_a_device_gets_the_matrix_alone() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    for write in (write_npy, write_npz):
        with pytest.raises(WordvecError, match=r"^/dev/full: no space left on device"):
            write("/dev/full", vectors(), WriteOptions())
    assert write_npy("/dev/null", vectors(), WriteOptions()) == ["the words", "counts"]


def write_header(header: bytes) -> None:
    """v.npy with a header that says this, and eight bytes of numbers."""
    Path("v.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8))


@pytest.mark.parametrize("kind", [b"()", b"''", b"('<f4',)", b"'<f4', 'x': 1", b"[]", b"{}"])
def test_a_header_of_no_type_that_numpy_knows_is_an_error(kind: bytes) -> None:
    write_header(b"{'descr': %b, 'fortran_order': False, 'shape': (1, 2), }\n" % kind)
    Path("v.npy.words").write_bytes(b"a\n")
    with pytest.raises(InputError, match=r"^v\.npy: "):
        read("v.npy")


def test_a_size_that_is_no_number_is_an_error() -> None:
    write_header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, True), }\n")
    Path("v.npy.words").write_bytes(b"a\nb\n")
    with pytest.raises(InputError, match=r"^v\.npy: it has the shape \(2, True\); the file is damaged"):
        read("v.npy")
