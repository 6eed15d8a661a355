"""The ways in which text comes in, and the blocks in which it is read."""

import base64
import bz2
import gzip
import hashlib
import lzma
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.reference import lines_of
from wordvec_cli.errors import InputError, WordvecError
from wordvec_cli.storage.files import _zstd
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.words import PADDING

# ---------------------------------------------------------------- files and pipes

TEXT = "".join(f"line {i} 東京 {'x' * (i % 50)}\n" for i in range(3000)).encode()
COMPRESSORS = {
    "plain": lambda content: content,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda content: _zstd().compress(content),
}


def open_corpus(paths: list[Path | str], **options: object) -> Corpus:
    return Corpus.open([str(path) for path in paths], Tokenizer(**options), Path.cwd())


def text_of(corpus: Corpus, block_bytes: int = 1 << 20) -> bytes:
    return b"".join(block.text for block in corpus.blocks(block_bytes))


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("compression", COMPRESSORS)
def test_compressed_and_plain_text_are_the_same(compression: str) -> None:
    Path("corpus").write_bytes(COMPRESSORS[compression](TEXT))
    corpus = open_corpus(["corpus"])
    assert text_of(corpus) == TEXT
    assert corpus.reading.fingerprint == hashlib.sha256(TEXT).hexdigest()
    assert corpus.size_bytes == Path("corpus").stat().st_size


@pytest.mark.parametrize("compression", ["plain", "xz"])
def test_a_pipe_is_read_again_and_again(compression: str) -> None:
    os.mkfifo("pipe")
    content = COMPRESSORS[compression](TEXT)
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(content))
    writer.start()
    corpus = open_corpus(["pipe"])
    writer.join()
    assert [text_of(corpus), text_of(corpus)] == [TEXT, TEXT]
    assert corpus.reading.fingerprint == hashlib.sha256(TEXT).hexdigest()
    assert os.listdir() == ["pipe"]


def test_standard_input_is_a_corpus() -> None:
    code = (
        "from pathlib import Path; from wordvec_cli.text.corpus import Corpus; "
        "from wordvec_cli.text.tokenizer import Tokenizer; "
        "c = Corpus.open(['-'], Tokenizer(), Path('.')); print([b.text for b in c.blocks()] * 2)"
    )
    result = subprocess.run([sys.executable, "-c", code], input=b"a b", capture_output=True, check=True)
    assert result.stdout == b"[b'a b\\n', b'a b\\n']\n"
    with pytest.raises(InputError, match="once"):
        open_corpus(["-", "-"])


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz", "zst"])
def test_a_compressed_file_cut_short_is_named(compression: str) -> None:
    noise = base64.b64encode(random.Random(1).randbytes(150_000))
    Path("corpus").write_bytes(COMPRESSORS[compression](noise)[:-1000])
    with pytest.raises(InputError, match="corpus: the compressed data is broken or cut short"):
        text_of(open_corpus(["corpus"]))


def test_folders_are_read_recursively_in_byte_order_of_relative_paths() -> None:
    for name in ["c/b/z", "c/b.txt", "c/a", "c/é", "c/B", "c/b/a/y"]:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)
    os.mkfifo("c/pipe")
    assert text_of(open_corpus(["c"])).decode().split() == ["c/B", "c/a", "c/b.txt", "c/b/a/y", "c/b/z", "c/é"]


def test_a_missing_file_an_empty_folder_and_a_vanished_file_are_named() -> None:
    Path("empty").mkdir()
    Path("here").write_text("x")
    with pytest.raises(InputError, match="gone: no such file"):
        open_corpus(["here", "gone"])
    with pytest.raises(InputError, match="empty: the folder holds no files"):
        open_corpus(["empty"])
    corpus = open_corpus(["here"])
    Path("here").unlink()
    with pytest.raises(InputError, match="here: no such file"):
        text_of(corpus)


# ---------------------------------------------------------------- blocks

BOM = b"\xef\xbb\xbf"
CONTENTS = {
    "empty": [b""],
    "only a byte order mark": [BOM],
    "no final newline": [b"a b", b"c"],
    "byte order marks": [BOM + b"a\n" + BOM + b"b", BOM + b"c"],
    "shorter than a byte order mark": [b"a", b"\xef", b""],
    "blank lines": [b"\n\n \n", b"\r\n"],
    "one line": [b"word " * 5000],
    "one word": [b"x" * 100_000],
    "long words": [b"x" * 5000 + b"\ty\n" + b"z" * 3000],
    "lines": [TEXT],
    **{f"white space at the end, {n}": [b"x" * n + b" ", b"y"] for n in range(1, 9)},
}


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 4096, 1 << 20])
@pytest.mark.parametrize("contents", CONTENTS.values(), ids=CONTENTS)
def test_blocks_are_the_whole_text_cut_at_white_space(contents: list[bytes], block_bytes: int) -> None:
    for i, content in enumerate(contents):
        Path(f"file{i}").write_bytes(content)
    corpus = open_corpus([f"file{i}" for i in range(len(contents))])
    blocks = list(corpus.blocks(block_bytes))
    text = b"".join(block.text for block in blocks)
    assert text == b"".join(line + b"\n" for line in lines_of(contents))
    assert corpus.reading.fingerprint == hashlib.sha256(text).hexdigest()
    assert corpus.reading.n_bytes == len(text)
    assert [block.index for block in blocks] == list(range(len(blocks)))
    for block in blocks:
        assert block.text[-1:].isspace()
        assert bytes(block.buffer[block.size : block.size + PADDING]) == b"\n" * PADDING


def test_patterns_get_whole_lines() -> None:
    Path("corpus").write_bytes(b"a b c d e f\n" * 100)
    corpus = open_corpus(["corpus"], kind="pattern", pattern="x")
    assert all(block.text.endswith(b"\n") for block in corpus.blocks(5))


BROKEN = b"good \xc3\xa9\nbad \xff one\nfine\n\xfe and " + b"more " * 100 + b"\xfd\nlast"


@pytest.mark.parametrize("block_bytes", [3, 50, 1 << 20])
@pytest.mark.parametrize(
    ("choice", "expected", "n_dropped"),
    [
        ("keep", BROKEN + b"\n", 0),
        ("replace", BROKEN.decode("utf-8", "replace").encode() + b"\n", 0),
        ("skip", b"good \xc3\xa9\n\nfine\n\nlast\n", 2),
    ],
)
def test_lines_with_invalid_utf8_are_counted_once(
    choice: str, expected: bytes, n_dropped: int, block_bytes: int
) -> None:
    Path("corpus").write_bytes(BROKEN)
    corpus = open_corpus(["corpus"], invalid_utf8=choice)
    assert text_of(corpus, block_bytes) == expected
    assert (corpus.reading.n_invalid_lines, corpus.reading.n_dropped_lines) == (2, n_dropped)
    assert corpus.reading.fingerprint == hashlib.sha256(BROKEN + b"\n").hexdigest()


@pytest.mark.parametrize("block_bytes", [3, 50, 1 << 20])
def test_an_error_on_invalid_utf8_names_file_and_line(block_bytes: int) -> None:
    Path("first").write_bytes(b"1\n2\n")
    Path("second").write_bytes(b"fine here\n\n" + BROKEN)
    with pytest.raises(InputError, match=r"^second:4: invalid UTF-8 \(byte 0xff at byte"):
        text_of(open_corpus(["first", "second"], invalid_utf8="error"), block_bytes)


@pytest.mark.parametrize("n_workers", [1, 3])
def test_every_block_is_fed_to_one_worker(n_workers: int) -> None:
    Path("corpus").write_bytes(TEXT)
    fed: list[int] = []
    reports = []
    corpus = open_corpus(["corpus"])
    corpus.feed([lambda block: fed.append(block.index)] * n_workers, "reading", reports.append, block_bytes=1000)
    assert sorted(fed) == list(range(len(reports)))
    assert reports[-1].done == reports[-1].total == len(TEXT)


@pytest.mark.parametrize("failing", [0, 1])
def test_what_a_worker_raises_ends_the_feeding(failing: int) -> None:
    Path("corpus").write_bytes(TEXT)
    has_failed = threading.Event()
    n_fed = [0, 0]

    def worker(number: int) -> None:
        n_fed[number] += 1
        if number == failing:
            has_failed.set()
            raise WordvecError("enough")
        assert has_failed.wait(10)

    workers = [lambda block: worker(0), lambda block: worker(1)]
    with pytest.raises(WordvecError, match="enough"):
        open_corpus(["corpus"]).feed(workers, "reading", block_bytes=100)
    assert max(n_fed) < 100


def test_a_reading_error_ends_the_feeding() -> None:
    Path("corpus").write_bytes(gzip.compress(TEXT)[:-20])
    with pytest.raises(InputError, match="cut short"):
        open_corpus(["corpus"]).feed([lambda block: None] * 2, "reading", block_bytes=1000)
