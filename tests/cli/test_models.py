"""Commands over a folder of vector files: what they print, and which folders they refuse."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here, start
from tests.evaluation.test_scores import WORDSIM, vectors_of, words_of
from tests.formats.test_foreign_safetensors import TOKENS, model2vec_folder
from wordvec_cli.queries.spread import COSINES, spread
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_MODELS = 3


def write(path: Path, words: list[str], matrix: np.ndarray) -> Path:
    save(str(path), Vocabulary.from_words([word.encode() for word in words]), matrix.astype(np.float32), {})
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trainings of the words of WordSim-353 that differ by noise."""
    path, words = tmp_path_factory.mktemp("models"), words_of(WORDSIM)
    matrix = vectors_of(words, "random")
    for i in range(N_MODELS):
        noise = np.random.default_rng(i).normal(size=matrix.shape) * np.abs(matrix).mean()
        write(path / f"m{i}.safetensors", words, matrix + noise)
    (path / "made.json").write_text("{}")
    return path


def cosines(folder: Path, first: str, second: str) -> list[float]:
    pairs = [load(str(path)).vectors([first, second])[0] for path in sorted(folder.glob("*.safetensors"))]
    return [float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in pairs]


def test_a_folder_answers_with_means_deviations_intervals_and_ranks(folder: Path) -> None:
    lines = run_here("similar", folder, "tiger", "-k", "3", "--header").stdout.decode().splitlines()
    assert lines[0].split("\t") == ["query", "word", "cosine", "sd", "low", "high", "best_rank", "worst_rank"]
    for line in lines[1:]:
        query, word, *figures, best, worst = line.split("\t")
        assert query == "tiger"
        assert list(map(float, figures)) == pytest.approx(spread(cosines(folder, "tiger", word), COSINES)[:4], abs=1e-5)
        assert 1 <= int(best) <= int(worst)
    assert len(lines) == 4


def test_a_folder_that_is_one_model_is_asked_as_one(tmp_path: Path) -> None:
    model = model2vec_folder(folder=str(tmp_path / "model"))
    result = run_here("similar", model, TOKENS[2], "-k", "1", "--header")
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.startswith(b"query\tword\tcosine\n")
    assert run_here("similarity", model, TOKENS[2], TOKENS[3]).returncode == 0


def test_files_named_one_by_one_are_asked_as_their_folder_is(folder: Path) -> None:
    first, *others = sorted(folder.glob("*.safetensors"))
    also = [text for other in others for text in ("--also", str(other))]
    for command in (["similar", "tiger"], ["similarity", "tiger", "cat"], ["analogy", "tiger", "cat", "love"]):
        name, *words = command
        of_folder = run_here(name, folder, *words)
        assert of_folder.returncode == 0
        assert of_folder.stdout
        assert run_here(name, first, *words, *also).stdout == of_folder.stdout


def test_pairs_come_with_their_spread_and_questions_that_cannot_be_asked_blank(folder: Path) -> None:
    asked = b"tiger cat\ntiger absent\n"
    result = start("similarity", folder, "--missing", "blank", "--format", "json", stdin=asked)
    found, missing = map(json.loads, result.stdout.splitlines())
    mean, sd, low, high, _ = spread(cosines(folder, "tiger", "cat"), COSINES)
    assert found["cosine"] == pytest.approx(mean, abs=1e-5)
    assert [found["sd"], *found["interval"]] == pytest.approx([sd, low, high], abs=1e-5)
    assert found["models"] == N_MODELS
    assert missing == {"query": ["tiger", "absent"], "cosine": None}
    assert result.stderr.decode().splitlines() == ["'absent' is missing"]


def test_scores_are_the_mean_of_those_of_each_file(folder: Path) -> None:
    paths = [folder, *sorted(folder.glob("*.safetensors"))]
    tables = [run_here("evaluate", path, WORDSIM, "--format", "json", "--bootstrap", "0").stdout for path in paths]
    mean, *each = [json.loads(table)["scores"][0] for table in tables]
    expected = spread([one["score"] for one in each], COSINES)
    assert [mean["score"], mean["sd"], *mean["interval"]] == pytest.approx(expected[:4], abs=2e-6)


def test_two_groups_that_differ_by_noise_alone_differ_by_no_more_than_trainings_do(
    folder: Path, tmp_path: Path
) -> None:
    words = words_of(WORDSIM)
    same, other = tmp_path / "same", tmp_path / "other"
    matrix = vectors_of(words, "random")
    for path, base in ((same, matrix), (other, np.random.default_rng(9).normal(size=matrix.shape))):
        path.mkdir()
        for i in range(2):
            noise = np.random.default_rng(50 + i).normal(size=matrix.shape) * np.abs(matrix).mean()
            write(path / f"{i}.safetensors", words, base + noise * (path == same))
    verdicts = []
    for path in (same, other):
        found = json.loads(run_here("compare", folder, path, WORDSIM, "--format", "json").stdout)
        assert found["A"]["models"] == N_MODELS
        verdicts.append((found["within_noise"], found["rows"][0]["p_value"] < 0.05))
    assert verdicts[0] == (True, False)
    assert verdicts[1][0] is False
    text = run_here("compare", folder, other, WORDSIM).stdout.decode().splitlines()
    assert text[-1].startswith("a model of A and one of B share 0.")
    assert ": more change than between two trainings (p 0.0" in text[-1]


def test_trainings_that_no_set_suits_are_compared_by_their_neighbours(tmp_path: Path) -> None:
    words = [f"w{i}" for i in range(30)]
    (tmp_path / "models").mkdir()
    for i, name in enumerate(("models/a.safetensors", "models/b.safetensors", "c.safetensors")):
        write(tmp_path / name, words, np.random.default_rng(i).normal(size=(30, 4)))
    result = run_here("compare", tmp_path / "models", tmp_path / "c.safetensors")
    assert result.returncode == 0, result.stderr
    assert b"nothing to score" in result.stderr
    lines = result.stdout.decode().splitlines()
    assert lines[1] == f"B  {tmp_path}/c.safetensors: 1 model"
    assert lines[3].startswith("neighbours overlap of 10")


def test_a_folder_of_one_file_does_not_tell_what_chance_does(tmp_path: Path) -> None:
    words = [f"w{i}" for i in range(30)]
    (tmp_path / "one").mkdir()
    for i, name in enumerate(("one/a.safetensors", "b.safetensors")):
        write(tmp_path / name, words, np.random.default_rng(i).normal(size=(30, 4)))
    for paths in (("one", "b.safetensors"), ("b.safetensors", "one"), ("one", "one")):
        command = ["compare", *(tmp_path / path for path in paths), "-k", "5"]
        result = run_here(*command)
        assert result.returncode == 0, result.stderr
        assert result.stdout.decode().splitlines()[-1].endswith("by chance: give a folder of three or more")
        found = json.loads(run_here(*command, "--format", "json").stdout)
        assert found["within_noise"] is None
        assert (found["rows"][0]["A"], found["rows"][0]["p_value"]) == (None, None)


def test_groups_are_not_compared_by_words_that_no_file_has(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("absent1\nabsent2\n")
    one = next(folder.glob("*.safetensors"))
    result = run_here("compare", folder, one, WORDSIM, "--words", tmp_path / "none.txt")
    assert result.returncode == 3
    last = result.stdout.decode().splitlines()[-1]
    assert last == "no word of --words is in all files, so no neighbours can be compared"
    assert b"2 of the words of --words are not in all files" in result.stderr
    (tmp_path / "none.txt").write_text("absent\ntiger\n")
    result = run_here("compare", folder, one, WORDSIM, "--words", tmp_path / "none.txt")
    assert result.returncode == 3
    assert result.stdout.decode().splitlines()[-1].startswith("a model of A and one of B share ")


def test_a_copy_among_the_files_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "again.safetensors").write_bytes((folder / "m1.safetensors").read_bytes())
    told = f"again.safetensors: is the same as {folder}/m1.safetensors, so that intervals are too narrow"
    for options, is_told in (([], False), (["--also", tmp_path / "again.safetensors"], True)):
        result = run_here("similarity", folder, "tiger", "cat", *options)
        assert (result.returncode, told in result.stderr.decode()) == (0, is_told)
    text = tmp_path / "v.txt"
    text.write_text("a 1 2\nb 2 1\n")
    assert b"v.txt: is the same as" in run_here("similarity", text, "a", "b", "--also", text).stderr


def test_a_folder_with_a_broken_or_foreign_file_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    for path in folder.glob("*.safetensors"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    whole = (tmp_path / "m1.safetensors").read_bytes()
    bad = tmp_path / "n.safetensors"
    for content, reason in ((whole[:-100], ""), (b"not vectors at all", ""), (b"", "")):
        bad.write_bytes(content)
        result = run_here("similar", tmp_path, "tiger")
        assert (result.returncode, result.stdout) == (1, b"")
        assert result.stderr.decode().startswith(f"Error: {bad}"), reason
    write(bad, ["fremd", "tiger", "wort"], np.eye(3, vectors_of(["a"], "random").shape[1]))
    assert f"Error: {bad}: shares only 1 of 3 words" in run_here("similar", tmp_path, "tiger").stderr.decode()
    bad.unlink()
    (tmp_path / "x.safetensors.checkpoint").mkdir()
    assert "x.safetensors.checkpoint: is of a training" in run_here("similar", tmp_path, "tiger").stderr.decode()


@pytest.mark.parametrize(
    "command",
    [
        "similarity FOLDER tiger cat",
        "analogy FOLDER tiger cat love",
        f"evaluate FOLDER {WORDSIM}",
        f"compare WHOLE FOLDER {WORDSIM}",
        "change WHOLE FOLDER -k 2",
        "stability FOLDER tiger",
        "axis FOLDER --pair tiger cat love",
        "associate FOLDER --x tiger,cat --y love,sex --a book,paper --b computer,keyboard",
        "plot change WHOLE FOLDER -k 2",
    ],
)
def test_every_question_refuses_such_a_folder_by_the_name_of_the_file(
    folder: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "models").mkdir()
    for path in folder.glob("*.safetensors"):
        (tmp_path / "models" / path.name).write_bytes(path.read_bytes())
    bad = tmp_path / "models" / "n.safetensors"
    picture = ["-o", str(tmp_path / "p.svg")] * command.startswith("plot")
    arguments = [{"FOLDER": str(tmp_path / "models"), "WHOLE": str(folder)}.get(each, each) for each in command.split()]
    bad.write_bytes((folder / "m1.safetensors").read_bytes()[:-100])
    broken = run_here(*arguments, *picture)
    write(bad, ["fremd", "tiger", "wort"], np.eye(3, vectors_of(["a"], "random").shape[1]))
    foreign = run_here(*arguments, *picture)
    for result in (broken, foreign):
        assert (result.returncode, result.stdout) == (1, b"")
        assert f"Error: {bad}: " in result.stderr.decode()
    assert b"shares only 1 of 3 words" in foreign.stderr


def test_what_several_files_cannot_answer_is_a_usage_error(folder: Path) -> None:
    for arguments in (["similar", "--vector"], ["similar", "tiger", "--metric", "dot"]):
        name, *others = arguments
        assert run_here(name, folder, *others).returncode == 2
    assert run_here("analogy", folder, "tiger", "cat", "love", "--method", "3cosmul").returncode == 2
    assert run_here("evaluate", folder, WORDSIM, "--predictions", folder / "p.tsv").returncode == 2
