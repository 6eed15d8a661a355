"""Pairs laid out in tiles, against an oracle that puts one after the other on the pile of its tile."""

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.reference_glove import loss_of
from wordvec_cli.errors import InputError
from wordvec_cli.progress import Progress
from wordvec_cli.sequences.pair_arrays import Pairs
from wordvec_cli.sequences.pairs import Room
from wordvec_cli.sequences.pairs_file import RECORD
from wordvec_cli.training import tiles
from wordvec_cli.training.tiles import Weighting, lay_out, number_of_blocks, open_tiles

Triples = list[tuple[int, int, float]]
WEIGHTING = Weighting(x_max=10, exponent=0.75)


def as_pairs(triples: Triples, first_id: int = 0) -> Pairs:
    """As they come from a file: with ids from 0 three arrays, with ids from 1 the records of GloVe's programs."""
    records = np.array([(row + first_id, column + first_id, x) for row, column, x in triples], RECORD)
    records.flags.writeable = False
    arrays = [records[name] for name in ("row", "column", "weight")]
    if first_id == 0:
        arrays = [array.copy() for array in arrays]
        for array in arrays:
            array.flags.writeable = False
    return Pairs(*arrays, first_id)


def random_triples(n_words: int, n_pairs: int, is_sorted: bool) -> Triples:
    rng = np.random.default_rng([n_words, n_pairs])
    places = np.sort(rng.choice(n_words**2, min(n_pairs, n_words**2), replace=False))
    if not is_sorted:
        places = rng.permutation(places)
    weights = np.exp(rng.normal(1, 3, len(places)))
    return [(*divmod(place, n_words), x) for place, x in zip(places.tolist(), weights.tolist(), strict=True)]


def piles_of(triples: Triples, n_blocks: int) -> dict[tuple[int, int], list[tuple[int, int, float]]]:
    """By tile: row and column within their blocks, and the logarithm; in the order of the pairs."""
    piles: dict[tuple[int, int], list[tuple[int, int, float]]] = {
        (i, j): [] for i in range(n_blocks) for j in range(n_blocks)
    }
    for row, column, x in triples:
        pile = piles[row % n_blocks, column % n_blocks]
        pile.append((row // n_blocks, column // n_blocks, math.log(x)))
    return piles


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def set_part_sizes(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(tiles, "FEWEST_PAIRS", size)
    monkeypatch.setattr(tiles, "MOST_PAIRS", size)
    monkeypatch.setattr(tiles, "PAIRS_OF_TILE", 0)


@pytest.mark.parametrize("first_id", [0, 1])
@pytest.mark.parametrize("is_sorted", [True, False], ids=["sorted", "shuffled"])
@pytest.mark.parametrize("part_size", [7, 1000, 1 << 14])
@pytest.mark.parametrize("n_words", [1, 2, 15, 16, 17, 5000])
def test_every_pair_lies_in_its_tile_in_the_order_of_the_pairs(
    n_words: int, part_size: int, is_sorted: bool, first_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_part_sizes(monkeypatch, part_size)
    triples = random_triples(n_words, 2000, is_sorted)
    laid_out = lay_out(as_pairs(triples, first_id), n_words, WEIGHTING, Room(tmp_path))
    n_blocks = {1: 1, 2: 2, 15: 15}.get(n_words, 16)
    assert (laid_out.n_words, laid_out.n_blocks) == (n_words, n_blocks)
    piles = piles_of(triples, n_blocks)
    for tile, pile in piles.items():
        pairs = laid_out.tile(*tile)
        assert [(place >> 16, place & 0xFFFF) for place in pairs["place"].tolist()] == [pair[:2] for pair in pile]
        np.testing.assert_allclose(pairs["log"], [log for *_, log in pile], rtol=1e-6, atol=1e-7)
    assert laid_out.largest == max(map(len, piles.values()))
    assert len(laid_out.pairs) == len(triples)
    losses = [loss_of(x, 0.0, *WEIGHTING) for *_, x in triples]
    assert laid_out.untrained_loss == pytest.approx(np.mean(losses), rel=1e-9)


@pytest.mark.parametrize("is_sorted", [True, False], ids=["sorted", "shuffled"])
def test_neither_parts_nor_threads_change_a_pair(
    is_sorted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = as_pairs(random_triples(500, 3000, is_sorted))
    contents = []
    for part_size in (11, 300, 3000):
        set_part_sizes(monkeypatch, part_size)
        for n_threads in (1, 2, 5):
            folder = tmp_path / f"{part_size}-{n_threads}"
            folder.mkdir()
            lay_out(pairs, 500, WEIGHTING, Room(folder, n_threads=n_threads))
            contents.append(files_of(folder))
    for content in contents:
        assert content.keys() == contents[0].keys()
        for name in ("pairs", "tile-sizes"):
            assert content[name] == contents[0][name]
    losses = {json.loads(content["pairs.json"])["untrained_loss"] for content in contents}
    assert max(losses) == pytest.approx(min(losses), rel=1e-12)  # the sums of parts, added up
    for i in (0, 3, 6):
        assert contents[i] == contents[i + 1] == contents[i + 2]


@pytest.mark.parametrize(
    ("n_threads", "n_bytes", "size"), [(1, 240_000, 10_000), (2, 240_000, 5000), (1, 10**9, 20_000)]
)
def test_parts_are_as_large_as_the_memory_allows(
    n_threads: int, n_bytes: int, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part takes 8 bytes a pair, and of each thread three may be about: one at work and two that wait."""
    monkeypatch.setattr(tiles, "FEWEST_PAIRS", 1)
    monkeypatch.setattr(tiles, "MOST_PAIRS", 20_000)
    monkeypatch.setattr(tiles, "PAIRS_OF_TILE", 0)
    reports: list[Progress] = []
    pairs = as_pairs(random_triples(200, 20_000, is_sorted=True))
    lay_out(pairs, 200, WEIGHTING, Room(tmp_path, n_bytes, n_threads), reports.append)
    for stage in ("looking through pairs", "ordering pairs"):
        of_stage = [report for report in reports if report.stage == stage]
        assert [report.done for report in of_stage] == list(range(size, 20_001, size))
        assert {(report.total, report.unit) for report in of_stage} == {(20_000, "pairs")}


def test_the_number_of_blocks_follows_the_vocabulary() -> None:
    """Sixteen for threads to share, but not more than there are words, nor with more words than 16 bits can number."""
    numbers = {1: 1, 2: 2, 15: 15, 16: 16, 17: 16, 65_536: 16, 65_537: 17, 400_000: 98, 3_000_000: 733}
    assert {n_words: number_of_blocks(n_words) for n_words in numbers} == numbers


def test_the_last_words_of_a_large_vocabulary_have_their_places(tmp_path: Path) -> None:
    n_words = 70_000
    n_blocks = 18  # of at most 4096 words
    ids = [0, 1, n_words - 1, n_words - 2, 65_535, 65_536, n_blocks - 1, n_blocks]
    triples = [(row, column, 1.5 + row + column) for row in ids for column in ids]
    laid_out = lay_out(as_pairs(triples), n_words, WEIGHTING, Room(tmp_path))
    assert laid_out.n_blocks == n_blocks
    found = []
    for i in range(n_blocks):
        for j in range(n_blocks):
            for place, log in laid_out.tile(i, j).tolist():
                row, column = (place >> 16) * n_blocks + i, (place & 0xFFFF) * n_blocks + j
                found.append((row, column))
                assert log == pytest.approx(math.log(1.5 + row + column), rel=1e-6)
    assert sorted(found) == sorted(pair[:2] for pair in triples)


def test_what_was_laid_out_is_opened_again(tmp_path: Path) -> None:
    laid_out = lay_out(as_pairs(random_triples(40, 500, is_sorted=False)), 40, WEIGHTING, Room(tmp_path))
    assert sorted(os.listdir(tmp_path)) == ["pairs", "pairs.json", "tile-sizes"]
    opened = open_tiles(tmp_path)
    for name in ("n_words", "n_blocks", "untrained_loss"):
        assert getattr(opened, name) == getattr(laid_out, name)
    np.testing.assert_array_equal(opened.starts, laid_out.starts)
    np.testing.assert_array_equal(opened.pairs, laid_out.pairs)
    assert not opened.pairs.flags.writeable


def test_pairs_are_laid_out_over_those_that_were_there(tmp_path: Path) -> None:
    """As after a run that was killed meanwhile."""
    lay_out(as_pairs(random_triples(40, 900, is_sorted=True)), 40, WEIGHTING, Room(tmp_path))
    triples = random_triples(3, 4, is_sorted=True)
    lay_out(as_pairs(triples), 3, WEIGHTING, Room(tmp_path))
    opened = open_tiles(tmp_path)
    assert (opened.n_words, len(opened.pairs)) == (3, 4)


def test_a_folder_without_tiles_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_tiles(tmp_path)


@pytest.mark.parametrize("first_id", [0, 1])
@pytest.mark.parametrize("at", [0, 13, 99])
@pytest.mark.parametrize(
    "wrong",
    [
        (-1, 3, 1.0), (3, -1, 1.0), (20, 3, 1.0), (3, 20, 1.0), (-(2**31) + 1, 0, 1.0), (0, 2**31 - 2, 1.0),
        (3, 4, 0.0), (3, 4, -1.0), (3, 4, math.nan), (3, 4, math.inf), (3, 4, -math.inf),
    ],
)  # fmt: skip
def test_a_pair_that_cannot_be_is_an_error_that_names_it(
    wrong: Any, at: int, first_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later one that is wrong too goes unnoticed, however many threads look."""
    set_part_sizes(monkeypatch, 10)
    triples = [(i % 20, 19 - i % 20, 1.0 + i) for i in range(120)]
    triples[at] = wrong
    triples[110] = (77, 0, 1.0)
    row, column, x = wrong
    shown = f"pair {at + 1} is ({row + first_id}, {column + first_id}, {x}), and the vocabulary has 20 words"
    for n_threads in (1, 3):
        with pytest.raises(InputError) as error:
            lay_out(as_pairs(triples, first_id), 20, WEIGHTING, Room(tmp_path, n_threads=n_threads))
        assert shown in str(error.value)
        assert "weights must be positive; check that the pairs were counted with this vocabulary" in str(error.value)
    assert os.listdir(tmp_path) == []


def test_the_first_and_the_last_word_are_no_error(tmp_path: Path) -> None:
    for first_id in (0, 1):
        triples = [(0, 19, 5e-324), (19, 0, 1.7e308)]
        laid_out = lay_out(as_pairs(triples, first_id), 20, WEIGHTING, Room(tmp_path))
        assert sorted(laid_out.pairs["log"].tolist()) == pytest.approx([math.log(5e-324), math.log(1.7e308)], rel=1e-6)
