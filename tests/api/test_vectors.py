"""Loading, saving, and other tools' types."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest
from gensim.models import KeyedVectors

import wordvec_cli
from tests.api.conftest import Pair
from wordvec_cli import Vectors, formats
from wordvec_cli.errors import InputError, OptionError

READABLE = [".safetensors", ".vec", ".txt", ".bin", ".kv", ".npz", ".vec.gz"]


@pytest.mark.parametrize("ending", READABLE)
def test_what_is_saved_is_what_is_loaded(plain: Pair, tmp_path: Path, ending: str) -> None:
    words = [word for word in plain.ours if " " not in word]
    vectors = Vectors.from_arrays(words, plain.ours[words])
    vectors.save(tmp_path / f"v{ending}")
    loaded = wordvec_cli.load(tmp_path / f"v{ending}", allow_pickle=ending == ".kv")
    assert list(loaded) == words
    np.testing.assert_array_equal(loaded.vectors, vectors.vectors)


@pytest.mark.parametrize("ending", READABLE)
def test_only_some_words_are_loaded_from_any_kind_of_file(plain: Pair, tmp_path: Path, ending: str) -> None:
    words = ["w3", "w1", "nowhere", "東京"]
    kept = [word for word in plain.ours if " " not in word]
    Vectors.from_arrays(kept, plain.ours[kept]).save(tmp_path / f"v{ending}")
    with pytest.warns(UserWarning, match=r"^1 of 4 words are not in "):
        loaded = wordvec_cli.load(tmp_path / f"v{ending}", words, allow_pickle=ending == ".kv")
    assert list(loaded) == ["w1", "w3", "東京"]
    np.testing.assert_array_equal(loaded["w3"], plain.ours["w3"])
    assert len(wordvec_cli.load(tmp_path / f"v{ending}", limit=2, allow_pickle=ending == ".kv")) == 2


def test_a_saved_file_is_gensims_too(plain: Pair, tmp_path: Path) -> None:
    kept = [word for word in plain.ours if " " not in word]
    vectors = Vectors.from_arrays(kept, plain.ours[kept])
    vectors.save_word2vec_format(tmp_path / "v", binary=True)
    vectors.save_word2vec_format(tmp_path / "t")
    for name, is_binary in (("v", True), ("t", False)):
        loaded = KeyedVectors.load_word2vec_format(str(tmp_path / name), binary=is_binary)
        assert loaded.index_to_key == kept
        np.testing.assert_array_equal(loaded.vectors, vectors.vectors)


def test_options_that_do_not_suit_a_format_are_refused(plain: Pair, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="native"):
        plain.ours.save(tmp_path / "v.vec", packing="int8")
    with pytest.raises(OptionError, match="text"):
        plain.ours.save(tmp_path / "v.bin", decimals=3)
    with pytest.raises(OptionError, match="format"):
        plain.ours.save(tmp_path / "v")


def test_what_a_format_has_no_room_for_is_a_warning(subwords: Pair, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="rows of n-grams") as warned:
        subwords.ours.save(tmp_path / "v.txt")
    assert warned[0].filename == __file__
    with pytest.raises(KeyError):
        wordvec_cli.load(tmp_path / "v.txt")["governmental"]


def test_packed_vectors_and_few_decimals_are_near_what_they_were(plain: Pair, tmp_path: Path) -> None:
    plain.ours.save(tmp_path / "v.safetensors", packing="float16")
    np.testing.assert_allclose(wordvec_cli.load(tmp_path / "v.safetensors").vectors, plain.ours.vectors, rtol=1e-3)
    plain.ours.save(tmp_path / "v.tsv", decimals=2)  # without a warning that counts are lost
    numbers = (tmp_path / "v.tsv").read_text().splitlines()[-1].split("\t")[1:]
    assert numbers == [f"{number:.2f}" for number in plain.ours.vectors[-1].tolist()]


def test_gensims_type_and_ours_turn_into_each_other(pair: Pair) -> None:
    copy = pair.ours.to_gensim()
    assert type(copy) is KeyedVectors
    word = pair.words[0]
    assert copy.index_to_key == pair.ours.index_to_key
    assert [each for each, _ in copy.most_similar(word)] == [each for each, _ in pair.ours.most_similar(word)]
    copy.add_vectors(["brand new"], [np.ones(copy.vector_size, np.float32)])  # it is a copy, which can grow
    assert "brand new" not in pair.ours.index_to_key
    back = Vectors.from_gensim(pair.ours.to_gensim())
    assert list(back) == list(pair.ours)
    np.testing.assert_array_equal(back.vectors, pair.ours.vectors)
    assert (back.counts is None) == (pair.ours.counts is None)
    assert back.counts is None or back.counts.tolist() == pair.ours.counts.tolist()


def test_a_table_has_a_row_for_each_word(plain: Pair) -> None:
    table = plain.ours.to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert table.index.tolist() == plain.ours.index_to_key
    np.testing.assert_array_equal(table.loc["w3"].to_numpy(), plain.ours["w3"])


def test_metadata_tells_how_vectors_were_made(vector_file: Path) -> None:
    metadata = wordvec_cli.load(vector_file).metadata
    assert metadata["configuration"]["vector_size"] == 20
    assert repr(wordvec_cli.load(vector_file)) == "<Vectors: 19 words x 20>"
    json.dumps(metadata)


def test_load_opens_files_of_other_tools(tmp_path: Path) -> None:
    (tmp_path / "glove.txt").write_text("the 0.5 1.5\npeace -2 0.25\n")
    np.testing.assert_array_equal(wordvec_cli.load(tmp_path / "glove.txt")["peace"], [-2, 0.25])
    (tmp_path / "words.txt").write_text("the\npeace\n")
    np.save(tmp_path / "m.npy", np.array([[0.5, 1.5], [-2, 0.25]], np.float32))
    loaded = wordvec_cli.load(str(tmp_path / "m.npy"), vocabulary=tmp_path / "words.txt")
    np.testing.assert_array_equal(loaded["peace"], [-2, 0.25])


def test_load_warns_of_what_is_odd_about_a_file_where_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "glove.txt").write_text("the 0.5 1.5\npeace -2 0.25\nthe 7 7\n")
    with pytest.warns(UserWarning, match="repeated words") as warned:
        wordvec_cli.load(tmp_path / "glove.txt")
    assert warned[0].filename == __file__


def test_words_that_are_nowhere_in_the_file_are_an_error(vector_file: Path) -> None:
    with pytest.raises(InputError, match="of these words"):
        wordvec_cli.load(vector_file, ["nowhere"])


def test_every_readable_format_can_be_named() -> None:
    with pytest.raises(OptionError, match=formats.readable_formats()[1]):
        wordvec_cli.load("v.bin", format="no such")


# ---------------------------------------------------------------- the face


def test_importing_the_package_imports_nothing_but_what_is_asked_for() -> None:
    code = (
        "import sys, wordvec_cli; before = [n for n in sys.modules if n.startswith('wordvec_cli.') or n == 'numpy'];"
        "wordvec_cli.load; heavy = {'numba', 'gensim', 'scipy', 'tqdm', 'pandas', 'click'} & set(sys.modules);"
        "print(before, heavy)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[] set()\n"


def test_every_name_of_the_face_is_there_and_listed() -> None:
    assert set(wordvec_cli.__all__) <= set(dir(wordvec_cli))
    for name in wordvec_cli.__all__:
        assert getattr(wordvec_cli, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = wordvec_cli.no_such_name
