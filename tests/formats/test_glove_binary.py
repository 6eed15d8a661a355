"""GloVe's binary output, against the text that the same run of the C program wrote (tests/data/glove_binary)."""

import os
from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.errors import InputError
from wordvec_cli.formats import open_vectors
from wordvec_cli.formats.glove_binary import read
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.vectors.embeddings import Embeddings

DATA = Path(__file__).parent.parent / "data"
BINARY, TEXT, VOCABULARY = (
    str(DATA / name) for name in ("glove_binary/vectors.bin", "glove_binary/vectors.txt", "glove/vocab.txt")
)


def opened(path: str = BINARY, vocabulary: str | None = VOCABULARY, **options: object) -> Embeddings:
    return read(path, ReadOptions(vocabulary=vocabulary, **options), Oddities())


def test_the_vectors_are_those_of_the_text_file() -> None:
    lines = [line.split(b" ") for line in Path(TEXT).read_bytes().splitlines()]
    assert lines.pop()[0] == b"<unk>"
    embeddings = opened()
    assert list(embeddings.vocabulary) == [line[0] for line in lines]
    expected = np.array([line[1:] for line in lines], np.float64)
    assert embeddings.matrix.shape == (67, 7)
    np.testing.assert_allclose(embeddings.matrix, expected, rtol=1e-7, atol=0.5e-6)  # of six decimals


def test_counts_are_those_of_the_vocabulary() -> None:
    counts = [int(line.split()[1]) for line in Path(VOCABULARY).read_bytes().splitlines()]
    assert np.asarray(opened().vocabulary.counts).tolist() == counts
    some = opened(words=frozenset([b"the", "東京".encode()]))
    assert list(some.vocabulary) == [b"the", "東京".encode()]
    ids = [list(opened().vocabulary).index(word) for word in some.vocabulary]
    assert np.asarray(some.vocabulary.counts).tolist() == [counts[i] for i in ids]
    np.testing.assert_array_equal(some.matrix, opened().matrix[ids])


def test_words_have_to_be_named() -> None:
    with pytest.raises(InputError) as caught:
        opened(vocabulary=None)
    assert str(caught.value) == f"{BINARY}: GloVe's binary output holds no words; name its vocab.txt with --vocab"


def test_a_size_that_does_not_fit_is_told_with_figures(tmp_path: Path) -> None:
    path = str(tmp_path / "v.bin")
    content = Path(BINARY).read_bytes()
    row = 2 * 67 * 8
    for size in [0, 1, 7, 8, row - 1, row, row + 1, 2 * row - 8, 3 * row + 16, len(content) - 1, len(content) - 8]:
        Path(path).write_bytes(content[:size])
        with pytest.raises(InputError) as caught:
            opened(path)
        text = str(caught.value)
        assert text.startswith(f"{path}: {size} bytes are not two matrices of float64 for the 67 words of {VOCABULARY}")
        assert f"multiple of {row}, at least {2 * row}; name the vocabulary" in text
        assert "\n" not in text


def test_a_vocabulary_of_another_size_and_files_that_are_missing(tmp_path: Path) -> None:
    shorter = str(tmp_path / "vocab.txt")
    Path(shorter).write_bytes(b"".join(Path(VOCABULARY).read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(InputError, match="8576 bytes are not two matrices of float64 for the 66 words"):
        opened(vocabulary=shorter)
    with pytest.raises(InputError, match="missing: no such file"):
        opened(str(tmp_path / "missing"))
    with pytest.raises(InputError, match="missing: no such file"):
        opened(vocabulary=str(tmp_path / "missing"))
    os.truncate(shorter, 0)
    with pytest.raises(InputError, match="the vocabulary is empty"):
        opened(vocabulary=shorter)


def test_what_float32_cannot_hold_is_counted(tmp_path: Path) -> None:
    parameters = np.zeros((2, 2, 3))
    parameters[:, 1, 0] = 1e300
    parameters.tofile(tmp_path / "v.bin")
    (tmp_path / "vocab.txt").write_bytes(b"caf\xe9 2\n\x00 1\n")
    oddities = Oddities()
    embeddings = read(str(tmp_path / "v.bin"), ReadOptions(vocabulary=str(tmp_path / "vocab.txt")), oddities)
    assert list(embeddings.vocabulary) == [b"caf\xe9", b"\x00"]
    assert "rows with numbers that are not finite: 1, the first on row 2" in list(oddities.lines())


def test_raw_numbers_are_not_taken_for_it_because_their_size_divides(tmp_path: Path) -> None:
    """10 rows of 8 float32 have the size of two matrices of float64 with 10 rows, one number and a bias."""
    path, words = tmp_path / "raw.bin", tmp_path / "words.txt"
    path.write_bytes(np.arange(1, 81, dtype="<f4").tobytes())
    words.write_bytes(b"".join(b"%c\n" % letter for letter in b"abcdefghij"))
    with pytest.raises(InputError, match=r"raw\.bin: is not a vector file wordvec recognises; GloVe's own .* --from"):
        open_vectors(str(path), ReadOptions(vocabulary=str(words)))
    assert open_vectors(str(path), ReadOptions(vocabulary=str(words)), "glove-binary").dim == 1
