"""Quantised classifiers: what they predict, by numpy; their sizes; the loss that is told; every command with them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.classify.test_classify import FAST, labelled_lines, rewritten, write
from tests.conftest import run_here
from tests.damage import with_metadata
from wordvec_cli.classify import model as classifier
from wordvec_cli.classify.fasttext_quantised import centroids_of, with_centroids
from wordvec_cli.classify.prediction import BYTES_WITHOUT_KERNELS, Predictor
from wordvec_cli.classify.product_codes import Centroids
from wordvec_cli.classify.quantising import quantised

KINDS = {"plain": [], "subwords": ["--subwords", "2-4", "--word-ngrams", "2"], "tree": ["--loss", "hs"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("quantised")
    write(path / "train.txt", labelled_lines(300, 1))
    write(path / "test.txt", labelled_lines(100, 2))
    for kind, options in KINDS.items():
        for name, more in ((kind, []), (f"small-{kind}", ["--quantise"])):
            result = run_here("classify", "train", path / "train.txt", "-o", path / name, *options, *more, *FAST)
            assert result.returncode == 0, result.stderr
    return path


def unpacked(tensors: dict[str, np.ndarray], name: str) -> np.ndarray:
    scales = tensors["scales" if name == "vectors" else f"{name}.scales"]
    assert tensors[name].dtype == np.int8
    return tensors[name].astype(np.float64) * scales[:, None].astype(np.float64)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_the_nearest_whole_multiples_of_a_127th_of_their_largest_number(folder: Path, kind: str) -> None:
    small, whole = load_file(folder / f"small-{kind}"), load_file(folder / kind)
    for name in ("vectors", "ngrams.vectors"):
        steps = np.abs(whole[name]).max(axis=1, initial=0) / 127
        assert np.all(np.abs(unpacked(small, name) - whole[name]) <= steps[:, None] * 0.501)
    assert small["output"].tobytes() == whole["output"].tobytes()


@pytest.mark.parametrize("n_copies", [1, BYTES_WITHOUT_KERNELS // 20])
@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_are_those_of_the_unpacked_rows(folder: Path, tmp_path: Path, kind: str, n_copies: int) -> None:
    """By plain Python for a few lines, and by kernels for many."""
    small = classifier.load(str(folder / f"small-{kind}"))
    tensors = load_file(folder / f"small-{kind}")
    changed = {
        name.replace(".", "__"): unpacked(tensors, name).astype(np.float32) for name in ("vectors", "ngrams.vectors")
    }
    table = json.loads(small.words.metadata["classifier"])
    table["version"] = 2 if table.pop("packing") and "subwords" in table else 1
    dropped = {"scales": None, "ngrams__vectors__scales": None}
    plain = rewritten(folder / f"small-{kind}", tmp_path / "plain", **changed, **dropped)
    with_metadata(plain, tmp_path / "whole", {"classifier": json.dumps(table)})
    texts = [b"red green", b"unheard-of yellowed monday", b"", "東京 bread".encode()] * n_copies
    expected = Predictor(classifier.load(str(tmp_path / "whole"))).probabilities(texts)
    np.testing.assert_allclose(Predictor(small).probabilities(texts), expected, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_makes_of_a_model_what_training_does(folder: Path, tmp_path: Path, kind: str) -> None:
    result = run_here("classify", "quantise", folder / kind, "-o", tmp_path / "small", folder / "test.txt")
    assert result.returncode == 0, result.stderr
    made, trained = load_file(tmp_path / "small"), load_file(folder / f"small-{kind}")
    assert {name: array.tobytes() for name, array in made.items()} == {n: a.tobytes() for n, a in trained.items()}


def test_sizes_and_the_loss_of_precision_are_told_and_recorded(folder: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    result = run_here("classify", "quantise", folder / "subwords", "-o", small, folder / "test.txt")
    scores = [
        json.loads(run_here("classify", "test", path, folder / "test.txt", "--format", "json").stdout)["precision"]
        for path in (folder / "subwords", small)
    ]
    told = result.stderr.decode()
    assert f"precision@1 of 100 labelled lines was {scores[0]:.4f} and is {scores[1]:.4f}" in told
    sizes = [float(size) for size in re.findall(r"([0-9.]+) MB", told)]
    files = [path.stat().st_size / 1e6 for path in (folder / "subwords", small)]
    assert sizes == pytest.approx(files, abs=0.01)  # but for the header
    facts = json.loads(classifier.load(str(small)).words.metadata["quantised"])
    assert facts == {
        "packing": "int8", "precision_before": round(scores[0], 6), "precision_after": round(scores[1], 6),
        "lines": 100, "measured_on": "labelled line",
    }  # fmt: skip


def test_training_measures_the_loss_on_its_own_lines(folder: Path, tmp_path: Path) -> None:
    options = ["--quantise", "--subwords", "2-4", "--word-ngrams", "2", *FAST[:-1]]
    result = run_here("classify", "train", folder / "train.txt", "-o", tmp_path / "m", *options)
    score = run_here("classify", "test", tmp_path / "m", folder / "train.txt", "--format", "json").stdout
    assert f"of 300 training lines was 1.0000 and is {json.loads(score)['precision']:.4f}" in result.stderr.decode()


def test_without_labelled_lines_the_size_alone_is_told(folder: Path, tmp_path: Path) -> None:
    result = run_here("classify", "quantise", folder / "plain", "-o", tmp_path / "m")
    assert b"name labelled files to measure the loss" in result.stderr
    assert b"precision@1" not in result.stderr


@pytest.mark.parametrize("command", ["info", "verify", "classify test"])
def test_every_command_opens_it(folder: Path, command: str) -> None:
    files = [folder / "test.txt"] if command == "classify test" else []
    assert run_here(*command.split(), folder / "small-subwords", *files).returncode == 0


def test_fastText_gets_its_unpacked_rows(folder: Path, tmp_path: Path) -> None:  # noqa: N802
    package = pytest.importorskip("fasttext", reason="the package fasttext (extra `test`) is not installed")
    options = ["--quantise", "--buckets", "3000", "--subwords", "1-3", *FAST]
    assert run_here("classify", "train", folder / "train.txt", "-o", tmp_path / "m", *options).returncode == 0
    assert run_here("export", tmp_path / "m", tmp_path / "m.bin", "--to", "fasttext").returncode == 0
    its, own = package.load_model(str(tmp_path / "m.bin")), classifier.load(str(tmp_path / "m"))
    found = Predictor(own).probabilities([b"red monday reddish"])[0]
    by_label = {label: share for share, label in its.f.predict("red monday reddish\n", 5, 0.0, "strict")}
    expected = {f"__label__{name.decode()}": p for name, p in zip(own.label_names, found.tolist(), strict=True)}
    assert by_label == pytest.approx(expected, abs=2e-5)


def test_it_stays_as_it_is_when_it_is_written_again(folder: Path, tmp_path: Path) -> None:
    small = classifier.load(str(folder / "small-subwords"))
    classifier.save(str(tmp_path / "again"), quantised(small), small.words.metadata)
    assert (tmp_path / "again").read_bytes() == (folder / "small-subwords").read_bytes()


def test_what_is_quantised_already_is_refused(folder: Path, tmp_path: Path) -> None:
    result = run_here("classify", "quantise", folder / "small-plain", "-o", tmp_path / "m")
    assert (result.returncode, b"is quantised already" in result.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"scales": None},
        {"scales": np.ones(3, np.float32)},
        {"ngrams__vectors__scales": None},
        {"ngrams__vectors__scales": np.ones(3, np.float32)},
        {"ngrams__vectors": np.zeros((3, 10), np.float32)},
        {"vectors": np.zeros((23, 10), np.float32)},
    ],
    ids=str,
)
def test_a_damaged_one_is_refused(folder: Path, tmp_path: Path, changed: dict[str, object]) -> None:
    damaged = rewritten(folder / "small-subwords", tmp_path / "damaged", **changed)
    result = run_here("classify", "predict", damaged, folder / "test.txt")
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.startswith(b"Error: " + str(damaged).encode())


def test_the_size_that_tuning_may_have_is_that_of_the_quantised_model(folder: Path, tmp_path: Path) -> None:
    options = ["--tune", folder / "test.txt", "--tune-minutes", "0.05", "--tune-size", "60KB", "--epochs", "2"]
    result = run_here("classify", "train", folder / "train.txt", "-o", tmp_path / "m", "--quantise", *options)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "m").stat().st_size <= 60_000


# ---------------------------------------------------------------- fastText's .ftz


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with some hundred rows, of an odd dimension, and a .ftz of it."""
    path = tmp_path_factory.mktemp("ftz")
    write(path / "train.txt", [f"{line} word{i % 300}é" for i, line in enumerate(labelled_lines(600, 1))])
    options = ["--subwords", "1-3", "--word-ngrams", "2", "--buckets", "5000", *FAST[2:], "--vector-size", "7"]
    assert run_here("classify", "train", path / "train.txt", "-o", path / "model", *options).returncode == 0
    result = run_here("classify", "quantise", path / "model", "-o", path / "model.ftz", path / "train.txt")
    assert result.returncode == 0, result.stderr
    (path / "notes").write_bytes(result.stderr)
    return path


def test_fastText_predicts_by_the_centroids_of_a_ftz(large: Path) -> None:  # noqa: N802
    package = pytest.importorskip("fasttext", reason="the package fasttext (extra `test`) is not installed")
    its, own = package.load_model(str(large / "model.ftz")), classifier.load(str(large / "model"))
    assert its.is_quantized()
    model = with_centroids(own, centroids_of("", own))
    texts = [line.split(" ", 1)[1] for line in (large / "train.txt").read_text().splitlines()[:50]]  # all is known
    for text, values in zip(texts, Predictor(model).probabilities([each.encode() for each in texts]), strict=True):
        by_label = {label: share for share, label in its.f.predict(text + "\n", 5, 0.0, "strict")}
        expected = {f"__label__{name.decode()}": p for name, p in zip(own.label_names, values.tolist(), strict=True)}
        assert by_label == pytest.approx(expected, abs=5e-5)


def test_a_ftz_is_read_here_with_the_vectors_that_fastText_has(large: Path) -> None:  # noqa: N802
    package = pytest.importorskip("fasttext", reason="the package fasttext (extra `test`) is not installed")
    printed = run_here("lookup", large / "model.ftz", "monday", "unheard-of").stdout.decode().splitlines()
    its = package.load_model(str(large / "model.ftz"))
    for line in printed:
        word, *numbers = line.split()
        np.testing.assert_allclose(np.array(numbers, float), its.get_word_vector(word), atol=1e-5)


def test_the_loss_of_a_ftz_is_told(large: Path) -> None:
    told = (large / "notes").read_text()
    own = classifier.load(str(large / "model"))
    assert "product quantisation for fastText: from " in told
    assert "precision@1 of 600 labelled lines was 1.0000 and is " in told
    rows = np.concatenate([own.words.matrix, own.ngram_vectors])
    smaller = with_centroids(own, centroids_of("", own))
    left = np.concatenate([smaller.words.matrix, smaller.ngram_vectors])
    assert ((rows - left) ** 2).sum() < 0.05 * (rows**2).sum()


def test_a_ftz_of_too_few_rows_is_refused(folder: Path, tmp_path: Path) -> None:
    result = run_here("classify", "quantise", folder / "plain", "-o", tmp_path / "m.ftz")
    assert (result.returncode, b"needs 256 words and n-grams" in result.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_codes_are_the_nearest_centroids() -> None:
    rows = np.random.default_rng(1).normal(size=(700, 5)).astype(np.float32)
    centroids = Centroids.of(rows, 1)
    codes = centroids.codes(rows)
    assert [part.shape for part in centroids.parts] == [(256, 2), (256, 2), (256, 1)]
    for i, (part, own) in enumerate(zip(np.split(rows, [2, 4], axis=1), centroids.parts, strict=True)):
        distances = ((part[:, None] - own[None]) ** 2).sum(axis=2)
        np.testing.assert_allclose(distances[np.arange(700), codes[:, i]], distances.min(axis=1), atol=1e-6)
    assert ((centroids.rows(codes) - rows) ** 2).mean() < 0.01


def test_few_distinct_rows_become_themselves() -> None:
    rows = np.repeat(np.eye(3, 4, dtype=np.float32), 100, axis=0)
    centroids = Centroids.of(rows, 1)
    np.testing.assert_allclose(centroids.rows(centroids.codes(rows)), rows, atol=1e-6)
