"""The commands that ask vectors, against gensim; and what they do with whatever comes down a pipe."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.models.fasttext import load_facebook_vectors
from gensim.test.utils import datapath

from tests.conftest import COMMAND, Run, run_here
from tests.posix import pty
from wordvec_cli.vectors.native import load, save, save_tensors
from wordvec_cli.vectors.row_tensors import packing_metadata, row_tensors
from wordvec_cli.vocabulary.vocabulary import Vocabulary

COMMANDS = {
    "similar": ["similar"],
    "mean": ["similar", "--mean"],
    "analogy": ["analogy"],
    "similarity": ["similarity"],
    "odd-one-out": ["odd-one-out"],
}


@pytest.fixture(scope="session")
def wordvec() -> Run:
    return run_here


@pytest.fixture(scope="module")
def known_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors that can be reckoned by hand; words of any bytes; counts; a vector of unknown words."""
    words = [b"east", b"both", b"north", b"nowhere", b"west", b"new york", b"caf\xe9", b"a\tb\nc", "東京".encode()]
    matrix = np.array([[1, 0], [1, 1], [0, 2], [0, 0], [-3, 0], [2, 1], [1, -1], [1, 2], [3, 4]], dtype=np.float32)
    path = tmp_path_factory.mktemp("known") / "known.safetensors"
    vocabulary = Vocabulary.from_words(words, [90, 80, 70, 60, 50, 40, 30, 20, 10])
    save(str(path), vocabulary, matrix, {}, {"unknown": np.array([[0, 1]], np.float32)})
    return path


@pytest.fixture(scope="module")
def oracle(vector_file: Path) -> KeyedVectors:
    ours = load(str(vector_file))
    vectors = KeyedVectors(ours.dim)
    vectors.add_vectors([word.decode() for word in ours.vocabulary], ours.matrix)
    return vectors


def pairs(stdout: bytes) -> tuple[list[str], list[float]]:
    """The last two columns."""
    rows = [line.decode().split("\t") for line in stdout.splitlines()]
    return [row[-2] for row in rows], [float(row[-1]) for row in rows]


def check(result: "subprocess.CompletedProcess[bytes]", expected: list[tuple[str, float]]) -> None:
    assert (result.returncode, result.stderr) == (0, b"")
    words, scores = pairs(result.stdout)
    assert words == [word for word, _ in expected]
    np.testing.assert_allclose(scores, [score for _, score in expected], atol=1e-5)


# ---------------------------------------------------------------- gensim's answers


@pytest.mark.parametrize(
    ("positive", "negative"),
    [(["monday"], []), (["monday", "red", "meet"], []), (["monday", "red"], ["blue"]), ([], ["red"])],
)
def test_sums_of_words_have_the_neighbours_of_gensim(
    wordvec: Run, vector_file: Path, oracle: KeyedVectors, positive: list[str], negative: list[str]
) -> None:
    options = [part for word in positive for part in ("-p", word)] + [
        part for word in negative for part in ("-n", word)
    ]
    check(wordvec("similar", vector_file, *options, "-k", "6"), oracle.most_similar(positive, negative, topn=6))
    expected = oracle.most_similar(positive, negative, topn=6, restrict_vocab=8)
    check(wordvec("similar", vector_file, *options, "-k", "6", "--restrict-vocab", "8"), expected)


def test_a_mean_has_the_neighbours_of_gensim(wordvec: Run, vector_file: Path, oracle: KeyedVectors) -> None:
    expected = oracle.most_similar(["monday", "red"], topn=5)
    check(wordvec("similar", vector_file, "--mean", "monday", "red", "-k", "5"), expected)
    check(wordvec("similar", vector_file, "--mean", "-k", "5", stdin=b"monday red\n"), expected)


@pytest.mark.parametrize("question", [("monday", "friday", "red"), ("red", "paint", "call")])
def test_analogies_are_those_of_gensim(
    wordvec: Run, vector_file: Path, oracle: KeyedVectors, question: tuple[str, str, str]
) -> None:
    a, b, c = question
    check(wordvec("analogy", vector_file, *question, "-k", "7"), oracle.most_similar([b, c], [a], topn=7))
    result = wordvec("analogy", vector_file, *question, "-k", "7", "--method", "3cosmul")
    check(result, oracle.most_similar_cosmul([b, c], [a], topn=7))


def test_similarities_are_those_of_gensim(wordvec: Run, vector_file: Path, oracle: KeyedVectors) -> None:
    asked = [("monday", "friday"), ("red", "monday"), ("red", "red")]
    result = wordvec("similarity", vector_file, stdin="".join(f"{a}\t{b}\n" for a, b in asked).encode())
    check(result, [(b, oracle.similarity(a, b)) for a, b in asked])


@pytest.mark.parametrize("words", ["monday friday red tuesday", "red the blue", "the monday red green dye"])
def test_the_odd_one_out_is_that_of_gensim(wordvec: Run, vector_file: Path, oracle: KeyedVectors, words: str) -> None:
    [answer] = wordvec("odd-one-out", vector_file, "--format", "json", stdin=words.encode()).stdout.splitlines()
    ranked = {word: 1 - cosine for cosine, word in oracle.rank_by_centrality(words.split())}
    found = json.loads(answer)
    assert found["odd"] == oracle.doesnt_match(words.split())
    assert [each["word"] for each in found["words"]] == found["query"] == words.split()
    np.testing.assert_allclose(
        [each["distance"] for each in found["words"]], [ranked[w] for w in words.split()], atol=2e-6
    )
    result = wordvec("odd-one-out", vector_file, *words.split())
    assert (
        result.stdout.decode() == f"{words}\t{found['odd']}\t{max(each['distance'] for each in found['words']):.6f}\n"
    )


# ---------------------------------------------------------------- by hand


@pytest.mark.parametrize(
    ("metric", "answers"),
    [
        ("cosine", b"east\tnew york\t0.894427\neast\tboth\t0.707107\n"),
        ("dot", "east\t東京\t3\neast\tnew york\t2\n".encode()),
        ("euclidean", b"east\tboth\t1\neast\tnowhere\t1\n"),
    ],
)
def test_each_metric_has_its_own_neighbours(wordvec: Run, known_file: Path, metric: str, answers: bytes) -> None:
    assert wordvec("similar", known_file, "east", "-k", "2", "--metric", metric).stdout == answers


@pytest.mark.parametrize(("metric", "value"), [("cosine", b"0.707107"), ("dot", b"2"), ("euclidean", b"1.41421")])
def test_each_metric_has_its_own_similarity(wordvec: Run, known_file: Path, metric: str, value: bytes) -> None:
    result = wordvec("similarity", known_file, "both", "north", "--metric", metric)
    assert result.stdout == b"both\tnorth\t" + value + b"\n"
    record = json.loads(
        wordvec("similarity", known_file, "both", "north", "--metric", metric, "--format", "json").stdout
    )
    assert record == {"query": ["both", "north"], metric: float(value)}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--threshold", "0.8"], ["new york"]),
        (["--threshold", "2"], []),
        (["--metric", "euclidean", "--threshold", "1", "--restrict-vocab", "5"], ["both", "nowhere"]),
        (["--min-count", "50"], ["both", "north", "nowhere", "west"]),
        (["--restrict-vocab", "3"], ["both", "north"]),
        (["--include-question", "--restrict-vocab", "2"], ["east", "both"]),
        (["-k", "1000", "--restrict-vocab", "5"], ["both", "north", "nowhere", "west"]),
    ],
)
def test_answers_can_be_limited(wordvec: Run, known_file: Path, options: list[str], expected: list[str]) -> None:
    result = wordvec("similar", known_file, "east", *options)
    assert [line.decode().split("\t")[1] for line in result.stdout.splitlines()] == expected


def test_only_words_of_a_list_are_answers_and_those_that_are_missing_are_named(
    wordvec: Run, known_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_bytes(b"west\r\nnorth\nabsent\nnew york\neast\n")
    result = wordvec("similar", known_file, "east", "--among", tmp_path / "words.txt")
    assert pairs(result.stdout)[0] == ["new york", "north", "west"]
    assert result.stderr.decode() == f"{tmp_path}/words.txt: 1 of its 5 words are missing: 'absent'\n"
    assert result.returncode == 0
    (tmp_path / "words.txt").write_bytes(b"absent\n")
    assert b"no word" in wordvec("similar", known_file, "east", "--among", tmp_path / "words.txt").stderr


def test_min_count_needs_counts(wordvec: Run, vector_file: Path, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a 1 2\nb 2 1\n")
    result = wordvec("similar", tmp_path / "v.txt", "a", "--min-count", "2")
    assert (result.returncode, result.stderr[-60:].split(b":")[-1]) == (
        1,
        b" the vectors have no counts; leave it out\n",
    )


def test_what_lookup_prints_is_a_query(wordvec: Run, known_file: Path) -> None:
    for layout in ("text", "tsv"):
        lines = wordvec("lookup", known_file, "north", "new york", "--format", layout).stdout
        result = wordvec("similar", known_file, "--vector", "-k", "1", stdin=lines)
        assert result.stdout == b"north\tnorth\t1.000000\nnew york\tnew york\t1.000000\n"
    result = wordvec("similar", known_file, "--vector", "-k", "1", stdin=b"0 3\n\t-1e0\t0.0\r\n")
    assert result.stdout == b"1\tnorth\t1.000000\n2\twest\t1.000000\n"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [(b"1", "1 number where"), (b"", "0 numbers where"), (b"1 x", "is not a vector"), (b"a 1 nan", "not finite")],
)
def test_a_line_that_is_no_vector_is_an_error_with_its_number(
    wordvec: Run, known_file: Path, line: bytes, complaint: str
) -> None:
    result = wordvec("similar", known_file, "--vector", stdin=b"1 2\n" + line + b"\n")
    assert result.returncode == 1
    assert f"standard input:2: {complaint}" in result.stderr.decode() or "standard input:2: " in result.stderr.decode()
    assert complaint in result.stderr.decode()


@pytest.mark.parametrize("packing", ["float16", "int8", "int4", "pq 2"])
def test_packed_vectors_answer_too(wordvec: Run, tmp_path: Path, packing: str) -> None:
    matrix = np.array([[1, 0], [1, 1], [-1, 0]], np.float32)
    path = tmp_path / "v.safetensors"
    tensors, told = row_tensors("vectors", matrix, packing), packing_metadata(packing, 2)
    save_tensors(str(path), Vocabulary.from_words([b"a", b"b", b"c"]), tensors, told)
    assert pairs(wordvec("similar", path, "a").stdout) == (["b", "c"], [0.707107, -1])
    assert pairs(wordvec("similarity", path, "a", "c").stdout)[1] == [-1]


# ---------------------------------------------------------------- what comes down a pipe


@pytest.mark.parametrize("command", list(COMMANDS))
def test_the_same_question_twice_no_question_and_no_end_of_line(wordvec: Run, known_file: Path, command: str) -> None:
    n_words = {"similar": 1, "mean": 2, "analogy": 3, "similarity": 2, "odd-one-out": 4}[command]
    question = b"\t".join([b"east", b"north", b"new york", b"both"][:n_words])
    one = wordvec(*COMMANDS[command], known_file, stdin=question)
    assert one.returncode == 0
    assert one.stdout
    twice = wordvec(*COMMANDS[command], known_file, stdin=question + b"\r\n" + question + b"\n")
    assert twice.stdout == one.stdout * 2
    assert wordvec(*COMMANDS[command], known_file, stdin=b"").stdout == b""
    empty = wordvec(*COMMANDS[command], known_file, stdin=b"\n" + question)
    assert empty.stdout == one.stdout
    assert empty.returncode == (3 if command == "similar" else 0)  # the empty word is missing


@pytest.mark.parametrize("command", list(COMMANDS))
def test_with_null_words_may_hold_anything(wordvec: Run, known_file: Path, command: str) -> None:
    words = [b"caf\xe9", "東京".encode(), b"new york", b"both"]
    question = words[:3] if command == "analogy" else words[:2]
    without_line_ends = ["--restrict-vocab", "7"] if command in ("mean", "analogy") else []
    if command == "similar":
        result = wordvec("similar", known_file, "--null", "-k", "1", stdin=b"a\tb\nc\0caf\xe9\0")
        assert result.stdout == "a\tb\nc\t東京\t0.983870\0".encode() + b"caf\xe9\teast\t0.707107\0"
    for layout in ("tsv", "json"):
        lines = wordvec(
            *COMMANDS[command], known_file, *without_line_ends, "--format", layout, stdin=b"\t".join(question) + b"\n"
        )
        nulls = wordvec(
            *COMMANDS[command],
            known_file,
            *without_line_ends,
            "--format",
            layout,
            "--null",
            stdin=b"\t".join(question) + b"\0",
        )
        if command != "similar":
            assert (nulls.returncode, nulls.stdout) == (0, lines.stdout.replace(b"\n", b"\0"))


def test_lookup_reads_and_writes_nulls_too(wordvec: Run, known_file: Path) -> None:
    result = wordvec("lookup", known_file, "--null", "--missing", "blank", stdin=b"a\tb\nc\0no\nne\0")
    assert result.stdout == b"a\tb\nc 1 2\0no\nne\0"


@pytest.mark.parametrize("command", list(COMMANDS))
@pytest.mark.parametrize("missing", ["error", "skip", "blank", "unknown"])
def test_a_question_with_a_missing_word_gets_what_is_asked(
    wordvec: Run, known_file: Path, command: str, missing: str
) -> None:
    of_three = dict.fromkeys(("analogy", "odd-one-out"), b"east absent both")
    question = ({"similar": b"absent"} | of_three).get(command, b"east absent")
    result = wordvec(*COMMANDS[command], known_file, "--missing", missing, stdin=question + b"\n")
    assert b"'absent' is missing" in result.stderr
    assert result.returncode == (3 if missing == "error" else 0)
    is_set = command in ("mean", "odd-one-out")
    assert bool(result.stdout) == (missing not in ("error", "skip") or (missing == "skip" and is_set))
    if missing == "blank":
        shown = question if command in ("similar", "mean", "odd-one-out") else question.replace(b" ", b"\t")
        assert result.stdout == shown + b"\n"
        record = wordvec(
            *COMMANDS[command], known_file, "--missing", missing, "--format", "json", stdin=question + b"\n"
        )
        assert list(json.loads(record.stdout).values())[1:] == [None] * (2 if command == "odd-one-out" else 1)


@pytest.mark.parametrize("command", ["analogy", "similarity"])
def test_a_line_with_another_number_of_words_is_an_error_with_its_number(
    wordvec: Run, known_file: Path, command: str
) -> None:
    result = wordvec(command, known_file, stdin=b"\neast north west both\n")
    assert result.returncode == 1
    assert b"standard input:2: 4 words where a question has" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["analogy", "a", "b"], ["similarity", "a"], ["similar", "a", "--vector"], ["similar", "-p", "a", "--mean"],
        ["similar", "-p", "a", "b"], ["similar", "-p", "a", "--metric", "dot"], ["similar", "a", "-k", "0"],
        ["similar", "--vector", "--missing", "skip"], ["similar", "--vector", "--include-question"],
        ["odd-one-out", "a"],
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_a_usage_error(wordvec: Run, known_file: Path, arguments: list[str]) -> None:
    command, *others = arguments
    assert wordvec(command, known_file, *others).returncode == 2


def test_a_question_without_a_direction_is_told(wordvec: Run, known_file: Path) -> None:
    result = wordvec("similar", known_file, "nowhere", "--missing", "blank")
    assert result.stdout == b"nowhere\n"
    assert b"'nowhere' has a vector of zeros" in result.stderr
    assert wordvec("similar", known_file, "nowhere", "--metric", "euclidean", "-k", "1").stdout == b"nowhere\teast\t1\n"
    assert wordvec("similarity", known_file, "nowhere", "east").stdout == b"nowhere\teast\t0.000000\n"


def test_the_parts_of_a_missing_word_ask_for_it(wordvec: Run) -> None:
    model = datapath("crime-and-punishment.bin")
    expected = load_facebook_vectors(model).most_similar("lighthouses", topn=4)
    check(wordvec("similar", model, "lighthouses", "-k", "4", "--quiet"), expected)


@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_co_process_gets_each_answer_before_it_asks_again(known_file: Path, command: str) -> None:
    question = {"similar": b"north", "analogy": b"east west both"}.get(command, b"east both")
    options = ["-k", "1", "--restrict-vocab", "3"] if command in ("similar", "mean", "analogy") else []
    with subprocess.Popen(
        [*COMMAND, *COMMANDS[command], known_file, *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout
        for _ in range(3):
            process.stdin.write(question + b"\n")
            process.stdin.flush()
            assert process.stdout.readline().startswith(question.split()[0])
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_a_closed_pipe_ends_quietly(known_file: Path) -> None:
    command = " ".join([*map(str, COMMAND), "similar", str(known_file)])
    script = f"yes east | head -n 100000 | {command} -k 1 | head -n 1; echo ${{PIPESTATUS[2]}}"
    result = subprocess.run(["bash", "-c", script], capture_output=True, check=True, timeout=120)
    assert (result.stdout, result.stderr) == (b"east\tnew york\t0.894427\n0\n", b"")


def test_who_types_is_told_what_is_awaited(known_file: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "similar", known_file, "-k", "1"], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr and process.stdout
        assert process.stderr.readline() == b"type words, one a line; Ctrl-D ends\n"
        os.write(ours, b"north\n")
        assert process.stdout.readline().startswith(b"north\t")
        os.write(ours, b"\x04")
        assert process.wait(timeout=60) == 0
    os.close(ours)
    os.close(theirs)


def test_many_questions_come_back_in_order_whatever_works_at_the_same_time(vector_file: Path, wordvec: Run) -> None:
    words = list(load(str(vector_file)).vocabulary) * 200
    stdin = b"\n".join(words)
    one, several = (
        wordvec("similar", vector_file, "-k", "2", stdin=stdin, environment={"OPENBLAS_NUM_THREADS": n}).stdout
        for n in ("2", "1")
    )
    assert one == several
    assert [line.split(b"\t")[0] for line in one.splitlines()[::2]] == words


# ---------------------------------------------------------------- vectors down a pipe, and lines that are wrong


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"king 0.5 0.25 1 4 5 6", b"6 numbers where the vectors have 2"),
        (b"1 2 3", b"3 numbers where the vectors have 2"),
        (b"1\t2\t3", b"3 numbers where the vectors have 2"),
        (b"word\t1\t2\t3", b"3 numbers where the vectors have 2"),
        (b"doc 1 2 3", b"3 numbers where the vectors have 2"),
        (b"king 1", b"1 number where the vectors have 2"),
        (b"king\t1", b"1 number where the vectors have 2"),
        (b'{"word": "doc 1", "vector": [1, 2, 3]}', b"3 numbers where the vectors have 2"),
        (b'{"word": "doc 1"}', b"is not a vector in JSON"),
        (b'{"word": "inf", "vector": [1, null]}', b"holds a number that is not finite"),
        (b"a 1_000 1", b"is not a vector ('1_000' is not a number)"),
        (b"1 1_0", b"is not a vector ('1_0' is not a number)"),
        (b'{"word": "a", "vector": ["1_0", 1]}', b"is not a vector in JSON"),
        (b"a 1e39 1", b"1e+39 does not fit float32"),
        (b"a 1e-46 0", b"1e-46 does not fit float32"),
        (b"a 1e400 1", b"holds a number that is not finite"),
    ],
)
def test_a_vector_of_another_width_or_outside_float32_is_refused_and_the_next_line_is_answered(
    known_file: Path, line: bytes, complaint: bytes
) -> None:
    result = run_here("similar", known_file, "--vector", "-k", "1", stdin=line + b"\n0 3\n")
    assert result.returncode == 1
    assert result.stdout == b"2\tnorth\t1.000000\n"
    assert result.stderr.startswith(b"Error: standard input:1: " + complaint)
    assert result.stderr.count(b"\n") == 1


def test_a_word_that_is_a_number_or_not_utf8_is_a_question_in_json(tmp_path: Path) -> None:
    words = [b"1984", b"doc 1", b"caf\xe9", b"inf", b"new york"]
    path = tmp_path / "v.safetensors"
    save(str(path), Vocabulary.from_words(words), np.arange(1, 11, dtype=np.float32).reshape(5, 2), {})
    lines = run_here("lookup", path, "--format", "json", stdin=b"\n".join(words)).stdout
    result = run_here("similar", path, "--vector", "-k", "1", stdin=lines)
    assert (result.returncode, [line.split(b"\t")[0] for line in result.stdout.splitlines()]) == (0, words)


def test_the_least_numbers_of_float32_have_a_direction(known_file: Path) -> None:
    result = run_here("similar", known_file, "--vector", "-k", "1", stdin=b"0 1.4e-45\n")
    assert (result.returncode, result.stdout) == (0, b"1\tnorth\t1.000000\n")


@pytest.mark.parametrize("metric", ["dot", "euclidean"])
def test_a_vector_too_long_for_its_products_is_refused(known_file: Path, metric: str) -> None:
    result = run_here("similar", known_file, "--vector", "--metric", metric, stdin=b"3e38 3e38\n")
    assert (result.returncode, result.stdout, result.stderr.count(b"\n")) == (1, b"", 1)


def test_all_lines_around_a_wrong_one_are_answered(known_file: Path) -> None:
    for command, line, n_columns in (("analogy", b"east both north", 5), ("similarity", b"east both", 3)):
        result = run_here(
            command,
            known_file,
            *(["-k", "1", "--restrict-vocab", "5"] if n_columns == 5 else []),
            stdin=line + b"\neast\n" + line,
        )
        assert result.returncode == 1
        assert [row.count(b"\t") for row in result.stdout.splitlines()] == [n_columns - 1] * 2
        assert result.stderr.startswith(b"Error: standard input:2: 1 word where a question has")


def test_one_word_is_not_the_odd_one_and_the_other_questions_are_answered(known_file: Path) -> None:
    result = run_here("odd-one-out", known_file, stdin=b"both both\neast\n\nabsent\nboth both\n")
    assert (result.returncode, result.stdout) == (1, b"both both\tboth\t0.000000\n" * 2)
    refused = "Error: standard input:{}: 1 word where a question has two or more; put blanks or tabs between words"
    assert result.stderr.decode().splitlines() == [refused.format(2), refused.format(4)]
    left = run_here("odd-one-out", known_file, "east", "absent", "--missing", "skip")
    assert (left.returncode, left.stdout) == (0, b"")
    blank = run_here("odd-one-out", known_file, "--missing", "blank", stdin=b"east\n")
    assert (blank.returncode, blank.stdout) == (1, b"east\n")


def test_no_distance_is_below_zero(known_file: Path) -> None:
    assert run_here("odd-one-out", known_file, "both", "both").stdout == b"both both\tboth\t0.000000\n"
    record = run_here("odd-one-out", known_file, "both", "both", "--format", "json").stdout
    assert b"-0" not in record


def test_vectors_of_another_training_are_told_once_and_those_of_the_same_are_not(
    known_file: Path, tmp_path: Path
) -> None:
    same = run_here("similar", known_file, "--vector", "-k", "1", stdin=b"east 1 0\nnorth 0 2\n")
    assert (same.returncode, same.stderr) == (0, b"")
    other = run_here("similar", known_file, "--vector", "-k", "1", stdin=b"new 3 1\neast 0 1\nnorth 1 0\n")
    assert other.returncode == 0
    assert other.stderr.count(b"\n") == 1
    assert b"its vector of 'east' is not that of" in other.stderr
    assert b"cosine 0.00" in other.stderr


@pytest.mark.parametrize(
    "question",
    ["similarity V a b", "odd-one-out V a b c", "analogy V a b c -k 1", "similar V a", "similar V -p a -n b"],
)
def test_a_vector_that_is_not_finite_is_asked_without_a_warning_of_numpy(question: str, tmp_path: Path) -> None:
    """A NaN that signals, as a damaged file may hold, warns even where a number is only made wider."""
    path = tmp_path / "v.bin"
    numbers = [np.array([0x7F800001, 0], "<u4"), np.float32([1, 2]), np.float32([2, 1])]
    path.write_bytes(b"3 2\n" + b"".join(b"%c " % (97 + i) + each.tobytes() for i, each in enumerate(numbers)))
    stderr = run_here(*question.replace("V", str(path)).split()).stderr
    assert b"Warning" not in stderr
    assert b"Traceback" not in stderr


@pytest.mark.parametrize("layout", ["tsv", "csv"])
@pytest.mark.parametrize(
    ("command", "line", "n_asked"),
    [("similarity", "a b 0.99", 2), ("analogy", "a b c d 0.9", 3), ("odd-one-out", "a", 1)],
)
def test_no_word_of_a_line_that_is_no_question_stands_where_answers_do(
    command: str, line: str, n_asked: int, layout: str, wordvec: Run, tmp_path: Path
) -> None:
    (tmp_path / "v.txt").write_text("a 1 0\nb 0 1\nc 1 1\nd 2 1\n")
    options = ["--missing", "blank", "--format", layout]
    result = wordvec(command, tmp_path / "v.txt", *options, stdin=line.encode() + b"\n")
    assert result.returncode == 1
    cells = result.stdout.decode().splitlines()[-1].split("\t" if layout == "tsv" else ",")
    assert cells[0] == line
    assert not any(cells[n_asked:])
