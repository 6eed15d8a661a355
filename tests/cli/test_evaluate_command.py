"""The commands `evaluate` and `compare`: what they print, and what they say to bad input."""

import csv
import io
import json
import math
import re
import shlex
from pathlib import Path

import click
import numpy as np
import pytest
from gensim.models import KeyedVectors

from tests.conftest import run_here, start
from tests.evaluation.test_scores import ANALOGIES, SIMLEX, WORDSIM, gensims, vectors_of, words_of
from wordvec_cli.cli import wordvec
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

SETS = (WORDSIM, SIMLEX, ANALOGIES)
HEAD = "set part measure score low high used total coverage protocol max_words case unknown_words normalisation method"


def saved(path: Path, words: list[str], matrix: np.ndarray) -> Path:
    save(str(path), Vocabulary.from_words([word.encode() for word in words]), matrix.astype(np.float32), {})
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors of the words of the sets; old and new lack some, new with noise in two more dimensions; small sets."""
    path = tmp_path_factory.mktemp("evaluate")
    words = words_of(*SETS)
    matrix = vectors_of(words, "random")
    saved(path / "vectors.safetensors", words, matrix)
    saved(path / "old.safetensors", words[20:], matrix[20:])
    noise = np.random.default_rng(6).normal(size=matrix.shape)
    saved(path / "new.safetensors", words[:-30], np.hstack([matrix + noise, noise[:, :2]])[:-30])
    lines = Path(ANALOGIES).read_text().splitlines()
    few = [line for i, line in enumerate(lines) if line[0] == ":" or i % 40 == 1]
    (path / "few.txt").write_text("\n".join(few) + "\n")
    (path / "mine.txt").write_text("love\nsex\ntiger\n")
    return path


@pytest.fixture(scope="module")
def peer(folder: Path) -> KeyedVectors:
    words = words_of(*SETS)
    return gensims(words, vectors_of(words, "random"))


def rows_of(stdout: bytes) -> list[dict[str, str]]:
    head, *lines = stdout.decode().splitlines()
    return [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]


def test_scores_are_gensims_under_its_protocol(folder: Path, peer: KeyedVectors) -> None:
    paths = WORDSIM, SIMLEX, folder / "few.txt"
    result = run_here(
        "evaluate", folder / "vectors.safetensors", *paths, "--protocol", "gensim", "--format", "tsv", "--per-section"
    )
    rows = rows_of(result.stdout)
    by_part = {(row["set"], row["part"]): row for row in rows}
    for name, path in (("wordsim353", WORDSIM), ("simlex999", SIMLEX)):
        expected = peer.evaluate_word_pairs(path)[1][0]
        assert float(by_part[name, "all"]["score"]) == pytest.approx(expected, abs=1e-6)
    accuracy, sections = peer.evaluate_word_analogies(str(folder / "few.txt"))
    assert float(by_part["few", "all"]["score"]) == pytest.approx(accuracy, abs=1e-6)
    for section in sections[:-1]:
        row = by_part["few", section["section"]]
        n_used = len(section["correct"]) + len(section["incorrect"])
        assert int(row["used"]) == n_used
        assert float(row["score"]) == pytest.approx(len(section["correct"]) / n_used, abs=1e-6)
    for group, of_group in (("semantic", sections[:5]), ("syntactic", sections[5:14])):
        n_right, n_wrong = (sum(len(section[key]) for section in of_group) for key in ("correct", "incorrect"))
        assert float(by_part["few", group]["score"]) == pytest.approx(n_right / (n_right + n_wrong), abs=1e-6)
    for row in rows:
        assert float(row["low"]) <= float(row["score"]) <= float(row["high"])
        assert (row["protocol"], row["max_words"], row["case"]) == ("gensim", "300000", "fold")


def test_by_default_all_sets_that_gensim_brings_are_asked_and_the_protocol_is_told(folder: Path) -> None:
    result = run_here("evaluate", folder / "old.safetensors", "--max-words", "300", "--bootstrap", "1000")
    assert result.returncode == 0
    told = [line.split(":")[0] for line in result.stderr.decode().splitlines() if "of only" in line]
    assert told == ["wordsim353", "simlex999", "questions-words"]  # 300 words have few of their questions
    first, protocol, titles, *rows = result.stdout.decode().splitlines()
    assert re.search(r"old.safetensors: \d+ words x 25$", first)
    assert protocol == (
        "protocol wordvec: the first 300 words; case prefer; unknown words skip; cosines of vectors at length 1; "
        "3cosadd; 95% intervals of 1000 resamples (seed 1)"
    )
    assert titles.split() == ["set", "measure", "score", "interval", "used", "total", "coverage"]
    assert [row.split()[0] for row in rows] == ["wordsim353", "simlex999", "questions-words", "semantic", "syntactic"]
    for row in rows:
        used, total, coverage = re.fullmatch(r".* (\d+) +(\d+) +([\d.]+)%", row).groups()
        assert float(coverage) == pytest.approx(100 * int(used) / int(total), abs=0.051)


def test_json_holds_what_tsv_does_with_null_for_no_score(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alike.txt").write_text("love sex 5\ntiger cat 5\n")
    arguments = ("evaluate", folder / "vectors.safetensors", "wordsim353", tmp_path / "alike.txt")
    told = json.loads(run_here(*arguments, "--format", "json").stdout)
    rows = rows_of(run_here(*arguments, "--format", "tsv").stdout)
    assert told["judged_by"]["protocol"] == "wordvec"
    assert [score["part"] for score in told["scores"]] == ["all", "all"]
    assert told["scores"][0]["score"] == float(rows[0]["score"])
    assert told["scores"][0]["interval"] == [float(rows[0]["low"]), float(rows[0]["high"])]
    assert (told["scores"][1]["score"], told["scores"][1]["interval"]) == (None, [None, None])
    assert (rows[1]["score"], rows[1]["used"]) == ("nan", "2")
    assert " ".join(rows[0]).startswith(HEAD)


def test_the_same_seed_gives_the_same_bytes_and_no_bootstrap_no_interval(folder: Path) -> None:
    arguments = ("evaluate", folder / "vectors.safetensors", "wordsim353", "--format", "tsv")
    once, again, other = (run_here(*arguments, "--seed", seed).stdout for seed in ("7", "7", "8"))
    assert once == again != other
    (row,) = rows_of(run_here(*arguments, "--bootstrap", "0").stdout)
    assert (row["low"], row["high"], row["resamples"]) == ("nan", "nan", "0")


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (("--max-words", "0", "--protocol", "gensim"), "max_words", "all"),
        (("--case", "keep"), "case", "keep"),
        (("--unknown-words", "wrong"), "unknown_words", "wrong"),
        (("--method", "3cosmul"), "method", "3cosmul"),
        (("--protocol", "word2vec"), "case", "ascii"),
        (("--protocol", "glove"), "case", "lower"),
    ],
)
def test_each_option_changes_what_is_told_and_done(
    folder: Path, options: tuple[str, ...], field: str, value: str
) -> None:
    arguments = ("evaluate", folder / "old.safetensors", folder / "few.txt", "--bootstrap", "0", "--format", "tsv")
    plain, changed = rows_of(run_here(*arguments).stdout), rows_of(run_here(*arguments, *options).stdout)
    assert {row[field] for row in changed} == {value}
    if field in ("case", "method", "unknown_words") and "--protocol" not in options:
        assert [row["score"] for row in plain] != [row["score"] for row in changed]
    if field == "unknown_words":
        assert all(row["used"] == row["total"] for row in changed)


def test_predictions_say_what_was_answered(folder: Path, tmp_path: Path, peer: KeyedVectors) -> None:
    (tmp_path / "pairs.tsv").write_text("love\tsex\t6.77\nlove\tunheard-of\t1\n")
    out = tmp_path / "answers.tsv"
    result = run_here(
        "evaluate", folder / "vectors.safetensors", tmp_path / "pairs.tsv", folder / "few.txt", "--predictions", out,
        "--case", "keep",
    )  # fmt: skip
    assert result.returncode == 0
    lines = [line.split("\t") for line in out.read_text().splitlines()]
    pair, unknown, *questions = lines
    assert pair == ["pairs", "", "love", "sex", "6.77", f"{peer.similarity('love', 'sex'):.6f}", "used"]
    assert unknown == ["pairs", "", "love", "unheard-of", "1.0", "0.000000", "unknown"]
    _, sections = peer.evaluate_word_analogies(str(folder / "few.txt"), case_insensitive=False)
    assert [tuple(line[2:6]) for line in questions if line[7] == "right"] == sections[-1]["correct"]
    assert {line[1] for line in questions} == {section["section"] for section in sections[:-1]}
    for _, _, a, b, c, expected, answer, outcome in questions:
        assert (answer == expected) == (outcome == "right")
        assert answer == peer.most_similar(positive=[b, c], negative=[a], topn=1)[0][0]


# ---------------------------------------------------------------- bad input


def one_line_error(result: object) -> str:
    assert result.stdout == b""
    text = result.stderr.decode()
    assert text.count("\n") == 1 or result.returncode == 2
    return text


def test_a_set_that_suits_no_words_is_told_and_the_others_are_scored(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "german.txt").write_text("liebe hass 1\nkatze hund 2\n")
    arguments = ("evaluate", folder / "vectors.safetensors", tmp_path / "german.txt")
    result = run_here(*arguments)
    assert result.returncode == 1
    assert "german: none of its 2 questions" in one_line_error(result)
    result = run_here(*arguments, "wordsim353", "--format", "tsv")
    assert (result.returncode, result.stderr.count(b"german: none of its 2")) == (0, 1)
    assert [row["set"] for row in rows_of(result.stdout)] == ["wordsim353"]


def test_one_question_has_an_accuracy_and_no_correlation(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "pair.txt").write_text("love sex 1\n")
    (tmp_path / "question.txt").write_text("love sex tiger cat\n")
    result = run_here(
        "evaluate", folder / "vectors.safetensors", tmp_path / "pair.txt", tmp_path / "question.txt", "--format", "tsv"
    )
    pair, question = rows_of(result.stdout)
    assert (pair["score"], pair["low"], pair["high"], pair["used"]) == ("nan", "nan", "nan", "1")
    assert question["low"] == question["score"] == question["high"]


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_vectors_that_are_not_finite_are_refused(tmp_path: Path, number: float) -> None:
    path = saved(tmp_path / "v.safetensors", ["love", "sex"], np.array([[1, number], [1, 1]]))
    result = run_here("evaluate", path, "wordsim353")
    assert result.returncode == 1
    assert "vector of 'love' holds numbers that are not finite" in one_line_error(result)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("nowhere.txt",), 1, "nowhere.txt: no such file or directory; sets with names are wordsim353, simlex999, "),
        (("wordsim35",), 1, "wordsim35: no such file or directory; did you mean the set wordsim353?"),
        (("mine.txt/x",), 1, "mine.txt/x: not a directory"),
        (("empty",), 1, "empty: holds no sets"),
        (("utf16.txt",), 1, "utf16.txt: is text in UTF-16"),
        (("wordsim353", "--predictions", "-"), 1, "standard output is for the scores"),
        (("wordsim353", "--predictions", "nowhere/x.tsv"), 1, "the folder"),
        (("mine.txt", "--predictions", "mine.txt"), 1, "is read by this command"),
        (("wordsim353", "--bootstrap", "0", "--seed", "3"), 2, "has no effect"),
        (("wordsim353", "--protocol", "other"), 2, "'other' is not one of"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], status: int, message: str
) -> None:
    monkeypatch.chdir(folder)
    Path("empty").mkdir(exist_ok=True)
    Path("utf16.txt").write_bytes("a b 1".encode("utf-16"))
    result = run_here("evaluate", "vectors.safetensors", *arguments)
    assert result.returncode == status
    assert message in one_line_error(result)


def test_broken_utf8_in_words_survives(tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    words = [b"\xff", b"b", b"c", b"\xfe", "東京".encode()]
    save(str(path), Vocabulary.from_words(words), np.eye(5, 3, dtype=np.float32) + np.float32(0.1), {})
    (tmp_path / "set.txt").write_bytes(b"\xff b c \xfe\n")
    result = run_here("evaluate", path, tmp_path / "set.txt", "--predictions", tmp_path / "out.tsv")
    assert result.returncode == 0
    assert (tmp_path / "out.tsv").read_bytes().startswith(b"set\tset\t\xff\tb\tc\t\xfe\t")
    told = run_here("compare", path, path, tmp_path / "set.txt", "--format", "tsv")
    assert b"\nchanged\t\xff\t1.000000\t" in told.stdout


def test_a_vector_file_without_words_takes_them_from_a_vocabulary(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.array([[1, 0], [1, 1], [0, 1]], np.float32))
    (tmp_path / "vocab.tsv").write_text("love\t3\nsex\t2\ntiger\t1\n")
    result = run_here("evaluate", tmp_path / "v.npy", "wordsim353", "--vocab", tmp_path / "vocab.tsv")
    assert (result.returncode, b"wordsim353" in result.stdout) == (0, True)


def test_csv_holds_what_tsv_does(folder: Path) -> None:
    path = folder / "old.safetensors"
    for arguments in (("evaluate", path, "wordsim353"), ("evaluate", path, folder / "few.txt", "--per-section")):
        tsv, table = (run_here(*arguments, "--format", layout).stdout.decode() for layout in ("tsv", "csv"))
        assert list(csv.reader(io.StringIO(table))) == [line.split("\t") for line in tsv.splitlines()]


def test_a_set_of_which_few_questions_can_be_asked_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path / "v.safetensors", ["love", "sex", "tiger", "cat"], np.eye(4))
    result = run_here("evaluate", path, "wordsim353")
    assert result.returncode == 0
    assert b"wordsim353: the vectors have the words of only 0." in result.stderr


@pytest.mark.parametrize("layout", ["text", "tsv", "csv", "json"])
@pytest.mark.parametrize("unknown_words", ["skip", "wrong"])
def test_no_score_of_hardly_any_question_is_printed_in_silence(tmp_path: Path, layout: str, unknown_words: str) -> None:
    """Of 20 questions each file knows ten, and both know one; of the others' words there is none."""
    words = [f"w{i}" for i in range(20)]
    (tmp_path / "half.txt").write_text("".join(f"w{i} w{i} {i}\n" for i in range(20)))
    (tmp_path / "none.txt").write_text("liebe hass 1\nkatze hund 2\n")
    first = saved(tmp_path / "a.safetensors", words[:10], np.eye(10))
    second = saved(tmp_path / "b.safetensors", words[9:], np.eye(11))
    options = (tmp_path / "half.txt", tmp_path / "none.txt", "--format", layout, "--unknown-words", unknown_words)
    result = run_here("compare", first, second, *options)
    assert result.returncode == 0
    assert result.stderr.count(b"half: the vectors have the words of only 5.0% of its questions") == 1
    assert result.stderr.count(b"none: none of its 2 questions") == 1
    alone = run_here("evaluate", first, *options)
    assert (alone.returncode, alone.stderr.count(b"none: none of its 2 questions")) == (0, 1)
    assert b"none" not in result.stdout.replace(b"only", b"") and b"none" not in alone.stdout


# ---------------------------------------------------------------- compare


def test_the_csv_of_compare_is_one_table_with_what_tsv_tells(folder: Path) -> None:
    arguments = ("compare", folder / "old.safetensors", folder / "new.safetensors", "wordsim353", "--top", "3")
    tsv, table = (run_here(*arguments, "--format", layout).stdout.decode() for layout in ("tsv", "csv"))
    titles, *rows = csv.reader(io.StringIO(table))
    assert {len(row) for row in rows} == {len(titles)}
    lines = [line.split("\t") for line in tsv.splitlines()]
    assert [row[0] for row in rows] == [line[0] for line in lines]
    score, *_, changed = (dict(zip(titles, row, strict=True)) for row in rows)
    assert [score[name] for name in ("name", "n", "A", "B", "value", "low", "high", "p_value")] == [
        lines[0][i] for i in (1, 3, 4, 5, 6, 7, 8, 9)
    ]
    assert [changed[name] for name in ("name", "value", "A", "B")] == lines[-1][1:]


def test_compare_tells_scores_words_and_neighbours(folder: Path, peer: KeyedVectors) -> None:
    arguments = ("compare", folder / "old.safetensors", folder / "new.safetensors", "wordsim353", folder / "few.txt")
    options = ("-k", "3", "--first-words", "50", "--top", "2")
    told = json.loads(run_here(*arguments, *options, "--format", "json").stdout)
    words = words_of(*SETS)
    assert told["shared"] == len(words) - 50
    assert (told["only"]["A"]["words"], told["only"]["B"]["words"]) == (30, 20)
    assert told["only"]["A"]["first"] == words[-30:-25]
    assert told["only"]["B"]["first"] == words[:5]
    wordsim, few = told["scores"]
    for score in (wordsim, few):
        assert score["difference"] == pytest.approx(score["B"] - score["A"], abs=1e-6)
        assert score["interval"][0] <= score["difference"] <= score["interval"][1]
        assert 0 < score["p_value"] <= 1
    assert few["B"] < few["A"]  # to which the questions were fitted, before noise
    assert few["p_value"] < 0.05
    neighbours = told["neighbours"]
    assert (neighbours["k"], neighbours["words"], len(neighbours["changed"])) == (3, 50, 2)
    least = neighbours["changed"][0]
    assert least["overlap"] == len({*least["A"]} & {*least["B"]}) / 3 <= neighbours["overlap"]
    shared = words[20:-30]
    expected = [word for word, _ in peer.most_similar(least["word"], topn=len(words)) if word in shared][:3]
    assert least["A"] == expected


def test_the_layouts_of_compare_tell_the_same(folder: Path) -> None:
    arguments = ("compare", folder / "old.safetensors", folder / "new.safetensors", "wordsim353", "--top", "3")
    text, tsv = (run_here(*arguments, "--format", layout).stdout.decode() for layout in ("text", "tsv"))
    told = json.loads(run_here(*arguments, "--format", "json").stdout)
    lines = [line.split("\t") for line in tsv.splitlines()]
    assert [line[0] for line in lines] == ["score", "words", "words", "words", "neighbours", *["changed"] * 3]
    assert [float(figure) for figure in lines[0][4:7]] == [told["scores"][0][key] for key in ("A", "B", "difference")]
    assert "protocol=wordvec" in lines[0]
    assert float(lines[4][3]) == told["neighbours"]["overlap"]
    assert [line[1] for line in lines[5:]] == [each["word"] for each in told["neighbours"]["changed"]]
    for shown in (f"{told['scores'][0]['B']:.4f}", f"words: {told['shared']} in both", "words: 30 in A only"):
        assert shown in text


def test_a_file_compared_with_itself_differs_in_nothing(folder: Path) -> None:
    path = folder / "old.safetensors"
    told = json.loads(run_here("compare", path, path, "wordsim353", "--format", "json").stdout)
    (score,) = told["scores"]
    assert (score["difference"], score["interval"], score["p_value"]) == (0, [0, 0], 1)
    assert told["neighbours"]["overlap"] == 1
    assert {each["words"] for each in told["only"].values()} == {0}


def test_words_of_a_list_are_compared_and_missing_ones_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"love\r\nlove\nunheard-of\n\ntiger\n")
    result = run_here(
        "compare", folder / "vectors.safetensors", folder / "vectors.safetensors", "wordsim353", "--words",
        tmp_path / "list.txt", "--format", "json",
    )  # fmt: skip
    assert (result.returncode, result.stderr.count(b"1 of 3 words")) == (3, 1)
    assert json.loads(result.stdout)["neighbours"]["words"] == 2
    old = folder / "old.safetensors"
    assert run_here("compare", old, old, "--words", tmp_path / "list.txt", "--first-words", "9").returncode == 2


def test_vectors_that_no_set_suits_are_compared_by_their_words(tmp_path: Path) -> None:
    matrix = np.random.default_rng(1).normal(size=(6, 4))
    words = ["eins", "zwei", "drei", "vier", "fünf", "sechs"]
    first, second = saved(tmp_path / "a.safetensors", words, matrix), saved(tmp_path / "b.txt", words, matrix[:, :2])
    result = run_here("compare", first, second)
    assert (result.returncode, b"words: 6 in both" in result.stdout, b"score" in result.stdout) == (0, True, False)
    assert b"none of its 353 questions" in result.stderr


@pytest.mark.parametrize("layout", ["text", "tsv", "csv", "json"])
def test_files_that_share_no_word_are_told_and_their_words_counted(tmp_path: Path, layout: str) -> None:
    first = saved(tmp_path / "a.safetensors", ["eins", "zwei"], np.eye(2))
    second = saved(tmp_path / "b.safetensors", ["one"], np.eye(1, 3))
    result = run_here("compare", first, second, "--format", layout)
    assert (result.returncode, result.stderr.count(b"no word is in both files")) == (0, 1)
    counts = {
        "text": b"words: 0 in both\nwords: 2 in A only (eins, zwei)\nwords: 1 in B only (one)\n",
        "tsv": b"words\tboth\t0\nwords\tonly A\t2\nwords\tonly B\t1\n",
        "csv": b"words,both,,0,,,,,,\nwords,only A,,2,,,,,,\nwords,only B,,1,,,,,,\n",
        "json": b'"shared": 0',
    }
    assert counts[layout] in result.stdout
    assert b"nearest are the same" not in result.stdout


def test_two_trainings_are_told_in_one_note(tmp_path: Path) -> None:
    for seed in (1, 2):
        made = {"configuration": json.dumps({"seed": seed, "window": 5})}
        save(
            str(tmp_path / f"{seed}.safetensors"), Vocabulary.from_words([b"love", b"sex"]), np.eye(2, 2, 0, "f4"), made
        )
    first, second = tmp_path / "1.safetensors", tmp_path / "2.safetensors"
    told = b"A and B are different trainings (seed 1 / 2): cosines are compared within each file only; "
    assert run_here("compare", first, second).stderr.count(told) == 1
    assert told not in run_here("compare", first, first).stderr


# ---------------------------------------------------------------- help


def examples(name: str) -> list[str]:
    command = wordvec.get_command(click.Context(wordvec), name)
    return re.findall(rf"^ *(wordvec {name} .*)$", command.help, re.MULTILINE)


@pytest.mark.parametrize("example", [*examples("evaluate"), *examples("compare")])
def test_the_examples_of_the_help_run(folder: Path, monkeypatch: pytest.MonkeyPatch, example: str) -> None:
    monkeypatch.chdir(folder)
    result = run_here(*shlex.split(example)[1:])
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout


def test_there_are_examples_and_the_commands_run_in_processes_of_their_own(folder: Path) -> None:
    assert (len(examples("evaluate")), len(examples("compare"))) == (3, 2)
    for arguments in (("evaluate", "vectors.safetensors"), ("compare", "old.safetensors", "new.safetensors")):
        result = start(*arguments, "wordsim353", cwd=folder)
        assert (result.returncode, result.stderr) == (0, b"")
