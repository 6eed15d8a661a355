"""fastText's models, against fastText itself, gensim and a plain oracle; and files that are damaged."""

import json
import os
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gensim.models.fasttext import ft_ngram_hashes, load_facebook_vectors
from gensim.test.utils import datapath
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.conftest import Run
from tests.reference_fasttext import Model, Quantised, matrix_file, ngram_hashes
from wordvec_cli import formats
from wordvec_cli.errors import InputError
from wordvec_cli.formats import fasttext
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.vectors.embeddings import Embeddings

MODELS = Path(__file__).parent.parent / "data" / "fasttext"
EXPECTED = json.loads((MODELS / "expected.json").read_text())
WITHOUT_NGRAMS = ["words.bin"]
OLDEST = ["lee_fasttext", "non_ascii_fasttext"]  # of gensim's files, those without a magic number
UNKNOWN = ["lighthouses", "Krakow", "京都", "Москве", "zz", "naïveté", "🙂🙂"]
WORDS = [b"the", b"</s>", "東京".encode(), b"caf\xe9", b"\x80\x81", b"a", b"x" * 40]


def read(path: Path | str, **options: object) -> Embeddings:
    return fasttext.read(str(path), ReadOptions(**options), Oddities())  # type: ignore[arg-type]


def composed(vectors: Embeddings, word: bytes) -> NDArray[np.float32]:
    assert vectors.composed is not None
    vector = vectors.composed(word)
    assert vector is not None
    return np.asarray(vector)


def floats(*shape: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def codes(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)


def quantised(n_rows: int, *widths: int, has_norms: bool = False) -> Quantised:
    centroids = [floats(256, width, seed=width) for width in widths]
    norms = (codes(n_rows), np.abs(floats(256))) if has_norms else (None, None)
    return Quantised(codes(n_rows, len(widths)), centroids, *norms)


KEPT = {bucket: bucket // 2 for bucket in range(2, 40, 2)}
SMALL = {
    "plain": Model(WORDS, floats(len(WORDS) + 40, 5), n_buckets=40),
    "oldest": Model(WORDS, floats(len(WORDS) + 40, 5), n_buckets=40, version=0),
    "version 11": Model(WORDS, floats(len(WORDS) + 40, 5), n_buckets=40, version=11),
    "no n-grams": Model(WORDS, floats(len(WORDS), 5), shortest=0, longest=0),
    "no buckets": Model(WORDS, floats(len(WORDS), 5)),
    "wide": Model(WORDS, floats(len(WORDS) + 7, 83), n_buckets=7, shortest=1, longest=2),
    "single characters": Model(WORDS, floats(len(WORDS) + 9, 1), n_buckets=9, shortest=0, longest=1),
    "no lengths": Model(WORDS, floats(len(WORDS) + 9, 1), n_buckets=9, shortest=4, longest=3),
    "labels": Model(WORDS, floats(len(WORDS) + 9, 3), n_buckets=9, labels=[b"__label__a", b"__label__b"], model=3),
    "quantised": Model(WORDS, quantised(len(WORDS) + 40, 2, 2, 1), n_buckets=40),
    "norms": Model(WORDS, quantised(len(WORDS) + 40, 2, 2, has_norms=True), n_buckets=40),
    "pruned": Model(WORDS, quantised(len(WORDS) + 40, 3, 1), n_buckets=40, kept=KEPT),
    "all pruned": Model(WORDS, quantised(len(WORDS), 1, 1), n_buckets=40, kept={}),
    "quantised output": Model(WORDS, quantised(7, 2), 0, 0, output=quantised(7, 2, has_norms=True)),
}


def write(folder: Path, content: bytes) -> Path:
    path = folder / "model"
    path.write_bytes(content)
    return path


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize("name", EXPECTED)
def test_vectors_are_those_of_fasttext_to_the_last_bit(name: str) -> None:
    """The files and the expected vectors are fastText's own; README.md beside them says how they were made."""
    vectors = read(MODELS / name)
    known = [word.decode() for word in vectors.vocabulary]
    assert known == list(EXPECTED[name])[: len(known)]
    for word, expected in EXPECTED[name].items():
        if word in known:
            vector = vectors.vector(word)
        elif name in WITHOUT_NGRAMS:
            assert vectors.composed is None
            continue
        else:
            vector = composed(vectors, word.encode())
        assert vector.tolist() == np.array(expected.split(), np.float32).tolist(), word


@pytest.mark.parametrize(
    "name",
    [
        "lee_fasttext",
        "lee_fasttext_new",
        "crime-and-punishment",
        "toy-model",
        "toy-model-pretrained",
        "non_ascii_fasttext",
    ],
)
def test_words_counts_and_vectors_are_those_that_gensim_reads(name: str) -> None:
    path = datapath(f"{name}.bin")
    vectors, expected = read(path), load_facebook_vectors(path)
    assert [word.decode() for word in vectors.vocabulary] == expected.index_to_key
    assert list(vectors.vocabulary.counts) == [expected.get_vecattr(word, "count") for word in expected.index_to_key]
    alike = np.array([word != b"</s>" or name in OLDEST for word in vectors.vocabulary])  # gensim gives it n-grams
    np.testing.assert_allclose(vectors.matrix[alike], expected.vectors[alike], rtol=1e-4, atol=1e-6)
    for word in UNKNOWN:
        np.testing.assert_allclose(composed(vectors, word.encode()), expected[word], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["crime-and-punishment", "pang_lee_polarity_fasttext", "toy-model", "lee_fasttext"])
def test_vectors_are_those_that_fasttext_printed(name: str) -> None:
    vectors = read(datapath(f"{name}.bin"))
    printed = Path(datapath(f"{name}.vec")).read_bytes().splitlines()[1:]
    assert len(printed) == len(vectors.vocabulary)
    for line, word, vector in zip(printed, vectors.vocabulary, vectors.matrix, strict=True):
        assert line.split(b" ")[0] == word
        np.testing.assert_allclose(vector, np.array(line.split()[1:], np.float32), rtol=1e-4, atol=1e-6)


def test_words_in_another_encoding_keep_their_bytes() -> None:
    oddities = Oddities()
    vectors = fasttext.read(datapath("cp852_fasttext.bin"), ReadOptions(), oddities)
    expected = load_facebook_vectors(datapath("cp852_fasttext.bin"), encoding="cp852").index_to_key
    assert [word.decode("cp852") for word in vectors.vocabulary] == expected
    assert any("UTF-8" in line for line in oddities.lines())


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("n_threads", [1, 3])
def test_vectors_are_those_of_the_oracle(name: str, n_threads: int, tmp_path: Path) -> None:
    """Of these bytes fastText itself makes the same vectors (tried by hand with fasttext-wheel 0.9.2)."""
    model = SMALL[name]
    vectors = read(write(tmp_path, model.file()), n_threads=n_threads)
    assert list(vectors.vocabulary) == WORDS
    assert list(vectors.vocabulary.counts) == [100 - i for i in range(len(WORDS))]
    assert vectors.matrix.tolist() == [model.vector(word).tolist() for word in WORDS]
    if not model.n_buckets or model.kept == {} or not model.longest:
        assert vectors.composed is None
    else:
        for word in [b"", b"q", b"other", b"caf\xe8", "京都".encode(), *WORDS]:
            assert composed(vectors, word).tolist() == model.vector(word).tolist()


words = st.binary(max_size=12).map(lambda word: word.replace(b"\0", b"0"))


@given(st.lists(words, min_size=1, unique=True), words, st.integers(-1, 4), st.integers(1, 7), st.integers(1, 50))
def test_any_words_get_the_vectors_of_the_oracle(
    tmp_path_factory: pytest.TempPathFactory, known: list[bytes], other: bytes, shortest: int, longest: int, n: int
) -> None:
    model = Model(known, floats(len(known) + n, 2), shortest, longest, n)
    vectors = read(write(tmp_path_factory.getbasetemp(), model.file()))
    assert vectors.matrix.tolist() == [model.vector(word).tolist() for word in known]
    assert composed(vectors, other).tolist() == model.vector(other).tolist()


@given(st.text(min_size=1), st.integers(1, 4), st.integers(0, 4))
def test_the_oracle_hashes_as_gensim_does(word: str, shortest: int, more: int) -> None:
    # gensim leaves out what fastText does: the < and > alone
    hashes = ft_ngram_hashes(word, shortest, shortest + more, 1000)
    expected = [] if word == "</s>" else sorted(hashes)
    alone = ft_ngram_hashes("", 1, 1, 1000) if shortest == 1 else []
    assert sorted([*ngram_hashes(word.encode(), shortest, shortest + more, 1000), *alone]) == expected


def test_supervised_models_before_version_12_have_no_ngrams(tmp_path: Path) -> None:
    model = replace(SMALL["labels"], version=11)
    vectors = read(write(tmp_path, model.file()))
    assert vectors.matrix.tolist() == model.matrix[: len(WORDS)].tolist()
    assert vectors.composed is None


def test_the_metadata_say_how_the_model_was_trained() -> None:
    configuration = json.loads(read(MODELS / "skipgram.bin").metadata["configuration"])
    names = {"made_by": "fastText", "model": "skipgram", "loss": "ns"}
    sizes = {
        "dim": 5,
        "ws": 5,
        "epoch": 5,
        "minCount": 1,
        "neg": 5,
        "wordNgrams": 1,
        "bucket": 60,
        "minn": 2,
        "maxn": 4,
    }
    assert configuration == names | sizes | {"t": 1e-4}


@pytest.mark.parametrize(
    ("start", "answer"),
    [
        (SMALL["plain"].file()[:8], True),
        (SMALL["version 11"].file()[:100], True),
        (SMALL["oldest"].file(), True),
        (SMALL["oldest"].file()[:70], False),
        (struct.pack("<12id3iq", *[1] * 12, 1e-4, 7, 6, 2, 99), False),  # 6 words and 2 labels are not 7 entries
        (struct.pack("<12id3iq", *[1] * 12, 1e-4, 7, 6, 1, 99), True),
        (struct.pack("<2i", 11, 12) * 100, False),
        (np.ones((100, 20), np.float32).tobytes(), False),
        (struct.pack("<2i", 793712314, 13), False),
        (SMALL["plain"].file()[:7], False),
        (b"", False),
        (b"the 0.1 0.2", False),
    ],
)
def test_a_model_is_told_by_its_first_bytes(start: bytes, answer: bool) -> None:
    assert fasttext.looks_like(start) is answer


@pytest.mark.parametrize(
    ("name", "encoding", "shape"),
    [
        ("lee_fasttext.bin", "utf-8", (1762, 10)),
        ("non_ascii_fasttext.bin", "utf-8", (171, 2)),
        ("cp852_fasttext.bin", "cp852", (171, 2)),
    ],
)
def test_models_without_a_magic_number_are_recognised(name: str, encoding: str, shape: tuple[int, int]) -> None:
    found = formats.open_vectors(datapath(name), ReadOptions())
    words = load_facebook_vectors(datapath(name), encoding).index_to_key
    assert (found.metadata["converted_from"], found.matrix.shape) == ("fasttext", shape)
    assert list(found.vocabulary) == [word.encode(encoding) for word in words]


def test_a_model_of_floret_is_named_and_not_called_damaged(tmp_path: Path) -> None:
    """floret writes `mode` and `hashCount` before `lrUpdateRate`. Source: args.cc (explosion/floret)."""
    arguments = struct.pack("<14id", 4, 5, 1, 1, 5, 1, 2, 1, 50, 2, 3, 2, 2, 100, 1e-4)
    path = write(tmp_path, struct.pack("<2i", 793712314, 12) + arguments + SMALL["plain"].file()[64:])
    for told in (None, "fasttext"):
        with pytest.raises(
            InputError, match=r"is a floret model, which wordvec cannot read; print the vectors .* print-word"
        ):
            formats.open_vectors(str(path), ReadOptions(), told)


# ---------------------------------------------------------------- what is asked for


def test_only_the_words_that_are_asked_for_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    model = SMALL["plain"]
    vectors = read(write(tmp_path, model.file()), words=frozenset([b"a", b"the", b"nowhere", b"__label__a"]))
    assert list(vectors.vocabulary) == [b"the", b"a"]
    assert list(vectors.vocabulary.counts) == [100, 95]
    assert vectors.matrix.tolist() == [model.vector(b"the").tolist(), model.vector(b"a").tolist()]


def test_a_limit_takes_the_first_words(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL["plain"].file())
    assert list(read(path, limit=3).vocabulary) == WORDS[:3]
    assert list(read(path, limit=1, words=frozenset(WORDS[2:5])).vocabulary) == WORDS[2:3]
    assert list(read(path, limit=4, invalid_utf8="skip").vocabulary) == [*WORDS[:3], WORDS[5]]


def test_words_that_were_left_out_still_have_their_own_rows_when_they_are_composed(tmp_path: Path) -> None:
    model = SMALL["plain"]
    vectors = read(write(tmp_path, model.file()), limit=1)
    assert composed(vectors, b"x" * 40).tolist() == model.vector(b"x" * 40).tolist()


def test_a_model_of_which_no_word_is_wanted_still_composes(tmp_path: Path) -> None:
    model = SMALL["plain"]
    vectors = read(write(tmp_path, model.file()), words=frozenset([b"nowhere"]))
    assert len(vectors.vocabulary) == 0
    assert vectors.matrix.shape == (0, 5)
    assert composed(vectors, b"nowhere").tolist() == model.vector(b"nowhere").tolist()
    with pytest.raises(InputError, match="no vectors of these words"):
        read(write(tmp_path, SMALL["no n-grams"].file()), words=frozenset([b"nowhere"]))


def test_words_that_are_not_utf8_are_treated_as_asked(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL["plain"].file())
    assert "caf\ufffd".encode() in list(read(path, invalid_utf8="replace").vocabulary)
    with pytest.raises(InputError, match="word 4: the word is not valid UTF-8"):
        read(path, invalid_utf8="error")


def test_the_vectors_outlive_the_name_of_the_file(tmp_path: Path) -> None:
    model = SMALL["norms"]
    path = write(tmp_path, model.file())
    vectors = read(path)
    path.unlink()
    assert composed(vectors, b"other").tolist() == model.vector(b"other").tolist()


def test_the_matrix_of_the_file_is_not_copied(tmp_path: Path) -> None:
    n_bytes = 400_000_000
    model = Model(WORDS, floats(len(WORDS), 4), n_buckets=0)
    content = model.file()
    matrix_at = len(content) - 2 * 16 * len(WORDS) - 16 - 1
    path = tmp_path / "large"
    with open(path, "wb") as file:  # a hole on the disk, zeros to read
        file.write(content[: matrix_at - 16] + struct.pack("<2q", n_bytes // 16, 4))
        file.seek(n_bytes, os.SEEK_CUR)
        file.write(content[-(2 * 8 + 1 + 16 * len(WORDS)) :])
    peak, vectors = peak_of(lambda: read(path))
    assert vectors is not None
    assert len(vectors.vocabulary) == len(WORDS)
    assert peak < 20_000_000


# ---------------------------------------------------------------- files that are damaged


def peak_of(work: Callable[[], Embeddings]) -> tuple[int, Embeddings | None]:
    """The most memory that was in use meanwhile, and the result; None if it is an InputError as it should be."""
    tracemalloc.start()
    try:
        vectors = work()
    except InputError as error:
        vectors = None
        assert "\n" not in str(error)
        assert ";" in str(error) or "holds no vectors" in str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak, vectors


@pytest.fixture
def damaged(tmp_path: Path) -> Callable[[bytes], Embeddings | None]:
    """Read these bytes: it is an error in one line, None, or vectors, and takes little memory."""

    def try_it(content: bytes) -> Embeddings | None:
        path = write(tmp_path, content)
        peak, vectors = peak_of(lambda: read(path))
        assert peak < 20_000_000
        return vectors

    return try_it


def places(model: Model) -> list[int]:
    """Bytes of a model's file that are worth damaging: its head, and what lies around the sizes of its matrices."""
    content, rows = model.file(), model.rows
    dim = model.matrix.shape[1]
    sizes = [struct.pack("<2q", *model.matrix.shape)]
    if isinstance(rows, Quantised):
        sizes.append(struct.pack("<3i", dim, len(rows.centroids), rows.centroids[0].shape[1]))
        if rows.norms is not None:
            sizes.append(struct.pack("<4i", 1, 1, 1, 1))
    starts = [content.index(each) for each in sizes]
    around = {place for start in starts for place in range(start - 3, start + 24)}
    end = len(content) - len(matrix_file(model.output)) if model.output is not None else len(content)
    return sorted({*range(130), *around, *range(130, end, 199), *range(end - 2, min(end + 40, len(content)))})


@pytest.mark.parametrize("name", SMALL)
def test_a_file_that_is_cut_short_anywhere_is_an_error(
    name: str, damaged: Callable[[bytes], Embeddings | None]
) -> None:
    content = SMALL[name].file()
    for size in [*places(SMALL[name]), len(content) - 1]:
        assert damaged(content[:size]) is None, size
    assert damaged(content) is not None


def test_an_error_names_the_file_and_says_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL["plain"].file()[:-1])
    with pytest.raises(InputError, match=rf"^{path}: ends inside its output matrix; the file is cut short"):
        read(path)


@pytest.mark.parametrize("name", SMALL)
def test_bytes_after_the_end_are_an_error(name: str, damaged: Callable[[bytes], Embeddings | None]) -> None:
    assert damaged(SMALL[name].file() + b"\0") is None


@pytest.mark.parametrize("name", ["plain", "oldest", "norms", "pruned", "quantised output"])
@pytest.mark.parametrize("value", [-1, 2**31 - 1])
def test_a_wrong_number_anywhere_is_an_error_or_other_vectors(
    name: str, value: int, damaged: Callable[[bytes], Embeddings | None]
) -> None:
    content = SMALL[name].file()
    for start in places(SMALL[name]):
        damaged(content[:start] + struct.pack("<i", value) + content[start + 4 :])


@pytest.mark.parametrize("value", [2**31, 2**40, 2**62, 2**63 - 1, -(2**63), -2])
def test_a_wrong_size_of_a_matrix_or_of_pruning_is_an_error(
    value: int, damaged: Callable[[bytes], Embeddings | None]
) -> None:
    model = SMALL["plain"]
    content = model.file()
    rows_at = content.index(struct.pack("<2q", *model.matrix.shape))
    pruning_at = content.index(struct.pack("<qq", 1000, -1)) + 8
    for start in (rows_at, rows_at + 8, pruning_at):
        assert damaged(content[:start] + struct.pack("<q", value) + content[start + 8 :]) is None


@given(st.binary(max_size=300), st.sampled_from([0, 8, 64, 92]))
def test_random_bytes_after_a_good_start_are_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, n_good: int
) -> None:
    path = write(tmp_path_factory.getbasetemp(), SMALL["plain"].file()[:n_good] + content)
    assert peak_of(lambda: read(path))[1] is None


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (replace(SMALL["plain"], version=13), "version 13"),
        (replace(SMALL["plain"], version=10), "version 10"),
        (replace(SMALL["plain"], longest=256), "up to 256 characters"),
        (replace(SMALL["plain"], model=4), "arguments are not fastText's"),
        (replace(SMALL["plain"], n_buckets=41), "has 47 rows where its words and n-grams need 48"),
        (replace(SMALL["plain"], kept={}), "pruned but not quantised"),
        (replace(SMALL["pruned"], kept={1: 40}), "need 48"),
        (replace(SMALL["pruned"], kept={1: -1}), "left twice or nowhere"),
        (replace(SMALL["plain"], rows=floats(0, 5), words=[], n_buckets=0), "holds no vectors"),
    ],
)
def test_a_model_that_contradicts_itself_is_an_error_that_says_how(model: Model, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read(write(tmp_path, model.file()))


def test_a_word_that_comes_twice_is_settled_as_asked(tmp_path: Path) -> None:
    model = Model([b"a", b"b", b"a"], floats(3, 2))
    path = write(tmp_path, model.file())
    assert read(path).matrix.tolist() == model.matrix[:2].tolist()
    with pytest.raises(InputError, match="is repeated"):
        read(path, duplicates="error")


def test_vectors_that_fit_in_no_memory_are_an_error_before_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sysconf", lambda name: 10)
    with pytest.raises(InputError, match="this machine has 100 bytes"):
        read(write(tmp_path, SMALL["plain"].file()))


def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere", write(tmp_path, b""), Path("/dev/null")):
        with pytest.raises(InputError, match=f"^{path}: "):
            read(path)


def test_neighbours_of_a_word_that_the_model_does_not_know_are_those_of_its_parts(wordvec: Run) -> None:
    """As gensim gives them."""
    path = datapath("lee_fasttext_new.bin")
    printed = wordvec("similar", path, "goverment", "-k", "5").stdout.decode().split()[1::3]
    assert printed == [word for word, _ in load_facebook_vectors(path).most_similar("goverment", topn=5)]
