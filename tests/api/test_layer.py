"""Ids and matrices for an embedding layer are those of the commands, and what the small example shows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import wordvec_cli
from tests.conftest import run_here
from wordvec_cli import Vectors
from wordvec_cli.errors import InputError, OptionError

WORDS = ["cat", "dog", "bird", "fish"]
TEXTS = ["cat dog cat", "", "fish cow"]
VECTORS = Vectors.from_arrays(["dog", "cat", "Fish"], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


@pytest.mark.parametrize(
    "texts", [TEXTS, iter(TEXTS), [text.split() for text in TEXTS]], ids=["texts", "iterator", "tokens"]
)
def test_texts_become_ids_of_rows(texts: Any) -> None:
    assert wordvec_cli.encode(texts, WORDS).tolist() == [[2, 3, 2], [0, 0, 0], [0, 5, 1]]


def test_rows_look_as_they_are_asked_for() -> None:
    def encoded(**options: Any) -> Any:
        return wordvec_cli.encode(TEXTS, WORDS, **options).tolist()

    assert encoded(length=2) == [[3, 2], [0, 0], [5, 1]]
    assert encoded(length=2, truncating="post", padding="post") == [[2, 3], [0, 0], [5, 1]]
    assert encoded(length=4, padding="post", value=9) == [[2, 3, 2, 9], [9, 9, 9, 9], [5, 1, 9, 9]]
    assert encoded(missing="skip") == [[2, 3, 2], [0, 0, 0], [0, 0, 5]]
    assert encoded(specials=["pad", "bos", "unk"]) == [[3, 4, 3], [0, 0, 0], [0, 6, 2]]
    assert encoded(specials="none", value=99) == [[0, 1, 0], [99, 99, 99], [99, 99, 3]]
    assert wordvec_cli.encode(TEXTS, WORDS, dtype="int64").dtype == np.int64
    lines = wordvec_cli.encode(TEXTS, WORDS, length=None)
    assert [line.tolist() for line in lines] == [[2, 3, 2], [], [5, 1]]


def test_rows_of_a_table_have_the_ids_of_its_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\nx1,cat dog\n"x\n2",\n,fish\nshort\n')
    (tmp_path / "b.csv").write_text("text;id\ndog cat;17\n")
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    ids = wordvec_cli.row_ids(paths, "id")
    assert ids == ["x1", "x 2", "", "short", "17"]
    assert wordvec_cli.row_ids(tmp_path, "id", include="b*") == ["17"]
    rows = wordvec_cli.encode(paths, WORDS, text_column="text")
    assert rows.tolist() == [[2, 3], [0, 0], [0, 5], [0, 0], [3, 2]]
    with pytest.raises(InputError, match="has no column 'name'; its columns are: 'id', 'text'"):
        wordvec_cli.row_ids(paths, "name")
    with pytest.raises(InputError, match="is not read as a table"):
        wordvec_cli.row_ids(TEXTS, "id")
    with pytest.raises(OptionError, match="id_column 3: must be a text"):
        wordvec_cli.row_ids(paths, 3)  # type: ignore[arg-type]


def test_weighted_texts_are_a_sparse_matrix() -> None:
    counts = wordvec_cli.encode(TEXTS, WORDS, weighting="count")
    assert scipy.sparse.issparse(counts)
    assert counts.toarray().tolist() == [[0, 0, 2, 1, 0, 0], [0] * 6, [0, 1, 0, 0, 0, 1]]


def test_every_kind_of_vocabulary_is_taken_with_its_tokenizer(tmp_path: Path, vector_file: Path) -> None:
    vocab = wordvec_cli.build_vocab(["The Cat, the dog", "the cat"], min_count=1, tokenizer="words", lowercase=True)
    vocab.save(tmp_path / "vocab.tsv")
    expected = [[2, 3, 4]]  # `the` and `cat` come first, then `,` by its bytes
    for vocabulary in (vocab, tmp_path / "vocab.tsv", str(tmp_path / "vocab.tsv")):
        assert wordvec_cli.encode(["THE cat,"], vocabulary).tolist() == expected
    with pytest.raises(InputError, match="tokenizer"):
        wordvec_cli.encode(["THE cat,"], vocab, tokenizer="whitespace")
    vectors = wordvec_cli.load(vector_file)
    assert wordvec_cli.encode(["red the"], vectors).tolist() == [[vectors.get_index(w) + 2 for w in ("red", "the")]]


def test_the_matrix_has_the_vector_of_each_id() -> None:
    built = wordvec_cli.embedding_matrix(WORDS, VECTORS, missing="zeros", match=["capitalise"])
    assert built.matrix.tolist() == [[0, 0], [0, 0], [3, 4], [1, 2], [0, 0], [5, 6]]
    assert built.special == ["pad", "unk"]
    assert built.matched == ["exact", "exact", "missing", "capitalise"]
    ids = wordvec_cli.encode(TEXTS, WORDS)
    assert built.matrix[ids][0].tolist() == [[3, 4], [1, 2], [3, 4]]
    assert wordvec_cli.embedding_matrix(WORDS, VECTORS, missing="zeros", match="capitalise").matched == built.matched


def test_a_matrix_without_vectors_is_random_and_repeatable() -> None:
    first, again, other = (wordvec_cli.embedding_matrix(WORDS, vector_size=7, seed=seed).matrix for seed in (1, 1, 2))
    assert first.shape == (6, 7)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert not first[0].any()


def test_words_of_parts_are_matched(subwords: Any) -> None:
    built = wordvec_cli.embedding_matrix(["police", subwords.others[0]], subwords.ours, match=["subword"])
    assert built.matched == ["exact", "subword"]
    np.testing.assert_array_equal(built.matrix[3], subwords.ours[subwords.others[0]])


def test_arrays_are_those_of_the_commands(corpus_file: Path, vector_file: Path, tmp_path: Path) -> None:
    vocab = wordvec_cli.build_vocab(corpus_file, max_vocab=10)
    vocab.save(tmp_path / "vocab.tsv")
    options = ["--length", "5", "--padding", "post", "--dtype", "int16", "--vocab", tmp_path / "vocab.tsv"]
    assert run_here("encode", corpus_file, "-o", tmp_path / "ids.npy", *options).returncode == 0
    mine = wordvec_cli.encode(corpus_file, vocab, length=5, padding="post", dtype="int16")
    np.testing.assert_array_equal(mine, np.load(tmp_path / "ids.npy"))
    assert mine.dtype == np.int16
    options = ["--vocab", tmp_path / "vocab.tsv", "--vectors", vector_file, "-o", tmp_path / "m.npy"]
    assert run_here("matrix", *options).returncode == 0
    np.testing.assert_array_equal(wordvec_cli.embedding_matrix(vocab, vector_file).matrix, np.load(tmp_path / "m.npy"))


def test_wrong_options_are_errors() -> None:
    with pytest.raises(TypeError, match="tokenizer"):
        wordvec_cli.encode(TEXTS, WORDS, tokeniser="words")  # type: ignore[call-arg]
    with pytest.raises(OptionError, match="padding"):
        wordvec_cli.encode(TEXTS, WORDS, padding="left")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="vector"):
        wordvec_cli.embedding_matrix(["no", "such"], VECTORS)
