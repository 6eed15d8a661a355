import random
import subprocess
from pathlib import Path

import pytest
from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phrases
from gensim.test.utils import datapath

from tests.conftest import Run
from wordvec_cli import corpus as corpus_module
from wordvec_cli.corpus import Corpus
from wordvec_cli.errors import InputError
from wordvec_cli.phrases import LearntPhrases, PhraseOptions, join, learn, read_phrases, write_phrases
from wordvec_cli.tokenizer import Tokenizer

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


def gensims(text: bytes, n_passes: int = 1, **options: object) -> tuple[bytes, list[Phrases]]:
    """The text joined by gensim's own Phrases, one after the other; and them."""
    sentences, passes = sentences_of(text), []
    for _ in range(n_passes):
        passes.append(Phrases(sentences, **options))
        sentences = [passes[-1][sentence] for sentence in sentences]
    lines = "".join(" ".join(sentence) + "\n" for sentence in sentences)
    return lines.encode("utf-8", "surrogateescape"), passes


def ours(path: Path, **options: object) -> tuple[bytes, LearntPhrases]:
    corpus = corpus_of(path)
    learnt = learn(corpus, PhraseOptions(**options))
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
    _, [oracle] = gensims(text, **LOW, connector_words=connector_words)
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
    sentences = [oracles[1][oracles[0][sentence]] for sentence in sentences_of(other)]
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
    [("1\tnew\t3\t1.5", 4), ("2\ta b\t3\t1.5", 4), ("1\ta b\tmany\t1.5", 4), ("1\ta  b\t3\t1.5", 4), ("a b", 4)],
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
    with pytest.raises(InputError, match=r"phrases\.tsv(:1: is no file that wordvec phrases|: the compressed data)"):
        read_phrases(str(written(tmp_path, header, "phrases.tsv")))


@pytest.mark.parametrize(
    "options",
    [{"scoring": "pmi"}, {"min_count": 0}, {"n_passes": 0}, {"threshold": 0.0}, {"threshold": float("nan")},
     {"scoring": "npmi"}, {"delimiter": b""}, {"delimiter": b" "}, {"connector_words": frozenset([b""])}],
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
        (["--scoring", "npmi"], 1, "Error: --threshold 10: npmi scores lie between -1 and 1"),
        (["--apply", "p.tsv", "--min-count", "5"], 2, "--min-count: cannot go with --apply"),
        (["--apply", "p.tsv", "--save-phrases", "q.tsv"], 2, "--save-phrases: cannot go with --apply"),
        (["--save-phrases", "./out"], 2, "--save-phrases ./out: is the output too"),
        (["--save-phrases", "nowhere/q.tsv"], 1, "Error: nowhere/q.tsv: the folder"),
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
    environment = {"PYTHONPATH": str(Path(__file__).parent.parent)}
    result = wordvec("phrases", "corpus.txt", "-o", "out", *arguments, cwd=tmp_path, environment=environment)
    assert result.returncode == status
    last_line = result.stderr.decode().splitlines()[-1]
    assert message in last_line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "lower.tsv"]
