"""`wordvec matrix`: the rows of an embedding layer, against a dict and numpy."""

import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import reference_sequences as reference
from tests.cli.test_encode import done, refused
from tests.conftest import run_here
from wordvec_cli.layer import matrix_rows as matrix_rows_module
from wordvec_cli.layer.matching import MATCHES
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

FASTTEXT = Path(__file__).parent.parent / "data" / "fasttext"
UNKNOWN_TO_FASTTEXT = ["lighthouses", "京都", "naïveté"]
VECTORS = {"a": [1, 2, 3], "B": [4, 5, 6.5], "c": [-1, 0.25, 9]}


@pytest.fixture(autouse=True)
def in_folder_with_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_vocabulary({"a": 9, "b": 5, "c": 2, "rare": 1})
    write_vectors(VECTORS)


def write_vocabulary(counts: dict[str, int]) -> None:
    Path("vocab.tsv").write_text("".join(f"{word}\t{count}\n" for word, count in counts.items()))


def write_vectors(vectors: dict[str, list[float]]) -> None:
    lines = [f"{word} {' '.join(map(str, row))}\n" for word, row in vectors.items()]
    header = f"{len(vectors)} {len(next(iter(vectors.values())))}\n"
    Path("vectors.txt").write_text("".join([header, *lines]))


def make(*options: str, output: str = "m.npy", vectors: str | None = "vectors.txt") -> str:
    """Run `matrix`; what it tells."""
    named = ["--vectors", vectors] if vectors else []
    return done("matrix", "--vocab", "vocab.tsv", "-o", output, *named, *options).stderr.decode()


def made(*options: str, vectors: str | None = "vectors.txt") -> np.ndarray:
    make(*options, vectors=vectors)
    return np.load("m.npy")


def refused_matrix(*options: str, output: str = "m.npy", vectors: str | None = "vectors.txt", status: int = 1) -> str:
    named = ["--vectors", vectors] if vectors else []
    return refused("matrix", "--vocab", "vocab.tsv", "-o", output, *named, *options, status=status)


# ---------------------------------------------------------------- rows


def test_rows_are_those_of_the_special_rows_and_the_words() -> None:
    matrix = made()
    assert (matrix.shape, matrix.dtype) == ((6, 3), np.float32)
    assert matrix[[0, 2, 4]].tolist() == [[0, 0, 0], VECTORS["a"], VECTORS["c"]]
    assert np.isfinite(matrix).all()
    assert matrix[[1, 3, 5]].all(axis=1).all()


@pytest.mark.parametrize(
    ("specials", "found", "zeros"),
    [("none", [0, 2], []), ("pad", [1, 3], [0]), ("unk,pad", [2, 4], [1]), ("x,y,z", [3, 5], []), ("unk", [1, 3], [])],
)
def test_special_rows_come_first(specials: str, found: list[int], zeros: list[int]) -> None:
    matrix = made("--specials", specials)
    n_specials = 0 if specials == "none" else specials.count(",") + 1
    assert matrix.shape == (n_specials + 4, 3)
    assert matrix[found].tolist() == [VECTORS["a"], VECTORS["c"]]
    assert np.flatnonzero(~matrix.any(axis=1)).tolist() == zeros
    assert json.loads(Path("m.npy.json").read_bytes())["specials"] == ([] if n_specials == 0 else specials.split(","))


@pytest.mark.parametrize("name", ["<unk>", "<UNK>", "[UNK]"])
def test_unknown_words_have_the_files_own_vector(name: str) -> None:
    write_vectors(VECTORS | {name: [7, 8, 9]})
    assert made()[1].tolist() == [7, 8, 9]
    assert made("--specials", "pad,x,unk")[2].tolist() == [7, 8, 9]
    assert made("--missing", "zeros")[1].tolist() == [7, 8, 9]


def test_the_unknown_vector_of_a_native_file_is_that_of_unknown_words() -> None:
    words = Vocabulary.from_words([b"a", b"<unk>"], None)
    save("v.safetensors", words, np.ones((2, 2), np.float32), {}, {"unknown": np.full((1, 2), 5, np.float32)})
    assert made(vectors="v.safetensors")[1:3].tolist() == [[5, 5], [1, 1]]


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_an_unknown_vector_that_is_none_is_missing(number: str) -> None:
    write_vectors(VECTORS | {"<unk>": [7, float(number), 9]})
    assert made("--missing", "zeros")[1].tolist() == [0, 0, 0]
    words = Vocabulary.from_words([b"a"], None)
    unknown = np.array([[1, float(number)]], np.float32)
    save("v.safetensors", words, np.ones((1, 2), np.float32), {}, {"unknown": unknown})
    assert made("--missing", "zeros", vectors="v.safetensors")[1].tolist() == [0, 0]


# ---------------------------------------------------------------- what is missing


def test_missing_words_have_the_mean_and_deviation_of_each_column() -> None:
    rng = np.random.default_rng(3)
    known = rng.normal([0, 5, -100], [1, 0.01, 30], (500, 3)).astype(np.float32)
    write_vocabulary({f"w{i}": 1 for i in range(500)} | {f"missing{i}": 1 for i in range(20_000)})
    write_vectors({f"w{i}": row.tolist() for i, row in enumerate(known)})
    matrix = made()
    filled = matrix[502:].astype(np.float64)
    deviation = known.std(axis=0)
    assert np.abs((filled.mean(axis=0) - known.mean(axis=0)) / deviation).max() < 5 / np.sqrt(20_000)
    assert np.abs(filled.std(axis=0) / deviation - 1).max() < 5 / np.sqrt(2 * 20_000)
    assert np.abs((matrix[1] - known.mean(axis=0)) / deviation).max() < 5
    assert np.array_equal(matrix[2:502], known)
    assert len(np.unique(filled, axis=0)) == 20_000
    assert np.array_equal(made(), matrix)
    assert np.array_equal(made("--seed", "1"), matrix)
    assert np.array_equal(made("--missing", "normal"), matrix)
    assert (made("--seed", "2")[502:] != matrix[502:]).all(axis=1).all()
    assert np.array_equal(made("--missing", "mean")[502], known.mean(axis=0, dtype=np.float64).astype(np.float32))
    uniform = made("--missing", "uniform")[502:]
    assert (np.abs(uniform) <= 0.05).all()
    assert np.abs(uniform.mean(axis=0)).max() < 5 * 0.05 / np.sqrt(3 * 20_000)
    assert np.abs(uniform.std(axis=0) / (0.05 / np.sqrt(3)) - 1).max() < 0.05
    assert not made("--missing", "zeros")[[0, 1, *range(502, 20_502)]].any()


@pytest.mark.parametrize("missing", ["normal", "uniform", "mean", "zeros"])
def test_blocks_do_not_change_the_numbers(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = made("--missing", missing)
    monkeypatch.setattr(matrix_rows_module, "ROWS_AT_ONCE", 1)
    assert np.array_equal(made("--missing", missing), whole)


def test_the_mean_is_that_of_the_vectors_found() -> None:
    matrix = made("--missing", "mean")
    expected = np.mean([VECTORS["a"], VECTORS["c"]], axis=0).tolist()
    assert matrix[[1, 3, 5]].tolist() == [expected] * 3


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_what_is_no_vector_is_missing(number: str) -> None:
    words = Vocabulary.from_words([b"a", b"b", b"c", b"rare"], None)
    matrix = np.array([[1, 2], [3, float(number)], [5, 6], [7, 8]], np.float32)
    save("v.safetensors", words, matrix, {})
    told = make("--missing", "mean", vectors="v.safetensors")
    mean = np.mean([[1, 2], [5, 6], [7, 8]], axis=0).astype(np.float32).tolist()
    assert np.load("m.npy")[2:].tolist() == [[1, 2], mean, [5, 6], [7, 8]]
    assert "missing: 1 word (25.0%), 5 tokens (29.4%)" in told


def test_without_vectors_all_words_are_random() -> None:
    told = make("--vector-size", "50", vectors=None)
    matrix = np.load("m.npy")
    assert (matrix.shape, matrix.dtype) == ((6, 50), np.float32)
    assert not matrix[0].any()
    assert (np.abs(matrix[1:]) <= 0.05).all()
    assert (matrix[1:] != 0).all()
    assert "6 rows of 50 numbers" in told
    assert np.array_equal(made("--vector-size", "50", vectors=None), matrix)
    assert not np.array_equal(made("--vector-size", "50", "--seed", "9", vectors=None), matrix)
    assert made(vectors=None).shape == (6, 100)
    assert not made("--missing", "zeros", vectors=None).any()
    assert made("--specials", "none", vectors=None).all()
    assert made("--specials", "none", vectors=None).shape == (4, 100)


@pytest.mark.parametrize("missing", ["normal", "mean"])
def test_without_vectors_there_is_nothing_to_go_by(missing: str) -> None:
    assert refused_matrix("--missing", missing, vectors=None, status=2).startswith(
        f"--missing {missing}: needs --vectors"
    )


# ---------------------------------------------------------------- matching

known = st.sampled_from(
    ["cafe\u0301", "café", "Cafe\u0301", "CAFÉ", "a1", "a#", "A1", "A#", "ﬁn", "fin", "FIN", "Fin", "x", "X", "İ"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(known, min_size=1, unique=True),
    st.lists(known, min_size=1, unique=True),
    st.lists(st.sampled_from([way for way in MATCHES if way != "subword"]), max_size=3, unique=True),
    st.booleans(),
)
def test_words_are_matched_as_by_a_dict(words: list[str], others: list[str], ways: list[str], is_native: bool) -> None:
    vectors = {word: [float(i + 1), -1.0] for i, word in enumerate([*others, "always"])}
    write_vocabulary(dict.fromkeys([*words, "always"], 1))
    write_vectors(vectors)
    if is_native:
        names = [word.encode() for word in vectors]
        save("v.safetensors", Vocabulary.from_words(names, None), np.array(list(vectors.values()), np.float32), {})
    options = ["--match", ",".join(ways)] if ways else []
    make("--missing", "zeros", "--report", "r.tsv", *options, vectors="v.safetensors" if is_native else "vectors.txt")
    expected = [reference.matched(word, vectors, ways) for word in [*words, "always"]]
    assert np.load("m.npy")[2:].tolist() == [vectors[form] if form else [0.0, 0.0] for _, form in expected]
    report = [line.split("\t") for line in Path("r.tsv").read_text().splitlines()]
    assert report == [[word, "1", way] for word, (way, _) in zip([*words, "always"], expected, strict=True)]


def test_ways_are_tried_in_their_order_and_on_what_the_ways_before_made() -> None:
    write_vocabulary({"Ab1": 4, "e\u0301A": 3, "x": 2, "Z": 1})
    write_vectors({"ab#": [1], "AB1": [2], unicodedata.normalize("NFC", "e\u0301a"): [3], "X": [4], "Z": [5], "z": [6]})
    assert made("--match", "lowercase,digits", "--missing", "zeros")[2:].tolist() == [[1], [0], [0], [5]]
    assert made("--match", "uppercase,lowercase,digits", "--missing", "zeros")[2:].tolist() == [[2], [0], [4], [5]]
    assert made("--match", "normalise,lowercase", "--missing", "zeros")[3].tolist() == [3]


@pytest.mark.parametrize("model", ["skipgram.bin", "quantised.ftz", "pruned.ftz"])
def test_subwords_make_vectors_for_missing_words_as_fasttext_does(model: str) -> None:
    expected = json.loads((FASTTEXT / "expected.json").read_text())[model]
    rows = [[float(number) for number in expected[word].split()] for word in ["the", *UNKNOWN_TO_FASTTEXT]]
    write_vocabulary(dict.fromkeys(["THE", *UNKNOWN_TO_FASTTEXT], 1))
    told = make("--match", "lowercase,subword", "--report", "r.tsv", vectors=str(FASTTEXT / model))
    np.testing.assert_allclose(np.load("m.npy")[2:], rows, atol=1e-6)
    assert {"lowercase: 1 word (25.0%), 1 token (25.0%)", "subword: 3 words (75.0%), 3 tokens (75.0%)"} <= set(
        told.splitlines()
    )
    write_vocabulary(dict.fromkeys(UNKNOWN_TO_FASTTEXT, 1))
    make("--match", "subword", vectors=str(FASTTEXT / model))
    np.testing.assert_allclose(np.load("m.npy")[2:], rows[1:], atol=1e-6)


def test_a_file_without_subwords_makes_none() -> None:
    told = make("--match", "lowercase,subword")
    assert "subword: " not in told.replace("--match subword: ", "")
    assert "--match subword: vectors.txt has no vectors of parts of words" in told
    assert "missing: 2 words" in told


@pytest.mark.parametrize("match", ["lower", "lowercase,", "lowercase,,digits", "exact"])
def test_a_way_that_there_is_not_is_a_usage_error(match: str) -> None:
    assert "is not one of normalise, lowercase, capitalise" in refused_matrix("--match", match, status=2)


# ---------------------------------------------------------------- what is told


def test_coverage_is_told_by_words_and_tokens_with_the_most_frequent_missing_words() -> None:
    told = make("--match", "capitalise", "--report", "r.tsv").splitlines()
    write_vocabulary({"a": 9, "b": 5, "c": 2, "rare": 1})
    for line in (
        "exact: 2 words (50.0%), 11 tokens (64.7%)",
        "capitalise: 1 word (25.0%), 5 tokens (29.4%)",
        "missing: 1 word (25.0%), 1 token (5.9%)",
        "most frequent of the missing: rare",
    ):
        assert line in told
    assert Path("r.tsv").read_bytes() == b"a\t9\texact\nb\t5\tcapitalise\nc\t2\texact\nrare\t1\tmissing\n"
    write_vocabulary({"a": 9} | {f"m{i}": 100 - i for i in range(50)})
    missing = " ".join(f"m{i}" for i in range(20))
    assert f"most frequent of the missing: {missing}" in make().splitlines()
    write_vocabulary({"a": 9} | {f"m{i}": i for i in range(50)})
    missing = " ".join(f"m{i}" for i in reversed(range(30, 50)))
    assert f"most frequent of the missing: {missing}" in make().splitlines()


def test_of_words_without_counts_only_the_words_are_counted() -> None:
    Path("vocab.tsv").write_text("a\nzz\nyy\n")
    told = make("--report", "r.tsv").splitlines()
    assert {"exact: 1 word (33.3%)", "missing: 2 words (66.7%)", "most frequent of the missing: zz yy"} <= set(told)
    assert Path("r.tsv").read_bytes() == b"a\t\texact\nzz\t\tmissing\nyy\t\tmissing\n"


def test_words_that_no_corpus_has_are_counted_as_no_tokens() -> None:
    write_vocabulary({"a": 9, "b": 0})
    told = make().splitlines()
    assert "missing: 1 word (50.0%), 0 tokens (0.0%)" in told
    write_vocabulary({"a": 0, "b": 0})
    assert any(line.startswith("missing: 1 word (50.0%)") for line in make().splitlines())


# ---------------------------------------------------------------- files


def test_safetensors_has_the_same_numbers_as_weight_and_the_rule() -> None:
    expected = made("--specials", "unk,pad")
    make("--specials", "unk,pad", output="m.safetensors")
    assert list(safetensors.numpy.load_file("m.safetensors")) == ["weight"]
    assert np.array_equal(safetensors.numpy.load_file("m.safetensors")["weight"], expected)
    with safetensors.safe_open("m.safetensors", "numpy") as file:
        metadata = file.metadata()
    said = json.loads(Path("m.npy.json").read_bytes())
    assert json.loads(metadata["specials"]) == said["specials"] == ["unk", "pad"]
    assert json.loads(metadata["vocabulary"]) == said["vocabulary"]
    assert not Path("m.safetensors.json").exists()


@pytest.mark.parametrize(("to", "kind"), [("npy", "npy"), ("keras", "npy"), ("torch", "st"), ("safetensors", "st")])
def test_the_framework_tells_the_layout_whatever_the_name(to: str, kind: str) -> None:
    expected = made()
    make("--to", to, output="m")
    matrix = np.load("m") if kind == "npy" else safetensors.numpy.load_file("m")["weight"]
    assert np.array_equal(matrix, expected)
    standard_output = done("matrix", "--vocab", "vocab.tsv", "--vectors", "vectors.txt", "--to", to, "-o", "-").stdout
    assert standard_output == Path("m").read_bytes()


def test_vectors_of_any_format(tmp_path: Path) -> None:
    expected = made("--missing", "zeros")
    matrix = np.array(list(VECTORS.values()), np.float32)
    save("v.safetensors", Vocabulary.from_words([word.encode() for word in VECTORS], None), matrix, {})
    Path("w2v.txt").write_bytes(b"3 3\n" + Path("vectors.txt").read_bytes())
    rows = [b"%b %b\n" % (word.encode(), np.array(row, "<f4").tobytes()) for word, row in VECTORS.items()]
    Path("v.bin").write_bytes(b"3 3\n" + b"".join(rows))
    for vectors in ("v.safetensors", "w2v.txt", "v.bin"):
        assert np.array_equal(made("--missing", "zeros", vectors=vectors), expected)


def test_broken_utf8_is_a_word_too() -> None:
    Path("vocab.tsv").write_bytes(b"caf\xe9\t2\n\x00\t1\n")
    Path("vectors.txt").write_bytes(b"CAF\xe9 1 2\n\x00 3 4\n")
    told = make("--match", "uppercase", "--report", "r.tsv")
    assert np.load("m.npy")[2:].tolist() == [[1, 2], [3, 4]]
    assert Path("r.tsv").read_bytes() == b"caf\xe9\t2\tuppercase\n\x00\t1\texact\n"
    assert "exact: 1 word" in told


# ---------------------------------------------------------------- with sequences


def test_sequences_are_checked_and_their_length_told() -> None:
    Path("corpus.txt").write_text("a b c\nzz\n")
    done("encode", "corpus.txt", "--vocab", "vocab.tsv", "-o", "s.npy")
    told = make("--sequences", "s.npy").splitlines()
    assert "input_dim (num_embeddings) 6, output_dim (embedding_dim) 3, input_length 3" in told
    message = refused_matrix("--sequences", "s.npy", "--specials", "unk,pad", output="n.npy")
    assert "has the special rows" in message
    message = refused_matrix("--sequences", "s.npy", "--specials", "none", output="n.npy")
    assert "has the special rows pad,unk and vocab.tsv none" in message
    write_vocabulary({"a": 9})
    message = refused_matrix("--sequences", "s.npy", output="n.npy")
    assert "was made with another vocabulary than vocab.tsv (4 and 1 words)" in message
    Path("s.npy.json").unlink()
    message = refused_matrix("--sequences", "s.npy", output="n.npy")
    assert message.startswith("s.npy: line 1, position 2: 3 is not one of the 3 rows of vocab.tsv")


# ---------------------------------------------------------------- bad luck


def test_no_word_found_is_an_error() -> None:
    write_vocabulary({"x": 1, "y": 1})
    assert refused_matrix().startswith("vectors.txt: holds no vectors of these words")
    words = Vocabulary.from_words([b"x"], None)
    save("v.safetensors", words, np.full((1, 2), np.nan, np.float32), {})
    assert "none of the vocabulary's words has a vector" in refused_matrix(vectors="v.safetensors")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--vector-size", "3"], "--vector-size: is that of --vectors"),
        (["--missing", "random"], "--missing"),
        (["--to", "onnx"], "--to"),
        (["--seed", "-1"], "--seed"),
        (["--specials", "pad,pad"], "--specials pad,pad: must be none, or different names"),
    ],
)
def test_a_wrong_option_is_a_usage_error(options: list[str], message: str) -> None:
    assert message in refused_matrix(*options, status=2)


@pytest.mark.parametrize("options", [["--match", "lowercase"], ["--report", "r"], ["--strict"], ["--from", "glove"]])
def test_options_of_vectors_need_vectors(options: list[str]) -> None:
    assert refused_matrix(*options, vectors=None, status=2).startswith("--vectors: is not given")


def test_an_output_is_no_input_and_no_other_output() -> None:
    for output in ("vocab.tsv", "vectors.txt", "./vectors.txt"):
        assert "is read by this command" in refused_matrix("--to", "npy", output=output)
        assert "is read by this command" in refused_matrix("--report", output)
    assert "is named for two outputs" in refused_matrix("--report", "./m.npy", status=2)
    assert "its name does not say the format" in refused_matrix(output="m.bin", status=2)
    assert "the format cannot be guessed for standard output" in refused_matrix(output="-", status=2)
    assert "the folder" in refused_matrix(output="absent/m.npy")


def test_the_sidecar_is_an_output_too() -> None:
    assert "m.npy.json" in refused_matrix("--report", "m.npy.json", status=2)
    os.rename("vectors.txt", "m.npy.json")
    content = Path("m.npy.json").read_bytes()
    assert "m.npy.json" in refused_matrix(vectors="m.npy.json")
    assert Path("m.npy.json").read_bytes() == content


@pytest.mark.parametrize("output", ["m.npy", "m.safetensors"])
def test_a_full_disk_is_one_line_and_the_old_output_stays(output: str, request: pytest.FixtureRequest) -> None:
    write_vocabulary({f"w{i}": 1 for i in range(2000)})
    Path(output).write_bytes(b"old")
    request.getfixturevalue("file_size_limit")
    assert refused_matrix(vectors=None, output=output) == f"{output}: file too large"
    assert Path(output).read_bytes() == b"old"


def test_files_that_cannot_be_read_are_one_line() -> None:
    assert "absent" in refused_matrix(vectors="absent")
    Path("vectors.txt").write_bytes(b"")
    assert refused_matrix().startswith("vectors.txt: ")
    Path("vocab.tsv").write_bytes(b"")
    assert refused_matrix().startswith("vocab.tsv: the vocabulary is empty")


def test_vectors_from_standard_input() -> None:
    expected = made()
    content = Path("vectors.txt").read_bytes()
    result = run_here("matrix", "--vocab", "vocab.tsv", "--vectors", "-", "-o", "n.npy", stdin=content)
    assert result.returncode == 0, result.stderr
    assert np.array_equal(np.load("n.npy"), expected)


def test_vectors_of_none_of_the_words_are_an_error() -> None:
    Path("vocab.tsv").write_text("zz\t2\nyy\t1\n")
    Path("vectors.txt").write_text("a 1 2\nb 3 4\n")
    assert run_here("export", "vectors.txt", "native.safetensors").returncode == 0
    for vectors in ("vectors.txt", "native.safetensors"):
        for missing in ("normal", "zeros"):
            options = ["--vectors", vectors, "--missing", missing, "-o", "none.npy"]
            result = run_here("matrix", "--vocab", "vocab.tsv", *options)
            assert result.returncode == 1
            assert b"of the same language and case?" in result.stderr
    assert not Path("none.npy").exists()
