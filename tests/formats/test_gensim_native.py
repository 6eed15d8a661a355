"""gensim's own files: written and read by gensim itself, on the other side."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gensim.models import Doc2Vec, FastText, KeyedVectors, Word2Vec
from gensim.models.doc2vec import TaggedDocument

from tests.conftest import Run
from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.formats import gensim_native, open_vectors
from wordvec_cli.formats.gensim_native import looks_like, read, write
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

NASTY = [b"the", "東京".encode(), b"caf\xe9", b"a\x00b", b"new york", b"no\xc2\xa0break", b"", b"line\nend"]
MATRIX = np.random.default_rng(1).standard_normal((len(NASTY), 3)).astype(np.float32)
COUNTS = [80, 70, 60, 50, 40, 30, 20, 10]
SENTENCES = [["the", "naïve", "東京", "cat"], ["the", "cat", "sat"]] * 5


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def vectors(counts: list[int] | None = COUNTS) -> Embeddings:
    return from_matrix(Vocabulary.from_words(NASTY, counts), MATRIX, {})


def opened(path: str, oddities: Oddities | None = None, **options: Any) -> Embeddings:
    return read(path, ReadOptions(**({"allow_pickle": True} | options)), oddities or Oddities())


def entries(embeddings: Embeddings) -> list[tuple[str, int]]:
    counts = np.asarray(embeddings.vocabulary.counts).tolist()
    return list(zip([word.decode() for word in embeddings.vocabulary], counts, strict=True))


def test_a_pickle_is_not_opened_unless_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    write("v.kv", vectors(), WriteOptions())
    monkeypatch.setattr(KeyedVectors, "load", lambda *_, **__: pytest.fail("was opened"))
    with pytest.raises(InputError) as caught:
        opened("v.kv", allow_pickle=False)
    assert str(caught.value) == (
        "v.kv: is a Python pickle, which can run any code when it is opened; "
        "add --allow-pickle only for files that you trust"
    )


@pytest.mark.parametrize("is_large", [False, True])
def test_gensim_reads_what_we_write(is_large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gensim_native, "LARGE", 24 if is_large else 25)
    assert write("v.kv", vectors(), WriteOptions()) == []
    assert Path("v.kv.vectors.npy").exists() is is_large
    loaded = KeyedVectors.load("v.kv")
    keys = [word.decode("utf-8", "surrogateescape") for word in NASTY]
    assert (loaded.index_to_key, loaded.vector_size, len(loaded)) == (keys, 3, 8)
    np.testing.assert_array_equal(loaded.vectors, MATRIX)
    assert loaded.vectors.dtype == np.float32
    assert [loaded.get_vecattr(key, "count") for key in keys] == COUNTS
    neighbours = loaded.most_similar("the", topn=7)
    cosines = {key: float(row @ MATRIX[0] / np.linalg.norm(row) / np.linalg.norm(MATRIX[0])) for key, row in
               zip(keys[1:], MATRIX[1:], strict=True)}  # fmt: skip
    assert [key for key, _ in neighbours] == sorted(cosines, key=cosines.__getitem__, reverse=True)
    loaded.add_vectors(["new"], np.ones((1, 3), np.float32))
    loaded.save("again.kv")
    assert list(opened("again.kv").vocabulary) == [*NASTY, b"new"]


@pytest.mark.parametrize("is_large", [False, True])
def test_what_we_write_comes_back(is_large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gensim_native, "LARGE", 24 if is_large else 25)
    write("v.kv", vectors(), WriteOptions())
    back = opened("v.kv")
    assert list(back.vocabulary) == NASTY
    np.testing.assert_array_equal(back.matrix, MATRIX)
    assert np.asarray(back.vocabulary.counts).tolist() == COUNTS
    some = opened("v.kv", words=frozenset(NASTY[2:4]))
    assert (list(some.vocabulary), np.asarray(some.vocabulary.counts).tolist()) == (NASTY[2:4], COUNTS[2:4])
    write("bare.kv", vectors(None), WriteOptions())
    assert opened("bare.kv").vocabulary.counts is None


def test_the_same_vectors_give_the_same_bytes() -> None:
    for name in ("a.kv", "b.kv"):
        write(name, vectors(), WriteOptions())
    assert Path("a.kv").read_bytes() == Path("b.kv").read_bytes()


@pytest.mark.parametrize("sep_limit", [10 * 1024**2, 0])
def test_a_whole_model_gives_its_words_vectors_and_counts(sep_limit: int) -> None:
    model = Word2Vec(SENTENCES, vector_size=5, min_count=1, epochs=1, workers=1)
    expected = [(word, model.wv.get_vecattr(word, "count")) for word in model.wv.index_to_key]
    model.save("model", sep_limit=sep_limit)
    model.wv.save("model.kv", sep_limit=sep_limit)
    for path in ("model", "model.kv"):
        embeddings = opened(path)
        assert entries(embeddings) == expected
        np.testing.assert_array_equal(embeddings.matrix, model.wv.vectors)
        assert embeddings.composed is None
    assert Path("model.wv.vectors.npy").exists() is (sep_limit == 0)


def test_fasttext_makes_vectors_of_unknown_words_of_their_parts() -> None:
    model = FastText(SENTENCES, vector_size=5, min_count=1, epochs=1, workers=1, bucket=50, min_n=3, max_n=4)
    model.save("model")
    model.wv.save("model.kv")
    for path in ("model", "model.kv"):
        embeddings = opened(path)
        np.testing.assert_array_equal(embeddings.matrix, model.wv.vectors)
        assert embeddings.composed is not None
        for word in ("unheard", "東京都庁"):
            found = embeddings.composed(word.encode())
            assert found is not None
            np.testing.assert_array_equal(np.asarray(found), model.wv[word])
        assert embeddings.composed(b"") is None


def test_vectors_of_other_types_and_keys() -> None:
    saved = KeyedVectors(2, dtype=np.float64)
    saved.add_vectors([3, "three"], np.array([[1.0, 2.0], [3.0, 1e300]]))
    saved.save("v.kv")
    oddities = Oddities()
    embeddings = opened("v.kv", oddities)
    assert list(embeddings.vocabulary) == [b"3", b"three"]
    assert embeddings.matrix.tolist() == [[1, 2], [3, np.inf]]
    assert list(oddities.lines()) == ["rows with numbers that are not finite: 1, the first on row 2"]


def test_rows_without_a_word_are_left_out() -> None:
    saved = KeyedVectors(2, count=3)
    saved.add_vector("only", np.ones(2, np.float32))
    saved.save("v.kv")
    oddities = Oddities()
    assert list(opened("v.kv", oddities).vocabulary) == [b"only"]
    assert list(oddities.lines()) == ["2 rows have no word and are left out"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # numpy leaves a broken .npz open
@pytest.mark.parametrize("ending", [".gz", ".bz2"])
@pytest.mark.parametrize("sep_limit", [0, 10**9], ids=["beside", "inside"])
def test_a_compressed_pickle_is_read_with_the_arrays_beside_it(ending: str, sep_limit: int) -> None:
    keyed = KeyedVectors(3)
    keyed.add_vectors(["the", "cat"], np.float32([[1, 2, 3], [4, 5, 6]]))
    path = f"m.kv{ending}"
    keyed.save(path, sep_limit=sep_limit)
    found = open_vectors(path, ReadOptions(allow_pickle=True))
    assert (list(found.vocabulary), found.matrix.tolist()) == ([b"the", b"cat"], [[1, 2, 3], [4, 5, 6]])
    assert open_vectors(path, ReadOptions(allow_pickle=True, max_bytes=10**6)).dim == 3
    with pytest.raises(InputError, match=r"^m\.kv\..* is longer than --max-bytes"):
        open_vectors(path, ReadOptions(allow_pickle=True, max_bytes=100))
    if sep_limit == 0:
        Path(f"{path}.vectors.npz").write_bytes(b"PK\x03\x04 broken")
        with pytest.raises(InputError, match=rf"^{path}: gensim cannot open it"):
            open_vectors(path, ReadOptions(allow_pickle=True))
        Path(f"{path}.vectors.npz").unlink()
        with pytest.raises(InputError, match=rf"^{path}: belongs with {path}\.vectors\.npz, which is missing"):
            open_vectors(path, ReadOptions(allow_pickle=True))


def test_a_missing_companion_is_named() -> None:
    model = Word2Vec(SENTENCES, vector_size=5, min_count=1, epochs=1, workers=1)
    model.wv.save("v.kv", sep_limit=0)
    Path("v.kv.vectors.npy").rename("elsewhere")
    assert_one_line("v.kv", "belongs with v.kv.vectors.npy, which is missing; put it there")
    Path("v.kv.vectors.npy").write_bytes(Path("elsewhere").read_bytes()[:-1])
    assert_one_line("v.kv", "gensim cannot open it")


def test_pickles_of_other_things_are_one_line() -> None:
    from gensim import utils

    for index, (thing, message) in enumerate(
        [({"a": 1}, "is a pickled dictionary"), (Vocabulary.from_words([b"a"]), "gensim cannot open it")]
    ):
        utils.pickle(thing, f"thing{index}")
        assert looks_like(Path(f"thing{index}").read_bytes())
        assert_one_line(f"thing{index}", message)
    saved = KeyedVectors(2)
    saved.save("none.kv")
    assert_one_line("none.kv", "0 words and vectors of shape (0, 2) do not match")
    from gensim.corpora import Dictionary

    Dictionary(SENTENCES).save("dictionary")
    assert_one_line("dictionary", "is a pickle of Dictionary, which has no word vectors")


def test_a_file_cut_short_anywhere_is_one_line() -> None:
    write("whole.kv", vectors(), WriteOptions())
    content = Path("whole.kv").read_bytes()
    for size in range(len(content)):
        Path("v.kv").write_bytes(content[:size])
        assert_one_line("v.kv", "")
    assert_one_line("missing", "")


def assert_one_line(path: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        opened(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: "), text
    assert message in text
    assert "\n" not in text


def test_only_pickles_look_like_it() -> None:
    for start in (b"", b"\x80", b"\x80abc", b"the 0.1\n", b"\x93NUMPY", b"PK\x03\x04"):
        assert not looks_like(start)


@pytest.mark.parametrize("is_large", [False, True])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    is_large: bool, file_size_limit: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gensim_native, "LARGE", 1 if is_large else 1 << 40)
    Path("v.kv").write_bytes(b"old")
    matrix = np.zeros((5000, 100), np.float32)
    embeddings = from_matrix(Vocabulary.from_words([b"w%d" % i for i in range(5000)]), matrix, {})
    with pytest.raises(OutputError, match=f"^v.kv{'.vectors.npy' if is_large else ''}: file too large"):
        write("v.kv", embeddings, WriteOptions())
    assert [path.name for path in Path().iterdir()] == ["v.kv"]
    assert Path("v.kv").read_bytes() == b"old"


def test_the_command_reads_a_pickle_only_when_told_and_says_why_that_matters(wordvec: Run, tmp_path: Path) -> None:
    vectors = KeyedVectors(2)
    vectors.add_vectors(["king"], np.array([[1, 2]], np.float32))
    vectors.save(str(tmp_path / "v.kv"))
    refused = wordvec("lookup", tmp_path / "v.kv", "king")
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"can run any code" in refused.stderr
    read = wordvec("lookup", tmp_path / "v.kv", "king", "--allow-pickle")
    assert (read.returncode, read.stdout) == (0, b"king 1 2\n")
    assert b"may have run any code" in read.stderr


# ---------------------------------------------------------------- whole models

TEXTS = [["the", "cat", "sat"], ["the", "dog", "sat"], ["the", "cat", "ran"]] * 3


def test_the_output_vectors_of_a_model_are_the_context_vectors() -> None:
    model = Word2Vec(TEXTS, vector_size=4, min_count=1, negative=2, seed=1, workers=1)
    model.save("m.model")
    found = opened("m.model")
    np.testing.assert_array_equal(found.context, model.syn1neg)
    some = opened("m.model", words=frozenset([b"dog", b"cat"]))
    assert some.context is not None
    for word, row in zip(some.vocabulary, some.context, strict=True):
        np.testing.assert_array_equal(row, model.syn1neg[model.wv.key_to_index[word.decode()]])
    Word2Vec(TEXTS, vector_size=4, min_count=1, negative=0, hs=1, workers=1).save("h.model")
    assert opened("h.model").context is None


def test_the_vectors_of_documents_are_read_by_their_tags() -> None:
    documents = [TaggedDocument(text, [f"doc {i}"]) for i, text in enumerate(TEXTS)]
    model = Doc2Vec(documents, vector_size=4, min_count=1, dm=0, seed=1, workers=1)
    model.save("d.model")
    notes: list[str] = []
    found = open_vectors("d.model", ReadOptions(allow_pickle=True), "gensim-doc2vec", notes.append)
    assert [word.decode() for word in found.vocabulary] == model.dv.index_to_key
    np.testing.assert_array_equal(found.matrix, model.dv.vectors)
    words = open_vectors("d.model", ReadOptions(allow_pickle=True), None, notes.append)
    assert [word.decode() for word in words.vocabulary] == model.wv.index_to_key
    assert notes == [
        "d.model: has vectors of 9 documents too, which --from gensim-doc2vec reads",
        "d.model: its word vectors were not trained (dbow_words=0)",
    ]
    write("v.kv", vectors(), WriteOptions())
    with pytest.raises(InputError, match=r"^v.kv: is not a Doc2Vec model; leave --from gensim-doc2vec out"):
        open_vectors("v.kv", ReadOptions(allow_pickle=True), "gensim-doc2vec")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("allow_pickle", [False, True])
def test_a_pickled_dictionary_is_refused_with_what_to_do(protocol: int, allow_pickle: bool) -> None:
    Path("v.pkl").write_bytes(pickle.dumps({"the": MATRIX[0], "cat": MATRIX[1]}, protocol))
    with pytest.raises(InputError, match=r"^v.pkl: is a pickled dictionary, .* write it as JSON in Python: json.dump"):
        open_vectors("v.pkl", ReadOptions(allow_pickle=allow_pickle))


def test_a_torch_file_of_the_old_format_is_refused_with_what_to_do() -> None:
    torch.save({"w": torch.zeros(3, 2)}, "m.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(InputError, match=r"^m.pt: is a torch file in the format before version 1.6; .* torch.save"):
        open_vectors("m.pt", ReadOptions())
