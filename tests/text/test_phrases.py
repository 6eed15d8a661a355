import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phrases
from gensim.test.utils import datapath

from tests.conftest import Run, run_here
from wordvec_cli.errors import InputError
from wordvec_cli.text import corpus as corpus_module
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.phrase_options import LearntPhrases, PhraseOptions
from wordvec_cli.text.phrase_scores import is_punctuation
from wordvec_cli.text.phrase_table import read_phrases, write_phrases
from wordvec_cli.text.phrases import join, learn
from wordvec_cli.text.tokenizer import Tokenizer

LEE = Path(datapath("lee_background.cor"))
SOME_LEE = b"".join(LEE.read_bytes().splitlines(keepends=True)[:60])
ENGLISH = frozenset(word.encode() for word in ENGLISH_CONNECTOR_WORDS)
LOW = {"min_count": 2, "threshold": 0.1}


def corpus_of(path: Path, tokenizer: Tokenizer | None = None) -> Corpus:
    return Corpus.open([str(path)], tokenizer or Tokenizer(), path.parent)


def written(folder: Path, text: bytes, name: str = "corpus.txt") -> Path:
    path = folder / name
    path.write_bytes(text)
    return path


def sentences_of(text: bytes) -> list[list[str]]:
    """Words of a text without Unicode's other white space, as gensim takes them."""
    return [line.decode("utf-8", "surrogateescape").split() for line in text.splitlines()]


def gensims(text: bytes, n_passes: int = 1, delimiter: str = "_", **options: object) -> tuple[bytes, list[Phrases]]:
    """The text joined by gensim's own Phrases, one after the other; and them.

    They count pairs with a space between their words, as no word has one: with a delimiter, pairs and words share keys.
    """
    sentences, passes = sentences_of(text), []
    for _ in range(n_passes):
        passes.append(Phrases(sentences, delimiter=" ", **options))
        sentences = joined_by(passes[-1], sentences, delimiter)
    lines = "".join(" ".join(sentence) + "\n" for sentence in sentences)
    return lines.encode("utf-8", "surrogateescape"), passes


def joined_by(phrases: Phrases, sentences: list[list[str]], delimiter: str = "_") -> list[list[str]]:
    return [[token.replace(" ", delimiter) for token in phrases[sentence]] for sentence in sentences]


def ours(path: Path, **options: object) -> tuple[bytes, LearntPhrases]:
    corpus = corpus_of(path)
    learnt = learn(corpus, PhraseOptions(**{"join_punctuation": True} | options))
    return b"".join(join(corpus, learnt)), learnt


def babble(n_lines: int, seed: int = 1) -> bytes:
    """Words in pairs and triples, connectors, underscores, blank lines, and bytes that are no UTF-8."""
    rng = random.Random(seed)
    words = [
        "new york",
        "new york times",
        "bank of america",
        "of",
        "the",
        "a_b",
        "b",
        "a b",
        "_",
        "new_york",
        "été",
        "x",
    ]
    lines = [" ".join(rng.choices(words, k=rng.randrange(12))) for _ in range(n_lines)]
    return "\n".join(lines).encode().replace(b"x", b"x\xff") + b"\n"


# ---------------------------------------------------------------- the same as gensim


GENSIMS_OPTIONS = {
    "defaults": {},
    "low": LOW,
    "delimiter": LOW | {"delimiter": "--"},
    "connectors": LOW | {"connector_words": ENGLISH_CONNECTOR_WORDS},
    "npmi": {"min_count": 2, "threshold": 0.1, "scoring": "npmi"},
    "npmi below chance": {"min_count": 1, "threshold": -0.2, "scoring": "npmi", "connector_words": {"of", "the"}},
    "pruned": LOW | {"max_vocab_size": 100},
    "pruned, connectors": LOW | {"max_vocab_size": 1000, "connector_words": {"the"}},
}


@pytest.mark.parametrize("name", GENSIMS_OPTIONS)
@pytest.mark.parametrize("n_passes", [1, 3])
@pytest.mark.parametrize("text", [SOME_LEE, babble(400)], ids=["lee", "babble"])
def test_the_joined_text_and_the_scores_are_gensims(tmp_path: Path, name: str, n_passes: int, text: bytes) -> None:
    options = GENSIMS_OPTIONS[name]
    expected, oracles = gensims(text, n_passes, **options)
    own = dict(options)
    own["max_candidates"] = own.pop("max_vocab_size", 40_000_000)
    own["connector_words"] = frozenset(word.encode() for word in own.pop("connector_words", ()))
    own["delimiter"] = own.pop("delimiter", "_").encode()
    joined, learnt = ours(written(tmp_path, text), n_passes=n_passes, **own)
    assert joined == expected
    assert learnt.passes[0].phrases or name in ("defaults", "pruned")
    assert learnt.passes[0].n_dropped or name != "pruned"
    for found, oracle in zip(learnt.passes, oracles, strict=True):
        assert (found.n_words, found.n_candidates) == (oracle.corpus_word_count, len(oracle.vocab))
        for words, (n_occurrences, score) in found.phrases.items():
            start, *between, end = (word.decode("utf-8", "surrogateescape") for word in words)
            phrase, expected_score = oracle.score_candidate(start, end, between)
            assert (score, n_occurrences) == (expected_score, oracle.vocab[phrase])


@pytest.mark.parametrize("connector_words", [frozenset(), ENGLISH_CONNECTOR_WORDS])
def test_what_is_learnt_is_what_gensim_exports_where_no_word_has_an_underscore(
    tmp_path: Path, connector_words: frozenset[str]
) -> None:
    text = SOME_LEE.replace(b"_", b"")
    oracle = Phrases(sentences_of(text), **LOW, connector_words=connector_words)
    words = frozenset(word.encode() for word in connector_words)
    _, learnt = ours(written(tmp_path, text), **LOW, connector_words=words)
    exported = {b"_".join(words).decode(): figures.score for words, figures in learnt.passes[0].phrases.items()}
    assert exported == FrozenPhrases(oracle).phrasegrams
    assert len(exported) > 100


def test_words_with_parts_of_the_delimiter_are_joined_as_by_gensim(tmp_path: Path) -> None:
    text = b"a- b\nc -d\n-- --\n" * 3
    expected, _ = gensims(text, min_count=1, threshold=0.1, delimiter="--")
    assert ours(written(tmp_path, text), min_count=1, threshold=0.1, delimiter=b"--")[0] == expected
    assert expected.startswith(b"a---b\nc---d\n")


@pytest.mark.parametrize("connector_words", [frozenset(), ENGLISH_CONNECTOR_WORDS])
def test_other_text_is_joined_as_by_gensim(tmp_path: Path, connector_words: frozenset[str]) -> None:
    """Phrases that never came out in the corpus where they were learnt, too: greedy joining hid them there."""
    _, oracles = gensims(babble(400), 2, **LOW, connector_words=connector_words)
    words = frozenset(word.encode() for word in connector_words)
    _, learnt = ours(written(tmp_path, babble(400)), **LOW, connector_words=words, n_passes=2)
    other = babble(300, seed=2) + b"york times of the york a b_b of b of the b\n"
    sentences = joined_by(oracles[1], joined_by(oracles[0], sentences_of(other)))
    expected = "".join(" ".join(sentence) + "\n" for sentence in sentences).encode("utf-8", "surrogateescape")
    assert b"".join(join(corpus_of(written(tmp_path, other, "other.txt")), learnt)) == expected


# ---------------------------------------------------------------- text as it comes


@pytest.mark.parametrize("options", [LOW, LOW | {"connector_words": ENGLISH}])
def test_a_line_longer_than_a_block_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object]
) -> None:
    path = written(tmp_path, babble(200).replace(b"\n", b" ") + b"\nnew york\n" + babble(20))
    expected, in_one = ours(path, **options, n_passes=2)
    monkeypatch.setattr(corpus_module.Corpus.blocks, "__defaults__", (37,))
    joined, in_many = ours(path, **options, n_passes=2)
    assert joined == expected
    assert in_many == in_one


def test_lines_stay_lines(tmp_path: Path) -> None:
    text = b"\n\na b\r\n  a b  a b\n\n \t\na b c d a b"
    joined, _ = ours(written(tmp_path, text), min_count=1, threshold=0.1)
    assert joined == b"\n\na_b\na_b a_b\n\n\na_b c d a_b\n"


def test_broken_utf8_and_unicode_white_space_survive(tmp_path: Path) -> None:
    text = b"caf\xe9 \xff x\xc2\xa0y\xe3\x80\x80z q\n" * 3 + "東京 都\n".encode() * 6
    joined, _ = ours(written(tmp_path, text), min_count=4, threshold=0.1)
    assert joined == text.replace("東京 都".encode(), "東京_都".encode())


def test_a_word_of_a_million_delimiters_takes_no_time(tmp_path: Path) -> None:
    text = (b"_" * 10**6 + b" a\n") * 6
    joined, _ = ours(written(tmp_path, text), min_count=2, threshold=0.1)
    assert joined == text.replace(b" a", b"_a")


@pytest.mark.parametrize("text", [b"", b"\n", b"one\n", b"\xef\xbb\xbfone"])
def test_almost_nothing_is_no_error(tmp_path: Path, text: bytes) -> None:
    joined, learnt = ours(written(tmp_path, text), n_passes=2)
    assert joined == (b"one\n" if b"one" in text else text)
    assert [len(found.phrases) for found in learnt.passes] == [0, 0]


def test_tokenizer_options_make_the_words(tmp_path: Path) -> None:
    corpus = corpus_of(written(tmp_path, b"New York, (new york)!\n" * 6), Tokenizer("words", lowercase=True))
    learnt = learn(corpus, PhraseOptions(threshold=0.01, min_count=5))
    assert b"".join(join(corpus, learnt)).startswith(b"new_york ,")


def test_a_pattern_that_matches_white_space_is_an_error(tmp_path: Path) -> None:
    corpus = corpus_of(written(tmp_path, b"new york\n"), Tokenizer("pattern", pattern=r"\w+ \w+"))
    with pytest.raises(InputError, match="--token-pattern: matches 'new york'"):
        learn(corpus, PhraseOptions())


# ---------------------------------------------------------------- the file of phrases


@pytest.mark.parametrize("options", [{}, {"connector_words": ENGLISH | {b"\xff"}}, {"delimiter": "‿".encode()}])
def test_saved_phrases_are_read_back_and_join_the_same(tmp_path: Path, options: dict[str, object]) -> None:
    path = written(tmp_path, babble(300))
    joined, learnt = ours(path, **LOW, **options, n_passes=2)
    file = tmp_path / "phrases.tsv"
    write_phrases(learnt, str(file))
    reread = read_phrases(str(file))
    assert b"".join(join(corpus_of(path), reread)) == joined
    assert (reread.options, reread.tokenizer) == (learnt.options, learnt.tokenizer)
    assert [found.phrases for found in reread.passes] == [found.phrases for found in learnt.passes]
    assert all(found.phrases for found in learnt.passes)


def test_the_file_of_phrases_is_text_that_can_be_edited(tmp_path: Path) -> None:
    path = written(tmp_path, b"new york\nsan diego\n" * 10)
    _, learnt = ours(path, threshold=0.01)
    file = tmp_path / "phrases.tsv"
    write_phrases(learnt, str(file))
    header, columns, *rows = file.read_text().splitlines()
    assert columns == "# pass\twords\tcount\tscore"
    # (10 - 5) / (10 * 10) * 6 entries in gensim's table
    assert rows == ["1\tnew york\t10\t0.30000000000000004", "1\tsan diego\t10\t0.30000000000000004"]
    file.write_text("\n".join([header, rows[1], ""]))
    assert b"".join(join(corpus_of(path), read_phrases(str(file)))) == b"new york\nsan_diego\n" * 10


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("1\tnew\t3\t1.5", 4),
        ("2\ta b\t3\t1.5", 4),
        ("1\ta b\tmany\t1.5", 4),
        ("1\ta b\t1_0\t1.5", 4),
        ("1\ta b\t3\t1_0", 4),
        ("1\ta  b\t3\t1.5", 4),
        ("a b", 4),
    ],
)
def test_a_row_that_is_none_is_named(tmp_path: Path, row: str, line: int) -> None:
    _, learnt = ours(written(tmp_path, b"a b\n" * 9), threshold=0.01)
    file = tmp_path / "phrases.tsv"
    write_phrases(learnt, str(file))
    file.write_text(file.read_text() + row + "\n")
    with pytest.raises(InputError, match=rf"phrases\.tsv:{line}: .* is not a pass from 1 to 1"):
        read_phrases(str(file))


@pytest.mark.parametrize(
    "header",
    [b"", b"new york\n", b"# wordvec phrases\n", b"# wordvec phrases {}\n", b"# wordvec phrases []\n",
     b'# wordvec phrases {"tokenizer": {"kind": "whitespace"}, "delimiter": "", "connector_words": []}\n',
     b'# wordvec phrases {"tokenizer": {"kind": "whitespace"}, "delimiter": "_", "connector_words": 1}\n',
     b'# wordvec phrases {"tokenizer": {"kind": "whitespace"}, "delimiter": "_", "connector_words": [], "new": 1}\n',
     b"\x1f\x8b\x08garbage"],
)  # fmt: skip
def test_another_file_is_no_file_of_phrases(tmp_path: Path, header: bytes) -> None:
    with pytest.raises(
        InputError, match=r"phrases\.tsv(:1: is not a file written by wordvec phrases|: the compressed data)"
    ):
        read_phrases(str(written(tmp_path, header, "phrases.tsv")))


@pytest.mark.parametrize(
    "changed",
    [{"n_passes": 10**10}, {"n_passes": 1.0}, {"n_passes": True}, {"min_count": 0.5}, {"min_count": "5"},
     {"max_candidates": 1.5}, {"max_candidates": None}, {"threshold": True}, {"threshold": float("inf")},
     {"threshold": "1"}, {"threshold": 10**400}, {"join_punctuation": 1}, {"filter": 1}],
    ids=str,
)  # fmt: skip
def test_a_number_of_the_header_that_no_option_could_have_is_refused(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    _, learnt = ours(written(tmp_path, b"a b\n" * 9), threshold=0.01)
    file = tmp_path / "phrases.tsv"
    write_phrases(learnt, str(file))
    header, *rows = file.read_text().splitlines()
    start, brace, table = header.partition("{")
    table = json.dumps(json.loads(brace + table) | changed)
    file.write_text("\n".join([start + table, *rows, ""]))
    with pytest.raises(InputError, match=r"phrases\.tsv:1: is not a file written by wordvec phrases"):
        read_phrases(str(file))


def test_a_table_of_phrases_may_have_as_many_passes_as_the_command_takes(tmp_path: Path) -> None:
    _, learnt = ours(written(tmp_path, b"a b\n" * 9), threshold=0.01, n_passes=1000)
    write_phrases(learnt, str(tmp_path / "phrases.tsv"))
    assert read_phrases(str(tmp_path / "phrases.tsv")).options.n_passes == 1000


@pytest.mark.parametrize(
    "options",
    [{"scoring": "pmi"}, {"min_count": 0}, {"n_passes": 0}, {"n_passes": 1001}, {"threshold": 0.0},
     {"threshold": float("nan")}, {"scoring": "npmi"}, {"delimiter": b""}, {"delimiter": b" "},
     {"connector_words": frozenset([b""])}],
    ids=str,
)  # fmt: skip
def test_an_option_that_makes_no_sense_is_named(options: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"^--"):
        PhraseOptions(**options)


# ---------------------------------------------------------------- the command


def check(result: "subprocess.CompletedProcess[bytes]") -> "subprocess.CompletedProcess[bytes]":
    assert result.returncode == 0, result.stderr.decode()
    return result


def test_the_command_joins_saves_and_applies(wordvec: Run, tmp_path: Path) -> None:
    text, corpus = SOME_LEE, written(tmp_path, SOME_LEE)
    expected, _ = gensims(text, 2, min_count=3, threshold=5.0, connector_words=ENGLISH_CONNECTOR_WORDS)
    out, saved = tmp_path / "out.txt", tmp_path / "phrases.tsv"
    options = ["--min-count", "3", "--threshold", "5", "--connector-words", "english", "--passes", "2"]
    result = check(wordvec("phrases", corpus, "-o", out, *options, "--save-phrases", saved))
    assert out.read_bytes() == expected
    assert [line.split(":")[0] for line in result.stderr.decode().splitlines()] == ["pass 1", "pass 2"]
    applied = check(wordvec("phrases", "-", "--apply", saved, "-o", "-", stdin=text))
    assert applied.stdout == expected
    assert applied.stderr == b""


def test_the_command_says_when_rare_pairs_were_dropped(wordvec: Run, tmp_path: Path) -> None:
    corpus = written(tmp_path, SOME_LEE)
    result = check(wordvec("phrases", corpus, "-o", tmp_path / "out", "--max-candidates", "1000"))
    assert b"pass 1: more words and pairs than --max-candidates 1000: rare ones (" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--scoring", "npmi"], 2, "Error: --phrase-threshold 10: npmi scores lie between -1 and 1"),
        (["--apply", "p.tsv", "--min-count", "5"], 2, "--min-count: cannot go with --apply"),
        (["--apply", "p.tsv", "--save-phrases", "q.tsv"], 2, "--save-phrases: cannot go with --apply"),
        (["--save-phrases", "./out"], 2, "--save-phrases ./out: is the output too"),
        (["--save-phrases", "nowhere/q.tsv"], 1, "Error: nowhere/q.tsv: the folder"),
        (["--delimiter", ""], 2, "Error: --delimiter: '' is empty or holds white space"),
        (["--delimiter", "a b"], 2, "Error: --delimiter: 'a b' is empty or holds white space"),
        (["--connector-words", "of the,a"], 2, "Error: --connector-words: 'of the' is empty or holds white space"),
        (["--apply", "p.tsv"], 1, "Error: p.tsv: no such file"),
        (["--apply", "lower.tsv", "--tokenizer", "words"], 1, "was learnt with the tokenizer whitespace, lowercase"),
        (["--token-pattern", ".+"], 1, "Error: --token-pattern: matches "),
    ],
)
def test_errors_are_told_in_one_line_and_nothing_is_written(
    wordvec: Run, tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    written(tmp_path, b"a b c\n")
    lower = LearntPhrases(PhraseOptions(), Tokenizer(lowercase=True), ())
    write_phrases(lower, str(tmp_path / "lower.tsv"))
    environment = {"PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    result = wordvec("phrases", "corpus.txt", "-o", "out", *arguments, cwd=tmp_path, environment=environment)
    assert result.returncode == status
    last_line = result.stderr.decode().splitlines()[-1]
    assert message in last_line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "lower.tsv"]


# ---------------------------------------------------------------- words that look like joined pairs


def phrases_of(text: bytes, path: Path, **options: object) -> list[dict[tuple[bytes, ...], int]]:
    """The phrases of each pass, and how often each was seen."""
    _, learnt = ours(written(path, text), **options)
    return [{words: figures.n_occurrences for words, figures in found.phrases.items()} for found in learnt.passes]


NOISE = b"".join(b"w%d v%d u%d\n" % (n, n, n) for n in range(60))


def test_a_pair_is_not_counted_with_a_word_that_looks_like_it(tmp_path: Path) -> None:
    text = b"good_day x\n" * 100 + b"good day\n" + NOISE
    assert phrases_of(text, tmp_path, min_count=5) == [{}]
    text = b"good_day\n" * 100 + b"good day\n" * 6 + NOISE
    assert phrases_of(text, tmp_path, min_count=5, threshold=0.1) == [{(b"good", b"day"): 6}]


def test_pairs_that_look_alike_when_joined_are_counted_apart(tmp_path: Path) -> None:
    text = b"new_york city\n" * 4 + b"new york_city\n" * 4 + NOISE
    assert phrases_of(text, tmp_path, min_count=5, threshold=0.1) == [{}]
    found = phrases_of(text, tmp_path, min_count=4, threshold=0.001, n_passes=1, scoring="npmi")
    assert found == [{(b"new_york", b"city"): 4, (b"new", b"york_city"): 4}]


@pytest.mark.parametrize("n_passes", [1, 2, 3])
def test_npmi_lies_between_minus_one_and_one_whatever_words_look_like(tmp_path: Path, n_passes: int) -> None:
    options = {"min_count": 1, "threshold": -1.0, "scoring": "npmi", "n_passes": n_passes}
    for text in (babble(300), b"good day\n" * 5 + b"good_day x\n" * 50 + b"good day good day\n" * 3):
        _, learnt = ours(written(tmp_path, text), **options)
        scores = [figures.score for found in learnt.passes for figures in found.phrases.values()]
        assert scores
        assert all(-1 <= score <= 1 + 1e-12 for score in scores)


def test_punctuation_is_in_no_phrase_unless_it_is_asked_for(tmp_path: Path) -> None:
    text = b"fellow - citizens , fellow - men\n" * 10 + b"new york , new york\n" * 10 + NOISE
    corpus, saved = written(tmp_path, text), tmp_path / "p.tsv"
    common = ["phrases", corpus, "-o", tmp_path / "out", "--tokenizer", "words", "--threshold", "1"]
    told = run_here(*common, "--save-phrases", saved)
    assert told.returncode == 0
    assert list(read_phrases(str(saved)).passes[0].phrases) == [(b"new", b"york")]
    assert b"fellow - citizens" in (tmp_path / "out").read_bytes()
    assert b"pairs with punctuation left alone; --join-punctuation joins them" in told.stderr
    all_of_them = run_here(*common, "--join-punctuation")
    assert b"fellow_-" in (tmp_path / "out").read_bytes()
    assert b"left alone" not in all_of_them.stderr


@pytest.mark.parametrize(
    ("word", "expected"),
    [(b"-", True), (b"...", True), ("«".encode(), True), (b"_", True), (b"C", False), (b"4", False),
     ("東".encode(), False), ("\u0939\u093f".encode(), False), (b"\xff", False), (b"don't", False)],
)  # fmt: skip
def test_words_without_letters_and_digits_are_punctuation(word: bytes, expected: bool) -> None:
    assert is_punctuation(word) == expected


def test_phrases_and_text_change_together(tmp_path: Path) -> None:
    corpus = written(tmp_path, b"a b\n" * 20)
    (tmp_path / "p.tsv").write_text("old")
    (tmp_path / "out").write_text("old")
    result = run_here(
        "phrases", corpus, corpus / "absent", "-o", tmp_path / "out", "--save-phrases", tmp_path / "p.tsv"
    )
    assert result.returncode == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wordvec_cli.text.phrase_files.join", _failing)
        result = run_here("phrases", corpus, "-o", tmp_path / "out", "--save-phrases", tmp_path / "p.tsv")
    assert result.returncode == 1
    assert ((tmp_path / "p.tsv").read_text(), (tmp_path / "out").read_text()) == ("old", "old")


def _failing(*_: object) -> Iterator[bytes]:
    yield b"a_b\n"
    raise InputError("corpus.txt: the disk is broken; mend it")
