"""Wrong arguments are answered in Python's words, with what to write instead."""

import inspect
import pickle
import re
import subprocess
import sys
import warnings
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wordvec_cli
from tests.api.conftest import Pair
from wordvec_cli import Vectors
from wordvec_cli.api.face import in_python
from wordvec_cli.api.options import CORPUS_OPTIONS
from wordvec_cli.api.train_options import TrainOptions
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.training.glove import GloveConfig
from wordvec_cli.training.order import DEFAULT_LIMITS, MINUTES_BETWEEN_CHECKPOINTS
from wordvec_cli.training.word2vec_config import Word2VecConfig

VECTORS = Vectors.from_arrays(["a", "b", "c"], [[1, 2], [3, 4], [5, 7]], [3, 2, 1])
LINES = ["A b"] * 50
FUNCTIONS = {
    "train": lambda **given: wordvec_cli.train(LINES, **given),
    "build_vocab": lambda **given: wordvec_cli.build_vocab(LINES, **given),
    "encode": lambda **given: wordvec_cli.encode(LINES, ["a"], **given),
    "classify.train": lambda **given: wordvec_cli.classify.train(LINES, ["x"] * 50, **given),
    "load": lambda **given: wordvec_cli.load("nowhere", **given),
    "most_similar": lambda **given: VECTORS.most_similar("a", **given),
    "nearest": lambda **given: VECTORS.nearest(["a"], **given),
}


@pytest.mark.parametrize(
    ("function", "name"),
    [
        *[(each, "lowercase") for each in ("train", "build_vocab", "encode", "classify.train")],
        *[("train", each) for each in ("fixed_window", "deterministic", "save_context", "resume", "cbow_mean")],
        ("classify.train", "freeze"),
        ("load", "allow_pickle"),
    ],
)
def test_a_text_is_not_taken_for_a_flag(function: str, name: str) -> None:
    with pytest.raises(OptionError, match=f"^{name} 'no': must be true or false"):
        FUNCTIONS[function](**{name: "no"})


@pytest.mark.parametrize(
    ("function", "name", "answer"),
    [
        ("build_vocab", "mincount", "did you mean min_count?"),
        ("encode", "lenght", "did you mean length?"),
        ("train", "workers", "here it is threads"),
        ("train", "size", "here it is vector_size"),
        ("train", "iter", "here it is epochs"),
        ("train", "min_alpha", "here it is min_learning_rate"),
        ("train", "hs", 'here it is loss="hierarchical-softmax"'),
        ("train", "sg", 'here it is model="skipgram" (or "cbow")'),
        ("train", "sentences", "here it is corpus"),
        ("train", "shrink_windows", "here it is fixed_window=False (or True)"),
        ("train", "minn", 'here it is subwords="MINN-MAXN"'),
        ("train", "callbacks", "help(wordvec_cli.train) lists the options"),
        ("classify.train", "lr", "here it is learning_rate"),
        ("load", "binary", "leave it out, as the content of the file tells the format"),
        ("most_similar", "k", "here it is topn"),
        ("nearest", "topn", "here it is k"),
    ],
)
def test_a_keyword_that_there_is_not_is_answered_with_ours(function: str, name: str, answer: str) -> None:
    with pytest.raises(TypeError) as caught:
        FUNCTIONS[function](**{name: 1})
    assert str(caught.value) == f"{function}() has no option {name!r}; {answer}"


@pytest.mark.parametrize(
    ("function", "given", "kind", "message"),
    [
        ("build_vocab", {"min_count": "x"}, OptionError, "min_count 'x': must be a whole number"),
        ("build_vocab", {"memory": "much"}, OptionError, "memory 'much': is not a size; write it like 200MB or 1.5GB"),
        ("train", {"memory": "much"}, OptionError, "memory 'much': is not a size"),
        ("classify.train", {"epochs": "2"}, OptionError, "epochs '2': must be a whole number"),
        ("train", {"progress": 5}, TypeError, "progress=5: must be True for a bar, False, or a function"),
        ("most_similar", {"topn": "3"}, ValueError, "topn='3': must be a whole number"),
        ("most_similar", {"topn": -1}, ValueError, "topn=-1: must be at least 0"),
        ("nearest", {"k": 0}, ValueError, "k=0: must be at least 1"),
        ("load", {"limit": 0}, ValueError, "limit=0: must be at least 1"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_in_a_sentence(
    function: str, given: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=f"^{re.escape(message)}"):
        FUNCTIONS[function](**given)


def test_things_that_are_no_corpus_are_refused_in_a_sentence() -> None:
    with pytest.raises(TypeError, match="the corpus is 5; give a path"):
        wordvec_cli.train(5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="line 1: 1 is neither a text nor a list of tokens"):
        wordvec_cli.train([1, 2])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="there are more labels than texts"):
        wordvec_cli.classify.train(["a b"], ["x", "y"])
    with pytest.raises(ValueError, match="not a table of numbers; give"):
        Vectors.from_arrays(["a", "b"], ["x", "y"])
    with pytest.raises(ValueError, match="the word 5 is not a str"):
        Vectors.from_arrays([5], [[1.0]])  # type: ignore[list-item]


def test_sizes_are_those_of_the_command() -> None:
    assert list(wordvec_cli.build_vocab(LINES, memory="1GB")) == list(wordvec_cli.build_vocab(LINES, memory=10**9))


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("--min-count 0: must be at least 1", "min_count 0: must be at least 1"),
        ("add --from glove; or leave --allow-pickle out", "add format glove; or leave allow_pickle out"),
        (
            "run wordvec export IN OUT --to glove, then add --to x",
            "run wordvec export IN OUT --to glove, then add to x",
        ),
        ("'--word' and /a/--file: stay", "'--word' and /a/--file: stay"),
    ],
)
def test_options_are_named_as_keywords(told: str, message: str) -> None:
    assert in_python(told) == message


def test_load_and_save_name_their_own_keywords(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"^format no such: must be one of"):
        wordvec_cli.load("nowhere", format="no such")
    with pytest.raises(OptionError, match=r"^format no such: must be one of"):
        VECTORS.save(tmp_path / "v", "no such")
    with pytest.raises(OptionError, match=r"add format native\|"):
        VECTORS.save(tmp_path / "v")
    with pytest.raises(OptionError, match=r"^to: there is no file to write; name one with output"):
        wordvec_cli.train(LINES, to="native")


def test_a_set_that_is_not_there_is_answered_with_the_names_of_sets() -> None:
    with pytest.raises(InputError, match=r"^wordsim: no such file; .* wordsim353, simlex999, questions-words"):
        VECTORS.evaluate_word_pairs("wordsim")


def test_that_code_is_compiled_is_logged_and_is_no_warning() -> None:
    code = (
        "import logging, sys; logging.basicConfig(level=logging.INFO, stream=sys.stdout);"
        "import wordvec_cli.api.bar; from wordvec_cli import kernels; kernels._Teller().on_start(None)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "INFO:wordvec_cli:compiling what this command runs" in result.stdout
    assert "compiling what" not in result.stderr


# ---------------------------------------------------------------- words that a file lacks, other processes, help


def test_load_warns_of_wanted_words_that_the_file_lacks(tmp_path: Path) -> None:
    for name in ("v.safetensors", "v.txt"):
        VECTORS.save(tmp_path / name)
        with pytest.warns(UserWarning, match=r"^2 of 3 words are not in .*v\.") as warned:
            assert list(wordvec_cli.load(tmp_path / name, ["a", "xx", "yy"])) == ["a"]
        assert warned[0].filename == __file__
        with warnings.catch_warnings(action="error"):
            wordvec_cli.load(tmp_path / name, ["a", "b"])


def test_pickled_vectors_are_the_same(tmp_path: Path, subwords: Pair) -> None:
    wordvec_cli.train(
        LINES, model="glove", output=tmp_path / "v.safetensors", save_context=True, unknown_vector=True,
        vector_size=3, epochs=1, threads=1,
    )  # fmt: skip
    for vectors in (VECTORS, wordvec_cli.load(tmp_path / "v.safetensors")):
        copy = pickle.loads(pickle.dumps(vectors))  # noqa: S301
        assert list(copy) == list(vectors)
        assert copy.metadata == vectors.metadata
        np.testing.assert_array_equal(copy.vectors, vectors.vectors)
        np.testing.assert_array_equal(copy.counts, vectors.counts)
        for name in ("context", "unknown"):
            mine, theirs = (getattr(each.embeddings, name) for each in (copy, vectors))
            assert (mine is None) == (theirs is None)
            if theirs is not None:
                np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))
    with pytest.raises(TypeError, match="load the file in each process"):
        pickle.dumps(subwords.ours)


def test_help_lists_every_option_of_training_with_its_default() -> None:
    text = inspect.getdoc(wordvec_cli.train) or ""
    listed = dict(re.findall(r"^ +([a-z_]+)(?:=(\S+))?  +\S", text.split("TrainOptions:")[1], re.MULTILINE))
    assert TrainOptions.__optional_keys__ - CORPUS_OPTIONS == set(listed)
    assert all(re.search(rf"^({name}|\w+, {name}|{name}, \w+)  +\S", text, re.MULTILINE) for name in CORPUS_OPTIONS)
    cbow = Word2VecConfig(model="cbow", subwords="3-6")
    defaults = {field.name: field.default for field in fields(GloveConfig)}
    defaults |= {field.name: getattr(cbow, field.name) for field in fields(Word2VecConfig)}
    defaults |= {"model": "skipgram", "min_learning_rate": None, "checkpoint_every": MINUTES_BETWEEN_CHECKPOINTS}
    defaults |= DEFAULT_LIMITS | {"engine": "wordvec", "save_context": False, "resume": False}
    defaults |= {"subwords": None}
    for name, default in listed.items():
        expected = defaults.get(name)
        assert (eval(default) if default else None) == expected, name
