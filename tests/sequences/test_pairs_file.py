"""Files of pairs: our safetensors layout, and the records of GloVe's C programs."""

import json
import struct
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from wordvec_cli.errors import InputError, WordvecError
from wordvec_cli.sequences import pairs_file
from wordvec_cli.sequences.pair_arrays import Pairs
from wordvec_cli.sequences.pairs import PairOptions
from wordvec_cli.sequences.pairs_file import PairsFile, read_options, read_pairs, write_pairs
from wordvec_cli.storage import safetensors as store
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b"the", "東京".encode(), b"a\x00b", b"caf\xe9"]
VOCABULARY = Vocabulary.from_words(WORDS, [40, 30, 20, 10])
OPTIONS = PairOptions(window=7, symmetric=False, distance_weighting=False, unknown="gap")
TOKENIZER = Tokenizer("words", lowercase=True, normalise="NFC")
# (row, column, weight), ids from 0
PAIRS = [(0, 0, 2.0), (0, 3, 1 / 3), (1, 2, 1e-300), (2, 1, 5e15 + 1), (3, 0, 0.1)]


def pairs_of(entries: list[tuple[int, int, float]]) -> Pairs:
    rows, columns, weights = zip(*entries, strict=True) if entries else ([], [], [])
    return Pairs(np.array(rows, np.int32), np.array(columns, np.int32), np.array(weights, np.float64))


FILE = PairsFile(pairs_of(PAIRS), VOCABULARY, OPTIONS, TOKENIZER, corpus_fingerprint="ab" * 32)


def entries(pairs: Pairs) -> list[tuple[int, int, float]]:
    """The pairs with ids from 0."""
    ids = ((array - pairs.first_id).tolist() for array in (pairs.rows, pairs.columns))
    return list(zip(*ids, pairs.weights.tolist(), strict=True))


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(path: str = "pairs.safetensors", file: PairsFile = FILE) -> str:
    write_pairs(path, file, pairs_file.layout_of(path))
    return path


# ---------------------------------------------------------------- safetensors


def test_everything_comes_back_as_it_was() -> None:
    read = read_pairs(written())
    assert entries(read.pairs) == PAIRS
    assert read.pairs.first_id == 0
    assert list(read.vocabulary) == WORDS
    assert list(read.vocabulary.counts) == [40, 30, 20, 10]
    assert (read.options, read.tokenizer, read.corpus_fingerprint) == (OPTIONS, TOKENIZER, "ab" * 32)
    assert read.fingerprint == store.open_file("pairs.safetensors").metadata["checksum"]
    assert store.open_file("pairs.safetensors").checksum_holds()
    assert read_options("pairs.safetensors") == asdict(OPTIONS)


def test_what_is_not_known_comes_back_as_none() -> None:
    vocabulary = Vocabulary.from_words(WORDS)
    read = read_pairs(written(file=PairsFile(pairs_of(PAIRS), vocabulary)))
    assert entries(read.pairs) == PAIRS
    assert (read.options, read.tokenizer, read.corpus_fingerprint, read.vocabulary.counts) == (None, None, None, None)
    assert read_options("pairs.safetensors") == {}


def test_its_own_vocabulary_may_be_given_again() -> None:
    again = Vocabulary.from_words(WORDS, [40, 30, 20, 10])
    assert entries(read_pairs(written(), again).pairs) == PAIRS


def test_what_is_read_is_mapped_and_cannot_be_changed() -> None:
    pairs = read_pairs(written()).pairs
    for array in (pairs.rows, pairs.columns, pairs.weights):
        assert not array.flags.writeable
        assert not array.flags.owndata


def test_the_safetensors_library_reads_our_file() -> None:
    tensors = safetensors.numpy.load_file(written())
    assert set(tensors) == {"rows", "columns", "weights", "words.text", "words.offsets", "words.order", "counts"}
    for name, dtype, place in (("rows", np.int32, 0), ("columns", np.int32, 1), ("weights", np.float64, 2)):
        assert tensors[name].dtype == dtype
        assert tensors[name].tolist() == [entry[place] for entry in PAIRS]
    assert tensors["words.text"].tobytes() == b"".join(WORDS)
    with safetensors.safe_open("pairs.safetensors", "numpy") as file:
        metadata = file.metadata()
    assert metadata["format"] == "wordvec-pairs"
    assert metadata["vocabulary_fingerprint"] == VOCABULARY.fingerprint()
    assert json.loads(metadata["pair_options"]) == {
        "window": 7, "symmetric": False, "distance_weighting": False, "unknown": "gap",
    }  # fmt: skip


def test_we_read_what_the_safetensors_library_writes() -> None:
    tensors = safetensors.numpy.load_file(written())
    safetensors.numpy.save_file(tensors, "other", {"format": "wordvec-pairs", "format_version": "1"})
    read = read_pairs("other")
    assert entries(read.pairs) == PAIRS
    assert list(read.vocabulary) == WORDS
    assert (read.options, read.fingerprint) == (None, None)


def test_weights_start_at_a_multiple_of_64_bytes() -> None:
    content = Path(written()).read_bytes()
    (n_header,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + n_header])
    assert (8 + n_header + header["weights"]["data_offsets"][0]) % 64 == 0


@pytest.mark.parametrize("name", ["pairs.safetensors", "pairs.bin"])
def test_pairs_are_written_in_parts_that_make_no_difference(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path(written(name)).read_bytes()
    monkeypatch.setattr(pairs_file, "PAIRS_PER_CHUNK", 2)
    assert Path(written(name)).read_bytes() == whole


@pytest.mark.parametrize("name", ["pairs.safetensors", "pairs.bin"])
def test_the_size_is_known_beforehand(name: str) -> None:
    """But for a header of some kilobytes, and for the records none."""
    expected = pairs_file.size_bytes(len(PAIRS), VOCABULARY, pairs_file.layout_of(name))
    size = Path(written(name)).stat().st_size
    assert size == expected if name.endswith(".bin") else expected < size < expected + 5000


def test_a_layout_that_is_not_known_names_the_option() -> None:
    with pytest.raises(InputError, match=r"^--to: 'csv' is not one of safetensors, glove$"):
        write_pairs("pairs.csv", FILE, "csv")  # type: ignore[arg-type]
    assert not Path("pairs.csv").exists()


# ---------------------------------------------------------------- records


RECORDS = b"".join(struct.pack("<iid", row + 1, column + 1, weight) for row, column, weight in PAIRS)


def test_records_are_those_of_the_c_struct() -> None:
    assert Path(written("pairs.bin")).read_bytes() == RECORDS


def test_records_are_read_with_ids_that_count_from_1() -> None:
    Path("pairs.bin").write_bytes(RECORDS)
    read = read_pairs("pairs.bin", VOCABULARY)
    assert read.pairs.first_id == 1
    assert read.pairs.rows.tolist() == [1, 1, 2, 3, 4]
    assert entries(read.pairs) == PAIRS
    assert entries(read.pairs[1:3]) == PAIRS[1:3]
    assert read.vocabulary is VOCABULARY
    assert (read.options, read.tokenizer, read.corpus_fingerprint, read.fingerprint) == (None, None, None, None)
    assert read_options("pairs.bin") == {}


def test_records_that_were_read_are_written_with_the_same_bytes() -> None:
    Path("pairs.bin").write_bytes(RECORDS)
    write_pairs("again.bin", read_pairs("pairs.bin", VOCABULARY), "glove")
    assert Path("again.bin").read_bytes() == RECORDS


# ---------------------------------------------------------------- what cannot be read


def assert_refused(path: str, text: str, vocabulary: Vocabulary | None = None) -> None:
    """One line that names the file first."""
    with pytest.raises(InputError) as caught:
        read_pairs(path, vocabulary)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert text in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "0 bytes are not a whole number of records of 16 bytes; it is cut short, or was not written by GloVe's"),
        (RECORDS[:-1], "79 bytes are not a whole number of records of 16 bytes"),
        (RECORDS[:15], "15 bytes are not a whole number"),
        (b"not pairs", "9 bytes are not a whole number"),
    ],
)
def test_records_that_are_not_whole_are_an_error(content: bytes, text: str) -> None:
    Path("pairs.bin").write_bytes(content)
    assert_refused("pairs.bin", text, VOCABULARY)


def test_records_without_a_vocabulary_name_the_option() -> None:
    Path("pairs.bin").write_bytes(RECORDS)
    assert_refused("pairs.bin", "do not hold their words, name the vocabulary with --vocab")


@pytest.mark.parametrize("name", ["missing.bin", "missing.safetensors"])
def test_a_missing_file_and_a_folder_are_errors(name: str) -> None:
    assert_refused(name, "no such file or directory", VOCABULARY)
    Path(name).mkdir()
    assert_refused(name, "is a directory", VOCABULARY)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is not a safetensors file of pairs"),
        (RECORDS, "is not a safetensors file of pairs"),
        (b"the 40\ncat 30\n", "is not a safetensors file of pairs"),
    ],
)
def test_a_file_of_another_kind_is_an_error(content: bytes, text: str) -> None:
    Path("pairs.safetensors").write_bytes(content)
    assert_refused("pairs.safetensors", text)


def test_a_file_of_vectors_says_what_makes_pairs() -> None:
    save("vectors.safetensors", VOCABULARY, np.ones((4, 3), np.float32), {})
    assert_refused("vectors.safetensors", "not one of pairs; wordvec cooccur makes those")


def test_a_file_of_another_vocabulary_is_an_error() -> None:
    other_counts = Vocabulary.from_words(WORDS, [40, 30, 20, 11])
    other_words = Vocabulary.from_words(WORDS[::-1], [40, 30, 20, 10])
    for other in (other_counts, other_words):
        assert_refused(written(), "pairs of another vocabulary than --vocab; leave --vocab out, it has its own", other)


def test_a_file_of_a_newer_version_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pairs_file, "FORMAT", pairs_file.FORMAT._replace(version="2"))
        written()
    assert_refused("pairs.safetensors", "has format version 2, newer than this wordvec; install a newer wordvec")


def test_a_file_without_pairs_is_an_error() -> None:
    assert_refused(written(file=replace(FILE, pairs=pairs_of([]))), "holds no pairs; count them again")


@pytest.mark.parametrize(
    "change",
    [
        {"rows": np.zeros(4, np.int32)},
        {"rows": np.zeros(5, np.int64)},
        {"columns": np.zeros(5, np.float32)},
        {"weights": np.zeros(5, np.float32)},
        {"weights": np.zeros((5, 1), np.float64)},
        {"weights": None},
        {"words.text": None},
        {"words.order": np.zeros(3, np.int64)},
    ],
)
def test_tensors_that_do_not_match_are_an_error(change: dict[str, Any]) -> None:
    tensors = safetensors.numpy.load_file(written()) | change
    tensors = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    safetensors.numpy.save_file(tensors, "damaged", {"format": "wordvec-pairs", "format_version": "1"})
    assert_refused("damaged", "the file is damaged, make it again")


def test_a_file_cut_short_anywhere_is_an_error() -> None:
    content = Path(written()).read_bytes()
    for size in (*range(0, len(content), 9), len(content) - 1):
        Path("cut").write_bytes(content[:size])
        assert_refused("cut", "")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pair_options", '{"window": 7, "colour": "red"}'),
        ("pair_options", '{"window": "7"}'),
        ("pair_options", '{"window": 0}'),
        ("pair_options", '{"window": 1.5}'),
        ("pair_options", '{"symmetric": "no"}'),
        ("pair_options", '{"unknown": "keep"}'),
        ("tokenizer", '{"kind": "new"}'),
        ("tokenizer", '{"kind": ["whitespace"]}'),
        ("tokenizer", '{"colour": "red"}'),
    ],
)
def test_options_that_are_not_known_are_an_error_that_names_the_file(key: str, value: str) -> None:
    tensors = safetensors.numpy.load_file(written())
    metadata = {"format": "wordvec-pairs", "format_version": "1", key: value}
    safetensors.numpy.save_file(tensors, "pairs", metadata)
    assert_refused("pairs", "")
    if key == "pair_options":  # which are read by themselves too, for the defaults of a training
        with pytest.raises(InputError, match=r"^pairs: records what this wordvec does not know"):
            read_options("pairs")


@given(data=st.data())
def test_a_mutated_file_never_ends_in_anything_but_our_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated_pairs"
    write_pairs(str(path), FILE, "safetensors")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        read = read_pairs(str(path))
        assert len(read.pairs) == len(entries(read.pairs))
    except WordvecError:
        pass
