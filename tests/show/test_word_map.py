"""What a map is made of, and the page that holds it."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.show import page_file
from wordvec_cli.show.clusters import clustered
from wordvec_cli.show.groups import read_groups
from wordvec_cli.show.page_file import FOLDER, MODULES, page_of, program
from wordvec_cli.show.word_map import MapOptions, Source, make_map, whole_bytes
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def vectors(matrix: "np.ndarray | list[list[float]]", counts: list[int] | None = None) -> Embeddings:
    rows = np.array(matrix, np.float32)
    return from_matrix(Vocabulary.from_words([b"w%d" % i for i in range(len(rows))], counts), rows, {})


def random_vectors(n: int = 60, dim: int = 5, counts: list[int] | None = None) -> Embeddings:
    return vectors(np.random.default_rng(1).normal(size=(n, dim)), counts)


def page_arrays(page: bytes) -> dict[str, bytes]:
    found = re.findall(rb'<script type="text/plain" id="([\w-]+)">([^<]*)</script>', page)
    return {name.decode(): base64.b64decode(text) for name, text in found}


def facts_of(page: bytes) -> dict[str, object]:
    text = re.search(rb'<script type="application/json" id="about">([^<]*)</script>', page)
    assert text is not None
    return dict(json.loads(text[1]))


def test_the_most_frequent_words_are_shown_in_the_order_of_their_counts() -> None:
    made = make_map([Source("v", random_vectors(4, 5, [1, 9, 5, 7]))], MapOptions(limit=3))
    assert made.words == [b"w1", b"w3", b"w2"]
    assert made.counts is not None and made.counts.tolist() == [9, 7, 5]
    assert made.n_words == 4


def test_neighbours_are_among_the_words_of_the_map_and_exact() -> None:
    source = random_vectors()
    made = make_map([Source("v", source)], MapOptions(k=4))
    units = source.matrix / np.linalg.norm(source.matrix, axis=1, keepdims=True)
    cosines = units.astype(np.float64) @ units.T
    np.fill_diagonal(cosines, -2)
    near = made.sides[0].near
    assert near.ids.tolist() == np.argsort(-cosines, axis=1)[:, :4].tolist()
    assert np.allclose(near.cosines, np.sort(cosines, axis=1)[:, :-5:-1], atol=1e-6)


@pytest.mark.parametrize(
    "matrix", [[[1, 2]], [[1], [-2], [3]], [[1, 2, 3]] * 20, [[0, 0]] * 7, [[1, 0], [0, 0], [0, 1]]],
    ids=["one word", "one number", "all equal", "zeros", "a row of zeros"],
)  # fmt: skip
def test_odd_vectors_have_a_map(matrix: list[list[float]]) -> None:
    page = page_of(make_map([Source("v", vectors(matrix))]))
    assert len(page_arrays(page)["places-0"]) == 4 * len(matrix)


def test_words_whose_vectors_are_not_finite_are_left_out_and_named() -> None:
    matrix = np.random.default_rng(1).normal(size=(9, 3))
    matrix[2, 1], matrix[5, 0] = np.nan, np.inf
    notes: list[str] = []
    made = make_map([Source("v", vectors(matrix))], MapOptions(), notes.append)
    assert len(made.words) == 7
    assert notes == ["left out 2 words whose vectors have numbers that are not finite: 'w2', 'w5'"]
    with pytest.raises(InputError, match="no word has a vector of finite numbers"):
        make_map([Source("v", vectors(np.full((3, 2), np.nan)))])


@pytest.mark.parametrize(
    ("options", "told"), [({"limit": 10**6}, "--limit 1000000"), ({"n_clusters": 300}, "--clusters")]
)
def test_more_than_a_page_has_room_for_is_refused(options: dict[str, int], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        make_map([Source("v", random_vectors())], MapOptions(**options))


def test_two_files_share_no_words() -> None:
    other = from_matrix(Vocabulary.from_words([b"x"]), np.ones((1, 5), np.float32), {})
    with pytest.raises(InputError, match="old and new: no words to show"):
        make_map([Source("old", random_vectors()), Source("new", other)])


def test_clusters_are_what_is_in_one_direction_named_by_the_most_central_words() -> None:
    random = np.random.default_rng(2)
    middles = np.eye(6)[:3] * 5
    kinds = random.integers(0, 3, 300)
    rows = (middles[kinds] + random.normal(size=(300, 6)) * 0.3).astype(np.float32)
    found = clustered(rows, 3)
    pairs = set(zip(kinds.tolist(), found.of_words.tolist(), strict=True))
    assert len(pairs) == 3
    sizes = np.bincount(found.of_words)
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)
    for cluster, ids in enumerate(found.naming):
        members = np.flatnonzero(found.of_words == cluster)[:100]
        units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        cosines = units[members] @ units[found.of_words == cluster].mean(axis=0)
        assert ids == members[np.argsort(-cosines)][:3].tolist()


def test_groups_are_read_by_word_numbers_as_numbers_and_missing_words_named(tmp_path: Path) -> None:
    path = tmp_path / "g.tsv"
    path.write_text("word\tkind\tsize\nb\tnoun\t1\nz\tverb\t2\na\tverb\t-0.5\n")
    notes: list[str] = []
    kind, size = read_groups(str(path), [b"a", b"b", b"c"], notes.append)
    assert (kind.name, kind.values, kind.is_numbers) == ("kind", ["verb", "noun", None], False)
    assert (size.values, size.is_numbers) == ([-0.5, 1.0, None], True)
    assert notes == [f"{path}: 1 of its 3 words are not on the map: 'z'"]


def test_an_empty_cell_is_no_group_and_a_column_of_numbers_with_a_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "g.tsv"
    path.write_text("word\tsize\tshare\tkind\na\t1\t1\tx\nb\t\t2\t3\nc\t3\tNA\ty\n")
    notes: list[str] = []
    size, share, kind = read_groups(str(path), [b"a", b"b", b"c"], notes.append)
    assert (size.values, size.is_numbers) == ([1.0, None, 3.0], True)
    assert (share.values, kind.values) == (["1", "2", "NA"], ["x", "3", "y"])
    told = "the column 'share' is taken for groups, though 2 of its values are numbers, as 'NA' is not"
    assert notes == [f"{path}: {told}; leave cells without a number empty"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not a table of words"), ("word\n", "is not a table of words"), ("word\tkind\n", "is not a table"),
        ("word\tkind\nz\tnoun\n", "none of its words is on the map"),
        ("word\tkind\na\tnoun\nb\n", "g.tsv:3: 1 fields where the header has 2"),
        ("word\tkind\na\tnoun\na\tverb\n", "g.tsv:3: 'a' has a line already; leave one of them out"),
    ],
)  # fmt: skip
def test_files_of_groups_that_are_none_are_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "g.tsv").write_text(text)
    with pytest.raises(InputError, match=told):
        read_groups(str(tmp_path / "g.tsv"), [b"a", b"b"])


def test_bytes_keep_directions() -> None:
    rows = np.random.default_rng(1).normal(size=(50, 100)).astype(np.float32) * 1e20
    packed = whole_bytes(rows).astype(np.float64)
    rows = rows.astype(np.float64)
    cosines = np.einsum("ij,ij->i", packed, rows) / np.linalg.norm(packed, axis=1) / np.linalg.norm(rows, axis=1)
    assert cosines.min() > 0.9998
    assert whole_bytes(np.zeros((1, 3), np.float32)).tolist() == [[0, 0, 0]]


def test_places_and_cosines_of_the_page_are_those_of_the_map() -> None:
    made = make_map([Source("v", random_vectors())], MapOptions(k=3))
    found = page_arrays(page_of(made))
    places = np.frombuffer(found["places-0"], "<u2").reshape(-1, 2) / 65535 * 2 - 1
    x, y = made.sides[0].places.T
    assert np.corrcoef(places[:, 0], x)[0, 1] > 0.999999
    assert np.allclose(
        np.ptp(places, axis=0) / np.ptp(places), [np.ptp(x), np.ptp(y)] / max(np.ptp(x), np.ptp(y)), atol=1e-3
    )
    cosines = np.frombuffer(found["cosines-0"], "<i2").reshape(-1, 3) / 10_000
    assert np.abs(cosines - made.sides[0].near.cosines).max() <= 0.00005001


@pytest.mark.parametrize("k", [0, 3, 12])
def test_what_the_plane_keeps_does_not_depend_on_how_many_neighbours_are_listed(k: int) -> None:
    made = make_map([Source("v", random_vectors())], MapOptions(k=k))
    assert made.kept == make_map([Source("v", random_vectors())], MapOptions(k=10)).kept
    assert made.sides[0].near.ids.shape == (60, k)


def test_a_map_without_vectors_is_a_smaller_page() -> None:
    source = [Source("v", random_vectors())]
    full, small = (page_arrays(page_of(make_map(source, MapOptions(has_vectors=each)))) for each in (True, False))
    assert set(full) - set(small) == {"vectors-0"}


def test_the_same_vectors_and_seed_give_the_same_page() -> None:
    pages = {page_of(make_map([Source("v", random_vectors())], MapOptions(seed=3))) for _ in range(2)}
    assert len(pages) == 1


def test_the_page_tells_its_policy_and_closes_no_script_early() -> None:
    source = vectors([[1, 2], [3, 4]])
    page = page_of(make_map([Source("</title></script><script>alert(1)</script>", source)]))
    assert page.count(b"</script") == page.count(b"<script")
    assert b"alert(1)</script>" not in page
    assert facts_of(page)["titles"] == ["</title></script><script>alert(1)</script>"]
    policy = re.search(rb'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert b"default-src 'none'" in policy[1] and b"connect-src 'none'" in policy[1]
    assert b"unsafe" not in policy[1]
    assert b"http://" not in page.replace(b"http://www.w3.org/2000/svg", b"") and b"https://" not in page


def test_all_modules_are_in_the_program_and_no_name_stands_for_two_things() -> None:
    assert sorted(MODULES) == sorted(path.stem for path in FOLDER.glob("*.js"))
    names = re.findall(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", program(), re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert not re.search(r"^(import|export)\b", program(), re.MULTILINE)
    for place, name in enumerate(MODULES):
        text = (FOLDER / f"{name}.js").read_text("utf-8")
        before = set(re.findall(r'^import [^;]*"\./(\w+)\.js";', text, re.MULTILINE))
        circular = {("points", "points_canvas")}
        assert all(other in MODULES[:place] or (name, other) in circular for other in before), name


def test_the_command_writes_the_page_and_says_what_it_shows(tmp_path: Path) -> None:
    words = Vocabulary.from_words([b"w%d" % i for i in range(30)], None)
    path, out = tmp_path / "v.safetensors", tmp_path / "map.html"
    save(str(path), words, np.random.default_rng(1).normal(size=(30, 4)).astype(np.float32), {})
    result = run_here("map", path, "-o", out, "--limit", "20")
    assert result.returncode == 0
    assert re.match(
        rb".*map.html: 20 most frequent of 30 words, [\d.]+ kB, laid out by pca; the plane keeps", result.stderr
    )
    assert facts_of(out.read_bytes())["nWords"] == 30
    twice = run_here("map", path, path, path, "-o", out)
    assert twice.returncode == 2 and b"a map compares two" in twice.stderr
    own = run_here("map", path, "-o", path)
    assert own.returncode == 1 and b"is read by this command" in own.stderr


def test_files_of_different_sizes_are_refused(tmp_path: Path) -> None:
    for name, dim in (("a", 3), ("b", 4)):
        words = Vocabulary.from_words([b"x", b"y"], None)
        save(str(tmp_path / f"{name}.safetensors"), words, np.ones((2, dim), np.float32), {})
    result = run_here("map", tmp_path / "a.safetensors", tmp_path / "b.safetensors", "-o", tmp_path / "m.html")
    assert result.returncode == 1
    assert b"compare vectors of one size" in result.stderr


def test_a_groups_column_is_written_once_and_by_number() -> None:
    column = page_file.Column("kind", ["noun", "verb", None, "verb"])
    assert page_file._column(column) == {"name": "kind", "groups": ["verb", "noun"], "of": [1, 0, -1, 0]}
