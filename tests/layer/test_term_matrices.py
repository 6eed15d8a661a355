"""`wordvec encode --as`: sparse matrices, against plain loops over dicts and scikit-learn."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import load_npz
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import OneHotEncoder

from tests import reference_sequences as reference
from tests.cli.test_encode import done, refused
from tests.conftest import run_here
from tests.layer.test_padding import sequences_of
from wordvec_cli.layer import padding as padding_module
from wordvec_cli.layer import term_matrices as term_matrices_module
from wordvec_cli.layer.padding import RowIds
from wordvec_cli.layer.row_rule import RowRule, Specials
from wordvec_cli.layer.term_matrices import WEIGHTINGS, term_matrix, write_term_matrix

WORDS = ["the", "a", "cat", "sat", "mat", "東京", "never"]
DTYPES = {"one-hot": np.int8, "binary": np.int8, "count": np.int32, "tf-idf": np.float64}


@pytest.fixture(autouse=True)
def in_folder_with_vocabulary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("vocab.tsv").write_text("".join(f"{word}\t1\n" for word in WORDS))


def encode(lines: list[str], weighting: str, *options: str) -> object:
    Path("corpus.txt").write_text("".join(f"{line}\n" for line in lines))
    done("encode", "corpus.txt", "--vocab", "vocab.tsv", "--as", weighting, "-o", "m.npz", *options)
    return load_npz("m.npz")


@pytest.fixture(scope="module")
def text() -> list[str]:
    """Lines of Zipfian words, some of them empty, some of words outside the vocabulary."""
    rng = np.random.default_rng(1)
    words = [*WORDS[:-1], "outside", "strange"]
    weights = 1 / np.arange(1, len(words) + 1)
    return [" ".join(rng.choice(words, n, p=weights / weights.sum())) for n in rng.poisson(4, 500)]


# ---------------------------------------------------------------- plain loops


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.integers(-1, 5), max_size=7), min_size=1, max_size=15),
    st.sampled_from(WEIGHTINGS),
    st.sampled_from(["pad,unk", "unk", "none"]),
    st.integers(1, 8),
)
def test_matrices_are_those_of_a_plain_loop(
    lines: list[list[int]], weighting: str, specials: str, n_at_once: int
) -> None:
    rule = RowRule(Specials.parse(specials), 7, "")
    row_ids = RowIds(sequences_of(lines), rule.specials, specials == "none")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(padding_module, "IDS_PER_BLOCK", n_at_once)
        patch.setattr(term_matrices_module, "IDS_PER_BLOCK", n_at_once)
        write_term_matrix("m.npz", term_matrix(row_ids, weighting, rule.n_rows, Path.cwd()), rule)
    tokens = [[b"%d" % id for id in line] for line in lines]
    rows = reference.row_ids(tokens, [b"%d" % id for id in range(7)], rule.specials.names, specials == "none")
    expected = reference.term_matrix(rows, weighting, rule.n_rows).reshape(-1, rule.n_rows)
    matrix = load_npz("m.npz")
    assert (matrix.shape, matrix.dtype, matrix.format) == (expected.shape, DTYPES[weighting], "csr")
    assert matrix.has_canonical_format
    np.testing.assert_allclose(matrix.toarray(), expected, rtol=1e-14)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_many_lines_cross_the_borders_of_blocks(
    weighting: str, text: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = encode(text, weighting)
    monkeypatch.setattr(padding_module, "IDS_PER_BLOCK", 7)
    monkeypatch.setattr(term_matrices_module, "IDS_PER_BLOCK", 5)
    parts = encode(text, weighting)
    assert (whole != parts).nnz == 0
    rows = reference.row_ids([line.encode().split() for line in text], [word.encode() for word in WORDS])
    np.testing.assert_allclose(whole.toarray(), reference.term_matrix(rows, weighting, 9), rtol=1e-14)


# ---------------------------------------------------------------- scikit-learn


def test_tf_idf_is_that_of_scikit_learn(text: list[str]) -> None:
    expected = TfidfVectorizer(analyzer=str.split, vocabulary=WORDS).fit_transform(text)
    matrix = encode(text, "tf-idf", "--missing", "skip")
    assert matrix.shape == (500, 2 + len(WORDS))
    assert matrix[:, :2].nnz == 0
    np.testing.assert_allclose(matrix[:, 2:].toarray(), expected.toarray(), rtol=1e-14)


def test_tf_idf_with_unknown_words_as_a_column_is_that_of_scikit_learn(text: list[str]) -> None:
    def analyse(line: str) -> list[str]:
        return [word if word in WORDS else "<unk>" for word in line.split()]

    expected = TfidfVectorizer(analyzer=analyse, vocabulary=["<unk>", *WORDS]).fit_transform(text)
    matrix = encode(text, "tf-idf", "--specials", "unk")
    np.testing.assert_allclose(matrix.toarray(), expected.toarray(), rtol=1e-14)


@pytest.mark.parametrize("weighting", ["binary", "count"])
def test_counts_are_those_of_scikit_learn(weighting: str, text: list[str]) -> None:
    vectorizer = CountVectorizer(analyzer=str.split, vocabulary=WORDS, binary=weighting == "binary")
    matrix = encode(text, weighting, "--specials", "none", "--missing", "skip")
    assert (matrix != vectorizer.fit_transform(text)).nnz == 0


def test_one_hot_is_that_of_scikit_learn(text: list[str]) -> None:
    tokens = [[token] for line in text for token in line.split()]
    expected = OneHotEncoder(categories=[WORDS], handle_unknown="ignore").fit_transform(tokens)
    matrix = encode(text, "one-hot")
    assert (matrix[:, 2:] != expected).nnz == 0
    assert matrix[:, 1].sum() == sum(token not in WORDS for (token,) in tokens)
    assert matrix.sum(axis=1).tolist() == [[1]] * len(tokens)


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_lines_without_words_are_empty_rows(weighting: str) -> None:
    matrix = encode(["", "x", "", "cat"], weighting, "--missing", "skip")
    assert matrix.shape == (1 if weighting == "one-hot" else 4, 9)
    assert matrix[:-1].nnz == 0


def test_a_line_of_a_million_tokens() -> None:
    matrix = encode(["cat", "the cat " * 500_000 + "sat", "cat"], "count")
    assert matrix.toarray()[:, 2:6].tolist() == [[0, 0, 1, 0], [500_000, 0, 500_000, 1], [0, 0, 1, 0]]
    assert encode(["the " * 1_000_000], "one-hot").shape == (1_000_000, 9)


def test_the_rule_is_recorded() -> None:
    encode(["the cat"], "tf-idf", "--specials", "unk,x")
    said = json.loads(Path("m.npz.json").read_bytes())
    assert (said["specials"], said["term_matrix"]) == (["unk", "x"], {"weighting": "tf-idf"})
    assert said["vocabulary"]["n_words"] == 7


def test_standard_output_has_the_matrix_too() -> None:
    matrix = encode(["the cat", "mat"], "count")
    arguments = ["encode", "-", "--vocab", "vocab.tsv", "--as", "count", "-o", "-"]
    result = run_here(*arguments, stdin=b"the cat\nmat\n")
    assert result.returncode == 0
    Path("stdout.npz").write_bytes(result.stdout)
    assert (load_npz("stdout.npz") != matrix).nnz == 0


def test_a_full_disk_is_one_line_and_leaves_no_file(request: pytest.FixtureRequest) -> None:
    Path("corpus.txt").write_bytes(b"the cat the cat\n" * 30_000)  # 480 kB of ids, which do not fit
    request.getfixturevalue("file_size_limit")
    arguments = ["encode", "corpus.txt", "--vocab", "vocab.tsv", "--as", "count", "-o", "m.npz"]
    assert "(temporary files): file too large" in refused(*arguments)
