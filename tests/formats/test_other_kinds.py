"""Files that are nearly vectors: what they look like is named, and they are read only where --from asks.

Most are made by the programs that make such files, or come with gensim (gensim/test/test_data).
"""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import gensim
import numpy as np
import pytest
import scipy.io

from tests.conftest import run_here
from wordvec_cli import formats
from wordvec_cli.errors import InputError
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.storage.file_kinds import text_kind
from wordvec_cli.vectors.embeddings import from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

GENSIM = Path(gensim.__file__).parent / "test" / "test_data"
MATRIX = np.float32([[1, 2.5, -3], [0.25, -1, 1e-9], [4, 5, 6]])
WORDS = [b"the", b"cat", b"dog"]
LONG = b"a" * 70_000


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(path: str | Path, told: str | None = None) -> tuple[str, list[bytes], list[list[float]]]:
    found = formats.open_vectors(str(path), ReadOptions(), told)
    return found.metadata["converted_from"], list(found.vocabulary), found.matrix.tolist()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("simlex999.txt", "a table of several columns, such as word pairs"),
        ("wordsim353.tsv", "a table of several columns, such as word pairs"),
        ("head500.noblanks.cor_wordids.txt", "a table of several columns, such as word pairs"),
        ("w2v_keyedvectors_load_test.vocab", "words and their counts"),
        ("testcorpus.mm", "a Matrix Market file"),
        ("test_mmcorpus_no_index.mm.bz2", "a Matrix Market file"),
        ("test_mmcorpus_overflow.mm", "a Matrix Market file"),
        ("testcorpus.uci", "numbers without words"),
        ("similarities0-1.txt", "numbers without words"),
        ("DTM/sstats_test.txt", "numbers without words"),
        ("ldavowpalwabbit.dict.txt", "a table of several columns, such as word pairs"),
    ],
)
def test_files_of_gensim_that_are_no_vectors_are_named(name: str, kind: str) -> None:
    with pytest.raises(InputError, match=f"{name}: (looks like|is) {kind}, not "):
        read(GENSIM / name)


@pytest.mark.parametrize(
    ("name", "n_words", "dim"),
    [
        ("EN.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt", 20, 300),
        ("fb-ngrams.txt", 61, 5),
        ("high_precision.kv.txt", 2, 2),
        ("lee_fasttext.vec", 1762, 10),
        ("pretrained.vec", 1, 5),
        ("test_glove.txt", 76, 50),
        ("word2vec_pre_kv_c", 1750, 10),
    ],
)
def test_vectors_of_gensim_are_still_read(name: str, n_words: int, dim: int) -> None:
    _, words, rows = read(GENSIM / name)
    assert (len(words), len(rows[0])) == (n_words, dim)


def saved_table(path: str) -> None:
    np.savetxt(path, MATRIX)


def projector(path: str) -> None:
    vectors = from_matrix(Vocabulary.from_words(WORDS), MATRIX, {})
    formats.write_vectors(path, vectors, formats.FORMATS["projector"], WriteOptions())


def archive(path: str) -> None:
    Path("v.txt").write_bytes(b"the 0.1 0.2\nof 0.3 0.4\n")
    with tarfile.open(path, "w:gz") as file:
        file.add("v.txt")


def matrix_market(path: str) -> None:
    content = io.BytesIO()
    scipy.io.mmwrite(content, MATRIX)
    Path(path).write_bytes(content.getvalue())


def lines_of(content: bytes) -> Callable[[str], None]:
    return lambda path: Path(path).write_bytes(content) and None


MADE: dict[str, tuple[Callable[[str], None], str]] = {
    "numpy.savetxt": (saved_table, "looks like numbers without words, not word vectors; save them as .npy and name"),
    "v.tensors.tsv": (projector, "looks like numbers without words"),
    "numbers with a header": (lines_of(b"2 3\n0.1 0.2 0.3\n1 2 3\n"), "looks like numbers without words"),
    "v.tar.gz": (archive, "is a tar archive, not a vector file; unpack it with tar -xf"),
    "matrix.mtx": (matrix_market, "looks like a Matrix Market file|is a Matrix Market file"),
    "counts": (lines_of(b"the 120\nof 95\nand 80\n"), "looks like words and their counts, not word vectors; give"),
    "scores": (lines_of(b"the 0.5\nof 0.25\n"), "looks like words with one number each"),
    "pairs": (lines_of(b"old new 1.58\nsmart clever 9.2\n"), "looks like a table of several columns"),
    "columns": (lines_of(b"old\tnew\tA\t1.5\t2.5\nbad\tgood\tA\t1.5\t3.5\n"), "looks like a table of several columns"),
    "UTF-16": (lines_of("the 0.1 0.2\nof 0.3 0.4\n".encode("utf-16")), "is text in UTF-16, .* iconv -f UTF-16"),
    "JSON": (lines_of(b'{"words": ["the"], "vectors": [[0.1, 0.2]]}\n'), "is JSON, not a vector file"),
    "CSV": (lines_of(b"id,text,label\n1,the cat,good\n"), r"is a table with commas \(CSV\), not a vector file; give"),
    "CSV of pairs": (lines_of(b"a,b,score\nold,new,1.58\n"), r"is a table with commas \(CSV\), not a vector file"),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_files_of_other_kinds_are_named_with_what_to_do(name: str) -> None:
    make, message = MADE[name]
    make(name)
    with pytest.raises(InputError, match=f"^{name}: ({message})"):
        read(name)


def test_what_looks_like_another_kind_is_read_where_from_asks_for_it() -> None:
    Path("counts.txt").write_bytes(b"the 120\nof 95\n")
    assert read("counts.txt", "glove") == ("glove", [b"the", b"of"], [[120], [95]])
    result = run_here("lookup", "counts.txt", "of")
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.endswith(b"give it as --vocab, or add --from glove if they are vectors\n")
    assert run_here("lookup", "counts.txt", "of", "--from", "glove").stdout == b"of 95\n"


@pytest.mark.parametrize(
    "content",
    [
        b"a 1 2\nb 3 4\n",  # whole numbers
        b"2 1\nking 1\n2009 2\n",  # one number each, as the header says
        b"3 2\n1 0.5 0.5\n2 1 1\n3 0 1\n",  # numbers are the words
        b"3 2\ndoc 1 0.5 0.6\ndoc 2 0.1 0.2\ndoc 3 0.1 0.9\n",
        b"king\t1\t2\t3\nqueen\t4\t5\t6\n",
        b"tab\there\t1\t2\nqueen\t4\t5\nking\t6\t7\n",
        b"New York 1 2 3\nqueen 4 5 6\n",
        b"{ 0.1 0.2\n[ 0.3 0.4\n, 0.5 0.6\n",
    ],
)  # fmt: skip
def test_vectors_are_not_taken_for_another_kind(content: bytes) -> None:
    assert text_kind(content) is None


@pytest.mark.parametrize("content", [b"", b"\n", b" \t\n\n", b"words\nalone\n", b"\xef\xbb\xbf", b"\x00" * 100])
def test_text_without_numbers_is_no_kind_of_table(content: bytes) -> None:
    assert text_kind(content) is None


NUMBERS = np.float32([[0.25, 0.5], [1, -2]])
LONG_FILES = {
    "glove": LONG + b" 0.25 0.5\nb 1 -2\n",
    "word2vec": b"2 2\n" + LONG + b" 0.25 0.5\nb 1 -2\n",
    "word2vec-binary": b"2 2\n" + b"".join(w + b" " + v.tobytes() for w, v in zip((LONG, b"b"), NUMBERS, strict=True)),
}


@pytest.mark.parametrize("kind", LONG_FILES)
def test_a_first_word_of_any_length_does_not_hide_what_a_file_is(kind: str) -> None:
    Path("v").write_bytes(LONG_FILES[kind])
    assert read("v") == (kind, [LONG, b"b"], NUMBERS.tolist())


@pytest.mark.parametrize("length", range(1, 7))
def test_a_first_row_of_any_length_does_not_hide_what_a_file_is(length: int) -> None:
    """The first bytes that are looked at end with any part of a number, such as its sign."""
    Path("v").write_bytes(b"a" * length + b" " + b"-0.25 " * 20_000 + b"\n")
    assert read("v") == ("glove", [b"a" * length], [[-0.25] * 20_000])
