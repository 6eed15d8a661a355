"""Wrong commands and options: one line each, with what is meant if that can be told."""

import json

import pytest

from tests.conftest import run_here
from wordvec_cli.cli import run
from wordvec_cli.cli.spelling import is_near, n_edits


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["simlar", "x"], "No such command: simlar; did you mean similar? See wordvec --help"),
        (["similiar"], "No such command: similiar; did you mean similar? See wordvec --help"),
        (["classify", "predct"], "No such command: predct; did you mean predict? See wordvec classify --help"),
        (["help", "train"], "No such command: help; see wordvec train --help"),
        (["help"], "No such command: help; see wordvec --help"),
        (["neighbors"], "No such command: neighbors; here it is similar; see wordvec --help"),
        (["most_similar"], "No such command: most_similar; here it is similar; see wordvec --help"),
        (["supervised"], "No such command: supervised; here it is classify train; see wordvec --help"),
        (["classify", "supervised"], "No such command: supervised; see wordvec classify --help"),
        (["xyzzy"], "No such command: xyzzy; see wordvec --help"),
        (["train", "--stopwords", "x"], "no such option: --stopwords; see wordvec train --help"),
        (["train", "--epcohs", "3"], "no such option: --epcohs; did you mean --epochs? See wordvec train --help"),
        (["similar", "v", "--k", "3"], "no such option: --k; did you mean -k? See wordvec similar --help"),
        (["similar", "v", "--topn", "3"], "no such option: --topn; here it is -k; see wordvec similar --help"),
        (["similar", "v", "--top", "3"], "no such option: --top; here it is -k; see wordvec similar --help"),
        (["train", "c", "--topk", "3"], "no such option: --topk; see wordvec train --help"),
        (["similar"], "VECTORS: is missing; see wordvec similar --help"),
        (
            ["analogy", "v", "a"],
            "1 word: a question has three; put quotes around a word that holds blanks; see wordvec analogy --help",
        ),
        (
            ["train", "--wordNgrams", "2"],
            "no such option: --wordNgrams; wordvec classify train has --word-ngrams; see wordvec train --help",
        ),
        (
            ["train", "-maxn", "6"],
            "no such option: -maxn; here it is --subwords MINN-MAXN; see wordvec train --help",
        ),
    ],
)  # fmt: skip
def test_a_wrong_command_or_option_is_one_line_with_what_is_meant(arguments: list[str], complaint: str) -> None:
    result = run_here(*arguments)
    assert (result.returncode, result.stdout, result.stderr.decode()) == (2, b"", f"Error: {complaint}\n")
    in_json = run_here(*arguments, "--progress", "json")
    assert (in_json.returncode, json.loads(in_json.stderr)) == (2, {"error": complaint})


OF_VALUES = [
    (["train", "c", "--vector-size", "-o", "v"], "--vector-size: needs a value; see wordvec train --help"),
    (["similar", "v", "-k", "--format=csv"], "-k: needs a value; see wordvec similar --help"),
    (["phrases", "c", "--threshold", "--quiet"], "--threshold: needs a value; see wordvec phrases --help"),
    (["classify", "train", "c", "-o", "--epochs", "3"], "-o: needs a value; see wordvec classify train --help"),
    (["similar", "v", "--header=1"], "--header: takes no value; see wordvec similar --help"),
    (
        ["train", "c", "-o", "v", "--tmp-dir", "no"],
        "--tmp-dir: the folder 'no' does not exist; see wordvec train --help",
    ),
    (["train", "c", "-o", "v", "--epochs", "x"], "--epochs: 'x' is not a whole number; see wordvec train --help"),
    (["train", "c"], "-o: is missing; add -o FILE; see wordvec train --help"),
    (["info", "a", "b"], "b: too many arguments; see wordvec info --help"),
    (
        ["matrix", "v.safetensors", "--vocab", "F", "-o", "x.npy"],
        "v.safetensors: matrix takes options only; write --vectors v.safetensors; see wordvec matrix --help",
    ),
    (
        ["matrix", "v", "--vectors", "v", "--vocab", "F", "-o", "x.npy"],
        "v: matrix takes options only; see wordvec matrix --help",
    ),
]


@pytest.mark.parametrize(("arguments", "complaint"), OF_VALUES)
def test_a_wrong_value_or_argument_is_named_with_what_to_do(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err == f"Error: {complaint}\n"


def test_what_an_option_is_called_is_still_a_value_after_a_sign_of_equality_and_a_word_after_two_dashes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["similar", "no-file", "--among=-k", "--", "--among", "-k"]) == 1
    assert capsys.readouterr().err.startswith("Error: no-file: no such file")


def test_edits_are_counted_as_by_hand() -> None:
    for first, second, n in (
        ("", "abc", 3), ("similiar", "similar", 1), ("simlar", "similar", 1), ("epcohs", "epochs", 1),
        ("kitten", "sitting", 3), ("ca", "abc", 3), ("minn", "combine", 4),
    ):  # fmt: skip
        assert n_edits(first, second) == n_edits(second, first) == n


@pytest.mark.parametrize(
    ("wrong", "right"), [("stopwords", "threads"), ("minn", "combine"), ("minn", "mean"), ("k", "n"), ("to", "vocab")]
)
def test_names_that_only_share_letters_are_not_near(wrong: str, right: str) -> None:
    assert not is_near(wrong, right)
