"""Text classification through the command: train, predict, test, and the model as a vector file."""

import csv
import io
import json
import lzma
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from sklearn.metrics import precision_recall_fscore_support

from tests import reference_classify as reference
from tests.conftest import COMMAND, Run, run_here
from tests.damage import with_metadata
from wordvec_cli.classify import model as classifier
from wordvec_cli.classify.labelled import NumberedLines
from wordvec_cli.classify.lines import LabelLayout, LineParser
from wordvec_cli.classify.prediction import BYTES_WITHOUT_KERNELS, Predictor, _most_rows
from wordvec_cli.storage import safetensors as store
from wordvec_cli.vectors import embeddings, native
from wordvec_cli.vocabulary.vocabulary import Vocabulary

TOPICS = {
    "days": ["monday", "tuesday", "wednesday", "thursday", "friday", "meet", "call"],
    "colours": ["red", "green", "blue", "yellow", "black", "paint", "dye"],
    "food": ["bread", "cheese", "soup", "salt", "bake", "fry", "東京"],
}
FAST = ["--vector-size", "10", "--epochs", "5", "--learning-rate", "0.5", "--threads", "1", "--quiet"]
LOSSES = ["softmax", "hierarchical-softmax", "one-vs-all"]


def labelled_lines(n: int, seed: int, n_labels: int = 1) -> list[str]:
    """Lines of words of a topic, or of several, that bear its label."""
    rng = random.Random(seed)
    lines = []
    for _ in range(n):
        topics = rng.sample(list(TOPICS), rng.randint(1, n_labels))
        words = ["the", *(rng.choice(TOPICS[topic]) for topic in topics for _ in range(5))]
        rng.shuffle(words)
        lines.append(" ".join([f"__label__{topic}" for topic in topics] + words))
    return lines


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("classify")
    write(path / "train.txt", labelled_lines(600, 1))
    write(path / "test.txt", labelled_lines(200, 2))
    write(path / "several.txt", labelled_lines(600, 3, n_labels=2))
    for loss in LOSSES:
        source = path / ("several.txt" if loss == "one-vs-all" else "train.txt")
        result = run_here("classify", "train", source, "-o", path / loss, "--loss", loss, "--word-ngrams", "3", *FAST)
        assert result.returncode == 0, result.stderr
    own = ["--word-ngrams", "3", "--subwords", "2-4"]
    assert run_here("classify", "train", path / "train.txt", "-o", path / "subwords", *own, *FAST).returncode == 0
    return path


def error_of(*arguments: str | Path) -> tuple[int, str]:
    result = run_here("classify", *arguments)
    assert not result.stdout
    return result.returncode, result.stderr.decode().splitlines()[-1]


# ---------------------------------------------------------------- what is learnt


@pytest.mark.parametrize("loss", LOSSES)
def test_labels_that_can_be_told_apart_are(folder: Path, loss: str) -> None:
    result = run_here("classify", "test", folder / loss, folder / "test.txt", "--format", "json")
    assert json.loads(result.stdout)["precision"] > 0.99


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(folder: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        run_here("classify", "train", folder / "train.txt", "-o", tmp_path / name, "--seed", seed, *FAST)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_a_file_that_is_sorted_by_label_is_not_learnt_label_by_label(tmp_path: Path) -> None:
    """What both labels have in common must not end up on the side of the last."""
    path = write(tmp_path / "sorted", ["__label__a the same"] * 500 + ["__label__b the same"] * 500)
    run_here("classify", "train", path, "-o", tmp_path / "model", *FAST, "--epochs", "1")
    (probabilities,) = Predictor(classifier.load(str(tmp_path / "model"))).probabilities([b"the same"])
    assert probabilities.tolist() == pytest.approx([0.5, 0.5], abs=0.1)


def test_several_threads_learn_as_well(folder: Path, tmp_path: Path) -> None:
    run_here("classify", "train", folder / "train.txt", "-o", tmp_path / "model", *FAST, "--threads", "3")
    result = run_here("classify", "test", tmp_path / "model", folder / "test.txt", "--format", "json")
    assert json.loads(result.stdout)["precision"] > 0.99


def test_what_is_read_compressed_or_from_a_pipe_is_the_same(folder: Path, tmp_path: Path, wordvec: Run) -> None:
    text = (folder / "train.txt").read_bytes()
    (tmp_path / "train.xz").write_bytes(lzma.compress(text))
    for name, source, stdin in (
        ("a", folder / "train.txt", None),
        ("b", tmp_path / "train.xz", None),
        ("c", "-", text),
    ):
        result = wordvec("classify", "train", source, "-o", tmp_path / name, *FAST, stdin=stdin)
        assert result.returncode == 0, result.stderr
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b == c


# ---------------------------------------------------------------- predictions


def oracle(path: Path, line: bytes) -> dict[bytes, float]:
    """The probabilities of the labels by the tensors of the file alone."""
    tensors = load_file(path)
    vectors = native.load(str(path))
    words = {word: row for row, word in enumerate(vectors.vocabulary)}
    names = tensors["labels.text"].tobytes()
    offsets = tensors["labels.offsets"]
    _, tokens = reference.labels_and_words(line)
    matrix = np.concatenate([tensors["vectors"], tensors["ngrams.vectors"]]).astype(np.float64)
    rows = [words[token] for token in [*tokens, b"</s>"] if token in words]
    buckets = tensors["ngrams.buckets"].tolist()
    found = reference.ngram_buckets(tokens, 3, 2_000_000)
    if lengths := embeddings.recorded(vectors.metadata, "classifier").get("subwords"):
        shortest, longest = map(int, lengths.split("-"))
        found += [
            bucket for token in tokens for bucket in reference.subword_buckets(token, shortest, longest, 2_000_000)
        ]
    matrix = np.concatenate([matrix, np.zeros((1, matrix.shape[1]))])  # of n-grams that were never seen
    rows += [len(words) + buckets.index(bucket) if bucket in buckets else len(matrix) - 1 for bucket in found]
    scores = tensors["output"].astype(np.float64) @ reference.hidden(matrix, rows)
    loss = embeddings.recorded(vectors.metadata, "classifier")["loss"]
    if loss == "one-vs-all":
        probabilities = reference.sigmoid(scores)
    elif loss == "softmax":
        probabilities = reference.softmax(scores)
    else:
        turns = reference.sigmoid(-scores[tensors["paths.nodes"]] * tensors["paths.signs"])
        ends = tensors["paths.offsets"]
        probabilities = np.array([turns[ends[i] : ends[i + 1]].prod() for i in range(len(ends) - 1)])
    return {names[offsets[i] : offsets[i + 1]]: probabilities[i] for i in range(len(offsets) - 1)}


NASTY_LINES = [
    b"",
    b"monday red unheard-of",
    b"   soup\tsoup  soup \r",
    "東京 bread \u00a0 caf\u00e9".encode(),
    b"caf\xe9 \xff monday",
    b"a\x00b red",
    b"__label__food red blue",
    b"__label__ red",
    b"</s> the",
    b"x" * 3000,
]


@pytest.mark.parametrize("loss", [*LOSSES, "subwords"])
def test_probabilities_are_those_of_the_tensors_of_the_file(folder: Path, loss: str) -> None:
    model = classifier.load(str(folder / loss))
    texts = [text for _, text in LineParser(LabelLayout(), "lines").parse(NASTY_LINES)]
    many = texts * (BYTES_WITHOUT_KERNELS // sum(map(len, NASTY_LINES)) + 1)  # so many that kernels are worth while
    for found in (Predictor(model).probabilities(texts), Predictor(model).probabilities(many)[: len(texts)]):
        for line, values in zip(NASTY_LINES, found, strict=True):
            expected = oracle(folder / loss, line)
            assert dict(zip(model.label_names, values.tolist(), strict=True)) == pytest.approx(expected, abs=1e-5)


def test_each_line_gets_a_line_in_its_order(folder: Path, wordvec: Run) -> None:
    lines = b"\n".join(NASTY_LINES * 300)
    result = wordvec("classify", "predict", folder / "softmax", stdin=lines)
    names, probabilities = zip(*(answer.split(b"\t") for answer in result.stdout.splitlines()), strict=True)
    expected = [oracle(folder / "softmax", line) for line in NASTY_LINES] * 300
    assert list(names) == [max(each, key=lambda label: each[label]) for each in expected]
    values = [max(each.values()) for each in expected]
    assert [float(value) for value in probabilities] == pytest.approx(values, abs=1e-5)


def test_labels_come_best_first_and_those_below_the_threshold_not_at_all(folder: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_bytes(b"red green\n")
    expected = sorted(oracle(folder / "softmax", b"red green").items(), key=lambda entry: -entry[1])
    result = run_here("classify", "predict", folder / "softmax", lines, "-k", "9", "--format", "json")
    (answer,) = (json.loads(line) for line in result.stdout.splitlines())
    assert [entry["label"].encode() for entry in answer["labels"]] == [label for label, _ in expected]
    assert sum(entry["probability"] for entry in answer["labels"]) == pytest.approx(1, abs=1e-5)
    threshold = str((expected[0][1] + expected[1][1]) / 2)
    result = run_here("classify", "predict", folder / "softmax", lines, "-k", "9", "--threshold", threshold)
    assert result.stdout == b"%b\t%.6f\n" % expected[0]
    result = run_here("classify", "predict", folder / "one-vs-all", lines, "--threshold", "1")
    assert result.stdout == b"\n"


def test_a_word_that_was_never_seen_has_features_by_its_subwords(folder: Path) -> None:
    """fridays is friday but for a letter; without subwords nothing of it is known."""
    by_subwords, by_words = (Predictor(classifier.load(str(folder / name))) for name in ("subwords", "softmax"))
    ((label, _),) = by_subwords.predict([b"fridays yellowed cheeses mondays tuesdays"], 1, 0.0)[0]
    assert label == b"days"
    ends = [predictor.hidden(b"") for predictor in (by_subwords, by_words)]
    assert (by_subwords.hidden(b"fridays") != ends[0]).any()
    assert (2 * by_words.hidden(b"fridays") == ends[1]).all()  # the word counts nothing, its n-gram as zeros


def test_text_without_spaces_is_learnt_by_its_characters(tmp_path: Path) -> None:
    rng = random.Random(5)
    good, bad = "好美乐新", "坏丑哀旧"
    lines = [
        f"__label__{name} " + "".join(rng.choice(own if i % 4 == 0 else "的一是了我不人在他有") for i in range(24))
        for _ in range(200) for name, own in (("good", good), ("bad", bad))
    ]  # fmt: skip
    train, test = write(tmp_path / "train.txt", lines[:300]), write(tmp_path / "test.txt", lines[300:])
    shares = []
    for own in ([], ["--subwords", "1-1"]):
        run_here("classify", "train", train, "-o", tmp_path / "model", *own, *FAST, "--epochs", "20")
        told = run_here("classify", "test", tmp_path / "model", test, "--format", "json").stdout
        shares.append(json.loads(told)["precision"])
    assert shares[0] < 0.6
    assert shares[1] > 0.95


def test_csv_has_titles_and_as_many_cells_in_each_row(folder: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_bytes(b"red green\n\n")
    for k, options in (("1", []), ("9", []), ("9", ["--threshold", "0.9"])):
        arguments = ("classify", "predict", folder / "softmax", lines, "-k", k, *options)
        titles, *rows = csv.reader(io.StringIO(run_here(*arguments, "--format", "csv").stdout.decode()))
        assert titles[:2] == (["label", "probability"] if k == "1" else ["label_1", "probability_1"])
        assert {len(row) for row in rows} == {len(titles)}
        tabs = run_here(*arguments, "--header").stdout.decode().splitlines()
        assert tabs[0] == "\t".join(titles)
        cells = [[cell for cell in row if cell] for row in rows]
        assert cells == [line.split("\t") if line else [] for line in tabs[1:]]


@pytest.mark.parametrize("layout", ["tsv", "csv", "json"])
@pytest.mark.parametrize(
    ("lines", "bad"),
    [
        ([b"label\ttext", b"x\tred", b"only one cell", b"x\ty\tz", b"", b"x\tmonday"], {3: "1 cells", 4: "3 cells"}),
        (
            [b'{"text": "red"}', b'{"text"', b'{"other": 1}', b"", b'{"text": "monday"}'],
            {2: "is not JSON", 3: "has no"},
        ),
        (
            [b'{"text": 1}', b'{"text": "red"}', b"[]", b'{"text": "monday"}'],
            {1: "is not a text", 3: "is not a JSON object"},
        ),
    ],
)
def test_a_line_that_cannot_be_read_is_told_and_the_others_are_answered(
    folder: Path, tmp_path: Path, layout: str, lines: list[bytes], bad: dict[int, str]
) -> None:
    """In place, so that lines and answers stay side by side; the whole ends with exit status 1."""
    path = tmp_path / "lines"
    path.write_bytes(b"\n".join(lines) + b"\n")
    arguments = ("classify", "predict", folder / "softmax", path, "--text-column", "text", "--format", layout)
    result = run_here(*arguments)
    assert result.returncode == 1
    told = result.stderr.decode().splitlines()
    assert len(told) == len(bad)
    for line, (number, what) in zip(told, bad.items(), strict=True):
        assert line.startswith(f"Error: {path}:{number}: ") and what in line
    answers = result.stdout.splitlines()[layout == "csv" :]
    has_titles = lines[0].startswith(b"label")
    assert len(answers) == len(lines) - has_titles
    blank = {"tsv": b"", "csv": b",", "json": b'{"labels": null}'}[layout]
    assert [i + 1 + has_titles for i, answer in enumerate(answers) if answer == blank] == list(bad)
    assert b"days" in answers[-1]


def test_names_of_columns_that_lack_the_text_end_at_once(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"a\tb\nx\ty\n")
    result = run_here("classify", "predict", folder / "softmax", tmp_path / "lines", "--text-column", "text")
    assert (result.returncode, result.stdout, result.stderr.count(b"\n")) == (1, b"", 1)
    assert b"lines:1: no column is named 'text'" in result.stderr


def test_a_program_that_keeps_it_running_gets_each_answer_at_once(folder: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "classify", "predict", folder / "softmax"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        for line, label in ((b"monday call\n", b"days"), (b"paint it black\n", b"colours"), (b"\n", None)):
            process.stdin.write(line)
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer.endswith(b"\n")
            assert label is None or answer.startswith(label + b"\t")
        process.stdin.close()
        assert process.wait() == 0


def test_predicting_a_few_lines_imports_neither_numba_nor_gensim(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"red\n")
    code = (
        "import sys; from wordvec_cli.cli import run; "
        f"run(['classify', 'predict', {str(folder / 'softmax')!r}, {str(tmp_path / 'lines')!r}]); "
        "print(sorted({'numba', 'gensim', 'scipy', 'tqdm'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stderr.decode().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("policy", "expected"), [("keep", b"caf\xe9"), ("replace", "caf\ufffd".encode()), ("skip", None), ("error", None)]
)
def test_lines_that_are_no_utf8_are_treated_as_in_training(tmp_path: Path, policy: str, expected: bytes | None) -> None:
    lines = [b"__label__a caf\xe9 x", b"__label__b tea y", b"__label__a z", b"__label__b w"]
    (tmp_path / "train").write_bytes(b"\n".join(lines) + b"\n")
    arguments = ["classify", "train", tmp_path / "train", "-o", tmp_path / "m", "--invalid-utf8", policy, *FAST]
    result = run_here(*arguments)
    if policy == "error":
        assert (result.returncode, result.stderr[:6]) == (1, b"Error:")
        assert b"train:1: invalid UTF-8" in result.stderr
        return
    words = list(native.load(str(tmp_path / "m")).vocabulary)
    assert expected in words if expected else not any(word.startswith(b"caf") for word in words)
    predictor = Predictor(classifier.load(str(tmp_path / "m")))
    treated = LineParser(LabelLayout(), "lines", predictor.classifier.tokenizer.invalid_utf8).parse([b"caf\xe9"])
    assert treated == [([], expected or b"")]


# ---------------------------------------------------------------- scores


@pytest.mark.parametrize("arguments", [[], ["-k", "2"], ["-k", "3", "--threshold", "0.4"]])
def test_scores_are_those_of_scikit_learn(folder: Path, arguments: list[str]) -> None:
    path = folder / "several.txt"
    labels = sorted(label.encode() for label in TOPICS)
    true, predicted = [], []
    k, threshold = int(dict(zip(arguments[::2], arguments[1::2], strict=True)).get("-k", 1)), 0.4 * (len(arguments) > 2)
    for line in path.read_bytes().splitlines():
        true.append(np.isin(labels, reference.labels_and_words(line)[0]))
        ranked = sorted(oracle(folder / "one-vs-all", line).items(), key=lambda entry: -entry[1])[:k]
        predicted.append(np.isin(labels, [label for label, value in ranked if value >= threshold]))
    result = run_here("classify", "test", folder / "one-vs-all", path, "--format", "json", *arguments)
    facts = json.loads(result.stdout)
    expected = precision_recall_fscore_support(np.array(true), np.array(predicted), average="micro", zero_division=0)
    assert [facts[name] for name in ("precision", "recall", "f1")] == pytest.approx(expected[:3])
    each = precision_recall_fscore_support(np.array(true), np.array(predicted), zero_division=0)
    of_labels = {entry["label"]: entry for entry in facts["labels"]}
    for i, label in enumerate(labels):
        entry = of_labels[label.decode()]
        assert [entry[name] for name in ("precision", "recall", "f1", "true")] == pytest.approx(
            [row[i] for row in each]
        )
    assert facts["mean_f1_of_labels"] == pytest.approx(each[2].mean())


def test_what_is_taken_for_what_is_told(folder: Path, tmp_path: Path) -> None:
    lines = ["__label__days red green", "__label__days red", "__label__days monday", "__label__food __label__new soup"]
    path = write(tmp_path / "lines", [*lines, "no label"])
    result = run_here("classify", "test", folder / "softmax", path, "--confusion")
    overall, labels, confusion = (
        [line.split("\t") for line in part.splitlines()] for part in result.stdout.decode().split("\n\n")
    )
    assert overall[:3] == [["lines", "4"], ["precision@1", "0.500000"], ["recall@1", "0.400000"]]
    assert labels[1:] == [
        ["days", "1.000000", "0.333333", "0.500000", "3", "1"],
        ["food", "1.000000", "1.000000", "1.000000", "1", "1"],
        ["new", "0.000000", "0.000000", "0.000000", "1", "0"],
        ["colours", "0.000000", "0.000000", "0.000000", "0", "2"],
    ]
    assert confusion[1:] == [
        ["days", "colours", "2"],
        ["days", "days", "1"],
        ["food", "food", "1"],
        ["new", "food", "1"],
    ]
    notes = result.stderr.decode().splitlines()
    assert notes == [
        "left out: 1 line without a label",
        "not known to the model, and counted as not found: 1 label (new), on 1 line",
    ]


def test_the_tables_of_scores_hold_what_the_json_does(folder: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "lines", ["__label__days red green", "__label__days monday", "__label__food soup"])
    arguments = ("classify", "test", folder / "softmax", path, "--confusion")
    facts = json.loads(run_here(*arguments, "--format", "json").stdout)
    tabs, commas = (run_here(*arguments, "--format", layout).stdout.decode() for layout in ("tsv", "csv"))
    titles, *rows = csv.reader(io.StringIO(commas))
    assert [line.split("\t") for line in tabs.splitlines()] == [titles, *rows]
    parts: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        parts.setdefault(row[0], []).append(dict(zip(titles, row, strict=True)))
    scored = ("precision", "recall", "f1", "true", "predicted")
    (whole,), (mean,) = parts["all"], parts["mean of labels"]
    for name in (*scored, "lines"):
        assert float(whole[name]) == pytest.approx(facts[name], abs=1e-6)
    assert float(mean["f1"]) == pytest.approx(facts["mean_f1_of_labels"], abs=1e-6)
    assert [(row["label"], *(float(row[name]) for name in scored)) for row in parts["label"]] == [
        (entry["label"], *(pytest.approx(entry[name], abs=1e-6) for name in scored)) for entry in facts["labels"]
    ]
    assert [(row["label"], row["taken_for"], int(row["lines"])) for row in parts["confusion"]] == [
        (entry["true"], entry["predicted"] or "", entry["lines"]) for entry in facts["confusion"]
    ]


# ---------------------------------------------------------------- the model as a vector file


def test_the_word_vectors_are_those_of_any_vector_file(folder: Path, tmp_path: Path) -> None:
    model = folder / "softmax"
    matrix = load_file(model)["vectors"]
    words = list(native.load(str(model)).vocabulary)
    looked_up = run_here("lookup", model, "red", "</s>").stdout.decode().splitlines()
    for line in looked_up:
        word, *numbers = line.split()
        assert np.array(numbers, np.float32).tolist() == matrix[words.index(word.encode())].tolist()
    neighbours = run_here("similar", model, "red", "-k", "3").stdout.decode().split()[1::3]
    assert set(neighbours) < set(TOPICS["colours"])
    assert run_here("verify", model).returncode == 0
    facts = json.loads(run_here("info", model, "--format", "json").stdout)
    assert facts["classifier"]["labels"] == 3
    assert facts["configuration"]["word_ngrams"] == 3
    told = run_here("export", model, tmp_path / "v.txt").stderr.decode()
    assert f"{tmp_path / 'v.txt'}: has no room for labels, output layer and n-grams of a classifier" in told
    assert len((tmp_path / "v.txt").read_bytes().splitlines()) == len(words)


def test_words_are_counted_and_the_line_end_is_one(folder: Path) -> None:
    vocabulary = native.load(str(folder / "softmax")).vocabulary
    counts = dict(zip(vocabulary, np.asarray(vocabulary.counts).tolist(), strict=True))
    lines = (folder / "train.txt").read_bytes().splitlines()
    words = [word for line in lines for word in reference.labels_and_words(line)[1]]
    assert counts == {word: words.count(word) for word in set(words)} | {b"</s>": len(lines)}


def test_vectors_alone_are_no_classifier(vector_file: Path, folder: Path, tmp_path: Path) -> None:
    status, error = error_of("predict", vector_file)
    assert status == 1
    assert error.endswith("holds word vectors but no classifier; train one with wordvec classify train")
    exported = tmp_path / "exported.safetensors"
    run_here("export", folder / "softmax", exported)
    assert "classifier" not in store.open_file(str(exported)).metadata
    assert error_of("predict", exported)[0] == 1


def rewritten(path: Path, target: Path, **changed: "np.ndarray | None") -> Path:
    """A copy of a model with tensors that are others, or gone."""
    file = store.open_file(str(path))
    arrays = {name: np.asarray(tensor.data).reshape(tensor.shape) for name, tensor in file.tensors.items()}
    dtypes = {"int64": "I64", "int32": "I32", "int8": "I8", "uint8": "U8", "float32": "F32", "float64": "F64"}
    arrays |= {name.replace("__", "."): array for name, array in changed.items()}
    tensors = {
        name: store.Tensor(dtypes[str(array.dtype)], array.shape, lambda array=array: [array.tobytes()])
        for name, array in arrays.items()
        if array is not None
    }
    metadata = {name: value for name, value in file.metadata.items() if name != "checksum"}
    store.write(str(target), tensors, metadata, "vectors")
    return target


def test_a_model_that_is_whole_can_be_written_again(folder: Path, tmp_path: Path) -> None:
    assert classifier.load(str(rewritten(folder / "softmax", tmp_path / "m"))).task.word_ngrams == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"output": None},
        {"output": np.zeros((2, 10), np.float32)},
        {"output": np.zeros((3, 10), np.float64)},
        {"ngrams__buckets": np.array([1, 2], np.int32)},
        {"ngrams__vectors": np.zeros((4, 9), np.float32)},
        {"labels__offsets": np.array([0, 99, 4, 8], np.int64)},
        {"labels__counts": np.zeros(7, np.int64)},
        {"labels__text": None},
        {"labels__offsets": np.array([0], np.int64), "labels__counts": np.zeros(0, np.int64)},
    ],
    ids=str,
)
def test_a_model_with_damaged_tensors_is_refused(folder: Path, tmp_path: Path, changed: dict[str, object]) -> None:
    damaged = rewritten(folder / "softmax", tmp_path / "damaged", **changed)
    status, error = error_of("predict", damaged)
    assert status == 1
    assert error.startswith(f"Error: {damaged}: its classifier is damaged (")


def test_buckets_that_do_not_ascend_are_refused(folder: Path, tmp_path: Path) -> None:
    buckets = load_file(folder / "softmax")["ngrams.buckets"].copy()
    buckets[5:7] = buckets[6:4:-1]
    status, error = error_of("predict", rewritten(folder / "softmax", tmp_path / "damaged", ngrams__buckets=buckets))
    assert (status, "ngrams.buckets do not ascend" in error) == (1, True)


@pytest.mark.parametrize("nodes", [np.array([0, 5, 1], np.int32), np.array([-1, 0, 1, 0, 1], np.int32)])
def test_a_tree_with_nodes_that_are_none_is_refused(folder: Path, tmp_path: Path, nodes: np.ndarray) -> None:
    damaged = rewritten(folder / "hierarchical-softmax", tmp_path / "damaged", paths__nodes=nodes)
    assert error_of("predict", damaged)[0] == 1


def test_a_model_that_is_cut_short_is_refused(folder: Path, tmp_path: Path) -> None:
    content = (folder / "softmax").read_bytes()
    (tmp_path / "cut").write_bytes(content[: len(content) - 1])
    status, error = error_of("predict", tmp_path / "cut")
    assert (status, "cut short" in error or "not whole" in error) == (1, True)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"word_ngrams": 0}, "--word-ngrams 0: must be a whole number from 1 to 100"),
        ({"word_ngrams": -5}, "--word-ngrams -5: "),
        ({"word_ngrams": 1 << 62}, "--word-ngrams 4611686018427387904: "),
        ({"word_ngrams": 1_000_000}, "--word-ngrams 1000000: "),
        ({"word_ngrams": True}, "--word-ngrams True: "),
        ({"word_ngrams": "3"}, "--word-ngrams 3: must be a whole number"),
        ({"buckets": 10**25}, "--buckets 10000000000000000000000000: must be a whole number from 1 to 1073741824"),
        ({"buckets": 0}, "--buckets 0: "),
        ({"buckets": 2.5}, "--buckets 2.5: "),
        ({"loss": "x"}, "--loss x: must be one of softmax, hierarchical-softmax, one-vs-all"),
        ({"loss": ["softmax"]}, "--loss ['softmax']: "),
        ({"label_prefix": 7}, "--label-prefix 7: must be a text"),
        ({"version": 2}, "it lacks 'subwords'"),
        ({"version": 2, "subwords": "3-2"}, "--subwords 3-2: the shortest comes first; write 2-3"),
        ({"version": 2, "subwords": 3}, "--subwords 3: must be a text"),
        ({"version": 3}, "it lacks 'packing'"),
        ({"version": 3, "packing": "int4"}, "its packing is int4"),
        ({"version": 3, "packing": "int8"}, "its words are quantised, or not"),
        ({"version": 0}, "has classifier version 0, and this wordvec knows 1 to 3 only"),
        ({"version": 4}, "has classifier version 4, newer than this wordvec; install a newer wordvec"),
    ],
    ids=str,
)
def test_what_a_model_says_of_itself_has_the_limits_of_the_options(
    folder: Path, tmp_path: Path, changed: dict[str, object], reason: str
) -> None:
    table = json.loads(store.open_file(str(folder / "softmax")).metadata["classifier"]) | changed
    damaged = with_metadata(folder / "softmax", tmp_path / "damaged", {"classifier": json.dumps(table)})
    status, error = error_of("predict", damaged)
    assert (status, error.startswith(f"Error: {damaged}: "), reason in error) == (1, True, True), error


@pytest.mark.parametrize(
    "tokenizer",
    ['{"kind": "pattern", "pattern": 3}', '{"kind": "words", "lowercase": "no"}', '{"kind": []}', '{"kind": "x"}',
     '{"kind": "pattern", "pattern": "a{99999999999}"}', '{"kind": "words", "odd": 1}', '{"invalid_utf8": {}}'],
)  # fmt: skip
def test_a_model_whose_tokenizer_cannot_be_is_refused(folder: Path, tmp_path: Path, tokenizer: str) -> None:
    damaged = with_metadata(folder / "softmax", tmp_path / "damaged", {"tokenizer": tokenizer})
    status, error = error_of("predict", damaged)
    assert (status, error.startswith(f"Error: {damaged}: its classifier is damaged (")) == (1, True), error


def test_room_for_ngrams_is_that_of_the_lines_and_not_of_the_longest_that_may_be() -> None:
    """A line of one word and its end has one n-gram; of three words: three of two words, two of three, one of four."""
    lines = NumberedLines(np.zeros(4, np.int32), np.array([1, 4]), np.zeros(0, np.int32), np.zeros(2, np.int64))
    assert _most_rows(lines, 100) >= (1 + 1) + 1 + (3 + 1) + 6
    assert _most_rows(lines, 100) < 30


# ---------------------------------------------------------------- vectors to start from


@pytest.fixture(scope="module")
def init_file(folder: Path) -> Path:
    """Vectors of some words of the text, and of one that it lacks."""
    rng = np.random.default_rng(1)
    words = [b"red", b"monday", b"crimson"]
    matrix = rng.normal(size=(3, 6)).astype(np.float32)
    matrix[2] = matrix[0]
    native.save(str(folder / "init"), Vocabulary.from_words(words), matrix, {})
    return folder / "init"


SHORT = FAST[2:]


def test_vectors_to_start_from_are_learnt_on_or_stay(folder: Path, init_file: Path, tmp_path: Path) -> None:
    start = native.load(str(init_file))
    for name, options in (("moved", []), ("frozen", ["--freeze"])):
        arguments = ["--init", init_file, *options, *SHORT]
        assert run_here("classify", "train", folder / "train.txt", "-o", tmp_path / name, *arguments).returncode == 0
        vectors = native.load(str(tmp_path / name))
        assert vectors.dim == 6
        for word in ("red", "monday"):
            assert (vectors.vector(word).tolist() == start.vector(word).tolist()) == (name == "frozen")
        assert vectors.vector("crimson").tolist() == start.vector("crimson").tolist()  # no line has it
        assert np.abs(vectors.vector("green")).max() > 1 / 6  # has moved from where it began
    (tmp_path / "lines").write_text("crimson\n")
    result = run_here("classify", "predict", tmp_path / "frozen", tmp_path / "lines")
    assert result.stdout.startswith(b"colours\t")


def test_text_of_another_format_can_be_started_from(folder: Path, init_file: Path, tmp_path: Path) -> None:
    run_here("export", init_file, tmp_path / "init.txt")
    for name, start in (("a", init_file), ("b", tmp_path / "init.txt")):
        run_here("classify", "train", folder / "train.txt", "-o", tmp_path / name, "--init", start, *SHORT)
    a, b = (load_file(tmp_path / name)["vectors"] for name in "ab")
    assert a.tolist() == b.tolist()


def test_vectors_that_do_not_fit_are_refused(folder: Path, init_file: Path, tmp_path: Path) -> None:
    arguments = ["train", folder / "train.txt", "-o", tmp_path / "m"]
    assert error_of(*arguments, "--init", init_file, "--vector-size", "7") == (
        1, "Error: --vector-size 7: the vectors of --init have 6 numbers",
    )  # fmt: skip
    assert error_of(*arguments, "--freeze")[0] == 2
    not_finite = np.full((1, 4), np.nan, np.float32)
    native.save(str(tmp_path / "nan"), Vocabulary.from_words([b"red"]), not_finite, {})
    status, error = error_of(*arguments, "--init", tmp_path / "nan")
    assert (status, "not finite" in error) == (1, True)
    assert not (tmp_path / "m").exists()


# ---------------------------------------------------------------- bad luck


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["no label", "here"], "no line has a label"),
        ([""], "no line has a label"),
        (["__label__a x", "__label__a y"], "there is only one label (a)"),
        (["__label__a x", "__label__b y"], "--min-count-label 2: no label occurs that often"),
    ],
)
def test_a_text_that_teaches_nothing_is_an_error(tmp_path: Path, lines: list[str], error: str) -> None:
    path = write(tmp_path / "train", lines)
    options = ["--min-count-label", "2"] if "--min-count" in error else []
    status, told = error_of("train", path, "-o", tmp_path / "model", *options)
    assert status == 1
    assert told.startswith(f"Error: {error}")
    assert not (tmp_path / "model").exists()


def test_odd_lines_are_told_and_the_rest_is_learnt(tmp_path: Path) -> None:
    lines = ["__label__a x y", "red __label__b blue __label__a", "__label__b", "", "text alone", "__label__rare z"]
    path = write(tmp_path / "train", lines * 2 + ["__label__once w"])
    arguments = ["--min-count-label", "2", "--threads", "1", "--progress", "none"]
    arguments += ["--epochs", "5", "--learning-rate", "0.1"]
    result = run_here("classify", "train", path, "-o", tmp_path / "model", *arguments)
    assert result.returncode == 0
    assert result.stderr.decode().splitlines() == [
        "8 lines, 9 words, 3 labels",
        "left out: 5 lines without a label that is kept",
        "without words: 2 lines with labels; learnt from the line end alone",
        "the loss ended at 1.098, and guessing labels by their frequency has 1.055: "  # ln 3; of
        "next to nothing was learnt; raise --epochs, or --learning-rate",  # 0.4, 0.4, 0.2
    ]
    model = classifier.load(str(tmp_path / "model"))
    assert model.label_names == [b"a", b"b", b"rare"]
    assert b"text" in list(model.words.vocabulary)  # as in fastText, words of lines without a label are counted too


@pytest.mark.parametrize("loss", LOSSES)
def test_a_rate_at_which_training_diverges_is_an_error_and_leaves_no_file(
    folder: Path, tmp_path: Path, loss: str
) -> None:
    arguments = ["train", folder / "train.txt", "-o", tmp_path / "model", "--loss", loss, *FAST]
    status, error = error_of(*arguments, "--learning-rate", "1e20")
    assert status == 1
    assert "diverged" in error
    assert "--learning-rate" in error
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [("--subwords", "6-3"), ("--subwords", "0-3"), ("--subwords", "3-"), ("--subwords", "3-256"),
     ("--learning-rate", "nan"), ("--learning-rate", "inf"), ("--buckets", "99999999999"), ("--label-prefix", " "),
     ("--label-prefix", "")],
)  # fmt: skip
def test_values_that_cannot_be_are_refused(folder: Path, tmp_path: Path, option: str, value: str) -> None:
    status, error = error_of("train", folder / "train.txt", "-o", tmp_path / "model", option, value)
    assert status == 2
    assert option in error


def test_other_names_of_options_are_answered_with_ours() -> None:
    for theirs, ours in (("-wordNgrams", "--word-ngrams"), ("-lr", "--learning-rate"), ("-bucket", "--buckets")):
        status, error = error_of("train", "x", theirs, "2")
        assert (status, error) == (
            2,
            f"Error: no such option: {theirs}; here it is {ours}; see wordvec classify train --help",
        )


def test_the_losses_have_fasttexts_names_too(folder: Path, tmp_path: Path) -> None:
    for loss, name in (("hs", "hierarchical-softmax"), ("ova", "one-vs-all")):
        run_here("classify", "train", folder / "train.txt", "-o", tmp_path / loss, "--loss", loss, *FAST)
        assert classifier.load(str(tmp_path / loss)).task.loss == name


def test_ctrl_c_leaves_a_checkpoint_and_says_so(folder: Path, tmp_path: Path) -> None:
    arguments = ["classify", "train", folder / "train.txt", "-o", tmp_path / "model", "--epochs", "1000000"]
    with subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE) as process:
        assert process.stderr
        while not process.stderr.readline().startswith(b"epoch 2/"):
            pass
        process.send_signal(signal.SIGINT)
        *_, last = process.stderr.read().splitlines()
        assert process.wait() == 130
    folder = tmp_path / "model.checkpoint"
    assert last.decode() == f"Error: interrupted; the same command with --resume goes on from {folder}"
    assert os.listdir(tmp_path) == ["model.checkpoint"]
