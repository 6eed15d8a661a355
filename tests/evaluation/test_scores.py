import gzip
import math
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from tests.reference_evaluation import compute_accuracy, evaluate_vectors
from wordvec_cli.errors import InputError
from wordvec_cli.evaluation import analogies as answering
from wordvec_cli.evaluation.asking import ask, check_finite, evaluate
from wordvec_cli.evaluation.protocol import GENSIM, PROTOCOLS, Lexicon, Protocol
from wordvec_cli.evaluation.scores import Score
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.sets import Analogies, WordPairs
from wordvec_cli.vocabulary.vocabulary import Vocabulary

ANALOGIES, WORDSIM, SIMLEX = map(datapath, ("questions-words.txt", "wordsim353.tsv", "simlex999.txt"))


def words_of(*paths: str) -> list[str]:
    """The words of the sets and some others, shuffled, with every fifth in a second form at the end."""
    sets = [read_eval_set(path) for path in paths]
    words = {word for eval_set in sets for question in eval_set.words for word in question}
    ordered = sorted(words | {word.lower() for word in words} | {f"other{i}" for i in range(300)})
    np.random.default_rng(5).shuffle(ordered)
    variants = [word.swapcase() for word in ordered[::5] if word.swapcase() not in words]
    return list(dict.fromkeys(ordered + variants))


def vectors_of(words: list[str], kind: str) -> np.ndarray:
    """Vectors of any lengths that answer some of Google's analogies, or only -1, 0 and 1: many cosines are alike."""
    rng = np.random.default_rng(7)
    if kind == "ties":
        return np.eye(4, dtype=np.float32)[rng.integers(0, 4, len(words))] * rng.choice([-2, 1], (len(words), 1))
    matrix = rng.normal(size=(len(words), 25)).astype(np.float32) * rng.uniform(0.2, 5, (len(words), 1))
    rows = {word: row for row, word in reversed(list(enumerate(words)))}
    for a, b, c, d in read_eval_set(ANALOGIES).words[::7]:
        if all(word in rows for word in (a, b, c, d)):
            matrix[rows[d]] = matrix[rows[b]] - matrix[rows[a]] + matrix[rows[c]] + rng.normal(size=25)
    return matrix.astype(np.float32)


def gensims(words: list[str], matrix: np.ndarray) -> KeyedVectors:
    vectors = KeyedVectors(matrix.shape[1])
    vectors.add_vectors(words, matrix)
    return vectors


def vocabulary_of(words: list[str]) -> Vocabulary:
    return Vocabulary.from_words([word.encode() for word in words])


def written(folder: Path, text: str, name: str = "pairs.txt") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


# ---------------------------------------------------------------- the same numbers as gensim


@pytest.mark.parametrize("path", [WORDSIM, SIMLEX])
@pytest.mark.parametrize("kind", ["random", "ties"])
@pytest.mark.parametrize(
    ("protocol", "options"),
    [
        (GENSIM, {}),
        (replace(GENSIM, max_words=900), {"restrict_vocab": 900}),
        (replace(GENSIM, case="keep"), {"case_insensitive": False}),
        (replace(GENSIM, max_words=900, unknown_words="wrong"), {"restrict_vocab": 900, "dummy4unknown": True}),
    ],
)
def test_word_pairs_score_as_in_gensim(path: str, kind: str, protocol: Protocol, options: dict[str, object]) -> None:
    words = words_of(WORDSIM, SIMLEX)[: 1400 if path == WORDSIM else None]
    matrix = vectors_of(words, kind)
    _, (correlation, _), unknown = gensims(words, matrix).evaluate_word_pairs(path, **options)
    score = evaluate(vocabulary_of(words), matrix, read_eval_set(path), protocol)
    assert score.value == pytest.approx(correlation, abs=1e-6)
    if protocol.unknown_words == "skip":
        assert 100 * (1 - score.coverage) == pytest.approx(unknown)


@pytest.mark.parametrize(
    ("protocol", "options"),
    [
        (GENSIM, {}),
        (replace(GENSIM, max_words=1000), {"restrict_vocab": 1000}),
        (replace(GENSIM, case="keep"), {"case_insensitive": False}),
        (replace(GENSIM, max_words=1500, unknown_words="wrong"), {"restrict_vocab": 1500, "dummy4unknown": True}),
    ],
)
def test_analogies_score_as_in_gensim_section_by_section(
    tmp_path: Path, protocol: Protocol, options: dict[str, object]
) -> None:
    lines = Path(ANALOGIES).read_text().splitlines()
    few = written(tmp_path, "\n".join(line for i, line in enumerate(lines) if line[0] == ":" or i % 7 == 1), "few.txt")
    words = words_of(ANALOGIES)[:-50]
    matrix = vectors_of(words, "random")
    accuracy, sections = gensims(words, matrix).evaluate_word_analogies(few, **options)
    score = evaluate(vocabulary_of(words), matrix, read_eval_set(few), protocol)
    assert 0.05 < accuracy < 0.95
    assert score.value == pytest.approx(accuracy, abs=1e-6)
    names = [section["section"] for section in sections[:-1]]
    assert [section.name for section in score.sections] == names
    n_used = [len(section["correct"]) + len(section["incorrect"]) for section in sections]
    assert [section.n_used for section in (*score.sections, score)] == n_used
    n_right = [len(section["correct"]) for section in sections]
    assert [round(s.value * s.n_used) if s.n_used else 0 for s in (*score.sections, score)] == n_right


def test_trained_vectors_score_as_in_gensim(tmp_path: Path) -> None:
    from gensim.models import Word2Vec
    from gensim.models.word2vec import LineSentence

    model = Word2Vec(LineSentence(datapath("lee_background.cor")), vector_size=20, min_count=3, workers=1, seed=1)
    words = model.wv.index_to_key
    _, (correlation, _), _ = model.wv.evaluate_word_pairs(WORDSIM)
    score = evaluate(vocabulary_of(words), model.wv.vectors, read_eval_set(WORDSIM))
    assert score.value == pytest.approx(correlation, abs=1e-6)
    assert 0 < score.n_used < score.n_total == 353


@pytest.mark.parametrize("n_forms", [3, 4, 5, 6])
def test_other_cases_of_the_questions_words_are_passed_over_as_far_as_gensim_does(tmp_path: Path, n_forms: int) -> None:
    """The nearest words are forms of `kings`; gensim looks at five."""
    forms = ["kings", "Kings", "KINGS", "kIngs", "kiNgs", "kinGs", "kingS"][: n_forms + 1]
    words = ["man", "woman", *forms, "queen", "other"]
    matrix = np.random.default_rng(1).normal(size=(len(words), 6)).astype(np.float32)
    matrix[words.index("queen")] = matrix[1] - matrix[0] + matrix[2] + 0.4
    for word in forms[1:]:
        matrix[words.index(word)] = matrix[1] - matrix[0] + matrix[2]
    path = written(tmp_path, ": royal\nman woman kings queen\n: itself\nman woman kings kings\n")
    _, sections = gensims(words, matrix).evaluate_word_analogies(path)
    expected = [len(section["correct"]) for section in sections[:2]]
    score = evaluate(vocabulary_of(words), matrix, read_eval_set(path))
    assert [section.value for section in score.sections] == expected == ([1, 0] if n_forms < 5 else [0, 1])


def test_the_first_of_several_forms_of_a_word_is_taken(tmp_path: Path) -> None:
    words = ["b", "Ab", "aB", "c"]
    matrix = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.5, 0.5]], dtype=np.float32)
    path = written(tmp_path, "ab\tb\t9\nb\tc\t5\nab\tc\t1\n")
    _, (correlation, _), _ = gensims(words, matrix).evaluate_word_pairs(path)
    assert evaluate(vocabulary_of(words), matrix, read_eval_set(path)).value == pytest.approx(correlation, abs=1e-6)


@pytest.mark.parametrize("n_cosines", [1, 5000, 1 << 24])
def test_blocks_of_questions_do_not_change_the_answers(monkeypatch: pytest.MonkeyPatch, n_cosines: int) -> None:
    words = words_of(ANALOGIES)
    matrix, analogies = vectors_of(words, "random"), read_eval_set(ANALOGIES)
    few = Analogies("few", analogies.words[:300], ("one",), (0,))
    expected = evaluate(vocabulary_of(words), matrix, few)
    monkeypatch.setattr(answering, "COSINES_AT_ONCE", n_cosines)
    assert evaluate(vocabulary_of(words), matrix, few) == expected


# ---------------------------------------------------------------- the same numbers as the other tools


def mixed(words: list[str]) -> list[str]:
    """Words in several cases, some of which are not ASCII, in an order of their own."""
    accented = ["Élan", "élan", "ÉLAN", "straße", "STRASSE"]
    return [*words[:400], *accented, *words[400:]]


@pytest.mark.parametrize("threshold", [0, 900])
def test_analogies_score_as_in_word2vecs_compute_accuracy(threshold: int) -> None:
    words = mixed(words_of(ANALOGIES)[:-50])
    matrix = vectors_of(words, "random")
    questions = [*read_eval_set(ANALOGIES).words[::31], ("élan", *words[:3]), ("ÉLAN", "strasse", *words[2:4])]
    few = Analogies("few", tuple(questions), ("one",), (0,))
    score = evaluate(vocabulary_of(words), matrix, few, replace(PROTOCOLS["word2vec"], max_words=threshold or None))
    as_bytes = [[word.encode() for word in question] for question in questions]
    expected = compute_accuracy([word.encode() for word in words], matrix, as_bytes, threshold)
    assert (round(score.value * score.n_used), score.n_used) == expected
    assert 0 < expected[0] < expected[1]


def test_compute_accuracy_has_no_answer_where_no_product_is_above_zero() -> None:
    words, question = ["a", "b", "c", "d"], ("a", "b", "c", "d")
    matrix = np.array([[1, 0], [0, 1], [-1, 1], [1, -1]], np.float32)
    four = Analogies("four", (question,), ("one",), (0,))
    as_bytes = [word.encode() for word in question]
    assert compute_accuracy(as_bytes, matrix, [as_bytes]) == (0, 1)
    assert evaluate(vocabulary_of(words), matrix, four, PROTOCOLS["word2vec"]).value == 0
    assert evaluate_vectors(words, matrix, [question]) == (1, 1)
    assert evaluate(vocabulary_of(words), matrix, four, PROTOCOLS["glove"]).value == 1


def test_questions_in_any_order_are_answered_as_each_alone() -> None:
    words = [f"w{i}" for i in range(7)]
    matrix = np.random.default_rng(2).normal(size=(7, 3)).astype(np.float32)
    questions = [(a, b, c, d) for a in words[:3] for b in words for c in words for d in words[::3]]
    few = Analogies("few", tuple(questions), ("one",), (0,))
    outcomes = ask(Lexicon(vocabulary_of(words), PROTOCOLS["glove"]), matrix, few)
    expected = [evaluate_vectors(words, matrix, [question])[0] for question in questions]
    assert outcomes.values.tolist() == expected


def test_analogies_score_as_in_gloves_evaluate() -> None:
    words = words_of(ANALOGIES)[:-50]
    matrix = vectors_of(words, "random")
    questions = read_eval_set(ANALOGIES).words[::31]
    few = Analogies("few", questions, ("one",), (0,))
    score = evaluate(vocabulary_of(words), matrix, few, PROTOCOLS["glove"])
    expected = evaluate_vectors(words, matrix, [[word.lower() for word in question] for question in questions])
    assert (round(score.value * score.n_used), score.n_used) == expected
    assert 0 < expected[0] < expected[1]


def test_3cosmul_answers_as_gensims_most_similar_cosmul() -> None:
    words = words_of(ANALOGIES)
    matrix = vectors_of(words, "random")
    questions = [q for q in read_eval_set(ANALOGIES).words[::97] if all(word in words for word in q)]
    vectors = gensims(words, matrix)
    expected = [vectors.most_similar_cosmul(positive=[b, c], negative=[a], topn=1)[0][0] for a, b, c, _ in questions]
    few = Analogies("few", tuple(questions), ("one",), (0,))
    protocol = Protocol(max_words=None, case="keep", method="3cosmul", n_candidates=1)
    outcomes = ask(Lexicon(vocabulary_of(words), protocol), matrix, few)
    assert [words[word_id] for word_id in outcomes.answers] == expected
    added = ask(Lexicon(vocabulary_of(words), replace(protocol, method="3cosadd")), matrix, few)
    assert (added.answers != outcomes.answers).any()  # or the test could not tell them apart


# ---------------------------------------------------------------- our own protocol


ROYAL = Analogies("royal", (("man", "king", "woman", "queen"),), ("one",), (0,))


def royal_vectors(words: list[str]) -> np.ndarray:
    """The first four words as the analogy has it, whatever further forms of `king` there are just as near."""
    base = np.random.default_rng(3).normal(size=(3, 8)).astype(np.float32)
    man, woman, king = base / np.linalg.norm(base, axis=1, keepdims=True)
    queen = king - man + woman
    return np.array([man, king, woman, queen + 0.1, *([queen] * (len(words) - 4))], np.float32)


def test_any_number_of_other_cases_of_the_questions_words_is_passed_over() -> None:
    words = ["man", "king", "woman", "queen", "King", "KING", "kING", "kiNG", "kinG", "KINg", "kIng"]
    vocabulary, matrix = vocabulary_of(words), royal_vectors(words)
    assert evaluate(vocabulary, matrix, ROYAL, PROTOCOLS["wordvec"]).value == 1
    assert evaluate(vocabulary, matrix, ROYAL, GENSIM).value == 0


def test_a_word_is_taken_as_it_is_written_if_there_is_such_a_one() -> None:
    words = ["Turkey", "turkey", "china", "CHINA"]
    matrix = np.array([[1, 0], [0, 1], [1, 3], [5, 0]], np.float32)
    pairs = WordPairs("birds", (("turkey", "china"), ("Turkey", "China")), (1.0, 2.0))
    values = ask(Lexicon(vocabulary_of(words), PROTOCOLS["wordvec"]), matrix, pairs).values
    assert values == pytest.approx([3 / math.sqrt(10), 1 / math.sqrt(10)])
    values = ask(Lexicon(vocabulary_of(words), GENSIM), matrix, pairs).values
    assert values == pytest.approx([1 / math.sqrt(10)] * 2)


def test_lower_asks_for_words_in_lower_case_and_keep_for_those_that_are_written() -> None:
    vocabulary, matrix = vocabulary_of(["a", "b", "B"]), np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    pairs = WordPairs("two", (("A", "B"), ("a", "B")), (1.0, 2.0))
    lower = ask(Lexicon(vocabulary, Protocol(None, "lower")), matrix, pairs)
    assert lower.values == pytest.approx([math.sqrt(0.5)] * 2)
    keep = ask(Lexicon(vocabulary, Protocol(None, "keep")), matrix, pairs)
    assert (keep.is_known.tolist(), keep.values.tolist()) == ([False, True], [0, 0])


def test_any_of_several_right_answers_counts_and_one_has_to_be_known() -> None:
    words = ["man", "king", "woman", "queen", "empress"]
    questions = (("man", "king", "woman", "absent", "Queen"), ("man", "king", "woman", "absent", "empress"))
    sets = [Analogies("several", (each,), ("one",), (0,)) for each in (*questions, (*questions[0][:3], "absent"))]
    matrix = royal_vectors([*words[:4], "other"])
    vocabulary = vocabulary_of(["man", "king", "woman", "queen", "other"])
    assert evaluate(vocabulary, matrix[[0, 1, 2, 4, 3]], sets[0], PROTOCOLS["wordvec"]).value == 1
    for unknown in sets[1:]:
        with pytest.raises(InputError, match="none of its 1 questions"):
            evaluate(vocabulary, matrix, unknown, PROTOCOLS["wordvec"])


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_lengths_of_vectors_do_not_matter_however_small_or_large(scale: float) -> None:
    words = words_of(ANALOGIES)
    matrix = vectors_of(words, "random")
    few = Analogies("few", read_eval_set(ANALOGIES).words[::31], ("one",), (0,))
    scaled = (matrix * np.float64(scale)).astype(np.float32)
    assert evaluate(vocabulary_of(words), scaled, few) == evaluate(vocabulary_of(words), matrix, few)


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_vectors_that_are_not_finite_are_named(number: float) -> None:
    matrix = np.ones((3, 2), np.float32)
    matrix[2, 1] = number
    vocabulary = vocabulary_of(["a", "b", "c"])
    with pytest.raises(InputError, match="vector of 'c' holds numbers that are not finite"):
        check_finite(vocabulary, matrix, GENSIM)
    check_finite(vocabulary, matrix, replace(GENSIM, max_words=2))


def test_more_distinct_words_than_are_taken_at_once_change_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    words = words_of(ANALOGIES)
    matrix, vocabulary = vectors_of(words, "random"), vocabulary_of(words)
    few = Analogies("few", read_eval_set(ANALOGIES).words[::31], ("one",), (0,))
    expected = evaluate(vocabulary, matrix, few)
    monkeypatch.setattr(answering, "DISTINCT_AT_ONCE", 5)
    assert evaluate(vocabulary, matrix, few) == expected


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize("separator", ["\t", ",", " ", ", ", "  "])
def test_pairs_are_read_with_tabs_commas_or_spaces(tmp_path: Path, separator: str) -> None:
    text = f"# a comment\nword1{separator}word2{separator}mean\nnew{separator}old{separator}1.5\n"
    path = written(tmp_path, text + f"東京{separator}été{separator}-2e1\r\n")
    assert read_eval_set(path) == WordPairs("pairs", (("new", "old"), ("東京", "été")), (1.5, -20.0))


def test_words_with_spaces_are_read_between_tabs_and_between_commas(tmp_path: Path) -> None:
    for separator in "\t,":
        path = written(tmp_path, f"New York{separator}big apple{separator}9\n")
        assert read_eval_set(path).words == (("New York", "big apple"),)


def test_analogies_are_told_by_their_sections_or_four_words(tmp_path: Path) -> None:
    sections = written(tmp_path, "// words\n: one\na b c d\n: empty\n: two words\ne f g h\na b c e\n")
    questions = (tuple("abcd"), tuple("efgh"), tuple("abce"))
    assert read_eval_set(sections) == Analogies("pairs", questions, ("one", "empty", "two words"), (0, 1, 1))
    alone = written(tmp_path, "a b c d\ne f g h\n", "four.txt")
    assert read_eval_set(alone) == Analogies("four", questions[:2], ("four",), (0,))


def test_compressed_sets_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfa\tb\t1\n\n\n"))
    assert read_eval_set(str(path)) == WordPairs("pairs", (("a", "b"),), (1.0,))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a b 1\n\nc d 2\n", 2),
        ("a b 1\nc d two\n", 2),
        ("a b 1\nc d 1 2\n", 2),
        ("one line\n", 1),
        ("a b 1\nc d nan\n", 2),
        ("a\tb\t1\n\tb\t1\n", 2),
        ("a b c\nd e f\n", 2),
        (": one\na b c d\n\ne f g h\n", 3),
        (": one\na b c\n", 2),
        ("a b c d\na b c\n", 2),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(InputError, match=rf"pairs.txt:{line}: .*two words and a score, or four words"):
        read_eval_set(written(tmp_path, text))


@pytest.mark.parametrize("text", ["", "\n \n", "# only a comment\n"])
def test_an_empty_set_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="holds no questions"):
        read_eval_set(written(tmp_path, text))


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match=r"/nowhere/set\.tsv: no such file"):
        read_eval_set("/nowhere/set.tsv")


# ---------------------------------------------------------------- what is scored


PAIRS = WordPairs("pairs", (("a", "b"), ("a", "c"), ("a", "x")), (1.0, 2.0, 3.0))


def test_a_set_without_a_known_question_is_an_error() -> None:
    with pytest.raises(InputError, match="none of its 3 questions has all its words among the 2"):
        evaluate(vocabulary_of(["x", "y"]), np.ones((2, 3), np.float32), PAIRS)


def test_coverage_says_what_was_left_out() -> None:
    score = evaluate(vocabulary_of(["a", "b", "c"]), np.eye(3, dtype=np.float32) + np.float32(0.1), PAIRS)
    assert (score.n_used, score.n_total, score.coverage) == (2, 3, 2 / 3)


def test_there_is_no_correlation_where_all_cosines_are_alike_and_zeros_are_no_error() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score = evaluate(vocabulary_of(["a", "b", "c"]), np.zeros((3, 2), np.float32), PAIRS)
        analogies = Analogies("four", (("a", "b", "c", "d"), ("a", "x", "c", "d")), ("one", "none"), (0, 1))
        zeros = evaluate(vocabulary_of(list("abcde")), np.zeros((5, 2), np.float32), analogies)
    assert math.isnan(score.value)
    assert zeros.sections[0].n_used == 1
    assert zeros.sections[1].n_used == 0
    assert math.isnan(zeros.sections[1].value)


def test_the_matrix_may_be_a_view_of_padded_rows_and_is_left_alone() -> None:
    words = words_of(WORDSIM)
    matrix = vectors_of(words, "random")
    padded = np.full((len(words), 32), 7, np.float32)
    padded[:, : matrix.shape[1]] = matrix
    before = padded.copy()
    for path in (WORDSIM, ANALOGIES):
        eval_set = read_eval_set(path)
        few = eval_set if isinstance(eval_set, WordPairs) else Analogies("few", eval_set.words[:50], ("",), (0,))
        vocabulary = vocabulary_of(words + [w for w in words_of(ANALOGIES) if w not in set(words)])
        more = np.vstack([padded, np.ones((len(vocabulary) - len(words), 32), np.float32)])
        view = more[:, : matrix.shape[1]]
        assert evaluate(vocabulary, view, few) == evaluate(vocabulary, view.copy(), few)
    np.testing.assert_array_equal(padded, before)


def test_broken_utf8_in_a_vocabulary_does_no_harm() -> None:
    vocabulary = Vocabulary.from_words([b"\xff\xfe", b"a", b"b", b"c"])
    assert isinstance(evaluate(vocabulary, np.random.default_rng(1).random((4, 3), np.float32), PAIRS), Score)
