"""`wordvec decode`: rows of ids back into words."""

import base64
import gzip
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.cli.test_encode import done, refused
from tests.conftest import COMMAND, run_here
from wordvec_cli.storage.file_kinds import kind_of_no_text


@pytest.fixture(autouse=True)
def in_folder_with_vocabulary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("vocab.tsv").write_bytes(b"a\t9\nb\t2\nc\t1\n")
    Path("corpus.txt").write_bytes(b"a b c a\n\nzz a b\na a a a a a\n")


def encode(*options: str, output: str = "s.npy") -> None:
    done("encode", "corpus.txt", "--vocab", "vocab.tsv", "-o", output, *options)


def decode(*arguments: str, **others: object) -> bytes:
    return done("decode", *arguments, "--vocab", "vocab.tsv", **others).stdout


def refused_decode(*arguments: str, status: int = 1, **others: object) -> str:
    return refused("decode", *arguments, "--vocab", "vocab.tsv", status=status, **others)


# ---------------------------------------------------------------- there and back

ascii_space = set(b" \t\n\r\v\f")
words = st.binary(min_size=1, max_size=6).filter(lambda word: not ascii_space & set(word))
words = st.one_of(words, st.text(min_size=1, max_size=5).map(str.encode)).filter(lambda word: word.split() == [word])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    st.lists(st.lists(words, max_size=5), min_size=1, max_size=8).filter(any),
    st.sampled_from(["npy", "safetensors", "text", "jsonl"]),
    st.sampled_from(["pad,unk", "unk,pad", "none", "x,unk,y"]),
    st.sampled_from(["pre", "post"]),
)
@example(
    [[b"\x00"], [b"\xef\xbb\xbf", b"\xff"], [], ["\u3000\u2028".encode(), "東京".encode()]], "npy", "pad,unk", "pre"
)
@example([[b"[1]", b"<pad>", b"<unk>"]], "text", "pad,unk", "pre")
def test_what_is_encoded_is_decoded(lines: list[list[bytes]], to: str, specials: str, padding: str) -> None:
    text = b"".join(b" ".join(line) + b"\n" for line in lines)
    assume(not kind_of_no_text(b"\n" + text))
    Path("corpora").mkdir(exist_ok=True)
    Path("corpora/corpus.txt").write_bytes(b"\n" + text)  # so that it does not start with what a mark or gzip does
    known = sorted({word for line in lines for word in line})
    # Some word comes first that does not start as an archive does.
    vocabulary = b"some word\t1\n" + b"".join(b"%b\t1\n" % word for word in known)
    Path("vocab.tsv").write_bytes(vocabulary)
    assume(kind_of_no_text(b"\n" + text) is None and kind_of_no_text(vocabulary) is None)  # so many zeros are no text
    options = ["--specials", specials, "--to", to]
    if to == "npy":
        options += ["--padding", padding] + ([] if "pad" in specials else ["--value", "-1"])
    done("encode", "corpora", "--vocab", "vocab.tsv", "-o", "s", *options)
    assert decode("s") == b"\n" + text
    decoded = [json.loads(line) for line in decode("s", "--format", "json").splitlines()]
    exact = [
        [base64.b64decode(word["bytes"]) if isinstance(word, dict) else word.encode() for word in line]
        for line in decoded
    ]
    assert exact == [[], *lines]
    for sidecar in Path().glob("s.json"):
        sidecar.unlink()


@pytest.mark.parametrize("layout", ["npy", "safetensors", "text", "jsonl"])
def test_unknown_words_are_shown_and_padding_is_left_out(layout: str) -> None:
    encode("--to", layout, "--length", "4", output="s")
    assert decode("s") == b"a b c a\n\n<unk> a b\na a a a\n"
    assert decode("s", "--keep-padding") == b"a b c a\n<pad> <pad> <pad> <pad>\n<pad> <unk> a b\na a a a\n"
    assert json.loads(decode("s", "--format", "json").splitlines()[2]) == ["<unk>", "a", "b"]


@pytest.mark.parametrize("layout", ["npy", "safetensors", "text", "jsonl"])
@pytest.mark.parametrize(
    "options",
    [
        ["--specials", "none", "--value", "-1", "--unknown", "skip"],
        ["--specials", "unk,pad"],
        ["--specials", "x,pad,unk", "--value", "77"],
    ],
)
def test_the_recorded_rule_is_the_default(layout: str, options: list[str]) -> None:
    encode("--to", layout, "--length", "4", *options, output="s")
    third = b"a b\n" if "skip" in options else b"<unk> a b\n"
    assert decode("s") == b"a b c a\n\n" + third + b"a a a a\n"


def test_a_rule_can_be_said_of_files_that_record_none() -> None:
    np.save("s.npy", np.array([[9, 1, 0, 2]], np.uint8))
    result = done("decode", "s.npy", "--vocab", "vocab.tsv", "--specials", "none", "--value", "9")
    assert result.stdout == b"b a c\n"
    assert b"s.npy has no s.npy.json, so a mismatch of vocabularies cannot be detected" in result.stderr
    assert decode("s.npy", "--specials", "unk", "--value", "9", "--keep-padding") == b"<pad> a <unk> b\n"
    assert decode("s.npy", "--specials", "x,y,pad", "--value", "9") == b"<y> <x> <pad>\n"


@pytest.mark.parametrize("dtype", ["uint8", "int64", ">i4", "uint64"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_other_tools(dtype: str, order: str) -> None:
    np.save("s.npy", np.asarray(np.array([[0, 2, 3], [4, 4, 1]], dtype), order=order))
    assert decode("s.npy") == b"a b\nc c <unk>\n"


def test_arrays_without_numbers() -> None:
    np.save("s.npy", np.zeros((2, 0), np.int32))
    assert decode("s.npy") == b"\n\n"
    np.save("s.npy", np.zeros((0, 2), np.int32))
    assert decode("s.npy") == b""


# ---------------------------------------------------------------- text that comes in


def test_a_program_gets_the_answer_to_each_line_at_once() -> None:
    arguments = ["decode", "--vocab", "vocab.tsv"]
    with subprocess.Popen([*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for asked, answer in ((b"0 2 3\n", b"a b\n"), (b"\n", b"\n"), (b"[4, 1]\r\n", b"c <unk>\n"), (b"2", b"")):
            process.stdin.write(asked)
            process.stdin.flush()
            assert answer == b"" or process.stdout.readline() == answer
        process.stdin.close()
        assert process.stdout.read() == b"a\n"


def test_lines_of_a_file() -> None:
    content = b"0 2\t3\r\n\r\n  [2,1, 0]\n[]\n4"
    expected = b"a b\n\na <unk>\n\nc\n"
    Path("s.txt").write_bytes(content)
    assert decode("s.txt") == expected
    Path("s.txt.gz").write_bytes(gzip.compress(content))
    assert decode("s.txt.gz") == expected
    Path("s.txt").write_bytes(b"2 3\n" * 3000)
    assert decode("s.txt") == b"a b\n" * 3000


@pytest.mark.parametrize(
    "line",
    [
        *(b"a", b"1.5", b"0x2", b"1_0", b"2 \xff", b"2\x00", b"9" * 5000),
        *(b"[1.0]", b"[true]", b"[1", b"{}", b'["2"]', b"[[2]]", b"[NaN]", b"[" * 100_000),
    ],
)
def test_what_is_no_line_of_numbers_is_named(line: bytes) -> None:
    Path("s.txt").write_bytes(b"2\n" + line + b"\n")
    message = refused_decode("s.txt")
    assert message.startswith("s.txt: line 2: ")
    assert message.endswith("is not a line of whole numbers; correct it")


@pytest.mark.parametrize("id", [-1, 5, 10**30])
def test_a_number_without_a_row_is_named_with_its_place(id: int) -> None:
    Path("s.txt").write_text(f"2\n0 0 {id} 2\n")
    message = refused_decode("s.txt")
    assert message.startswith(f"s.txt: line 2, position 3: {id} is not one of the 5 rows")
    if id < 10:
        np.save("s.npy", np.array([[0, 2, 3], [0, 4, id]]))
        assert refused_decode("s.npy").startswith(f"s.npy: line 2, position 3: {id} is not one of the")


# ---------------------------------------------------------------- bad luck


@pytest.mark.parametrize("layout", ["npy", "safetensors", "text", "jsonl"])
def test_another_vocabulary_is_refused(layout: str) -> None:
    encode("--to", layout, output="s")
    Path("vocab.tsv").write_bytes(b"b\t9\na\t2\nc\t1\n")
    assert refused_decode("s").startswith("vocab.tsv: was made with another vocabulary than s;")


@pytest.mark.parametrize("layout", ["npy", "safetensors", "text", "jsonl"])
@pytest.mark.parametrize("specials", ["unk,pad", "none"])
def test_other_special_rows_are_refused(layout: str, specials: str) -> None:
    encode("--to", layout, output="s")
    message = refused_decode("s", "--specials", specials)
    assert f"has the special rows {specials} and s pad,unk" in message


def test_a_stale_sidecar_is_told_and_not_used() -> None:
    encode("--specials", "unk,pad")
    np.save("s.npy", np.array([[1, 2]]))
    result = done("decode", "s.npy", "--vocab", "vocab.tsv")
    assert result.stdout == b"<unk> a\n"
    assert b"s.npy.json: does not belong to s.npy as it is now; it is not used" in result.stderr


@pytest.mark.parametrize("content", ["{", "[]", '{"sequences": 3}', '{"sequences": {"fingerprint": null}}'])
def test_a_broken_sidecar_is_one_line(content: str) -> None:
    encode()
    Path("s.npy.json").write_text(content)
    if "null" not in content:
        assert refused_decode("s.npy").startswith("s.npy.json: is not what wordvec encode writes; remove it")


def test_a_sidecar_with_other_content_is_one_line() -> None:
    encode()
    said = json.loads(Path("s.npy.json").read_bytes())
    for wrong in ({"specials": [3]}, {"specials": 3}, {"vocabulary": []}, {"vocabulary": {"n_words": "x"}}):
        Path("s.npy.json").write_text(json.dumps(said | wrong))
        assert refused_decode("s.npy").startswith("s.npy.json: is not what wordvec encode writes; remove it")


@pytest.mark.parametrize("value", ["x", [1], 1.5, True])
def test_a_sidecar_whose_value_is_no_number_is_one_line(value: object) -> None:
    encode()
    said = json.loads(Path("s.npy.json").read_bytes())
    said["sequences"]["value"] = value
    Path("s.npy.json").write_text(json.dumps(said))
    assert refused_decode("s.npy").startswith("s.npy.json: is not what wordvec encode writes; remove it")


def test_files_that_hold_no_sequences_are_one_line() -> None:
    for array in (np.zeros(3, np.int32), np.zeros((2, 2)), np.zeros((2, 2), bool), np.zeros((1, 1, 1), int)):
        np.save("s.npy", array)
        assert refused_decode("s.npy").startswith(f"s.npy: holds {array.dtype} values in the shape ")
    np.save("s.npy", np.array([[None]]), allow_pickle=True)
    assert refused_decode("s.npy").startswith("s.npy: it holds Python objects")
    np.save("s.npy", np.zeros((3, 3), np.int32))
    Path("s.npy").write_bytes(Path("s.npy").read_bytes()[:-1])
    assert "the file is cut short" in refused_decode("s.npy")
    Path("s.npy").write_bytes(Path("s.npy").read_bytes()[:40])
    assert refused_decode("s.npy").startswith("s.npy: it does not begin as numpy's arrays do")
    assert "no such file" in refused_decode("absent.npy")
    safetensors.numpy.save_file({"ids": np.zeros(3, np.int32)}, "s.safetensors")
    assert refused_decode("s.safetensors").startswith("s.safetensors: ")


@pytest.mark.parametrize(
    "offsets", [[1, 4, 4, 7, 13], [0, 4, 3, 7, 13], [0, 4, 4, 7, 12], [0, 4, 4, 7, 14], [], [0.0, 4, 4, 7, 13]]
)
def test_damaged_safetensors_are_one_line(offsets: list[float]) -> None:
    encode(output="s.safetensors")
    with safetensors.safe_open("s.safetensors", "numpy") as file:
        metadata, ids = file.metadata(), file.get_tensor("ids")
    offsets_type = np.float64 if offsets and isinstance(offsets[0], float) else np.int64
    tensors = {"ids": ids, "offsets": np.array(offsets, offsets_type)}
    safetensors.numpy.save_file(tensors, "s.safetensors", metadata)
    assert "the file is damaged, make it again" in refused_decode("s.safetensors")
    Path("s.safetensors").write_bytes(Path("s.safetensors").read_bytes()[:-5])
    assert refused_decode("s.safetensors").startswith("s.safetensors: ")


DAMAGED_STARTS = {"s.npy": b"\x93NUMQY", "s.safetensors": b"\xff" * 8}


@pytest.mark.parametrize("path", DAMAGED_STARTS)
@pytest.mark.parametrize("command", ["decode", "matrix", "decode from a pipe"])
def test_an_array_whose_start_is_damaged_is_no_text(path: str, command: str) -> None:
    """Its numbers are not told line by line."""
    encode("--length", "20", output=path)
    start = DAMAGED_STARTS[path]
    content = start + Path(path).read_bytes()[len(start) :]
    Path(path).write_bytes(content)
    if command == "decode from a pipe":
        result = run_here("decode", "--vocab", "vocab.tsv", "--quiet", stdin=content)
    elif command == "decode":
        result = run_here("decode", path, "--vocab", "vocab.tsv", "--quiet")
    else:
        result = run_here("matrix", "--vocab", "vocab.tsv", "--sequences", path, "-o", "E.npy", "--quiet")
    shown = "standard input" if "pipe" in command else path
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.decode() == f"Error: {shown}: is binary data, not text; name a text\n"


def test_a_full_disk_is_one_line() -> None:
    Path("s.txt").write_bytes(b"2 3\n")
    with open("/dev/full", "wb") as full:
        result = run_here("decode", "s.txt", "--vocab", "vocab.tsv", "--quiet", stdout=full)
    assert result.returncode == 1
    assert result.stderr == b"Error: standard output: no space left on device; free some space\n"


# ---------------------------------------------------------------- lines that cannot be answered


@pytest.mark.parametrize(("layout", "blank"), [("text", b"\n"), ("json", b"null\n")])
@pytest.mark.parametrize("source", ["file", "pipe"])
def test_a_bad_line_is_told_and_those_around_it_are_answered(layout: str, blank: bytes, source: str) -> None:
    lines = b"2 3\nx\n2 9\n4\n"
    Path("s.txt").write_bytes(lines)
    arguments = ["decode", *(["s.txt"] if source == "file" else []), "--vocab", "vocab.tsv", "--format", layout]
    result = run_here(*arguments, "--quiet", **({} if source == "file" else {"stdin": lines}))
    first, last = (b"a b\n", b"c\n") if layout == "text" else (b'["a", "b"]\n', b'["c"]\n')
    assert (result.returncode, result.stdout) == (1, first + blank + blank + last)
    where = "s.txt" if source == "file" else "standard input"
    errors = result.stderr.decode().splitlines()
    assert errors[0] == f"Error: {where}: line 2: 'x' is not a line of whole numbers; correct it"
    assert errors[1].startswith(f"Error: {where}: line 3, position 2: 9 is not one of the 5 rows")
    assert len(errors) == 2
