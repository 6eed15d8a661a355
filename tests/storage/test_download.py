"""Downloads from a server that misbehaves: the file is whole and the right one, or there is an error and no file."""

import hashlib
import io
import json
import re
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.storage.web_server import Request, Server, serving
from wordvec_cli.errors import InputError
from wordvec_cli.storage.download import Patience, Promise, Received, Watch, download, fetch
from wordvec_cli.storage.http_answers import Asker

CONTENT = bytes(range(256)) * 3000  # larger than what is read at once
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Waits(list[float]):
    def watch(self, timeout: float = 20, n_failures: int = 3) -> Watch:
        return Watch(patience=Patience(timeout, n_failures, self.append))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "file.bin"


def get(server: Server, target: Path, promise: Promise = Promise(), watch: Watch | None = None) -> Received:  # noqa: B008
    return download(f"{server.url}/file.bin", str(target), promise, watch or Waits().watch())


def refused(server: Server, target: Path, promise: Promise = Promise(), watch: Watch | None = None) -> str:  # noqa: B008
    with pytest.raises(InputError) as raised:
        get(server, target, promise, watch)
    assert not target.exists()
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith((server.url, str(target)))
    return str(raised.value)


def test_a_file_comes_whole(target: Path) -> None:
    with serving(lambda request: request.give(CONTENT)) as server:
        received = get(server, target, Promise(len(CONTENT), MD5))
    assert target.read_bytes() == CONTENT
    assert received == Received(len(CONTENT), SHA256, True)
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]


def test_without_a_checksum_it_is_not_checked(target: Path) -> None:
    with serving(lambda request: request.give(CONTENT)) as server:
        assert get(server, target) == Received(len(CONTENT), SHA256, False)


@pytest.mark.parametrize("n_bytes", [0, 1, 300_000])
def test_a_cut_goes_on_where_it_was(n_bytes: int, target: Path) -> None:
    ends = iter([n_bytes, 400_000, None])
    waits = Waits()
    with serving(lambda request: request.give(CONTENT, up_to=next(ends))) as server:
        get(server, target, Promise(sha256=SHA256), waits.watch())
        first = f"bytes={n_bytes}-" if n_bytes else None
        assert server.ranges == [None, first, "bytes=400000-"]
    assert target.read_bytes() == CONTENT
    assert waits == [1, 1]


def test_a_server_that_knows_no_ranges_begins_again(target: Path) -> None:
    ends = iter([300_000, None])

    def answer(request: Request) -> None:
        del request.headers["Range"]
        request.give(CONTENT, up_to=next(ends))

    with serving(answer) as server:
        get(server, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("tag", [None, 'W/"1"'])
def test_without_a_version_nothing_is_gone_on_with(tag: str | None, target: Path) -> None:
    """A weak ETag is that of other bytes with the same meaning too."""
    ends = iter([300_000, None])
    with serving(lambda request: request.give(CONTENT, up_to=next(ends), tag=tag)) as server:
        get(server, target)
        assert server.ranges == [None, None]
    assert target.read_bytes() == CONTENT


def test_a_file_that_changes_between_ranges_is_read_anew(target: Path) -> None:
    new = CONTENT[::-1]
    answers = iter([(CONTENT, 300_000, '"1"'), (new, None, '"2"')])
    with serving(lambda request: request.give(*next(answers))) as server:
        get(server, target)
    assert target.read_bytes() == new


@pytest.mark.parametrize("tag", ['"2"', ""])
def test_ranges_of_another_version_are_not_joined(tag: str, target: Path) -> None:
    """As from a server that looks at Range and not at If-Range."""
    new = CONTENT[::-1]

    def answer(request: Request) -> None:
        if not request.headers["Range"]:
            request.give(*((CONTENT, 300_000, '"1"') if len(server.ranges) == 1 else (new, None, '"2"')))
            return
        more = {"ETag": tag} if tag else {}
        place = f"bytes 300000-{len(new) - 1}/{len(new)}"
        request.head(206, Content_Range=place, Content_Length=len(new) - 300_000, **more)
        request.wfile.write(new[300_000:])

    with serving(answer) as server:
        get(server, target)
    assert target.read_bytes() == new


def test_a_file_that_changes_each_time_is_given_up(target: Path) -> None:
    def answer(request: Request) -> None:
        if request.headers["Range"]:
            request.head(416, Content_Length=0)
        else:
            request.give(CONTENT, 300_000)

    with serving(answer) as server:
        assert "changes while it is read" in refused(server, target, watch=Waits().watch(n_failures=2))


def test_a_cut_without_end_is_an_error_and_the_next_run_goes_on(target: Path) -> None:
    ends: Iterator[int | None] = iter([300_000, 300_000, 300_000, None])
    with serving(lambda request: request.give(CONTENT, up_to=next(ends))) as server:
        message = refused(server, target)
        assert "the connection ended early, 3 times in a row; 300 kB of 768 kB are kept" in message
        notes: list[str] = []
        watch = Watch(note=lambda text, **_: notes.append(text), patience=Waits().watch().patience)
        get(server, target, Promise(sha256=SHA256), watch)
        assert server.ranges[-1] == "bytes=300000-"
    assert target.read_bytes() == CONTENT
    assert "300 kB are there from before" in notes[0]


def test_what_is_left_of_another_address_is_not_gone_on_with(target: Path) -> None:
    Path(f"{target}.part").write_bytes(b"old")
    Path(f"{target}.part.json").write_text(json.dumps({"url": "http://elsewhere/file.bin", "version": '"1"'}))
    with serving(lambda request: request.give(CONTENT)) as server:
        get(server, target)
        assert server.ranges == [None]
    assert target.read_bytes() == CONTENT


def test_what_is_left_and_whole_is_read_anew(target: Path) -> None:
    with serving(lambda request: request.give(CONTENT)) as server:
        Path(f"{target}.part").write_bytes(CONTENT)
        state = {"url": f"{server.url}/file.bin", "version": '"1"'}
        Path(f"{target}.part.json").write_text(json.dumps(state))
        get(server, target)
    assert target.read_bytes() == CONTENT


def test_a_part_that_was_damaged_is_noticed_by_the_checksum_and_read_anew(target: Path) -> None:
    with serving(lambda request: request.give(CONTENT)) as server:
        Path(f"{target}.part").write_bytes(bytes(1000))
        state = {"url": f"{server.url}/file.bin", "version": '"1"'}
        Path(f"{target}.part.json").write_text(json.dumps(state))
        get(server, target, Promise(md5=MD5))
    assert target.read_bytes() == CONTENT


def test_a_server_that_stalls_is_asked_again(target: Path) -> None:
    over = threading.Event()

    def answer(request: Request) -> None:
        if request.headers["Range"]:
            request.give(CONTENT)
        else:
            request.give(CONTENT, up_to=300_000)
            request.wfile.flush()
            over.wait(20)

    with serving(answer) as server:
        get(server, target, watch=Waits().watch(timeout=0.2))
        over.set()
        assert server.ranges == [None, "bytes=300000-"]
    assert target.read_bytes() == CONTENT


def test_a_server_that_never_answers_is_given_up(target: Path) -> None:
    over = threading.Event()
    with serving(lambda request: over.wait(20) and None) as server:
        assert "nothing came for too long, 2 times in a row" in refused(
            server, target, watch=Waits().watch(timeout=0.1, n_failures=2)
        )
        over.set()


def test_a_server_that_is_busy_is_asked_again(target: Path) -> None:
    states = iter([503, 429, 200])

    def answer(request: Request) -> None:
        status = next(states)
        request.give(CONTENT) if status == 200 else request.head(status, Content_Length=0)

    waits = Waits()
    with serving(answer) as server:
        get(server, target, watch=waits.watch())
    assert waits == [1, 2]


REFUSED: dict[str, tuple[Callable[[Request], None], Promise, str]] = {
    "more than it has": (lambda request: request.give(CONTENT, Content_Length=10**9), Promise(), "ended early, 3"),
    "less than was published": (
        lambda request: request.give(CONTENT[:100]),
        Promise(size_bytes=101),
        "has 100 bytes, and 101 were published",
    ),
    "another file": (lambda request: request.give(CONTENT), Promise(md5="0" * 32), "has the MD5 .*, and 000"),
    "another of Hugging Face's": (
        lambda request: request.give(CONTENT, X_Linked_ETag=f'"{"0" * 64}"'),
        Promise(),
        "has the SHA-256 .*, and 000",
    ),
    "a web page": (
        lambda request: request.give(b" <!DOCTYPE html><title>Sign in</title>"),
        Promise(),
        "is a web page, not a file",
    ),
    "nothing": (lambda request: request.head(404, Content_Length=0), Promise(), "the server answers 404 Not Found"),
    "no length": (lambda request: request.head(200), Promise(), "how long it is"),
    "packed": (lambda request: request.give(CONTENT, Content_Encoding="br"), Promise(), "encoded as br"),
    "204": (lambda request: request.head(204), Promise(), "answers 204, and no file"),
    "file:": (lambda request: request.head(302, Location="file:///etc/passwd"), Promise(), "leads to .*, which is not"),
    "ftp:": (lambda request: request.head(302, Location="ftp://x/y"), Promise(), "leads to ftp://x/y.* not as safe"),
    "in a circle": (lambda request: request.head(302, Location="/file.bin"), Promise(), "leads to .*, or leads back"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_the_file_is_an_error(case: str, target: Path) -> None:
    answer, promise, message = REFUSED[case]
    with serving(answer) as server:
        assert re.search(message, refused(server, target, promise))
    kept = ["file.bin.part", "file.bin.part.json"] if case == "more than it has" else []
    assert sorted(path.name for path in target.parent.iterdir()) == kept


def test_a_redirection_is_followed(target: Path) -> None:
    def answer(request: Request) -> None:
        if request.path == "/file.bin":
            request.head(302, Location="/there", X_Linked_ETag=f'"{SHA256}"', Content_Length=0)
        else:
            request.give(CONTENT)

    with serving(answer) as server:
        assert get(server, target).is_checked
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("target", ["http://y/z", "file:///etc/passwd", "ftp://y/z"])
def test_https_leads_to_nothing_less_safe(target: str) -> None:
    asker = Asker("https://x/y", 1)
    arguments = io.BytesIO(), 302, "Found", Message(), target
    with pytest.raises(InputError, match=r"https://x/y: leads to .*, which is not as safe"):
        asker._redirects.redirect_request(urllib.request.Request("https://x/y"), *arguments)


def test_no_other_scheme_is_asked(target: Path) -> None:
    for url in ("file:///etc/passwd", "ftp://x/y", "https:///x", "x"):
        with pytest.raises(InputError, match="is not an address that can be asked"):
            download(url, str(target))


def test_chunks_that_end_early_are_a_cut(target: Path) -> None:
    def answer(request: Request) -> None:
        request.head(200, Transfer_Encoding="chunked", ETag='"1"')
        whole = len(server.ranges) > 1
        request.wfile.write(b"5\r\nhello\r\n" + (b"0\r\n\r\n" if whole else b""))

    with serving(answer) as server:
        assert get(server, target).size_bytes == 5
        assert len(server.ranges) == 2


def test_two_downloads_of_one_file_do_not_mix(target: Path) -> None:
    began, over = threading.Event(), threading.Event()

    def answer(request: Request) -> None:
        began.set()
        over.wait(20)
        request.give(CONTENT)

    with serving(answer) as server:
        first = threading.Thread(target=get, args=(server, target))
        first.start()
        began.wait(20)
        with pytest.raises(InputError, match="is being downloaded by another process"):
            get(server, target)
        over.set()
        first.join()
    assert target.read_bytes() == CONTENT


def test_a_proxy_of_the_environment_is_asked(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(request: Request) -> None:
        asked.append(request.path)
        request.give(CONTENT)

    with serving(answer) as server:
        monkeypatch.setenv("http_proxy", server.url)
        monkeypatch.delenv("no_proxy", raising=False)
        download("http://vectors.example/v.txt", str(target), watch=Waits().watch())
    assert asked == ["http://vectors.example/v.txt"]


def test_a_certificate_that_nobody_vouches_for_is_refused(target: Path) -> None:
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_message = "self-signed certificate"
    told = Asker("https://x/y", 1)._failure(URLError(error))
    assert isinstance(told, InputError) and "its certificate is not valid (self-signed certificate)" in str(told)


def test_what_is_fetched_into_an_open_file_is_whole(target: Path) -> None:
    ends = iter([300_000, None])
    with serving(lambda request: request.give(CONTENT, up_to=next(ends))) as server, target.open("w+b") as file:
        assert fetch(f"{server.url}/x", file, Waits().watch()).size_bytes == len(CONTENT)
    assert target.read_bytes() == CONTENT
