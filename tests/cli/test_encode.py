"""`wordvec encode`: text as rows of ids, against plain loops."""

import gzip
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import reference_sequences as reference
from tests.conftest import COMMAND, run_here
from wordvec_cli.layer import padding as padding_module
from wordvec_cli.text.tokenizer import Tokenizer

CORPUS = b"a b c a\n\nzz a b\na a a a a a\n"
WORDS = [b"a", b"b", b"c"]
IDS = [[2, 3, 4, 2], [], [1, 2, 3], [2] * 6]


@pytest.fixture(autouse=True)
def in_folder_with_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_bytes(CORPUS)
    Path("vocab.tsv").write_bytes(b"a\t9\nb\t2\nc\t1\n")


def done(*arguments: str | bytes | Path, **others: object) -> "subprocess.CompletedProcess[bytes]":
    """Run a command that must succeed."""
    result = run_here(*arguments, **others)
    assert result.returncode == 0, result.stderr.decode()
    assert b"Traceback" not in result.stderr
    return result


def refused(*arguments: str | bytes | Path, status: int = 1, **others: object) -> str:
    """Run a command that must fail; the one line that says why."""
    before = sorted(os.listdir())
    result = run_here(*arguments, **others)
    assert result.returncode == status, result.stderr.decode()
    assert sorted(os.listdir()) == before
    errors = [line for line in result.stderr.decode().splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, result.stderr.decode()
    assert b"Traceback" not in result.stderr
    return errors[0].removeprefix("Error: ")


def encode(*options: str | bytes | Path, output: str = "s.npy", corpus: str = "corpus.txt", **others: object) -> str:
    """Run `encode`; what it tells."""
    return done("encode", corpus, "--vocab", "vocab.tsv", "-o", output, *options, **others).stderr.decode()


def refused_encode(*options: str | bytes, output: str = "s.npy", corpus: str = "corpus.txt", status: int = 1) -> str:
    return refused("encode", corpus, "--vocab", "vocab.tsv", "-o", output, *options, status=status)


# ---------------------------------------------------------------- padded rows


def test_by_default_rows_are_padded_and_cut_at_their_beginning_and_all_that_is_told() -> None:
    told = encode()
    assert np.load("s.npy").tolist() == [[0, 0, 2, 3, 4, 2], [0] * 6, [0, 0, 0, 1, 2, 3], [2] * 6]
    assert np.load("s.npy").dtype == np.int32
    assert "1 of 13 tokens is not in vocab.tsv and gets row 1 (unknown)" in told
    assert "length 6, padding pre with 0, truncating pre; no line is longer" in told
    told = encode("--length", "3")
    assert np.load("s.npy").tolist() == [[3, 4, 2], [0, 0, 0], [1, 2, 3], [2, 2, 2]]
    assert "length 3, padding pre with 0, truncating pre; 2 of 4 lines are longer and are cut" in told


token = st.sampled_from([b"a", b"b", b"c", b"zz", "東京".encode()])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    lines=st.lists(st.lists(token, max_size=6), min_size=1, max_size=12).filter(any),
    length=st.sampled_from(["1", "3", "8", "max", "p75", "p99"]),
    sides=st.tuples(st.sampled_from(["pre", "post"]), st.sampled_from(["pre", "post"])),
    specials=st.sampled_from(["pad,unk", "unk,pad", "none", "pad", "unk", "pad,x,unk"]),
    skips=st.booleans(),
    dtype=st.sampled_from(padding_module.DTYPES),
    n_at_once=st.integers(1, 20),
)
def test_rows_masks_and_lengths_are_those_of_plain_loops(
    lines: list[list[bytes]],
    length: str,
    sides: tuple[str, str],
    specials: str,
    skips: bool,
    dtype: str,
    n_at_once: int,
) -> None:
    Path("corpus.txt").write_bytes(b"".join(b" ".join(line) + b"\n" for line in lines))
    names = () if specials == "none" else tuple(specials.split(","))
    skips = skips or "unk" not in names
    value = names.index("pad") if "pad" in names else 77
    rows = reference.row_ids(lines, WORDS, names, skips)
    if not length.isdigit():
        percent = "100" if length == "max" else length[1:]
        expected_length = reference.percentile([len(row) for row in rows], percent)
    else:
        expected_length = int(length)
    options = ["--length", length, "--padding", sides[0], "--truncating", sides[1], "--specials", specials]
    options += ["--missing", "skip" if skips else "keep", "--dtype", dtype, "--mask", "m.npy", "--lengths", "l.npy"]
    options += [] if "pad" in names else ["--value", "77"]
    if not any(token in WORDS for line in lines for token in line):
        assert "vocab.tsv: has none of the" in refused_encode(*options)
        return
    if not expected_length:
        assert f"--length {length}: is 0, because too many lines hold no words" in refused_encode(*options)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(padding_module, "IDS_PER_BLOCK", n_at_once)
        encode(*options)
    ids, is_word = reference.padded(rows, expected_length, *sides, value)
    written = np.load("s.npy")
    assert written.dtype == dtype
    assert written.tolist() == ids.tolist()
    assert np.array_equal(np.load("m.npy"), is_word)
    assert np.load("m.npy").dtype == bool
    assert np.load("l.npy").tolist() == is_word.sum(axis=1).tolist()
    assert np.load("l.npy").dtype == np.int64


def test_several_threads_write_the_same_bytes(tmp_path: Path) -> None:
    Path("corpus.txt").write_bytes(b"".join(b"a b x%d c\n" % i for i in range(200_000)))
    encode("--threads", "1", output="one.npy")
    encode("--threads", "4", output="four.npy")
    assert Path("one.npy").read_bytes() == Path("four.npy").read_bytes()
    assert np.load("one.npy").tolist() == [[2, 3, 1, 4]] * 200_000


def test_special_rows_come_first_in_the_order_of_their_names() -> None:
    encode("--specials", "unk,pad")
    assert np.load("s.npy")[2].tolist() == [1, 1, 1, 0, 2, 3]
    encode("--specials", "pad,x,y,unk")
    assert np.load("s.npy")[2].tolist() == [0, 0, 0, 3, 4, 5]
    encode("--specials", "pad")
    assert np.load("s.npy")[2].tolist() == [0, 0, 0, 0, 1, 2]


def test_without_special_rows_words_start_at_0_and_padding_needs_a_value() -> None:
    message = "--specials none: has no row for padding; name the number to fill up with: --value N"
    assert message in refused_encode("--specials", "none", status=2)
    assert "--specials unk: has no row" in refused_encode("--specials", "unk", status=2)
    encode("--specials", "none", "--value", "-1")
    assert np.load("s.npy").tolist() == [[-1, -1, 0, 1, 2, 0], [-1] * 6, [-1] * 4 + [0, 1], [0] * 6]


def test_a_value_that_is_a_word_too_is_told() -> None:
    assert "--value 3: is also the row of the word 'b'" in encode("--value", "3")
    assert "--value" not in encode("--value", "1")
    assert np.load("s.npy")[1].tolist() == [1] * 6


def test_unknown_words_without_a_row_cannot_be_kept() -> None:
    message = refused_encode("--specials", "pad", "--missing", "keep", status=2)
    assert message.startswith("--missing keep: needs a row called unk, which --specials pad lacks")


def test_an_id_that_does_not_fit_its_type_is_an_error() -> None:
    words = [b"w%d" % i for i in range(300)]
    Path("vocab.tsv").write_bytes(b"".join(word + b"\t1\n" for word in words))
    Path("corpus.txt").write_bytes(b"w5\nw1 w253\nw254 w1\n")
    message = refused_encode("--dtype", "uint8")
    assert message == "--dtype uint8: line 3: id 256 does not fit; choose a larger type"
    assert "line 2: id 255 does not fit" in refused_encode("--dtype", "int8")
    assert "id -1 does not fit" in refused_encode("--dtype", "uint32", "--value", "-1")
    assert "--dtype int32" in refused_encode("--value", "3000000000")
    encode("--dtype", "int16")
    assert np.load("s.npy").tolist() == [[0, 7], [3, 255], [256, 3]]
    Path("corpus.txt").write_bytes(b"w253\n")
    encode("--dtype", "uint8")
    assert np.load("s.npy").tolist() == [[255]]


@pytest.mark.parametrize("to", ["npy", "text"])
def test_a_value_that_no_type_holds_is_one_line(to: str) -> None:
    message = refused_encode("--value", "9" * 20, "--length", "3", "--to", to, output="s", status=2)
    assert message == f"--value {'9' * 20}: does not fit into 64 bits; choose a smaller one"


def test_numbers_as_text_have_no_type_to_fit() -> None:
    encode("--value", "3000000000", "--length", "5", output="s.txt")
    assert Path("s.txt").read_text().splitlines()[2] == "3000000000 3000000000 1 2 3"


@pytest.mark.parametrize("length", ["0", "-1", "p0", "p101", "many"])
def test_a_length_that_is_none_is_a_usage_error(length: str) -> None:
    assert f"--length {length}: must be a number from 1" in refused_encode("--length", length, status=2)


# ---------------------------------------------------------------- layouts


def test_lines_as_text_keep_their_lengths() -> None:
    encode(output="s.txt")
    assert Path("s.txt").read_bytes() == b"2 3 4 2\n\n1 2 3\n2 2 2 2 2 2\n"
    encode(output="s.jsonl")
    assert [json.loads(line) for line in Path("s.jsonl").read_bytes().splitlines()] == IDS
    encode("--missing", "skip", "--lengths", "l.npy", output="s.txt")
    assert Path("s.txt").read_bytes() == b"2 3 4 2\n\n2 3\n2 2 2 2 2 2\n"
    assert np.load("l.npy").tolist() == [4, 0, 2, 6]
    encode("--specials", "none", "--missing", "skip", output="s.txt")
    assert Path("s.txt").read_bytes() == b"0 1 2 0\n\n0 1\n0 0 0 0 0 0\n"


def test_lines_as_text_are_padded_if_a_length_is_named() -> None:
    encode("--length", "3", "--padding", "post", "--mask", "m.npy", output="s.txt")
    assert Path("s.txt").read_bytes() == b"3 4 2\n0 0 0\n1 2 3\n2 2 2\n"
    assert np.load("m.npy").tolist() == [[True] * 3, [False] * 3, [True] * 3, [True] * 3]
    encode("--length", "4", "--padding", "post", output="s.jsonl")
    assert Path("s.jsonl").read_bytes().splitlines()[2] == b"[1, 2, 3, 0]"


@pytest.mark.parametrize("n_at_once", [1, 4, 1000])
def test_safetensors_has_ids_and_offsets(n_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(padding_module, "IDS_PER_BLOCK", n_at_once)
    encode("--dtype", "int16", output="s.safetensors")
    tensors = safetensors.numpy.load_file("s.safetensors")
    assert {name: tensor.dtype for name, tensor in tensors.items()} == {"ids": np.int16, "offsets": np.int64}
    parts = np.split(tensors["ids"], tensors["offsets"][1:-1])
    assert [part.tolist() for part in parts] == IDS
    encode("--length", "3", "--dtype", "uint8", output="s.safetensors")
    tensors = safetensors.numpy.load_file("s.safetensors")
    assert tensors["ids"].tolist() == [[3, 4, 2], [0, 0, 0], [1, 2, 3], [2, 2, 2]]
    assert tensors["ids"].dtype == np.uint8
    assert list(tensors) == ["ids"]


def test_every_output_records_its_rule() -> None:
    done("build-vocab", "corpus.txt", "-o", "vocab.tsv", "--min-count", "1", "--lowercase")
    rules = []
    for output in ("s.npy", "s.txt", "s.jsonl"):
        encode("--specials", "unk,pad", output=output)
        rules.append(json.loads(Path(f"{output}.json").read_bytes()))
    encode("--as", "count", "--specials", "unk,pad", output="c.npz")
    rules.append(json.loads(Path("c.npz.json").read_bytes()))
    encode("--specials", "unk,pad", output="s.safetensors")
    with safetensors.safe_open("s.safetensors", "numpy") as file:
        metadata = file.metadata()
    rules.append({name: json.loads(metadata[name]) for name in ("specials", "vocabulary", "sequences", "tokenizer")})
    assert all(rule["specials"] == ["unk", "pad"] for rule in rules)
    assert len({json.dumps(rule["vocabulary"], sort_keys=True) for rule in rules}) == 1
    assert rules[0]["tokenizer"] == rules[-1]["tokenizer"] == Tokenizer(lowercase=True).to_metadata()
    said = rules[0]["sequences"]
    expected = {"n_lines": 4, "dtype": "int32", "length": 6, "value": 1, "padding": "pre", "truncating": "pre"}
    assert said | expected == said


@pytest.mark.parametrize(
    ("options", "output", "message"),
    [
        (["--padding", "post"], "s.txt", "--padding: has no meaning for --to text without --length"),
        (["--truncating", "post", "--mask", "m"], "s.jsonl", "--truncating, --mask: has no meaning for --to jsonl"),
        (["--value", "3"], "s.safetensors", "--value: has no meaning for --to safetensors without --length"),
        (["--dtype", "int8"], "s.txt", "--dtype: has no meaning for --to text"),
        (["--as", "count", "--length", "3"], "s.npz", "--length: has no meaning for --as count"),
        (["--as", "count", "--to", "npy"], "s.npz", "--to: has no meaning for --as count"),
        (["--as", "one-hot", "--mask", "m", "--lengths", "l"], "s.npz", "--mask, --lengths: has no meaning"),
        ([], "s.bin", "s.bin: its name does not say the format; add --to npy|safetensors|text|jsonl"),
        ([], "-", "-o -: the format cannot be guessed for standard output"),
        (["--length", "2", "--padding", "both"], "s.npy", "--padding"),
        (["--value", "x"], "s.npy", "--value"),
        (["--specials", "pad,pad"], "s.npy", "--specials pad,pad: must be none, or different names"),
        (["--specials", "pad,"], "s.npy", "--specials pad,: must be none, or different names"),
        (["--specials", ""], "s.npy", "--specials : must be none, or different names"),
        (["--tokenizer", "words", "--token-pattern", "x"], "s.npy", "exclude each other"),
    ],
)
def test_an_option_without_effect_is_refused(options: list[str], output: str, message: str) -> None:
    assert message in refused_encode(*options, output=output, status=2)


# ---------------------------------------------------------------- text


def test_nasty_text_keeps_rows_and_lines_aligned() -> None:
    Path("vocab.tsv").write_bytes(b"a\t9\n\x00\t5\n\xff\t2\n\xe6\x9d\xb1\xe4\xba\xac\t1\n")
    Path("corpus.txt").write_bytes(b"\xef\xbb\xbfa \x00 a\r\n\r\n\t \n\xff a\x00 \xe6\x9d\xb1\xe4\xba\xac\na")
    encode(output="s.txt")
    assert Path("s.txt").read_bytes() == b"2 3 2\n\n\n4 1 5\n2\n"


@pytest.mark.parametrize(
    ("invalid_utf8", "expected", "fate"),
    [
        ("keep", [[2, 3], [2, 2]], "kept byte for byte"),
        ("replace", [[2, 1], [2, 2]], "their bad bytes replaced by U+FFFD"),
        ("skip", [[0, 0], [2, 2]], "emptied"),
    ],
)
def test_bytes_that_are_no_utf8(invalid_utf8: str, expected: list[list[int]], fate: str) -> None:
    Path("vocab.tsv").write_bytes(b"a\t9\n\xff\t2\n")
    Path("corpus.txt").write_bytes(b"a \xff\na a\n")
    told = encode("--invalid-utf8", invalid_utf8)
    assert np.load("s.npy").tolist() == expected
    assert f"1 of 2 lines is not UTF-8 (Latin-1?), the first corpus.txt:1; {fate}; " in told
    assert refused_encode("--invalid-utf8", "error").startswith("corpus.txt:1: invalid UTF-8")


def test_a_skipped_line_has_no_words_in_a_sparse_matrix_either() -> None:
    from scipy.sparse import load_npz

    Path("corpus.txt").write_bytes(b"a\na \xff\nb\n")
    encode("--invalid-utf8", "skip", "--as", "count", output="c.npz")
    assert load_npz("c.npz").toarray().tolist() == [[0, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 0]]


def test_a_line_of_a_million_tokens() -> None:
    Path("corpus.txt").write_bytes(b"b\n" + b"a " * 999_999 + b"c\nb\n")
    encode("--length", "2")
    assert np.load("s.npy").tolist() == [[0, 3], [2, 4], [0, 3]]
    encode(output="s.safetensors")
    tensors = safetensors.numpy.load_file("s.safetensors")
    assert tensors["offsets"].tolist() == [0, 1, 1_000_001, 1_000_002]
    encode()
    assert np.load("s.npy").shape == (3, 1_000_000)
    assert np.load("s.npy")[:, -1].tolist() == [3, 4, 3]


def test_a_corpus_in_one_line_and_one_without_an_end() -> None:
    Path("corpus.txt").write_bytes(CORPUS.replace(b"\n", b" "))
    encode(output="s.txt")
    assert Path("s.txt").read_text().split() == [str(id) for line in IDS for id in line]
    assert Path("s.txt").read_text().count("\n") == 1


@pytest.mark.parametrize("options", [(), ("--missing", "skip"), ("--as", "count")])
def test_a_corpus_without_a_known_word_is_an_error(options: tuple[str, ...]) -> None:
    Path("corpus.txt").write_bytes(b"x y\nz\n")
    output = "s.npz" if "--as" in options else "s.npy"
    told = refused_encode(*options, output=output)
    assert told.startswith("vocab.tsv: has none of the 3 tokens of the corpus; name the vocabulary of such a text")
    assert not Path(output).exists()


def test_an_empty_corpus_is_an_error() -> None:
    Path("corpus.txt").write_bytes(b"")
    assert refused_encode() == "corpus.txt: the corpus holds no lines; name a corpus that does"
    assert "no such file" in refused_encode(corpus="absent.txt")
    Path("corpus.txt").write_bytes(b"\n\n")
    encode("--length", "2")
    assert np.load("s.npy").tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("options", [["--tokenizer", "words", "--lowercase"], ["--token-pattern", r"\w\w+"]])
def test_tokenizers(options: list[str]) -> None:
    tokenizer = Tokenizer("words", lowercase=True) if "words" in options else Tokenizer("pattern", r"\w\w+")
    text = ["Don't stop, HE said.", "", "東京 ... it's", "stop he"]
    Path("corpus.txt").write_text("\n".join(text) + "\n")
    done("build-vocab", "corpus.txt", "-o", "vocab.tsv", "--min-count", "1", *options)
    words = [line.split(b"\t")[0] for line in Path("vocab.tsv").read_bytes().splitlines()]
    expected = reference.row_ids([tokenizer.tokens(line.encode()) for line in text], words)
    encode(output="s.jsonl")  # the vocabulary's own tokenizer is the default
    assert [json.loads(line) for line in Path("s.jsonl").read_bytes().splitlines()] == expected
    encode(*options, output="s.jsonl")
    assert [json.loads(line) for line in Path("s.jsonl").read_bytes().splitlines()] == expected
    assert "vocab.tsv: was built with the tokenizer" in refused_encode("--tokenizer", "whitespace")


def test_compressed_files_and_folders(tmp_path: Path) -> None:
    Path("corpora").mkdir()
    Path("corpora/1.txt").write_bytes(CORPUS)
    Path("corpora/2.txt.gz").write_bytes(gzip.compress(CORPUS))
    encode(output="s.jsonl", corpus="corpora")
    assert [json.loads(line) for line in Path("s.jsonl").read_bytes().splitlines()] == IDS * 2
    encode("corpora/2.txt.gz", output="s.jsonl")
    assert [json.loads(line) for line in Path("s.jsonl").read_bytes().splitlines()] == IDS * 2


@pytest.mark.parametrize("to", ["text", "npy"])
def test_standard_input_to_standard_output(to: str) -> None:
    encode("--to", to, output="file")
    result = run_here("encode", "-", "--vocab", "vocab.tsv", "--to", to, "-o", "-", "--quiet", stdin=CORPUS)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout == Path("file").read_bytes()
    assert sorted(os.listdir()) == ["corpus.txt", "file", "file.json", "vocab.tsv"]


# ---------------------------------------------------------------- bad luck


def test_a_stale_sidecar_of_the_vocabulary_is_told_and_a_broken_one_refused() -> None:
    assert "vocab.tsv has no vocab.tsv.json, so its tokenizer is unknown; using whitespace" in encode()
    done("build-vocab", "corpus.txt", "-o", "vocab.tsv", "--min-count", "1")
    Path("vocab.tsv").write_bytes(Path("vocab.tsv").read_bytes() + b"new\t1\n")
    assert (
        "vocab.tsv.json: does not belong to vocab.tsv as it is now, so the tokenizer is unknown; using whitespace"
        in encode()
    )
    Path("vocab.tsv.json").write_bytes(b"{")
    assert refused_encode().startswith("vocab.tsv.json: is not what wordvec build-vocab writes")


def test_an_output_is_no_input_and_no_other_output() -> None:
    assert "is part of the corpus" in refused_encode("--to", "text", output="corpus.txt")
    Path("text").write_bytes(CORPUS)
    assert "is part of the corpus" in refused_encode("--mask", "text", corpus="text")
    assert "vocab.tsv: is read by this command" in refused_encode("--to", "npy", output="vocab.tsv")
    assert "vocab.tsv: is read by this command" in refused_encode("--lengths", "./vocab.tsv")
    Path("m.npy").write_bytes(b"")
    assert "m.npy: is read by this command" in refused_encode("--matrix", "m.npy", output="m.npy")
    for pair in (["--mask", "./s.npy"], ["--lengths", "s.npy"], ["--mask", "m", "--lengths", "m"]):
        assert "is named for two outputs" in refused_encode(*pair, status=2)
    assert Path("corpus.txt").read_bytes() == CORPUS


@pytest.mark.parametrize("option", ["--mask", "--lengths"])
def test_the_sidecar_is_an_output_too(option: str) -> None:
    assert "s.npy.json" in refused_encode(option, "s.npy.json", status=2)


def test_the_sidecar_takes_the_place_of_no_input() -> None:
    os.rename("corpus.txt", "s.npy.json")
    assert "s.npy.json" in refused_encode(corpus="s.npy.json")
    assert Path("s.npy.json").read_bytes() == CORPUS


def test_an_output_that_cannot_be_written_is_found_first() -> None:
    assert "the folder" in refused_encode(corpus="absent.txt", output="absent/s.npy")
    assert "is not a file" in refused_encode("--mask", ".", corpus="absent.txt")


@pytest.mark.parametrize("output", ["s.npy", "s.txt", "s.safetensors", "c.npz"])
def test_a_full_disk_is_one_line_and_the_old_output_stays(output: str, request: pytest.FixtureRequest) -> None:
    Path("corpus.txt").write_bytes(b"a b c a\n" * 18_000)  # its ids fit, the output does not
    Path(output).write_bytes(b"old")
    request.getfixturevalue("file_size_limit")
    options = {"s.txt": ["--length", "40"], "c.npz": ["--as", "one-hot"]}.get(output, ["--dtype", "int64"])
    assert "file too large" in refused_encode(*options, output=output)
    assert Path(output).read_bytes() == b"old"


def test_a_device_that_is_full_is_one_line() -> None:
    assert refused_encode("--to", "text", output="/dev/full") == "/dev/full: no space left on device; free some space"


def test_more_than_the_disk_holds_is_refused_before_it_is_written() -> None:
    assert "free some space" in refused_encode("--length", "1000000000000000")


def test_a_closed_pipe_ends_it_quietly() -> None:
    Path("corpus.txt").write_bytes(b"a b c a\n" * 50_000)
    arguments = ["encode", "corpus.txt", "--vocab", "vocab.tsv", "--to", "text", "-o", "-", "--quiet"]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"2 3 4 2\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(timeout=60)
    assert process.returncode in {0, 1, 141}


# ---------------------------------------------------------------- with a matrix


def test_with_a_matrix_its_special_rows_are_the_default() -> None:
    done("matrix", "--vocab", "vocab.tsv", "--vector-size", "2", "--specials", "unk,pad", "-o", "m.npy")
    encode("--matrix", "m.npy")
    assert np.load("s.npy")[2].tolist() == [1, 1, 1, 0, 2, 3]
    assert json.loads(Path("s.npy.json").read_bytes())["specials"] == ["unk", "pad"]
    done("matrix", "--vocab", "vocab.tsv", "--vector-size", "2", "--specials", "none", "-o", "n.safetensors")
    encode("--matrix", "n.safetensors", "--value", "-1")
    assert np.load("s.npy")[2].tolist() == [-1, -1, -1, -1, 0, 1]


def test_a_matrix_with_other_rules_is_refused() -> None:
    done("matrix", "--vocab", "vocab.tsv", "--vector-size", "2", "-o", "m.npy")
    message = refused_encode("--matrix", "m.npy", "--specials", "unk,pad")
    assert "has the special rows unk,pad and m.npy pad,unk" in message
    message = refused_encode("--matrix", "m.npy", "--specials", "none", "--value", "0")
    assert "has the special rows none and m.npy pad,unk" in message
    Path("vocab.tsv").write_bytes(b"a\t9\nb\t2\n")
    assert "vocab.tsv: was made with another vocabulary than m.npy (2 and 3 words)" in refused_encode(
        "--matrix", "m.npy"
    )
    Path("vocab.tsv").write_bytes(b"b\t9\na\t2\nc\t1\n")
    assert "vocab.tsv: was made with another vocabulary than m.npy;" in refused_encode("--matrix", "m.npy")


def test_of_a_matrix_of_another_tool_the_rows_are_counted() -> None:
    np.save("m.npy", np.zeros((5, 3)))
    assert "m.npy has no m.npy.json, so a mismatch of vocabularies cannot be detected" in encode("--matrix", "m.npy")
    message = refused_encode("--matrix", "m.npy", "--specials", "pad")
    assert message.startswith("m.npy: has 5 rows, and vocab.tsv with the special rows pad 4")


def test_native_vectors_are_a_matrix_without_special_rows() -> None:
    Path("corpus.txt").write_bytes(b"a b c a b\nc a b\n" * 5)
    done("build-vocab", "corpus.txt", "-o", "vocab.tsv")
    done("train", "corpus.txt", "--vocab", "vocab.tsv", "-o", "v.safetensors", "--sample", "0", "--threads", "1")
    encode("--matrix", "v.safetensors", "--missing", "skip", "--length", "9", "--value", "-1")
    assert np.load("s.npy")[:2].tolist() == [[-1] * 4 + [0, 1, 2, 0, 1], [-1] * 6 + [2, 0, 1]]
