"""`wordvec cooccur`: the records of GloVe's C programs, and what can go wrong on the way to them."""

import bz2
import gzip
import hashlib
import json
import lzma
import os
import shutil
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from tests.conftest import Run
from tests.posix import resource
from tests.reference import encoded, lines_of
from tests.reference_pairs import cooccurrences
from tests.storage.test_bad_luck import OLD, assert_one_line
from wordvec_cli.cli import run
from wordvec_cli.sequences import pairs as cooccurrence
from wordvec_cli.sequences import pairs_file
from wordvec_cli.sequences.pairs_file import read_pairs
from wordvec_cli.storage import spool
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary.file import read_vocabulary

GLOVE = Path(__file__).parent.parent / "data" / "glove"  # its README says how the files were made
TEXT, VOCAB = GLOVE / "text.txt", GLOVE / "vocab.txt"
RECORD = np.dtype([("row", "<i4"), ("column", "<i4"), ("weight", "<f8")])
OF_C: dict[str, list[str]] = {
    "symmetric.bin": ["--window", "10"],
    "left_only.bin": ["--window", "4", "--left-only"],
    "flat.bin": ["--window", "2", "--flat-weighting"],
}
Pairs = dict[tuple[int, int], float]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def kept_stdout() -> Iterator[None]:
    """An OutputError makes the command send what is left for standard output nowhere: in this process too."""
    kept = os.dup(1)
    yield
    os.dup2(kept, 1)
    os.close(kept)


def cooccur(*arguments: str | Path, vocab: Path = VOCAB) -> int:
    """Run the command in this process; its exit status."""
    return run(["cooccur", *map(str, arguments), "--vocab", str(vocab), "--threads", "2"])


def words_of(vocab: Path = VOCAB) -> list[bytes]:
    return list(read_vocabulary(str(vocab)).vocabulary)


def sentences_of(text: bytes, words: list[bytes], tokenizer: Tokenizer = Tokenizer()) -> list[list[int]]:  # noqa: B008
    return encoded(lines_of([text]), tokenizer, words)


def records_of(content: bytes) -> Pairs:
    """Records with ids from 1, as a dict in their order."""
    records = np.frombuffer(content, RECORD)
    keys = list(zip((records["row"] - 1).tolist(), (records["column"] - 1).tolist(), strict=True))
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, records["weight"].tolist(), strict=True))


def pairs_in(path: str | Path) -> Pairs:
    """The pairs of a safetensors file, read by the safetensors library."""
    tensors = safetensors.numpy.load_file(path)
    keys = zip(tensors["rows"].tolist(), tensors["columns"].tolist(), strict=True)
    return dict(zip(keys, tensors["weights"].tolist(), strict=True))


def assert_same(pairs: Pairs, expected: Pairs) -> None:
    assert list(pairs) == list(expected)  # their order too
    assert pairs == pytest.approx(expected, rel=1e-12)


def assert_refused(text: str, capsys: pytest.CaptureFixture[str], *left: str) -> None:
    """One error line, perhaps after notes or the usage, and only these files in the folder."""
    captured = capsys.readouterr()
    *before, error = captured.err.splitlines()
    assert error.startswith("Error: ")
    assert text in error
    assert not any(line.startswith("Error") for line in before)
    assert captured.out == ""
    assert sorted(os.listdir()) == sorted(left)


# ---------------------------------------------------------------- as the C programs do


@pytest.mark.parametrize(("name", "options"), OF_C.items(), ids=OF_C.keys())
def test_records_are_those_of_the_c_program(name: str, options: list[str]) -> None:
    assert cooccur(TEXT, "-o", "pairs.bin", *options) == 0
    of_c = records_of((GLOVE / name).read_bytes())
    assert list(of_c) == sorted(of_c)
    assert_same(records_of(Path("pairs.bin").read_bytes()), of_c)
    assert os.listdir() == ["pairs.bin"]


@pytest.mark.parametrize(("name", "options"), OF_C.items(), ids=OF_C.keys())
def test_the_c_program_and_the_oracle_agree(name: str, options: list[str]) -> None:
    """Or else the oracle is wrong, or the files are."""
    options_of = {
        "symmetric.bin": {"window": 10},
        "left_only.bin": {"window": 4, "symmetric": False},
        "flat.bin": {"window": 2, "distance_weighting": False},
    }
    sentences = sentences_of(TEXT.read_bytes(), words_of())
    assert any(-1 in sentence for sentence in sentences)
    expected = cooccurrences(sentences, **options_of[name])
    assert_same(records_of((GLOVE / name).read_bytes()), dict(sorted(expected.items())))


@pytest.mark.parametrize("name", OF_C)
def test_records_of_the_c_program_are_read(name: str) -> None:
    file = read_pairs(str(GLOVE / name), read_vocabulary(str(VOCAB)).vocabulary)
    ids = (file.pairs.rows - file.pairs.first_id, file.pairs.columns - file.pairs.first_id)
    read = dict(zip(zip(*(part.tolist() for part in ids), strict=True), file.pairs.weights.tolist(), strict=True))
    assert read == records_of((GLOVE / name).read_bytes())


def test_a_gap_is_counted_as_the_oracle_does() -> None:
    assert cooccur(TEXT, "-o", "gap.bin", "--window", "4", "--unknown", "gap") == 0
    assert cooccur(TEXT, "-o", "skip.bin", "--window", "4", "--unknown", "skip") == 0
    sentences = sentences_of(TEXT.read_bytes(), words_of())
    for unknown in ("gap", "skip"):
        expected = cooccurrences(sentences, window=4, unknown=unknown)
        assert_same(records_of(Path(f"{unknown}.bin").read_bytes()), dict(sorted(expected.items())))
    assert Path("gap.bin").read_bytes() != Path("skip.bin").read_bytes()


def test_the_defaults_are_those_of_the_c_program() -> None:
    assert cooccur(TEXT, "-o", "pairs.bin") == 0
    expected = cooccurrences(
        sentences_of(TEXT.read_bytes(), words_of()), window=15, symmetric=True, distance_weighting=True, unknown="skip"
    )
    assert_same(records_of(Path("pairs.bin").read_bytes()), dict(sorted(expected.items())))


# ---------------------------------------------------------------- where pairs come from and go to


def test_standard_input_to_a_pipe_gives_the_bytes_of_the_file(wordvec: Run, tmp_path: Path) -> None:
    assert cooccur(TEXT, "-o", "pairs.bin", "--window", "10") == 0
    result = wordvec(
        "cooccur", "-", "--vocab", VOCAB, "--window", "10", "--to", "glove", "-o", "-", stdin=TEXT.read_bytes(),
        cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout == Path("pairs.bin").read_bytes()
    assert os.listdir() == ["pairs.bin"]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_text_and_one_in_parts_give_the_same_file(compress: Callable[[bytes], bytes]) -> None:
    text = TEXT.read_bytes()
    middle = text.index(b"\n", len(text) // 2) + 1
    Path("compressed").write_bytes(compress(text))
    Path("first").write_bytes(text[:middle])
    Path("second").write_bytes(compress(text[middle:]))
    for corpus in ([TEXT], ["compressed"], ["first", "second"]):
        assert cooccur(*corpus, "-o", f"{len(os.listdir())}.pairs") == 0
    assert Path("3.pairs").read_bytes() == Path("4.pairs").read_bytes() == Path("5.pairs").read_bytes()


def test_a_name_without_a_suffix_is_a_safetensors_file_that_says_how_it_was_made() -> None:
    assert cooccur(TEXT, "-o", "pairs", "--window", "4", "--left-only") == 0
    assert_same(pairs_in("pairs"), records_of((GLOVE / "left_only.bin").read_bytes()))
    file = read_pairs("pairs", read_vocabulary(str(VOCAB)).vocabulary)
    words, counts = zip(*(line.split() for line in VOCAB.read_bytes().splitlines()), strict=True)
    assert list(file.vocabulary) == list(words)
    assert list(file.vocabulary.counts) == list(map(int, counts))
    assert file.options == cooccurrence.PairOptions(window=4, symmetric=False)
    assert file.tokenizer == Tokenizer()
    assert file.corpus_fingerprint == hashlib.sha256(TEXT.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        *(("pairs", "safetensors"), ("pairs.safetensors", "safetensors"), ("pairs.bin", "safetensors")),
        *(("pairs", "glove"), ("pairs.bin", "glove")),
    ],
)
def test_the_layout_that_is_asked_for_goes_before_the_name(name: str, layout: str) -> None:
    assert cooccur(TEXT, "-o", name, "--window", "4", "--left-only", "--to", layout) == 0
    of_c = records_of((GLOVE / "left_only.bin").read_bytes())
    assert_same(pairs_in(name) if layout == "safetensors" else records_of(Path(name).read_bytes()), of_c)


def test_standard_output_gets_the_bytes_of_the_file(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cooccur(TEXT, "-o", "pairs") == 0
    assert cooccur(TEXT, "-o", "-") == 0
    assert capsysbinary.readouterr().out == Path("pairs").read_bytes()


@pytest.mark.parametrize("pairs_per_chunk", [1, 7, 1 << 20])
@pytest.mark.parametrize("memory", ["1kB", "1GB"])
def test_our_layout_has_the_pairs_of_the_records(
    pairs_per_chunk: int, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows are written from how many pairs each has; some have none, as words without neighbours."""
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", 300)
    monkeypatch.setattr(pairs_file, "PAIRS_PER_CHUNK", pairs_per_chunk)
    text = TEXT.read_bytes().splitlines()
    Path("corpus").write_bytes(b"\n".join(b" ".join(line.split()[:5]) for line in text))
    assert cooccur("corpus", "-o", "pairs", "--memory", memory) == 0
    assert cooccur("corpus", "-o", "pairs.bin", "--memory", memory) == 0
    found = pairs_in("pairs")
    assert len({row for row, _ in found}) < len(words_of())
    assert_same(found, records_of(Path("pairs.bin").read_bytes()))


def test_a_corpus_without_pairs_leaves_the_old_file_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """It is found when all has been counted, and the output is open."""
    Path("corpus").write_bytes(b"the\nof\n")
    for name in ("old", "old.bin"):
        Path(name).write_bytes(OLD)
        assert cooccur("corpus", "-o", name) == 1
        assert Path(name).read_bytes() == OLD
        assert "within a window; nothing to count" in capsys.readouterr().err
    assert sorted(os.listdir()) == ["corpus", "old", "old.bin"]


def test_one_token_and_one_pair_are_told_in_the_singular(capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.txt").write_text("a unheard a\n")
    Path("vocab.txt").write_text("a 2\n")
    assert cooccur("one.txt", "-o", "pairs", vocab=Path("vocab.txt")) == 0
    assert "2 tokens in vocab.txt, 1 not in it; 1 pair of words\n" in capsys.readouterr().err


def test_notes_tell_what_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert cooccur(TEXT, "-o", "pairs.bin", "--window", "10") == 0
    tokens = [id for sentence in sentences_of(TEXT.read_bytes(), words_of()) for id in sentence]
    n_known = sum(id >= 0 for id in tokens)
    n_pairs = (GLOVE / "symmetric.bin").stat().st_size // 16
    notes = capsys.readouterr().err
    assert f"{n_known} tokens in {VOCAB}, {len(tokens) - n_known} not in it; {n_pairs} pairs of words\n" in notes
    assert "so its tokenizer is unknown" in notes
    assert cooccur(TEXT, "-o", "pairs.bin", "--quiet") == 0
    assert capsys.readouterr().err == ""


def test_little_memory_is_counted_in_runs_that_are_merged_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", 300)
    assert cooccur(TEXT, "-o", "pairs.bin", "--window", "10", "--memory", "1kB") == 0
    assert (
        "the corpus does not fit into --memory: it is counted in 8 runs, which are merged\n" in capsys.readouterr().err
    )
    assert_same(records_of(Path("pairs.bin").read_bytes()), records_of((GLOVE / "symmetric.bin").read_bytes()))
    assert os.listdir() == ["pairs.bin"]


def test_temporary_files_go_where_they_are_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = []
    make = spool.temporary_file
    monkeypatch.setattr(spool, "temporary_file", lambda folder: folders.append(folder) or make(folder))
    Path("there").mkdir()
    assert cooccur(TEXT, "-o", "pairs.bin", "--tmp-dir", "there") == 0
    assert {str(folder) for folder in folders} == {"there"}
    assert os.listdir("there") == []


# ---------------------------------------------------------------- the tokenizer


NASTY_TEXT = "The CAT, the cat;\tTHE\u00a0sat\r\n\n東京 the Cat\u2028sat. \u0130 x\n".encode() * 3


@pytest.fixture
def lowercase_vocab() -> Path:
    """A vocabulary of `corpus`, with a sidecar that says how its words were made."""
    Path("corpus").write_bytes(NASTY_TEXT)
    command = "build-vocab corpus -o vocab.tsv --tokenizer words --lowercase --min-count 4 --quiet"
    assert run(command.split()) == 0
    return Path("vocab.tsv")


def test_the_tokenizer_is_that_of_the_vocabulary(lowercase_vocab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cooccur("corpus", "-o", "pairs", "--window", "3", vocab=lowercase_vocab) == 0
    tokenizer = Tokenizer("words", lowercase=True)
    sentences = sentences_of(NASTY_TEXT, words_of(lowercase_vocab), tokenizer)
    assert sum(id >= 0 for sentence in sentences for id in sentence) > 20
    assert_same(pairs_in("pairs"), dict(sorted(cooccurrences(sentences, window=3).items())))
    assert read_pairs("pairs").tokenizer == tokenizer
    assert "tokenizer is unknown" not in capsys.readouterr().err
    again = ["--tokenizer", "words", "--lowercase"]
    assert cooccur("corpus", "-o", "again", "--window", "3", *again, vocab=lowercase_vocab) == 0
    assert Path("again").read_bytes() == Path("pairs").read_bytes()


def test_another_tokenizer_than_that_of_the_vocabulary_is_an_error(
    lowercase_vocab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cooccur("corpus", "-o", "pairs", "--tokenizer", "words", vocab=lowercase_vocab) == 1
    text = "vocab.tsv: was built with the tokenizer words, lowercase, and here it is words; leave"
    assert_refused(text, capsys, "corpus", "vocab.tsv", "vocab.tsv.json")


def test_a_vocabulary_without_a_sidecar_takes_the_tokenizer_of_the_options(lowercase_vocab: Path) -> None:
    Path("vocab.tsv.json").unlink()
    assert cooccur("corpus", "-o", "pairs", "--window", "3", "--lowercase", vocab=lowercase_vocab) == 0
    sentences = sentences_of(NASTY_TEXT, words_of(lowercase_vocab), Tokenizer(lowercase=True))
    assert_same(pairs_in("pairs"), dict(sorted(cooccurrences(sentences, window=3).items())))


def test_a_text_without_known_words_after_the_tokenizer_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    Path("corpus").write_bytes(b"THE SEA\n")
    assert cooccur("corpus", "-o", "pairs") == 1
    assert_refused("corpus: none of its 2 words is in the vocabulary; build another", capsys, "corpus")
    assert cooccur("corpus", "-o", "pairs", "--lowercase") == 0


# ---------------------------------------------------------------- bad luck


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ([], "--vocab: is missing; add --vocab FILE"),
        (["--vocab", VOCAB, "--unknown", "keep"], "'keep' is not one of 'skip', 'gap'"),
        (["--vocab", VOCAB, "--window", "0"], "--window"),
        (["--vocab", VOCAB, "--window", "many"], "--window"),
        (["--vocab", VOCAB, "--to", "csv"], "--to"),
        (["--vocab", VOCAB, "--memory", "much"], "write it like 200MB"),
        (["--vocab", VOCAB, "--threads", "0"], "--threads"),
        (["--vocab", VOCAB, "--tmp-dir", "missing"], "--tmp-dir"),
        (["--vocab", VOCAB, "-window-size", "5"], "no such option: -window-size; here it is --window"),
        (["--vocab", VOCAB, "--token-pattern", "("], "--token-pattern: '(' is not a regular expression"),
    ],
)
def test_a_wrong_option_is_a_usage_error(options: list[Any], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cooccur", str(TEXT), "-o", "pairs", *map(str, options)]) == 2
    assert_refused(text, capsys)


def test_an_output_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    assert cooccur(TEXT) == 2
    assert_refused("-o: is missing; add -o FILE", capsys)


def test_pairs_are_not_written_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cooccur(TEXT, "-o", "-") == 2
    assert_refused("-o -: pairs are binary; use -o FILE or redirect the output", capsys)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "corpus: no such file or directory"),
        (b"", "corpus: the corpus holds no words"),
        (b" \n\n", "corpus: the corpus holds no words"),
        (b"some other words\n", "corpus: none of its 3 words is in the vocabulary; build another"),
        (b"the\nsea\n\nand unknown\n", "no line of the corpus has two words of the vocabulary within a window"),
        (b"\x1f\x8b\x08broken", "corpus: the compressed data is broken or cut short"),
    ],
)
def test_a_corpus_that_cannot_be_used_is_one_line(
    content: bytes | None, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    left = []
    if content is not None:
        Path("corpus").write_bytes(content)
        left = ["corpus"]
    assert cooccur("corpus", "-o", "pairs") == 1
    assert_refused(text, capsys, *left)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "vocab: no such file or directory"),
        (b"", "vocab: the vocabulary is empty"),
        (b"the 3\nsea 2\nthe 1\n", "vocab:3: 'the' is repeated"),
    ],
)
def test_a_vocabulary_that_cannot_be_used_is_one_line(
    content: bytes | None, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    left = []
    if content is not None:
        Path("vocab").write_bytes(content)
        left = ["vocab"]
    assert cooccur(TEXT, "-o", "pairs", vocab=Path("vocab")) == 1
    assert_refused(text, capsys, *left)


def test_a_corpus_is_never_overwritten_by_its_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(TEXT, "corpus")
    for named in ("corpus", "."):
        assert cooccur(named, "-o", "corpus") == 1
        assert_refused("corpus: is part of the corpus; name another output", capsys, "corpus")
    assert Path("corpus").read_bytes() == TEXT.read_bytes()


def test_an_output_that_cannot_be_written_is_found_before_anything_is_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cooccur("no-such-corpus", "-o", "missing/pairs", vocab=Path("no-such-vocab")) == 1
    assert_refused(f"missing/pairs: the folder {tmp_path}/missing does not exist; make it first", capsys)
    assert cooccur("no-such-corpus", "-o", ".", vocab=Path("no-such-vocab")) == 1
    assert_refused(".: is not a file; name a file to write", capsys)


@pytest.mark.parametrize(
    ("name", "n_bytes", "text"),
    [
        ("old.bin", 57_471, "old.bin: needs 57.47 kB and the disk of "),
        ("old.bin", 57_472, None),
        ("old", 14_367, "counting pairs: needs 14.37 kB and the disk of "),
        ("old", 14_368 + 57_471, "old: needs 71.84 kB and the disk of "),
        ("old", 14_368 + 57_472, None),
    ],
)
def test_a_disk_with_too_little_room_is_found_before_pairs_are_counted(
    name: str, n_bytes: int, text: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The C program finds 3592 pairs of 16 bytes; our own layout has their columns in a temporary file too."""
    monkeypatch.setattr(cooccurrence, "SAMPLED_ROWS", 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(n_bytes))
    Path(name).write_bytes(OLD)
    status = cooccur(TEXT, "-o", name, "--window", "10")
    if text is None:
        assert status == 0
        return
    assert status == 1
    assert_refused(text, capsys, name)
    assert Path(name).read_bytes() == OLD


@pytest.mark.parametrize(
    ("name", "n_bytes", "is_spool"),
    [
        ("old.bin", 100, True),
        ("old.bin", 9_000, False),
        ("old.bin", 57_000, False),
        ("old", 9_000, True),
        ("old", 20_000, False),
        ("old", 57_000, False),
    ],
)
def test_a_disk_that_fills_up_is_one_line_and_the_old_file_stays(
    wordvec: Run, tmp_path: Path, name: str, n_bytes: int, is_spool: bool
) -> None:
    """The ids take 8820 bytes, the columns of 3592 pairs 14 368, the output 57 472 and more; weights are half."""
    (tmp_path / "out").mkdir()
    (tmp_path / "spool").mkdir()
    output = tmp_path / "out" / name
    output.write_bytes(OLD)
    # Kernels come from numba's cache here, or else they would be what the limit hits.
    assert cooccur(TEXT, "-o", "warm.bin", "--window", "10") == 0
    result = wordvec(
        "cooccur", TEXT, "--vocab", VOCAB, "-o", output, "--window", "10", "--tmp-dir", tmp_path / "spool",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes)),
    )  # fmt: skip
    place = f"{tmp_path}/spool (temporary files): " if is_spool else f"{output}: "
    assert_one_line(result, f"Error: {place}file too large")
    assert output.read_bytes() == OLD
    assert os.listdir(tmp_path / "out") == [name]
    assert os.listdir(tmp_path / "spool") == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    os.symlink("/dev/full", "full.bin")
    assert cooccur(TEXT, "-o", "full.bin") == 1
    assert_refused("full.bin: no space left on device; free some space", capsys, "full.bin")


def test_an_error_is_json_where_progress_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert cooccur(TEXT, "-o", "pairs", "--progress", "json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    ends = {line["stage"]: line["done"] == line["total"] for line in lines if "stage" in line}
    assert ends == {"encoding": True, "counting pairs": True}
    assert cooccur("missing", "-o", "pairs", "--progress", "json") == 1
    last = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert last == {"error": "missing: no such file or directory"}
