"""The page of a map, in a real browser."""

import http.server
import json
import threading
import xml.etree.ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wordvec_cli
from tests.conftest import run_here
from tests.show.browser import requested
from wordvec_cli.text.decoding import as_bytes
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

pytestmark = pytest.mark.xdist_group("browser")

NASTY = [
    b"</script><script>window.hacked=1</script>", b"<img src=x onerror=window.hacked=1>", "שלום".encode(),
    "مرحبا".encode(), "👩‍👩‍👧".encode(), b"\xff\xfebroken", b"&amp;", b"a\tb", b"new\nline", b"{{script}}", b"x" * 3000,
    b"$&", b"]]>", b"'\"`",
]  # fmt: skip
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
N_WORDS, DIM = 400, 16


class Made:
    """Vectors, and the page that is made of them."""

    def __init__(self, folder: Path, name: str, seed: int) -> None:
        self.words = [b"w%d" % i for i in range(N_WORDS - len(NASTY))] + NASTY
        random = np.random.default_rng(seed)
        self.matrix = random.normal(size=(N_WORDS, DIM)).astype(np.float32)
        self.vectors = folder / f"{name}.safetensors"
        counts = [10 * (N_WORDS - i) for i in range(N_WORDS)]
        save(str(self.vectors), Vocabulary.from_words(self.words, counts), self.matrix, {})

    @property
    def units(self) -> np.ndarray:
        matrix = self.matrix.astype(np.float64)
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("map"), "old", 1)


@pytest.fixture(scope="module")
def page(made: Made) -> Path:
    path = made.vectors.with_name("map.html")
    groups = made.vectors.with_name("groups.tsv")
    groups.write_text("word\tkind\tsize\nw0\tnoun\t1\nw1\tverb\t2.5\nw2\tnoun\t-4\n")
    result = run_here("map", made.vectors, "-o", path, "--groups", groups, "-k", "7")
    assert result.returncode == 0, result.stderr
    return path


Open = Callable[..., Any]


@pytest.fixture
def opened(browser: Any, page: Path) -> Iterator[Open]:
    """Opens a page, by default that of the module; after the test, nothing of it has gone wrong or to the network."""
    list(requested(browser))
    browser.get_log("browser")

    def open_page(settings: str = "", path: Path = page, query: str = "") -> Any:
        browser.get("about:blank")
        browser.get(f"{path.as_uri()}{query}{settings}")
        return browser

    yield open_page
    assert [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert {address.split(":")[0] for address in requested(browser)} <= {"file", "data", "about", "blob"}


def asked(browser: Any, script: str, *arguments: object) -> Any:
    """What a script gives that may wait; `map` is the page's program, `frame()` the next picture."""
    code = f"""
        const [args, done] = [Array.from(arguments).slice(0, -1), arguments[arguments.length - 1]];
        const map = window.wordvecMap, stage = map.stage;
        const frame = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
        (async () => {{ {script} }})().then(done, (error) => done("error: " + error.stack));"""
    result = browser.execute_async_script(code, *arguments)
    assert not (isinstance(result, str) and result.startswith("error: ")), result
    return result


LISTED = """[...document.querySelectorAll("#neighbours button")].map(
    (button) => [button.firstChild.textContent, button.lastChild.textContent])"""


def test_the_neighbours_of_a_word_are_those_of_wordvec_similar(opened: Open, made: Made) -> None:
    browser = opened()
    words = [word.decode() for word in made.words[:5]]
    for word in words:
        shown = asked(browser, f"await map.choose(map.ids.get(args[0])); return {LISTED}", word)
        answers = json.loads(run_here("similar", made.vectors, word, "-k", "7", "--format", "json").stdout)
        expected = [[each["word"], f"{each['cosine']:.4f}"] for each in answers["neighbours"]]
        told = [[as_bytes(text).decode("utf-8", "replace")[:79], number] for text, number in expected]
        assert [[text[:79], number] for text, number in shown] == told


def test_a_click_on_a_point_chooses_its_word_and_a_click_on_a_neighbour_walks_on(opened: Open) -> None:
    browser = opened()
    left, top = asked(browser, "return stage.camera.toScreen(...map.words.sides[0].places.slice(6, 8), stage.panes[0])")
    click(browser, left, top)
    asked(browser, "await frame()")
    assert browser.find_element("id", "word-title").text == "w3"
    neighbour = browser.find_elements("css selector", "#neighbours button")[0]
    name = neighbour.text.split("\n")[0]
    neighbour.click()
    asked(browser, "await frame()")
    assert browser.find_element("id", "word-title").text == name
    assert [each.text for each in browser.find_elements("css selector", "#trail button")] == ["w3"]


def click(browser: Any, left: float, top: float) -> None:
    drag(browser, [(left, top)])


def drag(browser: Any, points: list[tuple[float, float]]) -> None:
    """Press the button at the first point of the map, move over the others, and let it go."""
    asked(
        browser,
        """
        const surface = document.getElementById("overlay");
        const box = surface.getBoundingClientRect();
        surface.setPointerCapture = () => {};
        const send = (kind, [left, top]) => surface.dispatchEvent(new PointerEvent(kind, {
            clientX: box.left + left, clientY: box.top + top, pointerId: 1, button: 0, bubbles: true }));
        send("pointerdown", args[0][0]);
        for (const point of args[0]) send("pointermove", point);
        send("pointerup", args[0][args[0].length - 1]);
        await frame();
        """,
        points,
    )


def test_search_completes_and_goes_to_the_word_by_keyboard_alone(opened: Open) -> None:
    from selenium.webdriver.common.keys import Keys

    browser = opened()
    search = browser.find_element("id", "search")
    search.send_keys("W12")
    asked(browser, "await frame()")
    options = [each.text for each in browser.find_elements("css selector", "#completions li")]
    assert options == ["w12", *(f"w12{i}" for i in range(9))]
    assert search.get_attribute("aria-expanded") == "true"
    search.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
    asked(browser, "await frame()")
    assert browser.find_element("id", "word-title").text == "w121"
    x, y, place_x, place_y = asked(
        browser, "const id = map.ids.get('w121'); return [stage.camera.x, stage.camera.y, "
        "...map.words.sides[0].places.slice(2 * id, 2 * id + 2)]"
    )  # fmt: skip
    assert (x, y) == pytest.approx((place_x, place_y))


def test_labels_never_overlap_and_thin_out(opened: Open) -> None:
    browser = opened()
    numbers = []
    for zoom in (1, 2, 5, 20):
        labels = asked(
            browser, "stage.camera.fit(); stage.zoom(args[0], [400, 400]); await map.choose(5); await frame();"
            "return stage.scenes[0].labels", zoom,
        )  # fmt: skip
        numbers.append(len(labels))
        for i, one in enumerate(labels):
            for other in labels[:i]:
                apart = (
                    one["left"] >= other["left"] + other["width"] or other["left"] >= one["left"] + one["width"]
                    or one["top"] >= other["top"] + other["height"] or other["top"] >= one["top"] + one["height"]
                )  # fmt: skip
                assert apart, (one, other)
    assert 10 < numbers[0] < 150
    assert numbers[-1] < numbers[0]


def test_a_box_and_a_lasso_select_the_words_inside_them(opened: Open) -> None:
    browser = opened()
    everywhere = "const all = [...map.words.sides[0].places]; return all.filter((_, i) => i % 2 === 0)"
    shown = ".map((x, id) => stage.camera.toScreen(x, all[2 * id + 1], stage.panes[0]))"
    places = np.array(asked(browser, everywhere + shown))
    inside = (places > [300, 200]) & (places < [600, 500])
    browser.find_element("css selector", "[data-tool=box]").click()
    drag(browser, [(300, 200), (450, 300), (600, 500)])
    assert asked(browser, "return map.selected") == np.flatnonzero(inside.all(axis=1)).tolist()
    browser.find_element("css selector", "[data-tool=lasso]").click()
    drag(browser, [(300, 200), (600, 200), (600, 500)])  # half of the box: a triangle
    above = (places[:, 0] - 300) > (places[:, 1] - 200)
    assert asked(browser, "return map.selected") == np.flatnonzero(inside.all(axis=1) & above).tolist()
    assert "selected" in browser.find_element("id", "selection-title").text


def test_a_selection_is_copied_and_downloaded_as_a_table(opened: Open, made: Made) -> None:
    browser = opened()
    asked(browser, "map.select([0, 1, 5])")
    saved = downloaded(browser, "download").decode()
    lines = [line.split("\t") for line in saved.splitlines()]
    assert lines[0] == ["word", "count", "cluster", "x", "y"]
    assert [line[:2] for line in lines[1:]] == [["w0", "4000"], ["w1", "3990"], ["w5", "3950"]]
    copied = asked(
        browser, "let text; navigator.clipboard.writeText = async (it) => { text = it; };"
        "document.getElementById('copy').click(); await frame(); return text"
    )  # fmt: skip
    assert copied == "w0\nw1\nw5"


def downloaded(browser: Any, button: str) -> bytes:
    """What a button saves, without its file."""
    numbers = asked(
        browser,
        """
        const saved = new Promise((go) => { URL.createObjectURL = (blob) => { go(blob); return "#"; }; });
        HTMLAnchorElement.prototype.click = () => {};
        document.getElementById(args[0]).click();
        return [...new Uint8Array(await (await saved).arrayBuffer())];
        """,
        button,
    )
    return bytes(numbers)


def test_words_are_coloured_by_nearness_to_words_typed_in(opened: Open, made: Made) -> None:
    browser = opened("#colour=near&near=w3+w8")
    amounts = asked(browser, "return [...map.colouring().amounts]")
    direction = made.units[3] + made.units[8]
    cosines = made.units @ direction / np.linalg.norm(direction)
    expected = (cosines - cosines.min()) / np.ptp(cosines)
    assert np.abs(np.array(amounts) - expected).max() < 0.02
    assert np.argsort(amounts)[::-1][:2].tolist() in ([3, 8], [8, 3])


def test_words_are_coloured_by_cluster_and_by_the_columns_of_a_file(opened: Open) -> None:
    browser = opened()
    names = [each.text for each in browser.find_elements("css selector", "#colour option")]
    assert names == ["frequency", "cluster", "kind", "size", "nearness to words"]
    kind = asked(
        browser, "map.setColour('group-0'); const c = map.colouring(); return [c.groups, [...c.groupOf].slice(0, 4)]"
    )
    assert kind == [["noun", "verb"], [0, 1, 0, -1]]
    browser.find_elements("css selector", "#legend button")[0].click()  # pick out the nouns
    assert asked(browser, "return map.selected") == [0, 2]
    ends = asked(browser, "map.setColour('group-1'); return map.colouring().ends")
    assert ends == ["-4", "2.5"]
    legend = asked(
        browser, "map.setColour('cluster'); return [map.colouring().groups.length, new Set(map.words.clusters).size]"
    )
    assert legend == [12, 12]


def test_axes_are_the_cosines_with_differences_of_pairs(opened: Open, made: Made) -> None:
    browser = opened("#across=w1%3Aw2%2C+w3%3Aw4&up=w5%3Aw6")
    places = np.array(asked(browser, "return [...stage.shown.places[0]]")).reshape(-1, 2)
    units = made.units

    def axis(*pairs: tuple[int, int]) -> np.ndarray:
        differences = [units[high] - units[low] for low, high in pairs]
        direction = np.sum([each / np.linalg.norm(each) for each in differences], axis=0)
        return np.asarray(units @ direction / np.linalg.norm(direction))

    assert np.abs(places[:, 0] - axis((1, 2), (3, 4))).max() < 0.02
    assert np.abs(places[:, 1] - axis((5, 6))).max() < 0.02
    captions = asked(browser, "await frame(); return stage.scenes[0].captions.map((each) => each.text)")
    assert captions == ["← w1", "w2 →", "↓ w5", "↑ w6"]


def test_words_that_an_axis_needs_and_the_map_lacks_are_named(opened: Open) -> None:
    browser = opened("#across=w1%3Anowhere")
    assert browser.find_element("id", "message").text == "not on the map: nowhere"


def test_nasty_words_are_shown_and_harmless(opened: Open, made: Made) -> None:
    browser = opened()
    texts = asked(browser, "return map.words.texts")
    assert texts == [word.decode("utf-8", "replace") for word in made.words]
    for word in NASTY:
        asked(browser, "await map.choose(map.ids.get(args[0])); await frame(); map.select([map.ids.get(args[0])])",
              word.decode("utf-8", "replace"))  # fmt: skip
    assert asked(browser, "return [window.hacked === undefined, document.images.length]") == [True, 0]
    assert b"<script>window" not in page_text(browser)


def page_text(browser: Any) -> bytes:
    return str(browser.page_source).encode("utf-8", "replace")


def test_the_address_keeps_the_view(opened: Open) -> None:
    browser = opened("#word=w7&colour=frequency&theme=dark&x=0.25&y=-0.5&zoom=3")
    state = (
        "const { x, y, zoom } = stage.camera; return [map.settings.word, map.settings.colour, map.theme, x, y, zoom]"
    )
    assert asked(browser, f"await frame(); {state}") == ["w7", "frequency", "dark", 0.25, -0.5, 3]
    address = asked(
        browser, "await map.choose(9); map.setColour('cluster'); stage.camera.zoom = 4; map.save();"
        "await new Promise((go) => setTimeout(go, 300)); return location.hash"
    )  # fmt: skip
    again = opened(address)
    assert asked(again, f"await frame(); {state}")[:3] == ["w9", "cluster", "dark"]
    assert asked(again, "return stage.camera.zoom") == 4


def test_pictures_are_svg_and_png(opened: Open) -> None:
    browser = opened()
    asked(browser, "await map.choose(N - 1);".replace("N - 1", "map.ids.get('&amp;')"))
    root = xml.etree.ElementTree.fromstring(downloaded(browser, "svg"))
    name = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f".//{name}circle")) >= N_WORDS
    assert "&amp;" in [each.text for each in root.iter(f"{name}text")]
    png = downloaded(browser, "png")
    width = asked(browser, "return stage.width")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(png[16:20], "big") == 2 * width


def test_without_webgl_a_plain_canvas_draws_the_map_and_a_note_says_so(opened: Open) -> None:
    browser = opened(query="?canvas")
    assert "no WebGL" in browser.find_element("id", "message").text
    counted = (
        "await frame(); const c = document.getElementById('points');"
        "const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        "return pixels.filter((value, i) => i % 4 == 3 && value > 0).length"
    )
    assert asked(browser, counted) > N_WORDS


def test_the_map_moves_by_keys(opened: Open) -> None:
    from selenium.webdriver.common.keys import Keys

    browser = opened()
    surface = browser.find_element("id", "overlay")
    surface.send_keys("+", Keys.ARROW_RIGHT, Keys.ENTER)
    asked(browser, "await frame()")
    zoom, x, word = asked(browser, "return [stage.camera.zoom, stage.camera.x - (stage.camera.all.left + "
                                   "stage.camera.all.right) / 2, map.settings.word]")  # fmt: skip
    assert zoom == pytest.approx(1.4)
    assert x > 0
    assert word
    surface.send_keys(Keys.ESCAPE)
    assert asked(browser, "return map.settings.word") == ""


def test_a_slow_machine_draws_fewer_points_while_the_map_moves_and_all_when_it_rests(opened: Open) -> None:
    browser = opened()
    drawn = asked(
        browser,
        """
        const drawn = [], draw = stage.drawer.draw.bind(stage.drawer);
        stage.drawer.draw = (panes, how) => { drawn.push(how.most); draw(panes, how); };
        Object.assign(stage.pace, { most: 100 });
        stage.move(5, 5);
        clearTimeout(stage.pace.timer);  // rests when it is told to, however slow this machine is
        await frame();
        stage.pace.rest();
        await frame();
        return drawn;
        """,
    )
    assert (drawn[0], drawn[-1]) == (100, N_WORDS)


def test_a_page_can_send_nothing_anywhere(browser: Any, page: Path) -> None:
    """The policy holds against a script that tries; only the one script of the page runs."""
    heard: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser.get(page.as_uri())
    address = f"http://127.0.0.1:{server.server_port}"
    refused = asked(
        browser,
        """
        const refused = [];
        document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
        await fetch(args[0] + "/fetch").catch(() => {});
        new Image().src = args[0] + "/image";
        const script = document.createElement("script");
        script.textContent = "window.hacked = 1";
        document.body.append(script);
        await new Promise((go) => setTimeout(go, 200));
        return [refused, window.hacked === undefined];
        """,
        address,
    )
    server.shutdown()
    server.server_close()
    assert sorted(refused[0]) == ["connect-src", "img-src", "script-src-elem"]
    assert refused[1]
    assert heard == []


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: npm ci in tests/show")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(opened: Open, theme: str) -> None:
    browser = opened(f"#theme={theme}&word=w3")
    asked(browser, "map.select([1, 2, 3]); await frame()")
    browser.execute_script(AXE.read_text())
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    assert [(each["id"], each["impact"], each["nodes"][0]["html"][:200]) for each in found["violations"]
            if each["impact"] in ("serious", "critical")] == []  # fmt: skip


@pytest.fixture(scope="module")
def two(made: Made) -> Path:
    """The page of two files, the second of which is the first one turned, but for one word."""
    newer = Made(made.vectors.parent, "new", 1)
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(DIM, DIM)))
    moved = made.matrix @ turn.astype(np.float32)
    moved[4] = -moved[4]
    save(str(newer.vectors), Vocabulary.from_words(newer.words[::-1], None), np.ascontiguousarray(moved[::-1]), {})
    path = made.vectors.with_name("two.html")
    result = run_here("map", made.vectors, newer.vectors, "-o", path)
    assert result.returncode == 0, result.stderr
    assert b"aligned by 400 words" in result.stderr
    return path


def test_in_a_notebook_the_map_shows_itself_and_reaches_nothing_of_the_notebook(browser: Any, made: Made) -> None:
    shown = wordvec_cli.load(made.vectors).map(limit=50, k=3)
    assert repr(shown) == "<MapPage: 50 words>"
    notebook = made.vectors.with_name("notebook.html")
    notebook.write_text(f"<!doctype html><title>notebook</title>{shown._repr_html_()}", encoding="utf-8")
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(notebook.as_uri())
    browser.switch_to.frame(0)
    try:
        assert asked(browser, f"await map.choose(3); return [map.words.n, {LISTED}.length]") == [50, 3]
        assert (
            asked(browser, "try { return window.parent.document.title; } catch { return 'out of reach'; }")
            == "out of reach"
        )
    finally:
        browser.switch_to.default_content()
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    shown.save(made.vectors.with_name("saved.html"))
    assert made.vectors.with_name("saved.html").read_bytes() == shown.page


def test_two_files_are_aligned_and_shown_as_arrows_or_side_by_side(opened: Open, two: Path) -> None:
    browser = opened(path=two)
    old, new = np.array(asked(browser, "return stage.shown.places.map((side) => [...side])")).reshape(2, -1, 2)
    distances = np.linalg.norm(old - new, axis=1)
    assert distances.argmax() == 4
    assert np.delete(distances, 4).max() < 0.1
    assert asked(browser, "await frame(); return [stage.panes.length, stage.hasArrows]") == [1, True]
    arrow = asked(browser, "await map.choose(4); await frame(); const scene = stage.scenes[0];"
                  "return scene.arrows[scene.labels.findIndex((label) => label.id === 4)]")  # fmt: skip
    ends = asked(
        browser, "return stage.shown.places.flatMap((side) => stage.camera.toScreen(side[8], side[9], stage.panes[0]))"
    )
    assert arrow == pytest.approx(ends)
    changes = asked(browser, "map.setColour('change'); return [...map.colouring().amounts]")
    assert np.argmax(changes) == 4
    browser.find_element("css selector", "#sides option[value=both]").click()
    assert asked(browser, "await map.choose(4); await frame(); return [stage.panes.length, stage.hasArrows]") == [
        2,
        False,
    ]
    titles = [each.text for each in browser.find_elements("css selector", "#neighbours h3")]
    assert titles == ["old.safetensors", "new.safetensors"]
