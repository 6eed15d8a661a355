"""The pictures of `wordvec plot`: what they show, by numpy, and the files that hold them."""

import base64
import io
import json
import re
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from PIL import Image

from tests.conftest import run_here
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.show import fonts
from wordvec_cli.show.chosen import chosen_words, label, with_neighbours
from wordvec_cli.show.fonts import families
from wordvec_cli.show.neighbours import graph, neighbours_picture
from wordvec_cli.show.picture import Picture
from wordvec_cli.show.terminal import iterm, kitty, protocol_of, sixel
from wordvec_cli.show.words import asked_alone, words_picture
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = ["king", "queen", "man", "woman", "poor", "rich", "$x_2$", "</script>", "a\u202eb", "日本"]
NASTY = b"\xff\xfe"


def rows_of(n_words: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(n_words, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def embeddings() -> Embeddings:
    names = [word.encode() for word in WORDS] + [NASTY]
    return from_matrix(Vocabulary.from_words(names), rows_of(len(names)), {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """v.txt, with a row of NaN and one of zeros; line.txt, whose vectors are one number; equal.txt; one.txt"""
    path = tmp_path_factory.mktemp("pictures")
    names = ["king", "queen", "man", "woman", "poor", "rich", "doctor", "nurse"]
    lines = [" ".join([name, *map(repr, row.tolist())]) for name, row in zip(names, rows_of(8), strict=True)]
    lines += ["broken nan 0 0 0 0 0", "nothing 0 0 0 0 0 0"]
    (path / "v.txt").write_text("\n".join(lines) + "\n")
    (path / "line.txt").write_text("8 1\n" + "".join(f"{name} {number}.5\n" for number, name in enumerate(names, 1)))
    (path / "equal.txt").write_text("".join(f"{name} 1 2 3\n" for name in names))
    (path / "one.txt").write_text("king 1 2 3\n")
    return path


def run_ok(*arguments: str | Path) -> tuple[bytes, str]:
    result = run_here("plot", *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout, result.stderr.decode()


def as_json(*arguments: str | Path) -> dict:
    return json.loads(run_ok(*arguments, "--format", "json")[0])


def unit(rows: np.ndarray) -> np.ndarray:
    exact = rows.astype(np.float64)
    return exact / np.linalg.norm(exact, axis=1, keepdims=True)


# ---------------------------------------------------------------- files


def picture_of(embeddings: Embeddings) -> Picture:
    finder = WordFinder(embeddings)
    chosen = chosen_words(finder, list(embeddings.vocabulary), lambda text: None)
    return words_picture(asked_alone(chosen))


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_picture_is_a_file_of_its_kind_and_the_same_each_time(embeddings: Embeddings, kind: str) -> None:
    picture = picture_of(embeddings)
    content = picture.drawn(kind)
    assert content == picture_of(embeddings).drawn(kind)
    if kind == "png":
        assert Image.open(io.BytesIO(content)).size == (1280, 960)
    elif kind == "svg":
        from xml.etree import ElementTree

        assert ElementTree.fromstring(content).tag.endswith("svg")
    else:
        assert content.startswith(b"%PDF-")
        assert content.rstrip().endswith(b"%%EOF")
        assert b"CreationDate" not in content


def test_the_settings_of_the_user_are_neither_read_nor_changed(embeddings: Embeddings) -> None:
    expected = picture_of(embeddings).drawn()
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red"}):
        assert picture_of(embeddings).drawn() == expected
        assert matplotlib.rcParams["font.size"] == 20


def test_no_labels_overlap_in_the_figure_itself(embeddings: Embeddings) -> None:
    rng = np.random.default_rng(0)
    names = [b"word%d" % number for number in range(60)]
    many = from_matrix(Vocabulary.from_words(names), rng.normal(size=(60, 6)).astype(np.float32), {})
    figure = picture_of(many).figure()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_visible() and text.get_text()]
    assert len(boxes) > 50
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_words_are_painted_as_they_are_and_harmless() -> None:
    assert [label(word.encode()) for word in WORDS] == [*WORDS[:8], "a\\u202eb", "日本"]
    assert label(NASTY) == "\ufffd\ufffd"
    assert label(b"a\nb\x1b") == "a\\nb\\u001b"


def test_characters_that_no_font_has_are_told_once() -> None:
    notes: list[str] = []
    assert families(["abc"], notes.append) == ["DejaVu Sans"]
    assert notes == []
    families(["\U000f0000\U000f0001 x"], notes.append)
    assert notes == [] or "install" in notes[0]  # private characters, which are not printable, need no font
    families(["\U0001e900"], notes.append)  # Adlam, which hardly any font has
    assert len(notes) <= 1


def test_a_font_that_was_installed_after_matplotlib_made_its_list_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    manager = font_manager.fontManager
    path = next(font.fname for font in manager.ttflist if font.name == "STIXGeneral" and font.style == "normal")
    has = [set(FT2Font(each).get_charmap()) for each in (path, font_manager.findfont("DejaVu Sans"))]
    lacking = chr(max(code for code in has[0] - has[1] if chr(code).isprintable()))
    (tmp_path / "damaged.ttf").write_bytes(b"no font")
    monkeypatch.setattr(fonts, "OTHERS", ("STIXGeneral",))
    monkeypatch.setattr(manager, "ttflist", [font for font in manager.ttflist if font.name != "STIXGeneral"])
    fonts.forget()
    for installed, chosen, n_notes in ([], ["DejaVu Sans"], 1), ([path], ["DejaVu Sans", "STIXGeneral"], 0):
        found = [str(tmp_path / "damaged.ttf"), *installed]
        monkeypatch.setattr(font_manager, "findSystemFonts", lambda found=found: found)
        notes: list[str] = []
        assert (families([lacking], notes.append), len(notes)) == (chosen, n_notes)
    fonts.forget()


def test_a_notebook_shows_a_picture(embeddings: Embeddings) -> None:
    assert Image.open(io.BytesIO(picture_of(embeddings)._repr_png_())).format == "PNG"


# ---------------------------------------------------------------- what is drawn


def test_words_are_where_pca_has_them(folder: Path) -> None:
    found = as_json("words", folder / "v.txt", "king", "queen", "man", "woman", "rich")
    rows = unit(rows_of(8)[[0, 1, 2, 3, 5]])
    left, sizes, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    expected = left[:, :2] * sizes[:2] * np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])
    assert [point["word"] for point in found["points"]] == ["king", "queen", "man", "woman", "rich"]
    np.testing.assert_allclose([(point["x"], point["y"]) for point in found["points"]], expected, atol=2e-6)
    assert found["plot"] == "words"
    assert found["layout"] == "pca"


def test_neighbours_are_those_of_similar(folder: Path) -> None:
    found = as_json("neighbours", folder / "v.txt", "king", "-k", "3")
    similar = run_here("similar", folder / "v.txt", "king", "-k", "3", "--format", "json")
    expected = json.loads(similar.stdout)["neighbours"]
    assert [(each["word"], each["cosine"]) for each in found["points"]] == [
        (each["word"], each["cosine"]) for each in expected
    ]
    lengths = [np.hypot(each["x"], each["y"]) for each in found["points"]]
    assert lengths == sorted(lengths)


def test_a_graph_lays_words_as_far_apart_as_their_cosines_say() -> None:
    angles = np.radians([0, 10, 20, 60, 75])
    rows = np.column_stack((np.cos(angles), np.sin(angles))).astype(np.float32)
    vectors = from_matrix(Vocabulary.from_words([b"a", b"b", b"c", b"d", b"e"]), rows, {})
    chosen = chosen_words(WordFinder(vectors), [b"a", b"e"], lambda text: None)
    near = with_neighbours(vectors, chosen, 2)
    places = graph(near)
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    wanted = np.maximum(1 - unit(near.chosen.rows) @ unit(near.chosen.rows).T, 0.05)
    upper = np.triu_indices(len(places), 1)
    assert np.corrcoef(distances[upper], wanted[upper])[0, 1] > 0.9
    assert neighbours_picture(near).drawn("svg")


def test_a_heatmap_holds_all_cosines(folder: Path) -> None:
    found = as_json("heatmap", folder / "v.txt", "king", "man", "rich")
    rows = unit(rows_of(8)[[0, 2, 5]])
    np.testing.assert_allclose([point["cosine"] for point in found["points"]], (rows @ rows.T).ravel(), atol=2e-6)


def test_axes_are_those_of_the_command_axis(folder: Path) -> None:
    ends = ("--x", "poor:rich", "--y", "man:woman")
    found = as_json("axes", folder / "v.txt", *ends, "doctor", "nurse")
    rows = unit(rows_of(8))
    for name, low, high in (("x", 4, 5), ("y", 2, 3)):
        axis = (rows[high] - rows[low]) / np.linalg.norm(rows[high] - rows[low])
        np.testing.assert_allclose([point[name] for point in found["points"]], rows[[6, 7]] @ axis, atol=2e-6)
    assert (found["x"], found["y"]) == (["poor", "rich"], ["man", "woman"])
    run_ok("axes", folder / "v.txt", *ends, "doctor", "nurse", "-o", folder / "a.svg")
    run_ok("axes", folder / "v.txt", *ends[:2], "--x", "man:woman", "doctor", "nurse", "-o", folder / "a.pdf")


def test_axes_with_intervals_are_those_of_the_command_axis(folder: Path) -> None:
    (folder / "axes.json").write_text(
        json.dumps({"class": {"pairs": [["rich", "poor"], ["king", "man"]]}, "sex": {"pairs": [["woman", "man"]]}})
    )
    words = ["doctor", "nurse", "queen"]
    found = as_json("axis", folder / "v.txt", *words, "--axes", folder / "axes.json")
    expected = {
        (axis["axis"], each["word"]): (each["projection"], each["pairs_low"], each["pairs_high"])
        for line in run_here(
            "axis", folder / "v.txt", *words, "--axes", folder / "axes.json", "--format", "json"
        ).stdout.splitlines()
        for axis in [json.loads(line)]
        for each in axis["words"]
    }
    assert {
        (each["axis"], each["word"]): (each["projection"], each["low"], each["high"]) for each in found["points"]
    } == expected
    assert found["axes"] == {"class": ["poor, man", "rich, king"], "sex": ["man", "woman"]}
    run_ok("axis", folder / "v.txt", *words, "--axes", folder / "axes.json", "-o", folder / "axis.svg")


def test_a_table_has_the_same_numbers(folder: Path) -> None:
    lines = run_ok("heatmap", folder / "v.txt", "king", "man", "--format", "tsv")[0].decode().splitlines()
    assert lines[0] == "a\tb\tcosine"
    assert lines[1] == "king\tking\t1.0"


# ---------------------------------------------------------------- what may be wrong


@pytest.mark.parametrize("command", ["words", "neighbours", "heatmap"])
@pytest.mark.parametrize("name", ["line", "equal"])
def test_odd_vectors_are_drawn(folder: Path, command: str, name: str) -> None:
    run_ok(command, folder / f"{name}.txt", "king", "man", "rich", "-o", folder / f"{name}-{command}.png")
    run_ok(command, folder / f"{name}.txt", "king", "-o", folder / f"{name}-{command}.svg")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["words", "v.txt", "king"], 2, "-o FILE.png"),
        (["words", "v.txt", "king", "-o", "x.gif"], 2, ".png, .svg or .pdf"),
        (["words", "v.txt", "king", "-o", "x.png", "--size", "big"], 2, "6.4x4.8"),
        (["words", "v.txt", "king", "--show"], 2, "not a terminal"),
        (["words", "v.txt", "zebra", "-o", "x.png"], 1, "none of the words"),
        (["words", "v.txt", "king", "broken", "zebra", "-o", "x.png"], 3, "'zebra' is missing"),
        (["words", "v.txt", "king", "broken", "-o", "x.png"], 0, "'broken' has a vector with numbers that are not"),
        (["words", "v.txt", "king", "nothing", "-o", "x.png"], 0, "'nothing' has a vector of zeros"),
        (["words", "v.txt", "king", "man", "--layout", "tsne", "-o", "x.png"], 0, "drawn by pca"),
        (["neighbours", "one.txt", "king", "-o", "x.png"], 1, "no neighbours"),
        (["axes", "v.txt", "--x", "rich", "king", "-o", "x.png"], 2, "poor:rich"),
        (["axes", "v.txt", "--x", "poor:rich", "zebra", "-o", "x.png"], 1, "nothing to draw"),
        (["words", "v.txt", "king", "--format", "json", "-o", "-"], 2, "-o FILE"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, message: str
) -> None:
    monkeypatch.chdir(folder)
    result = run_here("plot", *arguments)
    assert result.returncode == status, result.stderr
    assert message in result.stderr.decode()


def test_without_matplotlib_the_extra_is_named_and_coordinates_are_printed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run_here("plot", "words", folder / "v.txt", "king", "man", "-o", folder / "x.png")
    assert result.returncode == 2
    assert b"wordvec-cli[plot]" in result.stderr
    assert len(as_json("words", folder / "v.txt", "king", "man")["points"]) == 2


@pytest.mark.parametrize(
    ("command", "options"), [("heatmap", []), ("axes", ["--x", "w0:w1"]), ("neighbours", ["-k", "9"]), ("words", [])]
)
def test_more_words_than_a_picture_has_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, options: list[str]
) -> None:
    """Only a map draws thousands, with as many labels as there is room for; all of them print their numbers."""
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(1).normal(size=(1200, 3)).round(3).tolist()
    Path("v.txt").write_text("".join(f"w{i} {x} {y} {z}\n" for i, (x, y, z) in enumerate(rows)))
    n_words = {"words": 420, "neighbours": 1200}.get(command, 201)
    Path("words.txt").write_text("".join(f"w{i}\n" for i in range(n_words)))
    asked = ["plot", command, "v.txt", *options, "--words", "words.txt"]
    result = run_here(*asked, "-o", "x.png")
    assert (result.returncode, b"too many" in result.stderr) == ((0, False) if command == "words" else (1, True))
    if command == "words":
        assert b"labels left out for want of room" in result.stderr
    elif command != "neighbours":
        assert run_here(*asked, "--format", "tsv").returncode == 0


# ---------------------------------------------------------------- terminals


def png(width: int, height: int) -> tuple[bytes, np.ndarray]:
    pixels = np.random.default_rng(2).choice(
        np.array([[0, 0, 0], [255, 0, 0], [255, 255, 255]], np.uint8), (height, width)
    )
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue(), pixels


def test_sixels_are_the_pixels() -> None:
    content, pixels = png(13, 8)
    match = re.fullmatch(rb'\x1bP0;1q"1;1;13;8(.*)\x1b\\', sixel(content), re.DOTALL)
    assert match
    colours: dict[int, tuple[int, ...]] = {}
    seen = np.zeros((12, 13, 3), int) - 1
    top = x = colour = 0
    for found in re.finditer(rb"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|(\$)|(-)|!(\d+)(.)|(.)", match[1]):
        if found[1]:
            colours[int(found[1])] = tuple(int(found[i]) for i in (2, 3, 4))
        elif found[5]:
            colour = int(found[5])
        elif found[6]:
            x = 0
        elif found[7]:
            x, top = 0, top + 6
        else:
            bits = (found[9] or found[10])[0] - 63
            n_columns = int(found[8] or 1)
            for row in range(6):
                if bits >> row & 1:
                    seen[top + row, x : x + n_columns] = colours[colour]
            x += n_columns
    np.testing.assert_array_equal(seen[:8], pixels.astype(int) * 100 // 255)


def test_kitty_and_iterm_get_the_file_itself() -> None:
    content, _ = png(80, 60)
    pieces = re.findall(rb"\x1b_G(?:a=T,f=100,)?m=([01]);([^\x1b]*)\x1b\\", kitty(content))
    assert base64.b64decode(b"".join(piece for _, piece in pieces)) == content
    assert [more for more, _ in pieces] == [b"1"] * (len(pieces) - 1) + [b"0"]
    assert base64.b64decode(iterm(content).rpartition(b":")[2][:-1]) == content


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"), ({"TERM_PROGRAM": "ghostty"}, "kitty"), ({"TERM": "foot"}, "sixel"),
        ({"TERM_PROGRAM": "iTerm.app", "TERM": "xterm-256color"}, "iterm"), ({"TERM": "xterm-256color"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_terminal_is_known_by_its_environment(environment: dict[str, str], protocol: str | None) -> None:
    assert protocol_of(environment) == protocol
