"""`export --to fasttext`: what fastText itself, gensim and we read of the files; fastText is the package `fasttext`."""

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models.fasttext import load_facebook_model

from tests.conftest import run_here
from tests.reference_fasttext import Model
from wordvec_cli import formats
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.native import load
from wordvec_cli.vectors.subwords import of_arrays
from wordvec_cli.vocabulary.vocabulary import Vocabulary

MODELS = Path(__file__).parent.parent / "data" / "fasttext"
WORDS = [b"the", b"them", "東京".encode(), b"a", b"houses", b"</s>", b"__label__x"]
COUNTS = [9, 5, 5, 4, 3, 2, 1]
UNKNOWN = ["house", "東京都", "thematic", "qqq", "naïveté", "🙂🙂"]
N_BUCKETS, DIM = 90, 5


def floats(*shape: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def vectors(counts: list[int] | None = COUNTS) -> Embeddings:
    """Vectors with a row for most buckets."""
    buckets = np.setdiff1d(np.arange(N_BUCKETS), [0, 7, N_BUCKETS - 1]).astype(np.int32)
    subwords = of_arrays(3, 6, N_BUCKETS, buckets, floats(len(buckets), DIM), floats(len(WORDS), DIM, seed=2))
    words = Vocabulary.from_words(WORDS, counts)
    context = floats(len(WORDS), DIM, seed=3).reshape(-1).data
    own = from_matrix(words, subwords.vocabulary_vectors(words), {"configuration": '{"window": 7, "sample": 0.5}'})
    return replace(own, subwords=subwords, context_values=context)


def written(folder: Path, embeddings: Embeddings, **options: Any) -> Path:
    path = folder / "model.bin"
    formats.write_vectors(str(path), embeddings, formats.FORMATS["fasttext"], WriteOptions(**options))
    return path


def by_fasttext(path: Path) -> Any:
    """The model as fastText reads it."""
    package = pytest.importorskip("fasttext", reason="the package fasttext (extra `test`) is not installed")
    package.FastText.eprint = lambda *_: None
    return package.load_model(str(path))


def run(*arguments: str | Path, status: int = 0) -> str:
    done = run_here(*arguments)
    assert done.returncode == status, done.stderr
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def expected(embeddings: Embeddings, word: str) -> Any:
    found, _ = embeddings.vectors([word])
    return found[0]


def test_the_file_is_byte_for_byte_the_one_that_the_oracle_writes(tmp_path: Path) -> None:
    own = vectors()
    assert own.subwords is not None
    assert own.context is not None
    table = np.zeros((N_BUCKETS, DIM), np.float32)
    table[np.asarray(own.subwords.buckets)] = own.subwords.rows
    rows = np.vstack([own.subwords.word_rows, table])
    oracle = bytearray(Model(WORDS, rows, 3, 6, N_BUCKETS, output=own.context.copy()).file())
    struct.pack_into("<12id", oracle, 8, DIM, 7, 5, 5, 5, 1, 2, 2, N_BUCKETS, 3, 6, 100, 0.5)
    struct.pack_into("<q", oracle, 8 + 56 + 12, sum(COUNTS))
    position = 8 + 56 + 12 + 8 + 8
    for word, count in zip(WORDS, COUNTS, strict=True):
        struct.pack_into("<q", oracle, position + len(word) + 1, count)
        position += len(word) + 10
    assert written(tmp_path, own).read_bytes() == bytes(oracle)


def test_fasttext_makes_the_same_vectors_of_known_and_unknown_words(tmp_path: Path) -> None:
    own = vectors()
    model = by_fasttext(written(tmp_path, own))
    for word in [*map(bytes.decode, WORDS), *UNKNOWN]:
        assert model.get_word_vector(word).tobytes() == expected(own, word).tobytes(), word
    assert model.get_output_matrix().tobytes() == own.context.tobytes()  # type: ignore[union-attr]
    assert model.get_nearest_neighbors("house", k=1)[0][1] in map(bytes.decode, WORDS)


def test_gensim_reads_the_same_vectors(tmp_path: Path) -> None:
    own = vectors()
    model = load_facebook_model(str(written(tmp_path, own)))
    for word in [*map(bytes.decode, WORDS), *UNKNOWN[:3]]:
        if word == "</s>":  # of which gensim makes n-grams
            continue
        np.testing.assert_allclose(model.wv[word], expected(own, word), rtol=1e-5, atol=1e-6)


def test_vectors_without_ngrams_become_a_model_without_them(tmp_path: Path) -> None:
    plain = replace(vectors(None), subwords=None, context_values=None)
    notes: list[str] = []
    path = written(tmp_path, plain, note=notes.append)
    assert "output matrix of zeros" in notes[1]
    assert "without counts" in notes[0]
    again = formats.open_vectors(str(path))
    assert again.matrix.tobytes() == plain.matrix.tobytes()
    model = by_fasttext(path)
    assert model.get_word_vector("the").tobytes() == plain.matrix[0].tobytes()
    assert not model.get_word_vector("unheard").any()


def test_words_are_sorted_by_their_counts_as_fasttext_needs_them(tmp_path: Path) -> None:
    mixed = vectors([1, 0, 7, 7, 2, 9, 0])
    again = formats.open_vectors(str(written(tmp_path, mixed)))
    assert [word.decode() for word in again.vocabulary] == ["</s>", "東京", "a", "houses", "the", "them", "__label__x"]
    assert np.asarray(again.vocabulary.counts).tolist() == [9, 7, 7, 2, 1, 1, 1]
    assert again.vector("them").tobytes() == mixed.vector("them").tobytes()


@pytest.mark.parametrize("word", [b"a b", b"a\0b", b"a\n", b"a\tb", b"\vb", b""])
def test_a_word_that_fasttext_cannot_hold_is_refused_and_nothing_is_written(tmp_path: Path, word: bytes) -> None:
    embeddings = from_matrix(Vocabulary.from_words([b"the", word]), floats(2, 3), {})
    formats.write_vectors(str(tmp_path / "v.safetensors"), embeddings, formats.FORMATS["native"], WriteOptions())
    said = run("export", tmp_path / "v.safetensors", tmp_path / "v.bin", "--to", "fasttext", status=1)
    assert "leave it out" in said
    assert not (tmp_path / "v.bin").exists()


def test_as_many_buckets_that_no_ngrams_meet_change_no_vector(tmp_path: Path) -> None:
    own = vectors()
    notes: list[str] = []
    path = written(tmp_path, own, n_buckets=(1 << 20) + 7, note=notes.append)
    again = formats.open_vectors(str(path))
    assert again.matrix.tobytes() == own.matrix.tobytes()
    assert not notes
    assert path.stat().st_size > 4 * DIM << 20


def test_fewer_buckets_hold_means_and_the_loss_is_told(tmp_path: Path) -> None:
    notes: list[str] = []
    path = written(tmp_path, vectors(), n_buckets=1, note=notes.append)
    (note,) = notes
    assert note.startswith("--buckets 1: 1 of 1 bucket hold the mean")
    content = path.read_bytes()
    own = vectors()
    assert own.subwords is not None
    hit = own.subwords.hit_by(own.vocabulary)
    row = np.frombuffer(content[-len(WORDS) * DIM * 4 - 17 - 4 * DIM :][: 4 * DIM], np.float32)
    np.testing.assert_allclose(row, hit.rows.mean(axis=0), rtol=1e-5)


def test_buckets_need_ngrams_and_a_format_with_a_table(tmp_path: Path, vector_file: Path) -> None:
    said = run("export", vector_file, tmp_path / "v.bin", "--to", "fasttext", "--buckets", "10", status=2)
    assert "--buckets: these vectors have no n-grams" in said
    assert "--buckets: is for" in run("export", vector_file, tmp_path / "v.txt", "--buckets", "10", status=2)


# ---------------------------------------------------------------- a file of fastText's, to ours and back


@pytest.mark.parametrize("name", ["skipgram.bin"])
def test_a_model_of_fasttexts_goes_through_our_file_and_back_unharmed(tmp_path: Path, name: str) -> None:
    ours, back = tmp_path / "ours.safetensors", tmp_path / "back.bin"
    run("export", MODELS / name, ours)
    run("export", ours, back, "--to", "fasttext")
    original, native = formats.open_vectors(str(MODELS / name)), load(str(ours))
    assert native.matrix.tobytes() == original.matrix.tobytes()
    first, second = by_fasttext(MODELS / name), by_fasttext(back)
    for word in original.vocabulary:
        assert second.get_word_vector(word.decode()).tobytes() == first.get_word_vector(word.decode()).tobytes()
    assert second.get_output_matrix().tobytes() == first.get_output_matrix().tobytes()
    for word in UNKNOWN:
        assert second.get_word_vector(word).tobytes() == expected(native, word).tobytes()


def test_our_file_composes_as_the_model_does_where_all_ngrams_were_trained(tmp_path: Path) -> None:
    ours = tmp_path / "ours.safetensors"
    run("export", MODELS / "skipgram.bin", ours)
    native, original = load(str(ours)), formats.open_vectors(str(MODELS / "skipgram.bin"))
    assert native.subwords is not None
    for first in list(native.vocabulary)[:40]:
        for cut in (first[:-1], first[1:]):  # whose n-grams but for those at one end are those of the word
            found, whole = native.compose(cut), original.compose(cut)
            if found is not None and native.vocabulary.find(cut) is None:
                assert whole is not None
                assert np.corrcoef(np.array(found), np.array(whole))[0, 1] > 0.5


@pytest.mark.parametrize("kind", ["native", "bin"])
def test_wanted_words_that_are_unknown_are_composed(tmp_path: Path, kind: str) -> None:
    source: Path = tmp_path / "all.safetensors"
    if kind == "native":
        formats.write_vectors(str(source), vectors(), formats.FORMATS["native"], WriteOptions())
    else:
        source = written(tmp_path, vectors())
    (tmp_path / "words").write_text("them\nthematic\nqqqqqq\n")
    said = run("export", source, tmp_path / "few.safetensors", "--words", tmp_path / "words")
    few, all_words = load(str(tmp_path / "few.safetensors")), formats.open_vectors(str(source), ReadOptions())
    assert list(few.vocabulary) == [b"them", b"qqqqqq", b"thematic"]
    assert "2 of 3 words are not in" in said
    assert "composed of their n-grams" in said
    assert few.matrix[2].tobytes() == all_words.vector("thematic").tobytes()
    assert few.subwords is not None
    made = few.subwords.vocabulary_vectors(few.vocabulary)
    np.testing.assert_allclose(made, few.matrix, rtol=1e-5, atol=1e-6)
    assert len(few.subwords.buckets) < N_BUCKETS - 3


def test_evaluate_composes_unknown_words_of_pairs(tmp_path: Path) -> None:
    path = tmp_path / "all.safetensors"
    formats.write_vectors(str(path), vectors(), formats.FORMATS["native"], WriteOptions())
    (tmp_path / "pairs.tsv").write_text("the\tthem\t3\nhouses\thouse\t2\na\tthematic\t1\n")
    said = run("evaluate", path, tmp_path / "pairs.tsv", "--format", "tsv", "--bootstrap", "0")
    assert "pairs: 2 words outside of the vocabulary composed of n-grams" in said
    pairs = [("the", "them"), ("houses", "house"), ("a", "thematic")]
    cosines = [np.dot(*(v / np.linalg.norm(v) for v in (expected(vectors(), w) for w in pair))) for pair in pairs]
    ranks = np.argsort(np.argsort(cosines))
    spearman = np.corrcoef(ranks, [2, 1, 0])[0, 1]
    row = said.splitlines()[-1].split("\t") if "\t" in said.splitlines()[-1] else said.splitlines()[1].split("\t")
    assert float(row[3]) == pytest.approx(spearman, abs=1e-5)
    assert "2 words" not in run("evaluate", path, tmp_path / "pairs.tsv", "--protocol", "gensim")


def test_lookup_prints_the_rows_that_fasttext_makes_a_vector_of(tmp_path: Path) -> None:
    """Its own row, if it has one, and those of the n-grams, in fastText's order; from our file and from fastText's."""
    own, path = vectors(), tmp_path / "all.safetensors"
    formats.write_vectors(str(path), own, formats.FORMATS["native"], WriteOptions())
    as_fasttext = written(tmp_path, own)
    model = by_fasttext(as_fasttext)
    for word in ("the", "東京", "</s>", *UNKNOWN):
        names, rows = model.get_subwords(word)
        parts = [(name, model.get_input_vector(row)) for name, row in zip(names, rows, strict=True)]
        for file in (path, as_fasttext):
            printed = run("lookup", file, word, "--ngrams").splitlines()
            found = [(line.split(" ")[0], np.array(line.split(" ")[1:], np.float32)) for line in printed]
            assert [name for name, _ in found] == [name for name, _ in parts], word
            for (_, mine), (_, its) in zip(found, parts, strict=True):
                assert mine.tobytes() == its.tobytes()
            mean = np.mean([row for _, row in found], axis=0)
            np.testing.assert_allclose(mean, model.get_word_vector(word), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["skipgram.bin", "pruned.ftz", "quantised.ftz"])
@pytest.mark.parametrize("word", ["the", "thee", "café"])
def test_the_printed_rows_of_a_model_have_its_vector_as_their_mean(name: str, word: str) -> None:
    lines = run("lookup", MODELS / name, word, "--ngrams").splitlines()
    whole = np.array(run("lookup", MODELS / name, word).split(" ")[1:], np.float32)
    mean = np.mean([np.array(line.split(" ")[1:], np.float32) for line in lines], axis=0)
    np.testing.assert_allclose(mean, whole, rtol=1e-5, atol=1e-7)
    assert len(lines) > 1


def test_rows_of_ngrams_are_asked_of_vectors_that_have_none(tmp_path: Path, vector_file: Path) -> None:
    said = run("lookup", vector_file, "monday", "--ngrams", status=1)
    assert "its vectors are not made of n-grams of characters; leave --ngrams out" in said


def test_a_missing_word_has_no_rows_to_print(tmp_path: Path) -> None:
    path = tmp_path / "all.safetensors"
    formats.write_vectors(str(path), vectors(), formats.FORMATS["native"], WriteOptions())
    assert "'' is missing" in run("lookup", path, "", "--ngrams", status=3)
