"""The layer from Python: one call each, the numbers and files of the commands, and nothing of the command line."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_encode import done
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.layer.decode import DecodeOrder, decode_file
from wordvec_cli.layer.embed import EmbedOrder, embed_file
from wordvec_cli.layer.encode import EncodeOrder, encode_corpus, encode_files, encode_terms
from wordvec_cli.layer.matching import Matching
from wordvec_cli.layer.matrix import MatrixOrder, make_matrix
from wordvec_cli.layer.matrix_rows import Filling, matrix_of_vectors, random_matrix
from wordvec_cli.layer.row_options import RowOptions
from wordvec_cli.layer.row_rule import Specials
from wordvec_cli.layer.rows import Rows
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vectors.embeddings import from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

ROWS = Rows.of(Vocabulary.from_words([b"cat", b"dog", b"bird"], [4, 3, 2]))


@pytest.fixture(autouse=True)
def in_folder_with_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text("cat dog cat\n\nfish bird\n")
    Path("vocab.tsv").write_text("cat\t4\ndog\t3\nbird\t2\n")


@pytest.fixture
def corpus(in_folder_with_corpus: None) -> Corpus:
    return Corpus.open(["corpus.txt"], Tokenizer(), Path.cwd())


# ---------------------------------------------------------------- values


def test_a_corpus_becomes_arrays(corpus: Corpus) -> None:
    notes: list[str] = []
    encoded = encode_corpus(corpus, ROWS, RowOptions(length="2", padding="post"), note=notes.append)
    assert encoded.array().tolist() == [[3, 2], [0, 0], [1, 4]]
    assert encoded.array().dtype == np.int32
    assert encoded.mask_array().tolist() == [[True, True], [False, False], [True, True]]
    assert encoded.length_array().tolist() == [2, 0, 2]
    assert notes == [
        "1 of 5 tokens is not in the vocabulary and gets row 1 (unknown)",
        "length 2, padding post with 0, truncating pre; 1 of 3 lines are longer and are cut",
    ]


def test_lines_without_a_length_keep_theirs(corpus: Corpus) -> None:
    encoded = encode_corpus(corpus, ROWS)
    assert list(encoded.lines()) == [[2, 3, 2], [], [1, 4]]
    assert encoded.array().tolist() == [2, 3, 2, 1, 4]
    assert encoded.length_array().tolist() == [3, 0, 2]
    skipped = encode_corpus(corpus, ROWS.with_specials(Specials(())), RowOptions(dtype="int8"))
    assert list(skipped.lines()) == [[0, 1, 0], [], [2]]
    assert skipped.array().dtype == np.int8


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [
        ("count", [[0, 0, 2, 1, 0], [0] * 5, [0, 1, 0, 0, 1]]),
        ("binary", [[0, 0, 1, 1, 0], [0] * 5, [0, 1, 0, 0, 1]]),
    ],
)
def test_lines_become_a_sparse_matrix(corpus: Corpus, weighting: str, expected: list[list[int]]) -> None:
    terms = encode_terms(corpus, ROWS, RowOptions(weighting=weighting))
    assert terms.to_scipy().toarray().tolist() == expected


def test_vectors_become_a_matrix() -> None:
    words = Vocabulary.from_words([b"dog", b"CAT"], None)
    vectors = from_matrix(words, np.float32([[4, 12], [4, 5]]), {})
    built = matrix_of_vectors(ROWS, vectors, filling=Filling("zeros"))
    assert built.matrix.tolist() == [[0, 0], [0, 0], [0, 0], [4, 12], [0, 0]]
    assert built.kinds == ["missing", "exact", "missing"]
    built = matrix_of_vectors(ROWS, vectors, Matching(("uppercase",)), Filling("mean"))
    assert built.matrix.tolist() == [[0, 0], [4, 8.5], [4, 5], [4, 12], [4, 8.5]]
    assert random_matrix(ROWS, 7, Filling("uniform")).matrix.shape == (5, 7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": "0"}, "--length 0: must be"),
        ({"padding": "left"}, "--padding left: is not one of pre, post"),
        ({"truncating": "left"}, "--truncating left: is not one of pre, post"),
        ({"dtype": "float32"}, "--dtype float32: is not one of int32"),
        ({"unknown": "gap"}, "--missing gap: is not one of keep, skip"),
        ({"weighting": "bm25"}, "--as bm25: is not one of one-hot"),
    ],
)
def test_an_option_with_a_value_that_it_cannot_have_is_an_error(options: dict[str, str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        RowOptions(**options)


# ---------------------------------------------------------------- files


def test_each_call_writes_the_files_of_its_command() -> None:
    Path("vectors.txt").write_text("cat 4 5\ndog 4 12\n")
    done("encode", "corpus.txt", "--vocab", "vocab.tsv", "-o", "1.npy", "--length", "2", "--mask", "1m.npy")
    done("matrix", "--vocab", "vocab.tsv", "--vector-size", "3", "--seed", "5", "-o", "1e.safetensors")
    done("embed", "--matrix", "1e.safetensors", "--sequences", "1.npy", "--pool", "max", "-o", "1y.npy")
    decoded = done("decode", "1.npy", "--vocab", "vocab.tsv").stdout
    encode_files(EncodeOrder(("corpus.txt",), "vocab.tsv", "2.npy", options=RowOptions(length="2"), mask="2m.npy"))
    make_matrix(MatrixOrder("vocab.tsv", "2e.safetensors", dim=3, seed=5))
    embed_file(EmbedOrder("2e.safetensors", "2.npy", "2y.npy", pool="max"))
    for name in (".npy", "m.npy", "e.safetensors", "y.npy", ".npy.json", "y.npy.json"):
        assert Path(f"1{name}").read_bytes() == Path(f"2{name}").read_bytes()
    (lines,) = decode_file(DecodeOrder("2.npy", "vocab.tsv"))
    assert b"".join(b" ".join(line) + b"\n" for line in lines) == decoded == b"dog cat\n\n<unk> bird\n"


def test_a_line_that_cannot_be_decoded_is_an_error_in_its_place() -> None:
    Path("lines.txt").write_text("2 3\nx\n4\n")
    (lines,) = decode_file(DecodeOrder("lines.txt", "vocab.tsv"))
    assert (lines[0], lines[2]) == ([b"cat", b"dog"], [b"bird"])
    assert isinstance(lines[1], InputError)
    assert str(lines[1]).startswith("lines.txt: line 2: 'x'")


def test_the_library_needs_neither_click_nor_tqdm() -> None:
    modules = ", ".join(f"wordvec_cli.layer.{name}" for name in ("encode", "decode", "matrix", "embed"))
    code = f"import sys, {modules}; print(sorted({{'click', 'tqdm', 'numba', 'gensim'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
