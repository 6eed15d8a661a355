"""The layouts in which sets are shared; what each line means is said by their authors."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here, start
from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.set_folders import SHIPPED, read_eval_sets
from wordvec_cli.evaluation.sets import Analogies, WordPairs
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def written(folder: Path, name: str, text: str | bytes) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rg65.csv", "gem;jewel;3.94\nnoon;string;0.04\n"),
        ("mturk.csv", "gem,jewel,3.94\r\nnoon,string,0.04\r\n"),
        ("MEN_dataset_natural_form_full", "gem jewel 3.94\nnoon string 0.04\n"),
        ("rw.txt", "gem\tjewel\t3.94\t10\t4\t0\t4\nnoon\tstring\t0.04\t0\t0\t0\t1\n"),
        ("combined.csv", "Word 1,Word 2,Human (mean)\ngem,jewel,3.94\nnoon,string,0.04\n"),
        (
            "SimLex-999.txt",
            "word1\tword2\tPOS\tSimLex999\tx\ngem\tjewel\tN\t3.94\t1\nnoon\tstring\tN\t0.04\t2\n",
        ),
        ("SimVerb-3500.txt", "gem\tjewel\tV\t3.94\tSYNONYMS\nnoon\tstring\tV\t0.04\tNONE\n"),
        ("bom.txt", "\ufeffgem\tjewel\t3.94\r\nnoon\tstring\t0.04\r\n"),
    ],
)
def test_pairs_are_read_as_their_authors_share_them(tmp_path: Path, name: str, text: str) -> None:
    expected = WordPairs(name.split(".", maxsplit=1)[0], (("gem", "jewel"), ("noon", "string")), (3.94, 0.04))
    assert read_eval_set(written(tmp_path, name, text)) == expected


def test_a_score_that_is_not_finite_is_not_replaced_by_the_next_column(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"rw.txt:2: "):
        read_eval_set(written(tmp_path, "rw.txt", "a\tb\t1\t2\nc\td\tnan\t2\n"))


def test_a_score_with_an_underscore_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"rw.txt:2: "):
        read_eval_set(written(tmp_path, "rw.txt", "a\tb\t1\nc\td\t1_000\n"))


MSR = (("good", "better", "rough", "rougher"), ("best", "good", "roughest", "rough"), ("old", "older", "new", "newer"))


def test_msr_is_read_as_one_file_by_tag(tmp_path: Path) -> None:
    text = "good better rough JJ_JJR rougher\nbest good roughest JJS_JJ rough\nold older new JJ_JJR newer\n"
    expected = Analogies("EN-MSR", (MSR[0], MSR[2], MSR[1]), ("JJ_JJR", "JJS_JJ"), (0, 2))
    assert read_eval_set(written(tmp_path, "EN-MSR.txt", text)) == expected


def test_msr_is_read_as_questions_with_answers_beside_them(tmp_path: Path) -> None:
    path = written(tmp_path, "word_relationship.questions", "good better rough\nbest good roughest\nold older new\n")
    written(tmp_path, "word_relationship.answers", "JJ_JJR rougher\nJJS_JJ rough\nJJ_JJR newer\n")
    expected = Analogies("word_relationship", (MSR[0], MSR[2], MSR[1]), ("JJ_JJR", "JJS_JJ"), (0, 2))
    assert read_eval_set(path) == expected
    assert read_eval_sets(str(tmp_path)) == [expected]
    written(tmp_path, "word_relationship.answers", "JJ_JJR rougher\n")
    with pytest.raises(InputError, match=r"answers:1: there are 1 answers to 3 questions"):
        read_eval_set(path)


def test_bats_asks_each_line_with_each_other_and_takes_any_answer(tmp_path: Path) -> None:
    written(tmp_path, "BATS/1_Inf/I01 [noun - plural_reg].txt", "album\talbums\nyear\tyears\r\n")
    written(tmp_path, "BATS/4_Lex/L01 [hypernyms].txt", "cat\tfeline/animal\ncow\tbovine\ncow\tmammal\n")
    written(tmp_path, "BATS/readme.txt", "what BATS is\n")
    written(tmp_path, "BATS/metadata.json", "{}")
    plural = (("album", "albums", "year", "years"), ("year", "years", "album", "albums"))
    hypernyms = (
        ("cat", "feline", "cow", "bovine"),
        ("cat", "feline", "cow", "mammal"),
        ("cow", "bovine", "cat", "feline", "animal"),
        ("cow", "mammal", "cat", "feline", "animal"),
    )
    names = ("I01 [noun - plural_reg]", "L01 [hypernyms]")
    expected = Analogies("BATS", plural + hypernyms, names, (0, 2), ("1_Inf", "4_Lex"))
    assert read_eval_sets(str(tmp_path / "BATS")) == [expected]
    alone = read_eval_set(str(tmp_path / "BATS" / "4_Lex" / "L01 [hypernyms].txt"))
    assert alone == Analogies("L01 [hypernyms]", hypernyms, ("L01 [hypernyms]",), (0,))


@pytest.mark.parametrize("text", ["a\tb\nc\n", "a\tb\nc\td\te\n", "a\tb\n\nc\td\n", "a\tb\n"])
def test_a_line_without_answers_or_a_line_alone_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"I01.txt:[12]: .*(answers)"):
        read_eval_set(written(tmp_path, "I01.txt", text))


def test_gloves_questions_are_the_sections_of_one_set_and_syntactic_or_semantic(tmp_path: Path) -> None:
    written(tmp_path, "question-data/family.txt", "boy girl he she\n")
    written(tmp_path, "question-data/gram8-plural.txt", "bird birds car cars\nbird birds cat cats\n")
    questions = (("boy", "girl", "he", "she"), ("bird", "birds", "car", "cars"), ("bird", "birds", "cat", "cats"))
    expected = Analogies("question-data", questions, ("family", "gram8-plural"), (0, 1), ("semantic", "syntactic"))
    assert read_eval_sets(str(tmp_path / "question-data")) == [expected]


def test_a_folder_may_hold_sets_of_all_kinds(tmp_path: Path) -> None:
    written(tmp_path, "a.txt", ": one\na b c d\n")
    written(tmp_path, "b.tsv", "a\tb\t1\n")
    written(tmp_path, ".hidden.txt", "nothing of the kind\n")
    assert [each.name for each in read_eval_sets(str(tmp_path))] == ["a", "b"]
    written(tmp_path, "c.txt", "no set\n")
    with pytest.raises(InputError, match=r"c\.txt:1"):
        read_eval_sets(str(tmp_path))


def test_a_folder_without_sets_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "BATS").mkdir()
    written(tmp_path, "picture.png", b"\x89PNG")
    with pytest.raises(InputError, match="holds no sets"):
        read_eval_sets(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "message"),
    [("a\tb\t1\n".encode("utf-16"), "is text in UTF-16.*iconv"), (b"a\tb\t1\n\0\0", "holds NUL bytes.*iconv")],
)
def test_another_encoding_is_told_with_the_way_out(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_eval_set(written(tmp_path, "set.txt", content))


def test_sections_without_questions_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the sections hold no questions"):
        read_eval_set(written(tmp_path, "set.txt", ": one\n: two\n"))


def test_the_sets_that_gensim_brings_are_found_by_name_without_importing_it(tmp_path: Path) -> None:
    sizes = {name: len(read_eval_sets(name)[0].words) for name in SHIPPED}
    assert sizes == {"wordsim353": 353, "simlex999": 999, "questions-words": 19544}
    (google,) = read_eval_sets("questions-words")
    assert isinstance(google, Analogies)
    assert google.section_groups == ("semantic",) * 5 + ("syntactic",) * 9
    path = str(tmp_path / "v.safetensors")
    words = [b"love", b"sex", b"tiger", b"cat"]
    save(path, Vocabulary.from_words(words), np.array([[1, 0], [1, 1], [0, 1], [1, 3]], np.float32), {})
    code = (
        "import sys; from wordvec_cli.cli import run; "
        f"status = run(['evaluate', {path!r}, 'wordsim353']); "
        "print(status, sorted({'gensim', 'scipy', 'smart_open'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stderr.decode().splitlines()[-1] == "0 []"


def test_a_file_comes_before_a_set_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "wordsim353", "a\tb\t1\n")
    monkeypatch.chdir(tmp_path)
    assert read_eval_sets("wordsim353") == [WordPairs("wordsim353", (("a", "b"),), (1.0,))]


def test_a_set_may_come_from_standard_input(tmp_path: Path) -> None:
    path = written(tmp_path, "v.txt", "a 1 0\nb 1 1\nc 0 1\n")
    result = start("evaluate", path, "-", "--format", "tsv", stdin=b"a b 1\na c 0\nb c 2\n")
    told = [line for line in result.stderr.splitlines() if not line.startswith(b"compiling")]  # on a fresh machine
    assert (result.returncode, told) == (0, [])
    assert result.stdout.splitlines()[1].startswith(b"stdin\tall\tspearman\t")
    empty = start("evaluate", path, "-", stdin=b"")
    assert (empty.returncode, empty.stderr.count(b"\n")) == (1, 1)
    assert b"standard input: holds no questions" in empty.stderr


@pytest.mark.parametrize("start", ["", "\n\n", " \r\n", "# a comment\n\n", "\ufeff\n"])
@pytest.mark.parametrize("text", ["a\tb\t1\na\tc\t2\n", ": s\na b c d\n", "x y u v\n"])
def test_blank_lines_may_stand_before_a_set(tmp_path: Path, start: str, text: str) -> None:
    assert read_eval_set(written(tmp_path, "s.txt", start + text)) == read_eval_set(written(tmp_path, "s.txt", text))


@pytest.mark.parametrize("score", ["nan", "NaN", "inf", "1OO", "", "-", "N/A", "none", "5 stars"])
def test_a_first_pair_with_a_bad_score_is_no_title(tmp_path: Path, score: str) -> None:
    with pytest.raises(InputError, match=r"s\.tsv:1: .* is not a pair of words with a score"):
        read_eval_set(written(tmp_path, "s.tsv", f"a\tb\t{score}\na\tc\t1\nb\tc\t2\n"))


def test_a_title_that_is_left_out_is_told(tmp_path: Path) -> None:
    vectors = written(tmp_path, "v.txt", "a 1 0\nb 1 1\nc 0 1\n")
    titled = written(tmp_path, "s.csv", "\nword1,word2,score\na,b,1\na,c,0\nb,c,2\n")
    told = run_here("evaluate", vectors, titled, "--bootstrap", "0")
    assert told.returncode == 0
    assert told.stderr.decode() == f"{titled}:2: 'word1,word2,score' names the columns and is not scored\n"
    assert run_here("compare", vectors, vectors, titled, "-k", "1").stderr == told.stderr
    untitled = written(tmp_path, "s.csv", "a,b,1\na,c,0\nb,c,2\n")
    assert run_here("evaluate", vectors, untitled, "--bootstrap", "0").stderr == b""
