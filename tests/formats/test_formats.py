"""What a vector file is, its content tells: whatever its name, compression and damage; and which rows are taken."""

import bz2
import gzip
import io
import json
import lzma
import os
import random
import subprocess
import sys
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from backports import zstd
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.formats import FORMATS, format_for, open_vectors, readable_formats, writable_formats, write_vectors
from wordvec_cli.formats.reading import NOT_FINITE, REPEATED, ReadOptions, WriteOptions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b"the", "東京".encode(), b"cat", b"dog"]
MATRIX = np.float32([[1, 2, 3], [0.25, -1, 1e-9], [4, 5, 6], [7, 8, 9.5]])
COUNTS = [9, 7, 5, 3]
CONTEXT = MATRIX[::-1] * 2
UNKNOWN = np.float32([[0.5, 1.5, 2.5]])
ROWS = list(zip(WORDS, MATRIX.tolist(), strict=True))
TEXT = b"the 1 2 3\n\xe6\x9d\xb1\xe4\xba\xac 0.25 -1 1e-9\ncat 4 5 6\ndog 7 8 9.5\n"
BINARY = b"4 3\n" + b"".join(word + b" " + row.astype("<f4").tobytes() for word, row in zip(WORDS, MATRIX, strict=True))
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd.compress
}  # fmt: skip


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def native_bytes() -> bytes:
    save("n", Vocabulary.from_words(WORDS, COUNTS), MATRIX, {"seed": "7"}, {"context": CONTEXT, "unknown": UNKNOWN})
    content = Path("n").read_bytes()
    os.remove("n")
    return content


def npy_bytes() -> bytes:
    file = io.BytesIO()
    np.save(file, MATRIX)
    return file.getvalue()


def npz_bytes() -> bytes:
    file = io.BytesIO()
    np.savez(file, words=np.array([word.decode() for word in WORDS]), vectors=MATRIX)
    return file.getvalue()


def pickle_bytes() -> bytes:
    keyed = KeyedVectors(3)
    keyed.add_vectors([word.decode() for word in WORDS], MATRIX)
    keyed.save("k")
    content = Path("k").read_bytes()
    os.remove("k")
    return content


def zip_of(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def read(
    content: bytes, options: ReadOptions | None = None, name: str = "file", told: str | None = None
) -> tuple[Embeddings, list[str]]:
    Path(name).write_bytes(content)
    notes: list[str] = []
    return open_vectors(name, options or ReadOptions(), told, notes.append), notes


def rows(embeddings: Embeddings) -> list[tuple[bytes, list[float]]]:
    return list(zip(embeddings.vocabulary, embeddings.matrix.tolist(), strict=True))


# ---------------------------------------------------------------- every row of the table

BOTH_WAYS = [name for name, each in FORMATS.items() if each.writer and name in readable_formats()]
HARD_WORDS = [
    b"a b",
    b" a",
    b"a ",
    b"a\tb",
    b"a|b",
    b"a;b",
    b"a,b",
    b'"a"',
    b"#a",
    b"</s>",
    b"1",
    b"-",
    b"\xe9",
    b"a\nb",
    b"a\0b",
]


@pytest.mark.parametrize("word", HARD_WORDS)
@pytest.mark.parametrize("name", BOTH_WAYS)
def test_what_a_format_takes_it_gives_back_and_what_it_cannot_hold_it_refuses(name: str, word: bytes) -> None:
    """A word that would be read as another one, or not at all, is refused, or noted, when it is written."""
    vectors = from_matrix(Vocabulary.from_words([b"the", word, b"cat"]), np.float32([[1, 2], [3, 4.5], [-1, 0]]), {})
    path = f"v{FORMATS[name].suffixes[0]}"
    try:
        notes = write_vectors(path, vectors, FORMATS[name], WriteOptions())
    except InputError as error:
        assert str(error).startswith(path)
        assert not os.path.exists(path)
    else:
        found = open_vectors(path, ReadOptions(allow_pickle=True), name)
        assert rows(found) == rows(vectors) or notes


# ---------------------------------------------------------------- what it is

KINDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "native": ("native", native_bytes),
    "bare text": ("glove", lambda: TEXT),
    "text with a header": ("word2vec", lambda: b"4 3\n" + TEXT),
    "text with a mark": ("glove", lambda: b"\xef\xbb\xbf" + TEXT),
    "text of whole numbers": ("word2vec", lambda: b"2 3\nking 1 2 3\nqueen 4 5 6\n"),
    "text with blanks": ("word2vec", lambda: b"2 3\nNew York 1 2 3\nqueen 4 5 6\n"),
    "text with tabs": ("word2vec", lambda: b"2 3\r\nking\t1\t2\t3\r\nqueen\t4\t5\t6\r\n"),
    "binary": ("word2vec-binary", lambda: BINARY),
    "npz": ("npz", npz_bytes),
    "pickle": ("gensim", pickle_bytes),
}
OTHER_ROWS = {
    "text of whole numbers": [(b"king", [1, 2, 3]), (b"queen", [4, 5, 6])],
    "text with blanks": [(b"New York", [1, 2, 3]), (b"queen", [4, 5, 6])],
    "text with tabs": [(b"king", [1, 2, 3]), (b"queen", [4, 5, 6])],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["vectors", "v.txt", "v.bin", "v.safetensors", "v.npy"])
def test_the_content_tells_what_a_file_is_and_not_its_name(kind: str, name: str) -> None:
    format, make = KINDS[kind]
    found, _ = read(make(), ReadOptions(allow_pickle=True), name)
    assert found.metadata.get("converted_from", "native") == format
    assert rows(found) == OTHER_ROWS.get(kind, ROWS)


@pytest.mark.parametrize("ending", COMPRESSIONS)
@pytest.mark.parametrize("kind", ["native", "bare text", "text with a header", "binary", "npz"])
def test_compressed_files_are_read_as_what_is_in_them(kind: str, ending: str) -> None:
    format, make = KINDS[kind]
    for name in ("vectors", f"v.txt{ending}"):
        found, notes = read(COMPRESSIONS[ending](make()), None, name)
        assert (rows(found), notes) == (ROWS, [])
        assert found.metadata.get("converted_from", "native") == format


def test_a_native_file_opens_after_one_was_written() -> None:
    """The module that writes them must not stand in the way of the one that opens them."""
    vectors, _ = read(TEXT)
    write_vectors("n.safetensors", vectors, format_for("n.safetensors"), WriteOptions())
    for options in (None, ReadOptions()):
        assert rows(open_vectors("n.safetensors", options)) == ROWS


def test_a_compressed_native_file_opens_without_any_options() -> None:
    Path("v.safetensors.gz").write_bytes(gzip.compress(native_bytes(), mtime=0))
    assert rows(open_vectors("v.safetensors.gz")) == ROWS


@pytest.mark.parametrize("kind", ["native", "bare text", "binary"])
def test_the_only_file_in_a_zip_archive_is_read(kind: str) -> None:
    content = KINDS[kind][1]()
    for members in ([("v.txt", content)], [("folder/", b""), ("folder/v", content)]):
        found, _ = read(zip_of(*members))
        assert rows(found) == ROWS


def test_an_archive_of_several_files_is_an_error_that_names_them() -> None:
    with pytest.raises(InputError, match=r"^file: holds 2 files \(a\.txt, b\.txt\); unpack the one that you want"):
        read(zip_of(("a.txt", TEXT), ("b.txt", TEXT)))
    with pytest.raises(InputError, match=r"^file: holds 0 files"):
        read(zip_of(("folder/", b"")) if zip_of(("folder/", b""))[:4] == b"PK\x03\x04" else zip_of())


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_with_any_damaged_byte_is_an_error_or_is_read(method: int) -> None:
    whole = zip_of(("v.txt", TEXT), method=method)
    for i in range(4, len(whole)):  # without its first four it is no archive
        damaged = bytearray(whole)
        damaged[i] ^= 0xFF
        try:
            found, _ = read(bytes(damaged))
        except InputError as error:
            assert str(error).startswith("file: ")
        else:
            assert rows(found) == ROWS


def test_an_archive_with_a_password_or_an_unknown_compression_is_an_error() -> None:
    whole = zip_of(("v.txt", TEXT))
    entry = whole.index(b"PK\x01\x02")
    for local, central, value in ((6, 8, 1), (8, 10, 99)):
        changed = bytearray(whole)
        changed[local] = changed[entry + central] = value
        with pytest.raises(InputError, match=r"^file: "):
            read(bytes(changed))


def test_a_pickle_is_not_opened_unless_that_is_allowed(tmp_path: Path) -> None:
    """One that would make a file when it is opened."""
    attack = b"\x80\x04cos\nmkdir\n(V" + str(tmp_path / "run").encode() + b"\ntR."
    for content in (pickle_bytes(), attack):
        with pytest.raises(InputError, match=r"^file: is a Python pickle, .* --allow-pickle only for files that you"):
            read(content)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            b"<!DOCTYPE html>\n<html>\n<head><title>404 Not Found</title></head>\n</html>\n",
            "is a web page or XML, not a vector file",
        ),
        (b"<html>\n<p>call\n555 1234\n</html>\n<p>\n<p>\n", "looks like a web page or XML, not word vectors"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
            "is a Git LFS pointer, not the file",
        ),
        (b"", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"\x00" * 1000, "is not a vector file wordvec recognises"),
        (random.Random(1).randbytes(5000), None),
        (b"only words\nand no numbers\n", "is not a vector file wordvec recognises"),
        (gzip.compress(TEXT, mtime=0)[:-9], "broken or cut short"),
        (gzip.compress(TEXT, mtime=0)[:30], "broken or cut short"),
        (b"PK\x03\x04 no archive", "zip"),
        (b"\x93NUMPY", None),
        (b"4 3\n", None),
        (b"3000000 300\n", None),
    ],
)
def test_what_holds_no_vectors_is_an_error_that_names_the_file(content: bytes, text: str | None) -> None:
    with pytest.raises(InputError, match=r"^file: ") as caught:
        read(content)
    assert text is None or text in str(caught.value)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_are_an_error(seed: int) -> None:
    with pytest.raises(InputError, match=r"^file: "):
        read(random.Random(seed).randbytes(3000))


def test_a_folder_or_no_file_at_all_is_an_error() -> None:
    os.mkdir("folder")
    with pytest.raises(InputError, match=r"^folder: is a folder without"):
        open_vectors("folder", ReadOptions())
    with pytest.raises(InputError, match=r"^missing: no such file or directory"):
        open_vectors("missing", ReadOptions())


@pytest.mark.parametrize("kind", ["native", "bare text", "binary"])
@pytest.mark.parametrize("told", [None, "as it is"])
def test_a_pipe_is_read_once(kind: str, told: str | None) -> None:
    format, make = KINDS[kind]
    content = make()
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(content))
    writer.start()
    found = open_vectors("pipe", ReadOptions(), told and format)
    writer.join(timeout=60)
    assert rows(found) == ROWS


def test_standard_input_is_read_as_any_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (TEXT, gzip.compress(TEXT, mtime=0), BINARY, native_bytes()):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert rows(open_vectors("-", ReadOptions())) == ROWS
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(InputError, match=r"^standard input: "):
        open_vectors("-", ReadOptions())
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match=r"^standard input: is closed"):
        open_vectors("-", ReadOptions())


def test_a_format_that_is_told_is_believed() -> None:
    content = b"2 3\nking 1 2 3\nqueen 4 5 6\n"
    assert list(read(content, None, told="glove")[0].vocabulary) == [b"king", b"queen"]
    assert list(read(content, None, told="word2vec")[0].vocabulary) == [b"king", b"queen"]
    binary, notes = read(content, None, told="word2vec-binary")
    assert binary.metadata["converted_from"] == "word2vec-binary"
    assert notes  # as this is none
    for told in ("native", "word2vec-binary", "npy", "npz", "safetensors"):
        with pytest.raises(InputError, match=r"^file: "):
            read(TEXT, None, told=told)
    with pytest.raises(OptionError, match=r"--from projector: must be one of .*glove"):
        read(TEXT, None, told="projector")


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize("ending", COMPRESSIONS)
@pytest.mark.parametrize("start", [b"a 1 2\n", b"9999999 3\nking \x00\x00\x00\x00", b"\x93NUMPY\x01\x00"])
def test_a_compressed_bomb_stops_at_the_bound(ending: str, start: bytes) -> None:
    """100 MB of zeros; of the bound and a block, no more is read."""
    bomb = _bomb(ending)
    Path("bomb").write_bytes(COMPRESSIONS[ending](start) + bomb)
    tracemalloc.start()
    with pytest.raises(InputError, match=r"^bomb: is longer than --max-bytes"):
        open_vectors("bomb", ReadOptions(max_bytes=3_000_000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 40_000_000


_BOMBS: dict[str, bytes] = {}


def _bomb(ending: str) -> bytes:
    if ending not in _BOMBS:
        _BOMBS[ending] = COMPRESSIONS[ending](bytes(10_000_000)) * 10
    return _BOMBS[ending]


def test_the_bound_is_of_what_is_read_to_the_byte() -> None:
    for content in (TEXT, gzip.compress(TEXT, mtime=0), BINARY, native_bytes()):
        n_bytes = len(gzip.decompress(content)) if content[:2] == b"\x1f\x8b" else len(content)
        assert rows(read(content, ReadOptions(max_bytes=n_bytes))[0]) == ROWS
        with pytest.raises(InputError, match=r"^file: is longer than --max-bytes; raise it if you trust the file"):
            read(content, ReadOptions(max_bytes=n_bytes - 1))


def test_the_bound_holds_for_pipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than that may go to the disk, however much comes."""

    class Endless(io.RawIOBase):
        n_bytes = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:
            self.n_bytes += len(buffer)
            if self.n_bytes > 100_000_000:
                raise AssertionError("there is no end to it")
            return len(buffer)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    with pytest.raises(InputError, match=r"^standard input: is longer than --max-bytes"):
        open_vectors("-", ReadOptions(max_bytes=1_000_000))


# ---------------------------------------------------------------- which rows


@pytest.mark.parametrize("kind", ["native", "bare text", "binary", "npz"])
@pytest.mark.parametrize(
    ("words", "limit", "kept"),
    [
        (None, None, [0, 1, 2, 3]),
        (None, 2, [0, 1]),
        (None, 99, [0, 1, 2, 3]),
        ([b"dog", b"the", b"absent"], None, [0, 3]),
        ([b"dog", b"the", b"cat"], 2, [0, 2]),
        ([b"dog"], 1, [3]),
    ],
)
def test_words_and_a_limit_choose_rows_in_the_order_of_the_file(
    kind: str, words: list[bytes] | None, limit: int | None, kept: list[int]
) -> None:
    wanted = None if words is None else frozenset(words)
    found, _ = read(KINDS[kind][1](), ReadOptions(words=wanted, limit=limit))
    assert rows(found) == [ROWS[i] for i in kept]
    for i in kept:
        np.testing.assert_array_equal(found.vector(WORDS[i]), MATRIX[i])
    if kind == "native":
        assert list(found.vocabulary.counts) == [COUNTS[i] for i in kept]
        np.testing.assert_array_equal(found.context, CONTEXT[kept])
        assert list(found.unknown) == UNKNOWN[0].tolist()
        assert found.metadata["seed"] == "7"


@pytest.mark.parametrize("kind", ["native", "bare text", "binary", "npz"])
def test_no_row_of_these_words_is_an_error(kind: str) -> None:
    with pytest.raises(InputError, match="holds no vectors of these words"):
        read(KINDS[kind][1](), ReadOptions(words=frozenset([b"absent"])))


def test_whatever_is_odd_is_an_error_if_strict_and_a_note_if_not() -> None:
    odd = TEXT + b"the nan 1 1\n"
    _, notes = read(odd)
    assert notes == [f"file: {NOT_FINITE}: 1, the first on line 5", f"file: {REPEATED}: 1, the first on line 5"]
    with pytest.raises(InputError, match=r"^file: .*the first on line 5; leave --strict out to read it all the same"):
        read(odd, ReadOptions(strict=True))
    for content in (TEXT, BINARY, native_bytes()):
        assert rows(read(content, ReadOptions(strict=True))[0]) == ROWS


@pytest.mark.parametrize("content", [TEXT[:-1], b"5 3\n" + TEXT, b"\xef\xbb\xbf" + TEXT, TEXT + b"\n", TEXT + b"x 1\n"])
def test_any_oddity_of_the_whole_file_is_an_error_if_strict(content: bytes) -> None:
    assert len(read(content)[1]) == 1
    with pytest.raises(InputError, match=r"^file: .*--strict"):
        read(content, ReadOptions(strict=True))


# ---------------------------------------------------------------- safetensors


def test_a_native_file_opens_without_numpy_or_the_readers() -> None:
    Path("v").write_bytes(native_bytes())
    code = (
        "import sys; from wordvec_cli.formats import open_vectors; v = open_vectors('v'); "
        "print(len(v.vocabulary), list(v.row(2)), sorted({'numpy', 'numba', 'gensim', 'zipfile', 'tempfile', "
        "'wordvec_cli.formats.reading'} & set(sys.modules)))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert result.stdout == b"4 [4.0, 5.0, 6.0] []\n"


@pytest.mark.parametrize("n_header", [0, 1, 7, 10**6, 2**31, 2**32, 2**62, 2**63, 2**64 - 1])
@pytest.mark.parametrize("told", [None, "native", "safetensors"])
def test_a_header_of_any_told_length_is_an_error(n_header: int, told: str | None) -> None:
    content = native_bytes()
    with pytest.raises(InputError, match=r"^file: "):
        read(n_header.to_bytes(8, "little") + content[8:], None, told=told)


def changed_header(change: Callable[[dict[str, object]], None]) -> bytes:
    content = native_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    change(header)
    text = json.dumps(header, separators=(",", ":")).encode()
    return len(text).to_bytes(8, "little") + text + content[end:]


@pytest.mark.parametrize(
    "name", ["vectors", "words.text", "words.offsets", "words.order", "context", "unknown", "counts"]
)
@pytest.mark.parametrize(
    "entry",
    [
        {"data_offsets": [0, 2**62]}, {"data_offsets": [-8, 8]}, {"data_offsets": [10**9, 10**9 + 48]},
        {"data_offsets": [48, 0]}, {"data_offsets": [0]}, {"data_offsets": None}, {"shape": [2**40, 2**40]},
        {"shape": [-4, -3]}, {"shape": []}, {"shape": "43"}, {"dtype": "F99"}, {"dtype": 5}, {"dtype": "BOOL"},
    ],
)  # fmt: skip
def test_tensors_outside_the_file_are_an_error(name: str, entry: dict[str, object]) -> None:
    for told in (None, "safetensors"):
        with pytest.raises(InputError, match=r"^file: "):
            read(changed_header(lambda header: header[name].update(entry)), None, told=told)


@settings(max_examples=80)
@given(st.data())
def test_a_native_file_with_damaged_bytes_is_an_error_or_vectors(data: st.DataObject) -> None:
    content = bytearray(native_bytes())
    n_header = 8 + int.from_bytes(content[:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, n_header - 1))] = data.draw(st.integers(0, 255))
    try:
        found, _ = read(bytes(content), ReadOptions(limit=2))
    except InputError:
        return
    assert len(found.matrix) == 2


def test_a_native_file_that_is_cut_anywhere_is_an_error() -> None:
    content = native_bytes()
    for n_bytes in range(0, len(content), 7):
        with pytest.raises(InputError, match=r"^file: "):
            read(content[:n_bytes])


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize(
    ("name", "told", "writer"),
    [
        ("v.safetensors", None, "write"), ("v.txt", None, "write_glove"), ("v.glove", None, "write_glove"),
        ("v.vec", None, "write_word2vec"), ("v.VEC", None, "write_word2vec"), ("v.bin", None, "write"),
        ("v.txt.gz", None, "write_glove"), ("v.vec.zst", None, "write_word2vec"), ("v.csv", None, "write_csv"),
        ("v.json", None, "write"),
        ("v.tensors.tsv", None, "write"), ("v.tsv", None, "write_tsv"), ("v.npy", None, "write_npy"),
        ("v.npz", None, "write_npz"), ("v.jsonl", None, "write_jsonl"), ("v.txt", "csv", "write_csv"),
        ("-", "glove", "write_glove"), ("a.b/v", "word2vec", "write_word2vec"),
    ],
)  # fmt: skip
def test_the_name_of_the_output_tells_its_format_unless_it_is_told(name: str, told: str | None, writer: str) -> None:
    assert format_for(name, told).writer == writer


@pytest.mark.parametrize(("name", "told"), [("v", None), ("v.gz", None), ("v.ftz", None), ("txt", None), ("-", None)])
def test_a_name_that_does_not_tell_the_format_is_an_error(name: str, told: str | None) -> None:
    with pytest.raises(OptionError, match=f"^{name}: its name does not say the format; add --to native"):
        format_for(name, told)


@pytest.mark.parametrize("told", ["glove-binary", "safetensors", "xml"])
def test_a_format_that_is_not_written_is_an_error(told: str) -> None:
    with pytest.raises(OptionError, match=f"--to {told}: must be one of {', '.join(writable_formats())}"):
        format_for("v.txt", told)


@pytest.mark.parametrize("ending", COMPRESSIONS)
@pytest.mark.parametrize("name", ["v.txt", "v.safetensors", "v.bin", "v.csv", "v.npz"])
def test_an_output_is_compressed_as_its_name_ends(name: str, ending: str) -> None:
    vectors, _ = read(TEXT)
    write_vectors(name, vectors, format_for(name), WriteOptions())
    write_vectors(name + ending, vectors, format_for(name + ending), WriteOptions())
    decompress = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress, ".zst": zstd.decompress}
    assert decompress[ending](Path(name + ending).read_bytes()) == Path(name).read_bytes()
    assert sorted(os.listdir()) == sorted(["file", name, name + ending])


def test_a_format_of_several_files_is_not_compressed_and_leaves_nothing() -> None:
    vectors, _ = read(TEXT)
    for name in ("v.npy.gz", "v.tensors.tsv.gz"):
        with pytest.raises(OptionError, match=f"^{name}: this format is several files, which are not compressed"):
            write_vectors(name, vectors, format_for(name), WriteOptions())
    assert os.listdir() == ["file"]


def test_readers_have_the_modules_that_the_table_promises() -> None:
    for format in FORMATS.values():
        module = format.load_module()
        assert format.reader is None or callable(getattr(module, format.reader))
        assert format.writer is None or callable(getattr(module, format.writer))


def test_vectors_beyond_the_memory_go_to_disk_and_vanish_with_their_map(tmp_path: Path) -> None:
    """With blocks of some rows each; the same vectors, and no file left."""
    lines = b"".join(b"w%d %d %d\n" % (i, i, i * i) for i in range(2000))
    path = tmp_path / "v.txt"
    path.write_bytes(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wordvec_cli.formats.text.BLOCK_BYTES", 1000)
        whole = open_vectors(str(path), ReadOptions())
        before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
        for memory in (0, 100, 5000, 1 << 30):
            found = open_vectors(str(path), ReadOptions(folder=tmp_path, memory=memory))
            np.testing.assert_array_equal(found.matrix, whole.matrix)
            assert list(found.vocabulary) == list(whole.vocabulary)
            assert os.listdir(tmp_path) == ["v.txt"]
            del found
        if before:
            assert len(set(os.listdir("/proc/self/fd")) - before) <= 1  # that of the folder itself
