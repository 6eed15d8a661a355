"""Induced vectors: against a plain twin, a word taken away, and a word of two texts and of groups of rows."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.sequences.word_ids import encode_lines
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.file_options import FileOptions
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import inducing
from wordvec_cli.training.inducing import induction_map, surroundings
from wordvec_cli.training.induction_text import _groups_in_memory
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WORDS, DIM = 30, 4


@pytest.fixture
def text(tmp_path: Path) -> tuple[Path, list[list[int]]]:
    rng = np.random.default_rng(1)
    lines = [rng.integers(0, N_WORDS + 3, rng.integers(0, 12)).tolist() for _ in range(300)]
    (tmp_path / "c.txt").write_text("".join(" ".join(f"w{i}" for i in line) + "\n" for line in lines))
    return tmp_path / "c.txt", lines


@pytest.mark.parametrize(
    ("n_tokens", "n_threads", "broken"), [(1, 1, []), (50, 3, []), (50, 2, [5, 7]), (1 << 14, 2, []), (1 << 14, 2, [7])]
)
def test_surroundings_are_means_of_the_vectors_around_a_place(
    text: tuple[Path, list[list[int]]],
    n_tokens: int,
    n_threads: int,
    broken: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ids from 30 on have no vector: one of them is asked about, and another is none of the vocabulary.

    Nor has one whose vector is broken.
    """
    monkeypatch.setattr(inducing, "TOKENS_AT_ONCE", n_tokens)
    path, lines = text
    matrix = np.random.default_rng(2).normal(size=(N_WORDS, DIM)).astype(np.float32)
    matrix[broken, 0] = [np.nan, np.inf][: len(broken)]
    vocabulary = Vocabulary.from_words([b"w%d" % i for i in range(N_WORDS + 1)])
    sequences = encode_lines(Corpus.open([str(path)], Tokenizer(), path.parent), vocabulary)
    found = surroundings(sequences, matrix, 3, np.array([5, 30]), n_threads)
    alone = surroundings(sequences, matrix, 3, np.array([5, 30]))
    assert (found.sums.tobytes(), found.places.means.tobytes()) == (alone.sums.tobytes(), alone.places.means.tobytes())
    sums, counts, places = np.zeros((N_WORDS, DIM)), np.zeros(N_WORDS), []
    for number, line in enumerate(lines):
        for i, word in enumerate(line):
            around = [each for each in [*line[max(i - 3, 0) : i], *line[i + 1 : i + 4]] if each < N_WORDS]
            around = [each for each in around if each not in broken]
            if around and word < N_WORDS:
                sums[word] += matrix[around].mean(axis=0)
                counts[word] += 1
            if around and word in (5, 30):
                places.append((word, number, matrix[around].mean(axis=0)))
    assert found.sums == pytest.approx(sums, abs=1e-4)
    assert found.counts.tolist() == counts.tolist()
    assert list(zip(found.places.words.tolist(), found.places.lines.tolist(), strict=True)) == [
        each[:2] for each in places
    ]
    assert found.places.means == pytest.approx(np.array([each[2] for each in places]), abs=1e-6)


@pytest.mark.parametrize("window", [2, 5, 90])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_pieces_of_long_lines_give_what_the_lines_do(
    window: int, n_threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of 400, 41, 40, 0 and fewer words, in pieces of 40, or as long as a window of more."""
    rng = np.random.default_rng(3)
    lines = [rng.integers(0, N_WORDS + 3, n).tolist() for n in (7, 400, 0, 41, 40, 1, 0, 81, 12, 3)]
    (tmp_path / "c.txt").write_text("".join(" ".join(f"w{i}" for i in line) + "\n" for line in lines))
    matrix = rng.normal(size=(N_WORDS, DIM)).astype(np.float32)
    matrix[7, 0] = np.nan
    vocabulary = Vocabulary.from_words([b"w%d" % i for i in range(N_WORDS + 1)])
    sequences = encode_lines(Corpus.open([str(tmp_path / "c.txt")], Tokenizer(), tmp_path), vocabulary)
    asked = np.array([5, 7, 30])
    whole = surroundings(sequences, matrix, window, asked)
    monkeypatch.setattr(inducing, "TOKENS_AT_ONCE", 40)
    found = surroundings(sequences, matrix, window, asked, n_threads)
    assert found.sums == pytest.approx(whole.sums, rel=1e-12, abs=1e-12)
    assert found.counts.tolist() == whole.counts.tolist()
    for mine, theirs in zip(found.places, whole.places, strict=True):
        assert mine.tobytes() == theirs.tobytes()
    places = [(word, number) for number, line in enumerate(lines) for word in line if word in asked and len(line) > 1]
    assert list(zip(found.places.words.tolist(), found.places.lines.tolist(), strict=True)) == places


def test_a_text_of_one_line_takes_no_more_memory_than_one_of_many(tmp_path: Path) -> None:
    rng, peaks = np.random.default_rng(4), []
    words = [f"w{i}" for i in rng.integers(0, N_WORDS, 200_000)]
    matrix = rng.normal(size=(N_WORDS, 40)).astype(np.float32)
    vocabulary = Vocabulary.from_words([b"w%d" % i for i in range(N_WORDS)])
    for n, name in ((20, "many.txt"), (len(words), "one.txt")):
        (tmp_path / name).write_text("".join(" ".join(words[i : i + n]) + "\n" for i in range(0, len(words), n)))
        sequences = encode_lines(Corpus.open([str(tmp_path / name)], Tokenizer(), tmp_path), vocabulary)
        tracemalloc.start()
        surroundings(sequences, matrix, 5, np.array([5]))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_the_map_is_the_weighted_least_squares_one(
    text: tuple[Path, list[list[int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = text
    matrix = np.random.default_rng(2).normal(size=(N_WORDS, DIM)).astype(np.float32)
    vocabulary = Vocabulary.from_words([b"w%d" % i for i in range(N_WORDS)])
    sequences = encode_lines(Corpus.open([str(path)], Tokenizer(), path.parent), vocabulary)
    texts = [surroundings(sequences, matrix, 3, np.array([0]))]
    notes: list[str] = []
    found = induction_map(texts, matrix, np.array([0]), notes.append)
    words = np.arange(1, N_WORDS)
    means, weights = texts[0].sums[words] / texts[0].counts[words][:, None], np.log(texts[0].counts[words])
    gradient = (means * weights[:, None]).T @ (means @ found - matrix[words])  # of sum a |A u - v|^2, zero at its least
    assert gradient == pytest.approx(np.zeros((DIM, DIM)), abs=1e-6)
    assert notes[0].startswith("map learnt from 29 words; of words left out, cosine ")
    monkeypatch.setattr(inducing, "LEAST_PLACES", 10**6)
    with pytest.raises(InputError, match="0 words with a vector stand 1000000 times"):
        induction_map(texts, matrix, np.array([0]))


def test_a_vector_too_long_for_sums_is_no_word_to_learn_from_nor_are_those_around_it(
    text: tuple[Path, list[list[int]]],
) -> None:
    """Next to word 7 alone stands word 0, which comes twice there: their sum is beyond float32."""
    path, lines = text
    path.write_text(
        "".join(" ".join(f"w{i}" for i in line if i not in (0, 7)) + "\n" for line in lines) + "w0 w7 w0\n" * 9
    )
    matrix = np.random.default_rng(2).normal(size=(N_WORDS, DIM)).astype(np.float32)
    matrix[0] = 3e38
    vocabulary = Vocabulary.from_words([b"w%d" % i for i in range(N_WORDS)])
    sequences = encode_lines(Corpus.open([str(path)], Tokenizer(), path.parent), vocabulary)
    texts = [surroundings(sequences, matrix, 3, np.array([0]))]
    notes: list[str] = []
    assert np.isfinite(induction_map(texts, matrix, np.array([0]), notes.append)).all()
    assert notes[0].startswith("map learnt from 28 words")


# ---------------------------------------------------------------- the command


def lines_of(n: int, seed: int, topic_of_new: int) -> str:
    """Lines of eight words of a topic; in one of them a word that no vector file has."""
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(n):
        topic = int(rng.integers(0, 12))
        words = [f"t{topic}w{i}" for i in rng.integers(0, 10, 8)]
        if topic == topic_of_new:
            words[3] = "new"
        lines.append(" ".join(words) + "\n")
    return "".join(lines)


@pytest.fixture(scope="module")
def induced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("induced")
    (folder / "a.txt").write_text(lines_of(1500, 1, 2))
    (folder / "b.txt").write_text(lines_of(1500, 2, 5))
    options = ["--vector-size", "16", "--epochs", "10", "--threads", "1"]
    run_here("train", folder / "a.txt", "-o", folder / "trained.safetensors", *options)
    trained = load(str(folder / "trained.safetensors"))
    words = [word for word in trained.vocabulary if word not in (b"new", b"t3w1")]
    rows = trained.vectors(words)[0]
    save(str(folder / "v.safetensors"), Vocabulary.from_words(words), rows, trained.metadata)
    return folder


def test_a_word_that_the_vectors_lack_gets_one_near_its_own(induced: Path, tmp_path: Path) -> None:
    output = tmp_path / "made.safetensors"
    command = ["induce", induced / "v.safetensors", induced / "a.txt", "--word", "new", "--word", "t3w1", "-o", output]
    result = run_here(*command)
    assert result.returncode == 0, result.stderr
    assert b"map learnt from 119 words" in result.stderr
    titles, new, other = [line.split("\t") for line in result.stdout.decode().splitlines()]
    assert " ".join(titles) == "word text places documents neighbours distance debiased se low high p_value"
    assert all(word.startswith("t2") for word in new[4].split())
    assert all(word.startswith("t3") for word in other[4].split())
    made, _ = load(str(output)).vectors(["new", "t3w1"])
    trained, _ = load(str(induced / "trained.safetensors")).vectors(["new", "t3w1"])
    cosines = np.einsum("ij,ij->i", made, trained) / np.linalg.norm(made, axis=1) / np.linalg.norm(trained, axis=1)
    assert (cosines > 0.8).all()


def test_a_word_of_two_texts_is_compared(induced: Path, tmp_path: Path) -> None:
    output = tmp_path / "made.safetensors"
    texts = induced / "a.txt", induced / "b.txt"
    options = ["--word", "new", "--word", "t7w0", "--word", "nowhere", "--apart", "--format", "json", "-o", output]
    result = run_here("induce", induced / "v.safetensors", *texts, *options)
    records = list(map(json.loads, result.stdout.splitlines()))
    assert [(each["word"], each["p_value"] is None) for each in records] == [
        ("new", True), ("new", False), ("t7w0", True), ("t7w0", False), ("nowhere", True), ("nowhere", True),
    ]  # fmt: skip
    assert records[1]["p_value"] == 0.001
    assert records[1]["low"] > records[3]["high"] > 0 > records[3]["low"]
    assert records[3]["p_value"] > 0.05
    assert result.returncode == 3
    assert b"'nowhere' stands nowhere in" in result.stderr
    assert list(load(str(output)).vocabulary) == [b"new@a.txt", b"new@b.txt", b"t7w0@a.txt", b"t7w0@b.txt"]


def test_vectors_of_texts_with_one_name_have_two(induced: Path, tmp_path: Path) -> None:
    output, other = tmp_path / "made.safetensors", tmp_path / "a.txt"
    shutil.copy(induced / "b.txt", other)
    texts, options = (induced / "a.txt", other), ["--word", "new", "--apart", "--shuffles", "1", "-o", output]
    assert run_here("induce", induced / "v.safetensors", *texts, *options).returncode == 0
    assert list(load(str(output)).vocabulary) == [f"new@{text}".encode() for text in texts]
    result = run_here("induce", induced / "v.safetensors", other, other, *options)
    assert b"a text is named twice" in result.stderr


def test_contexts_are_shown_in_order_or_the_most_typical_first(induced: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    odd = "t8w1 t9w2 t1w3 new t4w1 t6w2 t11w7\n"
    path.write_text(odd + lines_of(200, 3, 2))
    lines = path.read_text().splitlines()
    result = run_here("contexts", path, "new", "--window", "2", "--most", "0", "--format", "json")
    found = list(map(json.loads, result.stdout.splitlines()))
    assert [each["line"] for each in found] == [i for i, line in enumerate(lines, 1) if "new" in line.split()]
    for each in found:
        words = lines[each["line"] - 1].split()
        assert (each["left"].split(), each["word"], each["right"].split()) == (words[1:3], "new", words[4:6])
        assert each["typical"] is None
    result = run_here("contexts", path, "new", "--typical-by", induced / "v.safetensors", "--most", "0")
    titles, *table = [line.split("\t") for line in result.stdout.decode().splitlines()]
    assert titles == ["line", "typical", "left", "word", "right"]
    assert table[-1][0] == "1"  # the odd one
    typical = [float(line[1]) for line in table]
    assert typical == sorted(typical, reverse=True)
    few = run_here("contexts", path, "new", "--most", "3")
    assert (len(few.stdout.splitlines()), few.stderr) == (
        4,
        b"3 of %d places are shown; --most 0 shows all\n" % len(found),
    )
    save(str(tmp_path / "o.safetensors"), Vocabulary.from_words([b"elsewhere"]), np.ones((1, 2), np.float32), {})
    nowhere = run_here("contexts", path, "new", "--typical-by", tmp_path / "o.safetensors", "--most", "0")
    assert b"no place has other words with vectors in" in nowhere.stderr
    (tmp_path / "t.csv").write_text('text\n"a new"b\n')
    told = run_here("contexts", tmp_path / "t.csv", "a", "--text-column", "text").stderr
    assert b"t.csv: text follows a closing quote in 1 row" in told
    absent = run_here("contexts", path, "New")
    assert (absent.returncode, b"'New' is not in" in absent.stderr) == (1, True)
    assert run_here("contexts", path, "NEW".lower(), "--lowercase", "--most", "1").returncode == 0


# ---------------------------------------------------------------- groups of rows


@pytest.fixture(scope="module")
def speeches(induced: Path) -> list[tuple[str, str, str]]:
    """Rows of a text, a party and a speaker, in no order. "new" is in topic 2 of party b and in topic 5 of the others;
    a party has no "new", rows have no party, and of one the party cannot be read.
    """
    rng = np.random.default_rng(7)
    rows = []
    for party, topic in (("b", 2), ("a", 5), ("c 2", 5), ("", 2)):
        lines = lines_of(300, int(rng.integers(100)), topic).splitlines()
        rows += [(line, party, f"{party} {i // 4}") for i, line in enumerate(lines)]
    rows += [("t1w1 t1w2", "without", "x")]
    return [rows[i] for i in rng.permutation(len(rows))]


def write_table(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    names = ("text", "party", "speaker")
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([names, *rows[:9], ("short",), *rows[9:]])
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))
    else:
        pa.parquet.write_table(pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))), path)
    return path


def of_groups(*arguments: str | Path) -> list[dict[str, Any]]:
    result = run_here(*arguments, "--format", "json")
    assert result.returncode in (0, 3), result.stderr
    return list(map(json.loads, result.stdout.splitlines()))


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_groups_of_rows_are_compared_as_texts_of_them_are(
    induced: Path, speeches: list[tuple[str, str, str]], tmp_path: Path, ending: str
) -> None:
    """The texts: the rows of each group, and those of no group as one of the texts that the map is learnt from."""
    table = write_table(tmp_path / f"t{ending}", speeches)
    command = ["induce", induced / "v.safetensors", table, "--text-column", "text", "--word", "new"]
    result = run_here(
        *command, "--by", "party", "-o", tmp_path / "made.safetensors", "--threads", "2", "--format", "json"
    )
    assert result.returncode == 3, result.stderr
    told = result.stderr.decode()
    assert "--by party: 4 groups: a, b, c 2, without; each is compared with a\n" in told
    n_without = 300 + (ending == ".csv")
    assert f"{n_without} rows without party: only the map is learnt from them\n" in told
    assert "'new' stands nowhere in without among words that have vectors\n" in told
    found = list(map(json.loads, result.stdout.splitlines()))
    texts = []
    for party in ("a", "b", "c 2", "without", ""):
        texts.append(tmp_path / f"party {party}")
        texts[-1].write_text("".join(f"{line}\n" for line, its, _ in speeches if its == party))
    apart = of_groups(*command[:2], *texts, *command[5:], "--apart")
    assert [each["group"] for each in found] == ["a", "b", "c 2", "without"]
    for mine, theirs in zip(found, apart, strict=False):
        assert [mine[name] for name in ("places", "documents", "neighbours")] == [
            theirs[name] for name in ("places", "documents", "neighbours")
        ]
        for name in ("distance", "debiased", "se", "low", "high"):
            assert mine[name] == (None if theirs[name] is None else pytest.approx(theirs[name], rel=1e-3, abs=1e-3))
    assert [each["p_value"] for each in found][1:] == [0.001, pytest.approx(apart[2]["p_value"], abs=0.07), None]
    assert found[1]["low"] > found[2]["high"] > 0 > found[2]["low"]
    assert list(load(str(tmp_path / "made.safetensors")).vocabulary) == [b"new@a", b"new@b", b"new@c 2"]
    with_one = run_here(
        *command, "--by", "party", "-o", tmp_path / "one.safetensors", "--threads", "1", "--format", "json"
    )
    assert with_one.stdout == result.stdout
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "made.safetensors").read_bytes()


KILLED = """
import os, signal, sys
from wordvec_cli.cli import main
from wordvec_cli.training import induction_text

read_groups = induction_text.read_groups
def read_and_die(*arguments):
    read_groups(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
induction_text.read_groups = read_and_die
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX alone: there is no kill -9")
def test_what_a_killed_process_left_goes_when_groups_are_read_again(
    induced: Path, speeches: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    table, room = write_table(tmp_path / "t.csv", speeches), tmp_path / "room"
    room.mkdir()
    command = ["induce", induced / "v.safetensors", table, "--text-column", "text", "--word", "new", "--by", "party"]
    command += ["--tmp-dir", room]
    killed = subprocess.run([sys.executable, "-c", KILLED, *map(str, command)], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert os.listdir(room)
    assert run_here(*command).returncode in (0, 3)
    assert os.listdir(room) == []


def test_groups_are_no_map_of_a_file_that_is_gone(speeches: list[tuple[str, str, str]], tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.jsonl", speeches)
    corpus = Corpus.open([str(table)], Tokenizer(), tmp_path, FileOptions(text_columns=("text",)))
    groups = _groups_in_memory(corpus, "party", tmp_path)
    assert groups.of_lines.flags.owndata
    assert os.listdir(tmp_path) == ["t.jsonl"]


def test_documents_and_the_group_to_compare_with_are_chosen(
    induced: Path, speeches: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    table = write_table(tmp_path / "t.csv", speeches)
    command = ["induce", induced / "v.safetensors", table, "--text-column", "text", "--word", "new", "--by", "party"]
    found = of_groups(*command, "--against", "b", "--document-column", "speaker", "--shuffles", "19")
    lines = of_groups(*command, "--against", "b", "--shuffles", "19")
    assert [each["distance"] is None for each in found] == [False, True, False, True]
    for each, of_lines in zip(found[:3], lines, strict=False):
        speakers = {speaker for line, party, speaker in speeches if party == each["group"] and "new" in line.split()}
        assert each["documents"] == len(speakers) < of_lines["documents"]
        assert each["distance"] == of_lines["distance"]
    assert found[0]["p_value"] == 1 / 20
    assert found[0]["se"] != lines[0]["se"]


def test_numbers_are_in_their_order_and_one_row_a_group_has_no_interval(induced: Path, tmp_path: Path) -> None:
    years, rows = ["1000", "900", "20", "100.5"], lines_of(1500, 1, 2).splitlines()
    chosen = [line for line in rows if "new" in line.split()][:4]
    values = dict(zip(chosen, years, strict=True))
    path = tmp_path / "t.tsv"
    path.write_text("year\ttext\n" + "".join(f"{values.get(line, '')}\t{line}\n" for line in rows))
    options = ["--text-column", "text", "--word", "new", "--by", "year", "--format", "json"]
    result = run_here("induce", induced / "v.safetensors", path, *options)
    found = list(map(json.loads, result.stdout.splitlines()))
    assert [each["group"] for each in found] == ["20", "100.5", "900", "1000"]
    assert [each["p_value"] for each in found] == [None, 1, 1, 1]
    assert {each["debiased"] for each in found} == {None}
    assert b"no interval for 3 of 3 distances: that takes 3 documents" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--by", "month"], "has no column 'month'; its columns are: 'text', 'party', 'speaker'"),
        (["--by", "party", "--apart"], "--apart and --by exclude each other; give one of them"),
        (["--by", "party", "--against", "d"], "--against d: is not a value of party; its values are: a, b, c 2"),
        (["--apart", "--against", "a"], "--against: is a value of the column that --by names"),
        (["--document-column", "speaker"], "--document-column: says what --by and --apart compare; add one of them"),
        (["--by", "party", "--document-column", "month"], "has no column 'month'"),
    ],
)
def test_groups_that_cannot_be_are_refused(
    induced: Path, speeches: list[tuple[str, str, str]], tmp_path: Path, options: list[str], message: str
) -> None:
    table = write_table(tmp_path / "t.csv", speeches[:20])
    command = ["induce", induced / "v.safetensors", table, "--text-column", "text", "--word", "new"]
    result = run_here(*command, *options)
    assert result.returncode in (1, 2)
    assert message in result.stderr.decode()


def test_a_text_has_no_columns_and_texts_of_one_name_are_told_apart(induced: Path, tmp_path: Path) -> None:
    by = run_here("induce", induced / "v.safetensors", induced / "a.txt", "--word", "new", "--by", "party")
    assert b"a.txt: is not read as a table, so it has no column 'party'" in by.stderr
    (tmp_path / "a.txt").write_bytes((induced / "b.txt").read_bytes())
    texts = [induced / "a.txt", tmp_path / "a.txt"]
    made = tmp_path / "m.safetensors"
    result = run_here(
        "induce", induced / "v.safetensors", *texts, "--word", "new", "--apart", "-o", made, "--shuffles", "9"
    )
    assert result.returncode == 0, result.stderr
    assert list(load(str(made)).vocabulary) == [f"new@{path}".encode() for path in texts]
