"""`wordvec get` from a server on this machine: verified, converted, kept, and then a name that every command knows."""

import gzip
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

import wordvec_cli
from tests.conftest import run_here
from tests.docs.test_docs import ROOT
from tests.storage.web_server import Request, Server, serving
from wordvec_cli import load
from wordvec_cli.errors import InputError
from wordvec_cli.pretrained import cache, registry
from wordvec_cli.pretrained.getting import GetOrder, get
from wordvec_cli.pretrained.registry import Pretrained, found, listed
from wordvec_cli.storage.download import Patience, Promise, Watch
from wordvec_cli.storage.remote import web_address

TEXT = b"3 2\nking 1 0\nqueen 0.9 0.1\napple 0 1\n"
GZIP = gzip.compress(TEXT, mtime=0)
BINARY = ((b"king", (1, 0)), (b"queen", (0.9, 0.1)), (b"apple", (0, 1)))
MD5 = hashlib.md5(GZIP).hexdigest()


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache's folder. Not by XDG_CACHE_HOME, under which kernels would be compiled anew."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def files() -> dict[str, bytes]:
    return {"/v.vec.gz": GZIP}


@pytest.fixture
def server(files: dict[str, bytes]) -> Iterator[Server]:
    def answer(request: Request) -> None:
        if (content := files.get(request.path)) is None:
            request.head(404, Content_Length=0)
        else:
            request.give(content, tag=f'"{hashlib.md5(content).hexdigest()}"')

    with serving(answer) as server:
        yield server


@pytest.fixture
def name(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    rows = {"small-2": Pretrained("small-2", (f"{server.url}/v.vec.gz",), None, Promise(len(GZIP), MD5), licence="CC0")}
    monkeypatch.setattr(registry, "registry", lambda: rows)
    return "small-2"


def files_in(kept: Path) -> list[str]:
    return sorted(str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file())


def test_a_name_is_a_vector_file_once_it_has_been_got(name: str, server: Server, kept: Path) -> None:
    early = run_here("similar", name, "king")
    assert early.returncode == 1 and b"not here yet; wordvec get small-2 downloads them" in early.stderr
    assert server.ranges == []
    result = run_here("get", name)
    assert result.stdout.decode() == f"{kept}/vectors/small-2.safetensors\n"
    assert files_in(kept) == ["checksums.json", "vectors/small-2.safetensors"]
    assert run_here("similar", name, "king", "-k", "1").stdout.startswith(b"king\tqueen\t0.99388")
    assert run_here("lookup", name, "apple").stdout == b"apple 0 1\n"
    assert run_here("verify", name).returncode == 0
    info = json.loads(run_here("info", name, "--format", "json").stdout)
    assert info["source"] == f"{server.url}/v.vec.gz"
    assert info["source_sha256"] == hashlib.sha256(GZIP).hexdigest()
    assert (info["licence"], info["words"]) == ("CC0", 3)
    assert load(name)["king"].tolist() == [1, 0]
    n_asked = len(server.ranges)
    assert run_here("get", name, "--offline").returncode == 0
    assert len(server.ranges) == n_asked == 1


def test_python_gets_them_too(name: str, server: Server, kept: Path) -> None:
    with pytest.raises(InputError, match="offline downloads nothing"):
        wordvec_cli.get(name, offline=True)
    path = wordvec_cli.get(name)
    assert wordvec_cli.get(name) == path == f"{kept}/vectors/small-2.safetensors"
    assert load(path)["apple"].tolist() == load(name)["apple"].tolist() == [0, 1]
    assert len(server.ranges) == 1


def test_offline_asks_nobody(name: str, server: Server, kept: Path) -> None:
    result = run_here("get", name, "--offline")
    assert result.returncode == 1 and b"--offline downloads nothing" in result.stderr
    assert server.ranges == [] and not kept.exists()


def test_an_unknown_name_is_told_with_those_like_it(name: str) -> None:
    result = run_here("get", "smal-2")
    assert result.returncode == 1 and b"is small-2 meant?" in result.stderr


def test_a_member_of_an_archive_is_taken_and_the_archive_kept_for_the_others(
    server: Server, files: dict[str, bytes], kept: Path
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("small.txt", TEXT.split(b"\n", 1)[1])
        archive.writestr("../large.txt", b"king 1 2 3\n")
    files["/all.zip"] = packed.getvalue()
    address = f"{server.url}/all.zip"
    first = get(GetOrder(f"{address}#small.txt"))
    second = get(GetOrder(f"{address}#../large.txt"))
    assert [load(path)["king"].tolist() for path in (first, second)] == [[1, 0], [1, 2, 3]]
    assert len(server.ranges) == 1
    assert run_here("lookup", f"{address}#small.txt", "king").stdout == b"king 1 0\n"
    assert not any(path.name == "large.txt" for path in kept.parent.rglob("*"))
    with pytest.raises(InputError, match=r"holds no other.txt; it has small.txt, ../large.txt"):
        get(GetOrder(f"{address}#other.txt"))
    with pytest.raises(InputError, match=r"holds 2 files; name one: .*all.zip#small.txt, .*#../large"):
        get(GetOrder(address))


def test_a_model_of_hugging_face_is_two_files(
    server: Server, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    matrix = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    files["/minish/tiny/resolve/main/model.safetensors"] = save({"embeddings": matrix})
    model = {"type": "WordLevel", "vocab": {"[UNK]": 0, "king": 1, "apple": 2}, "unk_token": "[UNK]"}
    files["/minish/tiny/resolve/main/tokenizer.json"] = json.dumps({"model": model, "added_tokens": []}).encode()
    assert load(get(GetOrder("hf://minish/tiny")))["apple"].tolist() == [0, 1]
    files["/minish/words/resolve/main/v.vec.gz"] = GZIP
    assert load(get(GetOrder("hf://minish/words/v.vec.gz")))["apple"].tolist() == [0, 1]


def test_a_model_of_fasttext_is_unpacked_beside_the_cache(
    server: Server, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"3 2\n" + b"".join(word + b" " + np.array(row, "<f4").tobytes() for word, row in BINARY)
    files["/cc.xx.300.bin.gz"] = gzip.compress(content)
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/nonexistent")  # which may be small
    assert load(get(GetOrder(f"{server.url}/cc.xx.300.bin.gz")))["apple"].tolist() == [0, 1]


def test_another_file_than_the_first_time_is_refused(server: Server, files: dict[str, bytes], kept: Path) -> None:
    address = f"{server.url}/v.vec.gz"
    notes: list[str] = []
    watch = Watch(note=lambda text, **_: notes.append(text))
    path = get(GetOrder(address), watch)
    assert "no checksum is published; its SHA-256" in notes[0] and "is kept" in notes[0]
    before = path.read_bytes()
    get(GetOrder(address, again=True), watch)
    assert "is the same as the first time" in notes[-1]
    files["/v.vec.gz"] = gzip.compress(TEXT + b"pear 1 1\n")
    with pytest.raises(InputError, match=r"has changed: its SHA-256 is .*, and it was .* the first time"):
        get(GetOrder(address, again=True))
    assert path.read_bytes() == before
    assert files_in(kept) == ["checksums.json", f"vectors/{path.name}"]


def test_what_cannot_be_read_is_not_kept(server: Server, files: dict[str, bytes], kept: Path) -> None:
    """As where a server cuts, and says that this is all there is."""
    files["/v.vec.gz"] = GZIP[:-12]
    with pytest.raises(InputError, match=r"v.vec.gz: the compressed data is broken or cut short"):
        get(GetOrder(f"{server.url}/v.vec.gz"))
    assert files_in(kept) == []
    files["/v.vec.gz"] = GZIP
    assert len(load(get(GetOrder(f"{server.url}/v.vec.gz"))).vocabulary) == 3


def test_what_is_not_as_published_is_not_kept(name: str, files: dict[str, bytes], kept: Path) -> None:
    files["/v.vec.gz"] = gzip.compress(TEXT.replace(b"1 0", b"1 9"), mtime=0)[: len(GZIP)]
    result = run_here("get", name)
    assert result.returncode == 1
    assert files_in(kept) == []


def test_a_cut_goes_on_in_the_next_run(kept: Path) -> None:
    rows = [b"w%d %d 1\n" % (i, i) for i in range(30_000)]
    text = b"30000 2\n" + b"".join(rows)
    ends = iter([100_000, 100_000, None])
    with serving(lambda request: request.give(text, up_to=next(ends))) as server:
        patient = Watch(patience=Patience(20, 2, lambda _: None))
        with pytest.raises(InputError, match=r"100 kB of .* are kept"):
            get(GetOrder(f"{server.url}/v.vec"), patient)
        assert len(load(get(GetOrder(f"{server.url}/v.vec"), patient)).vocabulary) == 30_000
        assert server.ranges == [None, "bytes=100000-", "bytes=100000-"]


def test_the_list_says_what_there_is() -> None:
    lines = run_here("get", "--list", "--header").stdout.decode().splitlines()
    assert lines[0] == "name\twords\tdimension\tdownload\tlanguage\tlicence\ttext"
    assert "glove-wiki-gigaword-50\t400000\t50\t69.18 MB\ten\tPDDL 1.0\tWikipedia 2014 + Gigaword 5" in lines
    assert any(line.startswith("cc.{language}.300\t2000000\t300\t\t158 languages\t") for line in lines)
    rows = [json.loads(line) for line in run_here("get", "--list", "--format", "json").stdout.splitlines()]
    assert rows[4]["download_bytes"] == 69182535
    assert run_here("get").returncode == 2


# ---------------------------------------------------------------- the registry


def test_the_rows_of_the_registry_are_whole() -> None:
    rows = registry.registry()
    assert len(rows) == 37 - 2 + 2 * 158
    for name, row in rows.items():
        assert re.fullmatch(r"[\w.-]+", name) and row.name == name
        assert row.licence and row.text and row.language and row.dimension
        assert row.promise.md5 is None or re.fullmatch("[0-9a-f]{32}", row.promise.md5)
        for url in row.urls:
            assert "{" not in url and web_address(url).startswith("https://")
    assert found("cc.de.300").urls == ("https://dl.fbaipublicfiles.com/fasttext/vectors-crawl/cc.de.300.vec.gz",)
    assert found("glove.6B.50d").member == "glove.6B.50d.txt"
    assert found("glove-wiki-gigaword-50").promise == Promise(69182535, "c289bc5d7f2f02c6dc9f2f9b67641813")
    assert sum(n for _, n in listed()) == len(rows)


@pytest.mark.parametrize("address", ["ftp://x/y", "file:///etc/passwd", "s3://bucket/v.txt", "hf://owner", "hf://a/b/"])
def test_other_addresses_are_refused_or_models(address: str) -> None:
    if address == "hf://a/b/":
        assert found(address).is_folder
        return
    with pytest.raises(InputError, match=r"is not an address of a web server|does not name a file"):
        found(address)


def test_addresses_are_kept_under_names_of_their_own() -> None:
    names = [found(f"https://x/{path}").name for path in ("a/v.vec", "b/v.vec", "a/v.vec#m", "%2e%2e/..", "")]
    assert len({*names}) == len(names)
    assert all(re.fullmatch(r"[\w+-][\w.+-]*", name) and ".." not in name for name in names)


def test_each_name_of_the_page_is_one() -> None:
    page = (ROOT / "docs" / "pretrained.md").read_text()
    table = page.split("| names | of |")[1].split("\n\n")[0]
    names = re.findall(r"`([\w.-]*[A-Za-z][\w.-]*\d\w*(?:\.bin)?)`", table)
    assert len(names) > 15
    for name in names:
        full = name.replace("LANGUAGE", "de")
        assert any(known == full or known.endswith(full) for known in registry.registry()), name
