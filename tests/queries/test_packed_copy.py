"""Answers from a packed copy are those of the vectors, to the last bit; and copies that cannot be used are refused."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.errors import InputError
from wordvec_cli.queries import candidates, many_of_copy, packed_copy, scan
from wordvec_cli.queries.analogies import CosMul
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import METRICS, Scorer
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.queries.packed_copy import PackedCopy
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def nasty_rows(n_rows: int, dim: int) -> np.ndarray:
    """Of many lengths, with rows that come again or are nearly the same, zeros, and rows that are not finite."""
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(n_rows, dim)) * 10.0 ** rng.integers(-3, 4, (n_rows, 1))
    half = n_rows // 2
    rows[half : half + n_rows // 8] = rows[: n_rows // 8] * (1 + 1e-4 * rng.normal(size=(n_rows // 8, dim)))
    rows[n_rows - n_rows // 8 :] = rows[: n_rows // 8]
    rows[n_rows // 3, 0] *= 1000  # one number that is far above the others: a row with a large error
    rows = rows.astype(np.float32)
    if n_rows > 20:
        rows[[3, 17]], rows[4, 0], rows[19, dim - 1] = 0, np.nan, np.inf
    return rows


def saved(path: Path, rows: np.ndarray) -> Embeddings:
    save(str(path), Vocabulary.from_words(b"w%d" % i for i in range(len(rows))), rows, {})
    return load(str(path))


def with_copy(path: Path, rows: np.ndarray) -> tuple[Embeddings, PackedCopy]:
    vectors = saved(path, rows)
    packed_copy.write(f"{path}.index", vectors)
    return vectors, packed_copy.read(f"{path}.index", vectors)


def scorer_of(metric: str, questions: np.ndarray) -> Scorer:
    return METRICS[metric](questions) if metric in METRICS else CosMul(questions[:, None], questions[::-1, None])


@pytest.fixture(params=["few", "blocks", "compiled"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How questions are asked: few at once, by blocks of scores, or by compiled loops with little room."""
    monkeypatch.setattr(scan, "FEW_QUERIES", 1 << 10 if request.param == "few" else 0)
    monkeypatch.setattr(scan, "FLOATS_PER_PART", 1 << 10)
    monkeypatch.setattr(scan, "PARTS_PER_TASK", 2)
    monkeypatch.setattr(scan, "MOST_ROWS", 32)
    for name in ("PRODUCTS_TO_LOAD", "PRODUCTS_TO_LOAD_OF_COPY", "PRODUCTS_IF_LOADED"):
        monkeypatch.setattr(scan, name, 0 if request.param == "compiled" else 1 << 60)
    monkeypatch.setattr(many_of_copy, "BYTES_PER_BLOCK", 1 << 10)
    monkeypatch.setattr(candidates, "ROOM_PER_BLOCK", 1)
    monkeypatch.setattr(candidates, "ROOM_PER_KEPT", 0)
    monkeypatch.setattr(candidates, "usable_cpus", lambda: 2)
    return str(request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("metric", [*METRICS, "3cosmul"])
@pytest.mark.parametrize(("n_rows", "dim"), [(1, 3), (9, 1), (300, 1), (300, 13), (400, 40)])
def test_answers_are_those_of_the_vectors(tmp_path: Path, metric: str, n_rows: int, dim: int) -> None:
    """Of questions that are rows, others, and zeros; among all rows and some; with a threshold."""
    vectors, copy = with_copy(tmp_path / "v.safetensors", nasty_rows(n_rows, dim))
    questions = np.vstack([vectors.matrix[: min(n_rows, 60)], np.random.default_rng(1).normal(size=(5, dim))])
    questions = np.nan_to_num(questions, posinf=1).astype(np.float32)
    if metric != "3cosmul":
        questions[-1] = 0
    thresholds = (None, {"euclidean": 5.0, "3cosmul": 1.0}.get(metric, 0.4))
    for among in (None, np.arange(0, n_rows, 3)):
        for k, threshold in ((1, None), (7, thresholds[1]), (n_rows + 1, None)):
            asked = scorer_of(metric, questions)
            own = [[i] for i in range(len(questions))]
            expected = nearest(Index(vectors, among), asked, k, own, threshold)
            found = nearest(Index(vectors, among, 2, copy), asked, k, own, threshold)
            np.testing.assert_array_equal(found.ids, expected.ids)
            np.testing.assert_array_equal(found.scores, expected.scores)


def test_no_vector_is_farther_from_its_copy_than_the_copy_says(tmp_path: Path) -> None:
    rows = nasty_rows(400, 40)
    _, copy = with_copy(tmp_path / "v.safetensors", rows)
    finite = np.isfinite(rows).all(axis=1)
    exact, made = rows[finite].astype(np.float64), (copy.codes * copy.scales[:, None].astype(np.float64))[finite, :40]
    distances, lengths = (np.linalg.norm(each, axis=1) for each in (exact - made, exact))
    assert (distances <= copy.errors[finite] * lengths).all()
    assert (copy.errors[finite] < 0.03).sum() >= 390  # and not much farther: 40 numbers, each within half a 127th
    np.testing.assert_allclose(copy.lengths[finite], lengths, rtol=1e-6)
    assert (copy.scales[~finite] == 0).all()


def test_only_candidates_are_read_from_the_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(1).normal(size=(2000, 50)).astype(np.float32)
    vectors, copy = with_copy(tmp_path / "v.safetensors", rows)
    n_read: list[int] = []
    plain = Embeddings.rows

    def counted(self: Embeddings, places: np.ndarray) -> np.ndarray:
        found = plain(self, places)
        n_read.append(len(found))
        return found

    monkeypatch.setattr(Embeddings, "rows", counted)
    nearest(Index(vectors, None, 1, copy), METRICS["cosine"](rows[:1]), 10)
    assert sum(n_read) < 100


def test_an_index_is_of_the_file_as_it_is(tmp_path: Path) -> None:
    path, notes = tmp_path / "v.safetensors", list[str]()
    rows = nasty_rows(30, 4)
    assert packed_copy.found_copy(saved(path, rows), notes.append) is None
    vectors, _ = with_copy(path, rows)
    assert packed_copy.found_copy(vectors, notes.append) is not None
    assert notes == []
    rows[0] = 1
    assert packed_copy.found_copy(saved(path, rows), notes.append) is None
    (note,) = notes
    assert note == (
        f"{path}.index: is of another file than {path}, or of what that was before; make it again with wordvec index "
        f"{path}; answering without it"
    )


def changed(path: Path, change: str) -> None:
    """Damage an index, its header or what it holds."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header, data = json.loads(content[8 : 8 + length]), bytearray(content[8 + length :])
    match change:
        case "cut":
            data = data[:-5]
        case "rows":  # the shapes still fill the file
            rows, columns = header["codes"]["shape"]
            header["codes"]["shape"] = [rows // 2, columns * 2]
        case "type":
            header["codes"]["dtype"] = "U8"
        case "missing":
            header["other"] = header.pop("errors")
        case "version":
            header["__metadata__"]["format_version"] = "7"
        case name:
            number = {"nan": np.nan, "negative": -1, "infinite": np.inf}[name.partition(" ")[0]]
            start = header[name.partition(" ")[2]]["data_offsets"][0]
            data[start : start + 4] = np.float32(number).tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(data))


@pytest.mark.parametrize(
    "change",
    ["cut", "rows", "type", "missing", "version"]
    + [f"{number} {name}" for number in ("nan", "negative", "infinite") for name in ("scales", "lengths", "errors")],
)
def test_a_damaged_index_is_refused_before_it_is_used(tmp_path: Path, change: str) -> None:
    vectors, _ = with_copy(tmp_path / "v.safetensors", nasty_rows(30, 4))
    changed(tmp_path / "v.safetensors.index", change)
    with pytest.raises(InputError, match=r"damaged|cut short|newer than this wordvec"):
        packed_copy.read(str(tmp_path / "v.safetensors.index"), vectors)
    notes: list[str] = []
    assert packed_copy.found_copy(vectors, notes.append) is None
    assert notes[0].endswith("; answering without it")


def test_vectors_that_float32_cannot_square_have_no_index(tmp_path: Path) -> None:
    for number in (1e-25, 1e30):
        vectors = saved(tmp_path / "v.safetensors", np.full((3, 2), number, np.float32))
        with pytest.raises(InputError, match="holds vectors shorter than 1e-18 or longer than 1e\\+18"):
            packed_copy.write(str(tmp_path / "v.safetensors.index"), vectors)
    assert not (tmp_path / "v.safetensors.index").exists()
