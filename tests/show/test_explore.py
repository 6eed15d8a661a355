"""The map that is served: its answers, whom it answers, and the page in a browser."""

import base64
import http.client
import json
import signal
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import COMMAND, run_here
from tests.show.browser import requested
from tests.show.test_page import asked
from wordvec_cli.errors import InputError
from wordvec_cli.show.exploring import Explorer
from wordvec_cli.show.layouts import pca
from wordvec_cli.show.serving import MapServer
from wordvec_cli.vectors.embeddings import from_matrix
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

pytestmark = pytest.mark.xdist_group("browser")

N_WORDS, DIM, N_SHOWN = 600, 8, 50


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explore") / "v.safetensors"
    words = [b"w%d" % i for i in range(N_WORDS - 3)] + [b"</script>", b"\xff\xfe", "שלום".encode()]
    matrix = np.random.default_rng(1).normal(size=(N_WORDS, DIM)).astype(np.float32)
    matrix[7, 2] = np.nan
    counts = [*range(1, N_WORDS + 1)]  # the last is the most frequent
    save(str(path), Vocabulary.from_words(words, counts), matrix, {})
    return path


@pytest.fixture(scope="module")
def explorer(vectors: Path) -> Explorer:
    return Explorer("v.safetensors", load(str(vectors)), N_SHOWN)


@pytest.fixture(scope="module")
def server(explorer: Explorer) -> Iterator[MapServer]:
    with MapServer(explorer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def ask(server: MapServer) -> Ask:
    """The status and the answer of a request; what the page would send unless something else is given."""

    def request(path: str, host: str | None = None, token: str | None = None, **question: object) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
        query = urllib.parse.urlencode({**question, "token": server.token if token is None else token})
        connection.request("GET", f"{path}?{query}", headers={} if host is None else {"Host": host})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        is_json = response.headers["Content-Type"] == "application/json"
        return response.status, json.loads(text) if is_json else text.decode()

    return request


@pytest.mark.parametrize(
    ("error", "is_told"), [(ConnectionResetError, False), (BrokenPipeError, False), (KeyError, True)]
)
def test_a_browser_that_leaves_is_no_error(
    explorer: Explorer, error: type[Exception], is_told: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    with MapServer(explorer) as server:
        try:
            raise error
        except error:
            server.handle_error(None, ("127.0.0.1", 1))
    assert ("Traceback" in capfd.readouterr().err) == is_told


def words_of(answer: dict[str, Any]) -> list[bytes]:
    arrays = {name: base64.b64decode(text) for name, text in answer["arrays"].items()}
    ends = np.cumsum(np.frombuffer(arrays["word-lengths"], "<u4"))
    return [arrays["word-text"][start:end] for start, end in zip([0, *ends], ends, strict=False)]


EVERYWHERE = {"left": -2, "right": 2, "bottom": -2, "top": 2}


def test_places_are_those_of_pca(explorer: Explorer) -> None:
    sound = np.delete(np.arange(N_WORDS), 7)
    rows = np.array(explorer.vectors.matrix)[sound]
    expected, found = pca(rows), explorer.plane.places[sound]
    for axis in (0, 1):
        assert abs(np.corrcoef(expected.places[:, axis], found[:, axis])[0, 1]) > 0.9999
    assert np.abs(found).max() == pytest.approx(1)
    assert explorer.plane.explained == pytest.approx(expected.explained, abs=1e-5)


def test_the_page_tells_how_many_neighbours_the_plane_keeps(explorer: Explorer) -> None:
    sound = np.delete(np.arange(N_WORDS), 7)
    rows, places = np.array(explorer.vectors.matrix)[sound].astype(np.float64), explorer.plane.places[sound]
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    distances = ((places[:, None].astype(np.float64) - places[None]) ** 2).sum(axis=2)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -2)
    np.fill_diagonal(distances, np.inf)
    shares = [
        len(set(np.argsort(-one)[:10]) & set(np.argsort(other)[:10])) / 10
        for one, other in zip(cosines, distances, strict=True)
    ]
    assert explorer.kept is not None
    assert explorer.kept["k"] == 10
    assert abs(explorer.kept["share"] - np.mean(shares)) < 3 * np.std(shares) / 10  # of 100 words drawn at random


def test_the_most_frequent_words_of_a_box_are_given_and_others_that_are_asked_for(ask: Ask, explorer: Explorer) -> None:
    status, answer = ask("/words", left=0, right=1, bottom=-1, top=1, **{"with": "3,7"})
    x = explorer.plane.places[:, 0]
    inside = np.flatnonzero(x >= 0)[::-1]  # the most frequent first
    expected = sorted([*inside[:N_SHOWN].tolist(), 3], reverse=True)  # 7 has no place
    assert status == 200
    assert words_of(answer) == [explorer.vectors.vocabulary.word(id) for id in expected]
    assert answer["nInside"] == len(inside)


def test_neighbours_are_those_of_wordvec_similar_among_all_words(ask: Ask, vectors: Path) -> None:
    for word, id in (("w0", 0), ("w311", 311)):
        answers = json.loads(run_here("similar", vectors, word, "--format", "json").stdout)["neighbours"]
        status, found = ask("/neighbours", id=id)
        assert status == 200
        shown = [each["word"].encode("utf-8", "surrogateescape").decode("utf-8", "replace") for each in answers]
        assert [each["text"] for each in found] == shown
        assert [round(each["cosine"], 6) for each in found] == [each["cosine"] for each in answers]
    assert ask("/neighbours", id=7)[1] == []  # its vector is not finite


def test_words_are_completed_by_frequency_the_word_itself_first(ask: Ask) -> None:
    assert [each["text"] for each in ask("/complete", text="w5")[1]] == [
        "w5", "w596", "w595", "w594", "w593", "w592", "w591", "w590", "w589", "w588", "w587"]  # fmt: skip
    assert ask("/complete", text="")[1] == []
    assert ask("/complete", text="nowhere")[1] == []
    assert [each["id"] for each in ask("/find", text="w3 nowhere w12 w7")[1]] == [3, 12]


@pytest.mark.parametrize("path", ["/", "/words", "/neighbours", "/complete", "/find", "/nothing"])
def test_another_host_or_no_token_is_refused(ask: Ask, server: MapServer, path: str) -> None:
    question = {**EVERYWHERE, "id": 1, "text": "w"}
    for host in ("evil.example", f"evil.example:{server.server_port}", "127.0.0.1", ""):
        assert ask(path, host=host, **question)[0] == 403
    for token in ("", "wrong", server.token[:-1], "\u00e9"):
        assert ask(path, token=token, **question)[0] == 403
    assert ask(path, host=f"localhost:{server.server_port}", **question)[0] == (404 if path == "/nothing" else 200)


@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("/neighbours", {}), ("/neighbours", {"id": "x"}), ("/neighbours", {"id": -1}), ("/neighbours", {"id": 10**30}),
        ("/words", {"left": 1}), ("/words", {**EVERYWHERE, "left": "x"}), ("/words", {**EVERYWHERE, "with": "a"}),
    ],
)  # fmt: skip
def test_questions_that_are_none_get_an_answer_too(ask: Ask, path: str, question: dict[str, object]) -> None:
    assert ask(path, **question)[0] == 400


def test_odd_boxes_hold_nothing(ask: Ask) -> None:
    for box in ({**EVERYWHERE, "left": "nan"}, {**EVERYWHERE, "left": 3}):
        assert ask("/words", **box) == (200, {"nInside": 0, "arrays": ask("/words", **box)[1]["arrays"]})
        assert words_of(ask("/words", **box)[1]) == []


@pytest.mark.parametrize("matrix", [[[1, 2]], [[1], [2], [-3]], [[1, 2, 3]] * 9, [[0, 0], [0, 0]]])
def test_odd_vectors_have_a_plane(matrix: list[list[float]]) -> None:
    rows = np.array(matrix, np.float32)
    explorer = Explorer("v", from_matrix(Vocabulary.from_words([b"w%d" % i for i in range(len(rows))]), rows, {}))
    assert np.abs(explorer.plane.places).max() <= 1
    assert len(explorer.words((-1, 1, -1, 1), [])["arrays"]["ids"])


def test_vectors_none_of_which_is_finite_are_refused() -> None:
    with pytest.raises(InputError, match="no word has a vector of finite numbers"):
        Explorer("v", from_matrix(Vocabulary.from_words([b"a"]), np.full((1, 2), np.nan, np.float32), {}))


def test_the_command_prints_its_address_serves_and_ends_with_ctrl_c(vectors: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "explore", vectors, "--no-browser"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        address = urllib.parse.urlsplit(process.stdout.readline().decode().strip())
        connection = http.client.HTTPConnection(address.netloc, timeout=20)
        connection.request("GET", f"/?{address.query}")
        page = connection.getresponse().read()
        connection.close()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert address.hostname == "127.0.0.1"
    assert b"connect-src 'self'" in page
    assert (process.returncode, told) == (0, b"open this address in a browser of this machine; Ctrl-C ends\n")


def test_a_port_that_is_taken_is_an_error(server: MapServer, vectors: Path) -> None:
    result = run_here("explore", vectors, "--no-browser", "--port", str(server.server_port))
    assert result.returncode == 1
    assert b"address already in use; choose another" in result.stderr


def test_the_page_loads_rarer_words_as_it_comes_nearer_and_asks_nobody_else(
    browser: Any, server: MapServer, explorer: Explorer
) -> None:
    list(requested(browser))
    browser.get(server.address)
    assert asked(browser, "return map.words.n") == N_SHOWN
    asked(browser, "await map.goTo((await map.source.find(['w2']))[0].id); await frame()")  # one of the rarest
    assert browser.find_element("id", "word-title").text == "w2"
    listed = [each.text.split("\n")[0] for each in browser.find_elements("css selector", "#neighbours button")]
    assert listed == [each["text"] for each in explorer.neighbours(2)]
    here = asked(
        browser, """
        stage.camera.zoom = 20;
        await map.load();
        const { left, right, bottom, top } = map.box;
        return [[left, right, bottom, top], map.words.texts, stage.shown.neighbours[0].map((id) => map.words.texts[id])]
        """,
    )  # fmt: skip
    (left, right, bottom, top), texts, linked = here
    x, y = explorer.plane.places.T
    inside = np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top))
    assert {explorer.vectors.vocabulary.word(id).decode("utf-8", "replace") for id in inside.tolist()} <= set(texts)
    assert linked == listed
    browser.find_elements("css selector", "#neighbours button")[3].click()
    asked(browser, "await new Promise((go) => setTimeout(go, 200)); await frame()")
    assert browser.find_element("id", "word-title").text == listed[3]
    asked(browser, "await map.setAxes('w1:w2', 'w3:w4'); await map.setNear('w5')")
    assert asked(browser, "return ['w1', 'w2', 'w3', 'w4'].every((word) => map.ids.has(word))")
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    addresses = {urllib.parse.urlsplit(address).netloc for address in requested(browser)}
    assert addresses <= {f"127.0.0.1:{server.server_port}", ""}
