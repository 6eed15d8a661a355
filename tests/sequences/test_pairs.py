"""Co-occurrences: counting in chunks, threads and runs, against a plain dict."""

import os
import re
import threading
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference_pairs import cooccurrences
from wordvec_cli.errors import InputError, OptionError, OutputError
from wordvec_cli.kernels import pairs as kernels
from wordvec_cli.kernels.pairs import HOLE, WALL
from wordvec_cli.progress import Progress
from wordvec_cli.sequences import pairs as cooccurrence
from wordvec_cli.sequences.pair_arrays import Pairs
from wordvec_cli.sequences.pairs import PairCounter, PairOptions, Room
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.storage import spool
from wordvec_cli.text.corpus import CorpusStatistics

Sentences = list[list[int]]
# Columns lie in cache lines of 8, which are marked in words of 64, which are marked in groups of 4096.
VOCABULARY_SIZES = [1, 2, 7, 8, 9, 63, 64, 65, 4095, 4096, 4097, 8193]
DEFAULTS = PairOptions()

all_options = st.builds(
    PairOptions,
    window=st.sampled_from([1, 2, 3, 10, 1000]),
    symmetric=st.booleans(),
    distance_weighting=st.booleans(),
    unknown=st.sampled_from(["skip", "gap"]),
)


@st.composite
def sentences_of_words(draw: st.DrawFn) -> tuple[Sentences, int]:
    """Sentences, many of them empty, and the size of their vocabulary."""
    n_words = draw(st.sampled_from(VOCABULARY_SIZES))
    at_edges = st.sampled_from([n_words - 1, 0, n_words // 2, min(8, n_words - 1), min(4096, n_words - 1)])
    ids = st.one_of(at_edges, st.just(-1), st.integers(0, n_words - 1))
    sentences = st.lists(st.one_of(st.just([]), st.lists(ids, max_size=6), st.lists(ids, max_size=30)), max_size=12)
    return draw(sentences.filter(any)), n_words


def read_only(values: Any, dtype: Any) -> Any:
    """An array as maps of files are, so that no kernel is compiled for others."""
    array = np.array(values, dtype)
    array.flags.writeable = False
    return array


def sequences_of(sentences: Sentences) -> Sequences:
    ids = read_only([id for sentence in sentences for id in sentence], np.int32)
    offsets = read_only(np.cumsum([0, *map(len, sentences)]), np.int64)
    statistics = CorpusStatistics(0, len(sentences), len(ids), 0, 0)
    return Sequences(ids, offsets, int((ids >= 0).sum()), statistics, "")


def counter_of(
    sentences: Sentences,
    n_words: int,
    folder: Path,
    options: PairOptions = DEFAULTS,
    n_threads: int = 1,
) -> PairCounter:
    """Chunks are of FEWEST_TOKENS tokens, as the room has no memory for more."""
    return PairCounter(sequences_of(sentences), n_words, options, Room(folder, memory=1, n_threads=n_threads))


def as_dict(pairs: Pairs) -> dict[tuple[int, int], float]:
    """The pairs, after a look at what holds for all of them."""
    assert (pairs.rows.dtype, pairs.columns.dtype, pairs.weights.dtype) == (np.int32, np.int32, np.float64)
    assert len(pairs) == len(pairs.rows) == len(pairs.columns) == len(pairs.weights)
    assert not any(array.flags.writeable for array in (pairs.rows, pairs.columns, pairs.weights))
    keys = list(zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True))
    assert keys == sorted(set(keys))
    assert (pairs.weights > 0).all()
    return dict(zip(keys, pairs.weights.tolist(), strict=True))


def content(pairs: Pairs) -> bytes:
    return pairs.rows.tobytes() + pairs.columns.tobytes() + pairs.weights.tobytes()


def assert_counts(counter: PairCounter, expected: dict[tuple[int, int], float]) -> None:
    if not expected:
        with pytest.raises(InputError, match="no line of the corpus has two words of the vocabulary within a window"):
            counter.count()
        return
    counted = as_dict(counter.count())
    assert counted.keys() == expected.keys()
    assert counted == pytest.approx(expected, rel=1e-13)


def random_sentences(n_words: int, n_sentences: int, length: int) -> Sentences:
    return np.random.default_rng(1).integers(0, n_words, (n_sentences, length)).tolist()


# ---------------------------------------------------------------- what is counted


THE, CAT, SAT, ON, MAT = range(5)
LINE = [THE, CAT, SAT, ON, THE, MAT]


def test_the_pairs_of_a_line_are_those_counted_by_hand(tmp_path: Path) -> None:
    counted = as_dict(counter_of([LINE], 5, tmp_path, PairOptions(window=2)).count())
    of_each_pair = {
        (THE, CAT): 1, (THE, SAT): 0.5 + 0.5, (THE, ON): 1, (THE, MAT): 1, (CAT, SAT): 1, (CAT, ON): 0.5,
        (SAT, ON): 1, (ON, MAT): 0.5,
    }  # fmt: skip
    assert counted == of_each_pair | {(column, row): weight for (row, column), weight in of_each_pair.items()}


def test_left_only_and_flat_are_as_counted_by_hand(tmp_path: Path) -> None:
    options = PairOptions(window=2, symmetric=False, distance_weighting=False)
    assert as_dict(counter_of([LINE], 5, tmp_path, options).count()) == {
        (THE, CAT): 1, (THE, SAT): 1, (THE, MAT): 1, (CAT, SAT): 1, (CAT, ON): 1, (SAT, THE): 1, (SAT, ON): 1,
        (ON, THE): 1, (ON, MAT): 1,
    }  # fmt: skip


def test_an_unknown_word_takes_no_position_or_leaves_a_gap(tmp_path: Path) -> None:
    line = [-1, 0, -1, 1, -1, -1]
    left_only = {"window": 2, "symmetric": False}
    assert as_dict(counter_of([line], 2, tmp_path, PairOptions(**left_only)).count()) == {(0, 1): 1}
    assert as_dict(counter_of([line], 2, tmp_path, PairOptions(**left_only, unknown="gap")).count()) == {(0, 1): 0.5}


def test_a_word_beside_itself_counts_from_both_sides(tmp_path: Path) -> None:
    assert as_dict(counter_of([[0, 0, 0]], 1, tmp_path).count()) == {(0, 0): 2 * (1 + 1 + 0.5)}


NASTY_SENTENCES = {
    "one pair": [[0, 1]],
    "empty lines around": [[], [], [], [0, 1, 0], [], []],
    "empty lines between": [[0, 1], *([[]] * 20), [1, 0]],
    "lines of one word": [[0], [1], [0, 1], [1], [0]],
    "only lines of one word": [[0], [1], [0]],
    "all words unknown": [[-1, -1], [-1]],
    "a line of unknown words between": [[0, 1], [-1, -1, -1], [1, 1]],
    "unknown words at the ends of lines": [[-1, -1, 0, 1, -1], [-1, 1, -1], [-1, 0, 0, -1, -1]],
    "unknown words between all words": [[0, -1, 1, -1, 0, -1, 1]],
    "one line": [[0, 1, 1, -1, 0] * 8],
    "one long line among short ones": [[0, 1], [1], [0, 1, 1, 0, 0, -1] * 7, [], [0, 0]],
    "one word": [[0]],
    "one word again and again": [[0] * 40],
}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 16])
@pytest.mark.parametrize("unknown", ["skip", "gap"])
@pytest.mark.parametrize("sentences", NASTY_SENTENCES.values(), ids=NASTY_SENTENCES.keys())
def test_nasty_lines_are_counted_as_the_oracle_does(
    sentences: Sentences, unknown: Any, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", size)
    for window, symmetric in ((1, True), (3, False), (100, True)):
        options = PairOptions(window, symmetric, unknown=unknown)
        assert_counts(
            counter_of(sentences, 2, tmp_path, options),
            cooccurrences(sentences, window, symmetric, unknown=unknown),
        )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    corpus=sentences_of_words(), options=all_options, size=st.sampled_from([1, 2, 3, 7, 1 << 16]),
    n_threads=st.sampled_from([1, 3]),
)  # fmt: skip
def test_pairs_are_those_of_the_oracle_whatever_the_chunks_and_threads(
    corpus: tuple[Sentences, int], options: PairOptions, size: int, n_threads: int, tmp_path: Path
) -> None:
    sentences, n_words = corpus
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cooccurrence, "FEWEST_TOKENS", size)
        patch.setattr(cooccurrence, "PAIRS_PER_TASK", 5)
        counter = counter_of(sentences, n_words, tmp_path, options, n_threads)
        assert_counts(counter, cooccurrences(sentences, **vars(options)))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("n_words", VOCABULARY_SIZES[:-1])
def test_every_column_of_a_vocabulary_is_counted(n_words: int, tmp_path: Path) -> None:
    """A word at the edge of a table stands beside all words, in lines of two."""
    edges = {word for word in (0, 7, 8, 63, 64, 4095, 4096, n_words - 1) if word < n_words}
    sentences = [[edge, other] for edge in edges for other in range(n_words)]
    counter = counter_of(sentences, n_words, tmp_path)
    assert as_dict(counter.count()) == cooccurrences(sentences)


@pytest.mark.parametrize(
    ("first", "last", "keep_unknown", "tokens", "begin", "end"),
    [
        (0, 6, False, [WALL, 5, 6, 7, WALL, 8, WALL, 9, WALL], 1, 8),
        (0, 6, True, [WALL, 5, 6, 7, WALL, 8, HOLE, WALL, 9, WALL], 1, 9),
        (1, 4, False, [WALL, 5, 6, 7, WALL, 8, WALL], 2, 6),
        (1, 4, True, [WALL, 5, 6, 7, WALL, 8, HOLE, WALL], 2, 6),
        (2, 3, True, [WALL, 6, 7, WALL], 2, 3),
        (4, 5, False, [WALL, 8, WALL], 2, 2),
        (5, 6, True, [WALL, 9, WALL], 1, 2),
    ],
)
def test_a_chunk_is_laid_out_with_what_its_windows_reach_and_no_more(
    first: int, last: int, keep_unknown: bool, tokens: list[int], begin: int, end: int
) -> None:
    """The window is one word; what lies behind the arrays in memory is none of their lines."""
    ids = read_only([5, 6, 7, 8, -1, 9, 11, 12], np.int32)[:6]  # lines: 5 6 7, 8 -1, an empty one, 9
    offsets = read_only([0, 3, 5, 5, 6, 8], np.int64)[:5]
    laid_out = kernels.lay_out(ids, offsets, first, last, 1, keep_unknown)
    assert (laid_out[0].tolist(), *laid_out[1:]) == (tokens, begin, end)


def test_the_tables_of_a_row_are_zero_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cooccurrence, "SAMPLED_ROWS", 1)
    counter = counter_of([[4096, 0, 63, 4096], [5000, 8, 1, 64]], 5001, tmp_path)
    assert counter.n_pairs_about == 3 * 3 - 2 + 4 * 3
    assert not any(table.any() for table in counter._row_tables())


# ---------------------------------------------------------------- threads and runs


@pytest.mark.parametrize("size", [3000, 1 << 16])
def test_the_bytes_are_the_same_on_one_thread_and_on_three(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", size)
    monkeypatch.setattr(cooccurrence, "PAIRS_PER_TASK", 200)
    sentences = random_sentences(300, 400, 25)
    counters = [counter_of(sentences, 300, tmp_path, n_threads=n_threads) for n_threads in (1, 3)]
    assert counters[0].n_runs == (4 if size == 3000 else 1)
    one, three = (content(counter.count()) for counter in counters)
    assert one == three


@pytest.mark.parametrize("n_threads", [1, 3])
def test_several_runs_add_up_to_one(n_threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = random_sentences(300, 400, 25)
    whole = counter_of(sentences, 300, tmp_path).count()
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", 1234)
    monkeypatch.setattr(cooccurrence, "PAIRS_PER_TASK", 200)
    counter = counter_of(sentences, 300, tmp_path, n_threads=n_threads)
    assert counter.n_runs == 9
    merged = counter.count()
    assert merged.rows.tobytes() == whole.rows.tobytes()
    assert merged.columns.tobytes() == whole.columns.tobytes()
    np.testing.assert_allclose(merged.weights, whole.weights, rtol=1e-14)


def test_counting_again_and_estimating_before_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", 100)
    sentences = random_sentences(20, 40, 8)
    counter = counter_of(sentences, 20, tmp_path)
    assert counter.disk_bytes > 0
    first = counter.count()
    assert content(counter.count()) == content(first) == content(counter_of(sentences, 20, tmp_path).count())


def test_progress_only_grows_and_reaches_its_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", 100)
    monkeypatch.setattr(cooccurrence, "PAIRS_PER_TASK", 50)
    reports: list[Progress] = []
    counter_of(random_sentences(20, 40, 8), 20, tmp_path).count(reports.append)
    for stage, unit in (("counting pairs", "tokens"), ("merging pairs", "pairs")):
        done = [report.done for report in reports if report.stage == stage]
        assert done == sorted(done)
        assert done[-1] == next(report.total for report in reports if report.stage == stage)
        assert {report.unit for report in reports if report.stage == stage} == {unit}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted through /proc")
def test_many_runs_take_few_open_files_and_leave_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", 10)
    sentences = random_sentences(20, 400, 5)
    counter = counter_of(sentences, 20, tmp_path)
    assert counter.n_runs == 200
    numbers_open: list[int] = []
    before = len(os.listdir("/proc/self/fd"))
    pairs = counter.count(lambda progress: numbers_open.append(len(os.listdir("/proc/self/fd"))))
    assert max(numbers_open) < before + 20
    assert as_dict(pairs) == pytest.approx(cooccurrences(sentences), rel=1e-13)
    del pairs
    assert len(os.listdir("/proc/self/fd")) <= before


def test_counting_and_merging_keep_the_pairs_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The 250 000 pairs of a run take 1 MB for their rows alone."""
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", 15_000)
    monkeypatch.setattr(cooccurrence, "PAIRS_PER_TASK", 2000)
    counter = counter_of(random_sentences(2000, 1500, 20), 2000, tmp_path)
    counter.count()  # imports and kernels are not to count
    peaks: dict[str, int] = {}

    def keep_peak(progress: Progress) -> None:
        peaks[progress.stage] = max(peaks.get(progress.stage, 0), tracemalloc.get_traced_memory()[1])
        tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        pairs = counter.count(keep_peak)
    finally:
        tracemalloc.stop()
    assert counter.n_runs == 2
    assert len(pairs) > 400_000
    assert max(peaks.values()) < 700_000, peaks


# ---------------------------------------------------------------- what is left, and what goes wrong


def test_nothing_is_left_in_the_folder_and_the_pairs_outlive_the_counter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", 100)
    seen: set[str] = set()
    sentences = random_sentences(20, 40, 8)
    pairs = counter_of(sentences, 20, tmp_path).count(lambda progress: seen.update(os.listdir(tmp_path)))
    assert not seen
    assert os.listdir(tmp_path) == []
    assert as_dict(pairs) == pytest.approx(cooccurrences(sentences), rel=1e-13)


@pytest.mark.parametrize("size", [2000, 1 << 16])
def test_a_disk_that_fills_up_is_one_line_and_leaves_nothing(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """More than 37 500 pairs are more than the limit of 300 000 bytes a file."""
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", size)
    monkeypatch.setattr(cooccurrence, "PAIRS_PER_TASK", 5000)
    counter = counter_of(random_sentences(1000, 300, 20), 1000, tmp_path, n_threads=2)
    assert counter.n_pairs_about > 0  # kernels are compiled here, or the limit would hit numba's cache
    n_threads = threading.active_count()
    request.getfixturevalue("file_size_limit")
    with pytest.raises(OutputError, match=rf"{re.escape(str(tmp_path))} \(temporary files\): file too large$"):
        counter.count()
    assert os.listdir(tmp_path) == []
    assert threading.active_count() == n_threads


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("n_good_files", [0, 3])
def test_a_full_disk_is_one_line_while_runs_are_counted_or_merged(
    n_good_files: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", 100)
    make, made = spool.temporary_file, []

    def full_after_some(folder: Path) -> Any:
        made.append(folder)
        return make(folder) if len(made) <= n_good_files else open("/dev/full", "wb")

    monkeypatch.setattr(spool, "temporary_file", full_after_some)
    with pytest.raises(OutputError, match=r"temporary files\): no space left on device; free some space$"):
        counter_of(random_sentences(20, 40, 8), 20, tmp_path).count()
    assert made == [tmp_path] * (n_good_files + 3)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_missing_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"missing: cannot hold temporary files .*--tmp-dir"):
        counter_of([[0, 1]], 2, tmp_path / "missing").count()


@pytest.mark.parametrize("size", [1, 1 << 16])
def test_a_corpus_without_pairs_is_an_error(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", size)
    counter = counter_of([[0], [], [1, -1], [-1, 0]], 2, tmp_path)
    assert counter.n_pairs_about == 0
    with pytest.raises(InputError, match=r"no line of the corpus has two words of the vocabulary.*; nothing to count"):
        counter.count()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "name"), [({"window": 0}, "--window"), ({"window": -1}, "--window"), ({"unknown": "keep"}, "--unknown")]
)
def test_a_value_that_an_option_cannot_have_names_the_option(options: dict[str, Any], name: str) -> None:
    value = next(iter(options.values()))
    with pytest.raises(OptionError, match=rf"^{name} {value}: must be "):
        PairOptions(**options)


# ---------------------------------------------------------------- estimates


@pytest.mark.parametrize("n_words", [1, 2, 65, 500])
def test_the_number_of_pairs_is_exact_if_every_row_is_sampled(
    n_words: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cooccurrence, "SAMPLED_ROWS", 1)
    sentences = random_sentences(n_words, 40, 6)
    counter = counter_of(sentences, n_words, tmp_path)
    assert counter.n_pairs_about == len(cooccurrences(sentences))
    assert counter.disk_bytes == 16 * counter.n_pairs_about
    assert counter.n_pairs_about == len(counter.count())


def test_the_number_of_pairs_is_about_right_from_a_sample(tmp_path: Path) -> None:
    """Every word has about as many pairs as the others."""
    sentences = random_sentences(2000, 300, 20)
    expected = len(cooccurrences(sentences, window=5))
    assert counter_of(sentences, 2000, tmp_path, PairOptions(window=5)).n_pairs_about == pytest.approx(
        expected, rel=0.15
    )


def test_the_disk_is_estimated_for_the_runs_and_their_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of the same line have the same pairs, and so has their sum."""
    monkeypatch.setattr(cooccurrence, "FEWEST_TOKENS", 6)
    monkeypatch.setattr(cooccurrence, "SAMPLED_ROWS", 1)
    counter = counter_of([LINE] * 4, 5, tmp_path, PairOptions(window=2))
    assert (counter.n_runs, counter.n_pairs_about) == (4, 16)
    assert counter.disk_bytes == (4 + 1) * 16 * 16


# ---------------------------------------------------------------- in order


def rows_in_ranges(sizes: Sequence[int], most: int) -> list[tuple[int, int]]:
    return cooccurrence._row_ranges(np.array(sizes, np.int64), most, 0, len(sizes))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40), st.integers(1, 30))
def test_ranges_of_rows_cover_all_rows_and_are_small_or_a_single_row(sizes: list[int], most: int) -> None:
    ranges = rows_in_ranges(sizes, most)
    assert [row for first, last in ranges for row in range(first, last)] == list(range(len(sizes)))
    assert all(last - first == 1 or sum(sizes[first:last]) <= most for first, last in ranges)
