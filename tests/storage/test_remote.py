"""Files at addresses, wherever a command takes a path: whole, read once, or an error."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from tests.conftest import run_here
from tests.storage.web_server import Request, Server, serving
from wordvec_cli.classify.line_files import LineFiles, check_files, lines_of_files
from wordvec_cli.classify.lines import LabelLayout
from wordvec_cli.errors import InputError
from wordvec_cli.storage import remote
from wordvec_cli.storage.remote import is_remote, is_web, spooled, web_address
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer

LINES = b"the cat sat\nthe dog\n"
VECTORS = b"2 2\nking 1 0\nqueen 0 1\n"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    files = {
        "/corpus.txt.gz": gzip.compress(LINES), "/v.vec": VECTORS, "/words.txt": b"queen\n",
        "/t.csv": b"a,b\nx,the cat\n", "/lab.txt": b"__label__a the cat\n__label__b the dog\n",
    }  # fmt: skip

    def answer(request: Request) -> None:
        content = files.get(request.path)
        request.head(404, Content_Length=0) if content is None else request.give(content)

    with serving(answer) as server:
        yield server


def test_a_corpus_is_read_once(server: Server, tmp_path: Path) -> None:
    output = tmp_path / "v.tsv"
    result = run_here("build-vocab", f"{server.url}/corpus.txt.gz", "--min-count", "1", "-o", output)
    assert result.returncode == 0, result.stderr
    assert output.read_text().splitlines()[0] == "the\t2"
    assert server.ranges == [None]
    encoded = run_here("encode", f"{server.url}/corpus.txt.gz", "--vocab", output, "--to", "text", "-o", "-")
    assert len(encoded.stdout.splitlines()) == 2
    table = run_here("build-vocab", f"{server.url}/t.csv", "--text-column", "b", "--min-count", "1", "-o", "-")
    assert table.stdout == b"cat\t1\nthe\t1\n"


def test_vectors_lists_and_labelled_lines_too(server: Server, tmp_path: Path) -> None:
    words = f"{server.url}/words.txt"
    assert run_here("lookup", f"{server.url}/v.vec", "king").stdout == b"king 1 0\n"
    exported = run_here("export", f"{server.url}/v.vec", tmp_path / "v.txt", "--words", words)
    assert exported.returncode == 0, exported.stderr
    assert (tmp_path / "v.txt").read_bytes() == b"queen 0 1\n"
    missing = run_here("similar", f"{server.url}/none.vec", "king")
    assert missing.returncode == 1 and f"{server.url}/none.vec: the server answers 404" in missing.stderr.decode()
    encoded = run_here("encode", f"{server.url}/words.txt", "--vocab", words, "--to", "text", "-o", "-")
    assert encoded.stdout == b"2\n"
    labelled = LineFiles([f"{server.url}/lab.txt"], LabelLayout())
    check_files(labelled.paths)
    parsed = [line for parser, lines in lines_of_files(labelled, "keep") for line in parser.parse(lines)]
    assert parsed == [([b"a"], b" the cat"), ([b"b"], b" the dog")]


def test_other_storage_is_that_of_fsspec(tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    files.pipe({"/texts/b.txt": b"two\n", "/texts/a.txt": b"one\n", "/v.vec": VECTORS})
    corpus = Corpus.open(["memory://texts"], Tokenizer(), tmp_path)
    assert b"".join(block.text for block in corpus.blocks()) == b"one\ntwo\n"
    assert corpus.n_files == 2
    assert run_here("lookup", "memory:///v.vec", "queen").stdout == b"queen 0 1\n"
    missing = run_here("lookup", "memory:///none.vec", "queen")
    assert missing.returncode == 1 and b"Traceback" not in missing.stderr


class Short:
    """Storage that ends a file early, without an error."""

    core: Any

    def __init__(self) -> None:
        self.core = self

    def url_to_fs(self, address: str) -> tuple[Any, str]:
        files = fsspec.filesystem("memory")
        files.pipe("/short.txt", b"one two\n")
        files.size = lambda path: 100
        return files, "/short.txt"


def test_a_file_that_ends_early_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(remote, "fsspec", Short)
    with pytest.raises(InputError, match=r"s3://b/short.txt: ended after 8 of 100 bytes"):
        spooled("s3://b/short.txt", tmp_path)


def test_a_client_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gs://b/x: .*(gcsfs|Please install)"):
        spooled("gs://b/x", tmp_path)
    with pytest.raises(InputError, match="nothere://b/x"):
        spooled("nothere://b/x", tmp_path)


def test_a_local_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:" / "x").mkdir(parents=True)
    (tmp_path / "s3:" / "x" / "v.vec").write_bytes(VECTORS)
    assert run_here("lookup", "s3://x/v.vec", "king").stdout == b"king 1 0\n"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("hf://o/r/v.txt", "https://huggingface.co/o/r/resolve/main/v.txt"),
        ("hf://o/r@v1/a/v.txt", "https://huggingface.co/o/r/resolve/v1/a/v.txt"),
        ("hf://datasets/o/r/v.txt", "https://huggingface.co/datasets/o/r/resolve/main/v.txt"),
        ("https://x/y", "https://x/y"),
        ("hf://o/r", None),
        ("hf://o//v.txt", None),
        ("s3://b/x", None),
    ],
)
def test_addresses(address: str, expected: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert is_remote(address)
    if expected:
        assert is_web(address) and web_address(address) == expected
    else:
        with pytest.raises(InputError):
            web_address(address)


def test_plain_paths_are_no_addresses() -> None:
    assert not any(map(is_remote, ["a.txt", "/x/a.txt", "-", "C:/x", "C:\\x", "a:b", "//host/x", "://x"]))
