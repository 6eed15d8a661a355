"""GloVe: its kernels against the oracle, which is held against the C program; its configuration, vectors and rounds."""

import itertools
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests import reference_glove
from wordvec_cli.errors import DivergedError, OptionError
from wordvec_cli.kernels import glove as kernels
from wordvec_cli.kernels import parts
from wordvec_cli.sequences.pair_arrays import Pairs
from wordvec_cli.sequences.pairs import PairOptions, Room
from wordvec_cli.training.glove import CombinedRows, GloveConfig, GloveTrainer, vector_of_unknown_words
from wordvec_cli.training.matrices import padded
from wordvec_cli.training.session import BlockLoss, Session
from wordvec_cli.training.tiles import Tiles, Weighting, lay_out
from wordvec_cli.training.trainer import train
from wordvec_cli.vocabulary.vocabulary import Vocabulary

UNTOUCHED = 7.0  # what the padding after a bias holds here
Triples = list[tuple[int, int, float]]


def test_the_oracle_does_what_the_c_program_does() -> None:
    """glove -vector-size 2 -threads 1 -iter 1 -grad-clip 0.6, from these parameters and pairs, shows these figures."""
    pairs = [(0, 1, 40.0), (1, 1, 0.5), (2, 0, 3.0), (0, 1, 1000.0), (1, 2, 1e-10)]
    start = np.linspace(-0.8, 0.9, 18).reshape(2, 3, 3)
    sides = [np.stack([values, np.ones_like(values)]) for values in start]
    loss, words, contexts = reference_glove.train(pairs, *sides, x_max=100, exponent=0.75, rate=0.05, clip=0.6)
    assert loss / len(pairs) == pytest.approx(1.965585, abs=5e-7)
    words_of_c = [-0.740013491, -0.640013491, 2.898138188], [-0.500978362, -0.401242784, -0.352884397]
    contexts_of_c = [0.099395492, 0.199697746, 0.360450815], [0.341335032, 0.441070719, 4.075877325]
    np.testing.assert_allclose(words[0, :2], words_of_c, atol=1e-9)
    np.testing.assert_allclose(contexts[0, :2], contexts_of_c, atol=1e-9)
    np.testing.assert_allclose(words[1, 0], [1.0018, 1.0018, 15.706622592], atol=1e-9)
    np.testing.assert_allclose(contexts[1, 1], [1.001801748, 1.001801119, 15.709419349], atol=1e-9)


# ---------------------------------------------------------------- the kernel that trains


def packed(side: NDArray[np.float64]) -> NDArray[np.float32]:
    """A side of the oracle as the kernel's rows."""
    _, n_words, width = side.shape
    dim, room = width - 1, padded(width - 1)
    rows = np.zeros((n_words, 2 * room + kernels.BIASES), np.float32)
    rows[:, room : 2 * room] = 1
    rows[:, :dim], rows[:, room : room + dim] = side[:, :, :-1]
    rows[:, 2 * room :] = UNTOUCHED
    rows[:, 2 * room : 2 * room + 2] = side[:, :, -1].T
    return rows


def unpacked(rows: NDArray[np.float32], dim: int) -> NDArray[np.float64]:
    room = padded(dim)
    values, squares = rows[:, :dim], rows[:, room : room + dim]
    biases = rows[:, 2 * room : 2 * room + 2]
    return np.stack([np.column_stack([values, biases[:, 0]]), np.column_stack([squares, biases[:, 1]])]).astype(float)


def random_sides(rng: np.random.Generator, n_words: int, dim: int) -> list[NDArray[np.float64]]:
    """Values and sums of squares as they may be in the midst of a training, exact in float32."""
    values = rng.normal(0, 0.5, (2, n_words, dim + 1))
    squares = 1 + rng.random((2, n_words, dim + 1))
    return [np.stack(side).astype(np.float32).astype(float) for side in zip(values, squares, strict=True)]


def in_tile(pairs: Triples, n_blocks: int) -> NDArray[np.void]:
    """Pairs of one tile as the kernel wants them: their places within the blocks."""
    placed = [(row // n_blocks << 16 | column // n_blocks, math.log(x)) for row, column, x in pairs]
    return np.array(placed, kernels.PAIR)


def train_tile(
    pairs: Triples, sides: list[NDArray[np.float64]], tile: tuple[int, int] = (0, 0), n_blocks: int = 1, *,
    x_max: float, exponent: float = 0.75, rate: float = 0.05, clip: float = 100.0, bias_rate: float = 1.0,
) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]:  # fmt: skip
    words, contexts = map(packed, sides)
    dim = sides[0].shape[2] - 1
    loss = kernels.train_tile(
        in_tile(pairs, n_blocks), words.reshape(-1), contexts.reshape(-1), padded(dim), *tile, n_blocks,
        np.float32(exponent), np.float32(math.log(x_max)), np.float32(rate), np.float32(bias_rate), np.float32(clip),
    )  # fmt: skip
    return loss, words, contexts


WEIGHTS: dict[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    "around x_max": lambda rng, n: np.exp(rng.normal(math.log(10), 2, n)),
    "far below x_max": lambda rng, n: np.exp(rng.normal(0, 1, n)) / 1000,
    "far above x_max": lambda rng, n: np.exp(rng.normal(8, 1, n)),
    "extreme": lambda rng, n: rng.choice([1e-10, 1e9, 10.0, 1.0], n),
}


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("clip", [100.0, 0.05])
@pytest.mark.parametrize(("n_blocks", "tile"), [(1, (0, 0)), (3, (2, 0)), (16, (5, 15))])
@pytest.mark.parametrize("dim", [1, 15, 16, 17, 100])
def test_a_tile_is_trained_as_by_glove_c(
    dim: int, n_blocks: int, tile: tuple[int, int], clip: float, weights: str
) -> None:
    """Each of some words has several pairs, so that steps meet the squares of those before them."""
    rng = np.random.default_rng([dim, n_blocks])
    n_words, n_pairs = 5 * n_blocks, 40
    rows, columns = (n_blocks * rng.integers(0, 5, n_pairs) + block for block in tile)
    pairs: Triples = list(zip(rows.tolist(), columns.tolist(), WEIGHTS[weights](rng, n_pairs).tolist(), strict=True))
    sides = random_sides(rng, n_words, dim)
    options = {"x_max": 10.0, "exponent": 0.75, "rate": 0.05, "clip": clip, "bias_rate": 0.5}
    expected_loss, *expected = reference_glove.train(pairs, *sides, **options)
    loss, *trained = train_tile(pairs, sides, tile, n_blocks, **options)
    assert loss == pytest.approx(expected_loss, rel=1e-4)
    for rows_of_side, side in zip(trained, expected, strict=True):
        np.testing.assert_allclose(unpacked(rows_of_side, dim), side, rtol=1e-4, atol=1e-4)
        # what pads the rows is as it was, and so are the words that have no pair
        np.testing.assert_array_equal(packed(unpacked(rows_of_side, dim)), rows_of_side)
    for side, rows_of_side, ids in zip(sides, trained, (rows, columns), strict=True):
        others = np.setdiff1d(np.arange(n_words), ids)
        np.testing.assert_array_equal(unpacked(rows_of_side, dim)[:, others], side[:, others])


def test_clipping_bites_in_that_comparison() -> None:
    rng = np.random.default_rng(1)
    sides = random_sides(rng, 5, 16)
    pairs: Triples = [(row, row, 100.0) for row in range(5)]
    clipped, free = (
        reference_glove.train(pairs, *sides, x_max=10, exponent=0.75, rate=0.05, clip=clip)[1] for clip in (0.05, 100)
    )
    assert abs(clipped - free).max() > 0.01


def test_one_step_by_hand() -> None:
    """w = 1/2, c = 2, biases 0, log x = 0 and f(x) = 1: the difference is 1, the gradients are 2 and 1/2."""
    sides = [np.array([[[0.5, 0]], [[1, 1]]]), np.array([[[2, 0]], [[4, 1]]])]
    loss, words, contexts = train_tile([(0, 0, 1.0)], sides, x_max=1, rate=0.1, clip=1.5, bias_rate=0.5)
    assert loss == pytest.approx(0.5)
    # the gradient of w is cut to 1.5; the step of c is divided by the root of 4
    np.testing.assert_allclose(unpacked(words, 1)[:, 0], [[0.5 - 0.15, -0.5], [1 + 0.15**2, 2]], rtol=1e-6)
    np.testing.assert_allclose(unpacked(contexts, 1)[:, 0], [[2 - 0.05 / 2, -0.5], [4 + 0.05**2, 2]], rtol=1e-6)


def test_the_step_is_minus_the_rate_times_the_slope_of_the_loss() -> None:
    rng = np.random.default_rng(4)
    w, c = sides = [np.stack([rng.normal(0, 0.5, (1, 6)), np.ones((1, 6))]) for _ in range(2)]
    rate, x, step = 0.01, 3.0, 1e-6
    _, *trained = train_tile([(0, 0, x)], sides, x_max=10, rate=rate, bias_rate=rate)

    def loss(w: NDArray[np.float64], c: NDArray[np.float64]) -> float:
        return float(reference_glove.loss_of(x, w[:-1] @ c[:-1] + w[-1] + c[-1], 10, 0.75))

    for side, d in itertools.product(range(2), range(6)):
        moved = [[w[0, 0].copy(), c[0, 0].copy()] for _ in range(2)]
        moved[0][side][d] += step
        moved[1][side][d] -= step
        slope = (loss(*moved[0]) - loss(*moved[1])) / (2 * step)
        change = unpacked(trained[side], 5)[0, 0, d] - sides[side][0, 0, d]
        assert change == pytest.approx(-rate * slope, abs=1e-6)


def test_a_tile_without_pairs_changes_nothing() -> None:
    sides = random_sides(np.random.default_rng(1), 3, 4)
    loss, words, contexts = train_tile([], sides, x_max=10)
    assert loss == 0
    np.testing.assert_array_equal(words, packed(sides[0]))
    np.testing.assert_array_equal(contexts, packed(sides[1]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("d", [3, 17, -1], ids=["vector", "end of vector", "bias"])
def test_divergence_shows_in_the_loss(bad: float, side: int, d: int) -> None:
    sides = random_sides(np.random.default_rng(1), 3, 18)
    sides[side][0, 1, d] = bad
    loss, *_ = train_tile([(0, 0, 5.0), (1, 1, 5.0), (2, 2, 5.0)], sides, x_max=10)
    assert not math.isfinite(loss)


@pytest.mark.parametrize("d", [3, -1], ids=["vector", "bias"])
def test_squares_that_are_no_numbers_show_in_the_parameters(d: int) -> None:
    sides = random_sides(np.random.default_rng(1), 1, 18)
    sides[0][1, 0, d] = np.nan
    _, words, _ = train_tile([(0, 0, 5.0)], sides, x_max=10)
    assert np.isnan(unpacked(words, 18)[0, 0, d])


# ---------------------------------------------------------------- parts of kernels


@parts.part
def each_divided_by_root(numbers, squares, results):  # type: ignore[no-untyped-def]
    for d in range(0, len(numbers), parts.LANES):
        quotient = parts.divide_by_root(parts.load(numbers, d), parts.load(squares, d))
        parts.store(results, d, quotient)


@parts.part
def each_clipped(numbers, limit, results):  # type: ignore[no-untyped-def]
    for d in range(0, len(numbers), parts.LANES):
        parts.store(results, d, parts.clip(parts.load(numbers, d), parts.splat(limit)))


def test_numbers_are_divided_by_roots_to_the_last_bits() -> None:
    rng = np.random.default_rng(1)
    squares = np.exp(rng.uniform(-60, 80, 16_000)).astype(np.float32)
    squares[:4] = 1, 2, 4, 3e38
    numbers = rng.normal(0, 100, len(squares)).astype(np.float32)
    numbers[:2] = 0, -1
    results = np.empty_like(numbers)
    each_divided_by_root(numbers, squares, results)
    np.testing.assert_allclose(results, numbers / np.sqrt(squares.astype(float)), rtol=6e-7)


def test_numbers_are_clipped_and_what_is_no_number_stays_so() -> None:
    numbers = np.array([0, 1, 1.5, 2, -1.5, -2, np.inf, -np.inf, np.nan, 1e-30, -1e30, 1.6, 3, 4, -0.1, 5], np.float32)
    results = np.empty_like(numbers)
    each_clipped(numbers, np.float32(1.5), results)
    np.testing.assert_array_equal(results, np.clip(numbers, -1.5, 1.5))
    assert np.isnan(results[8])


def shuffled(pairs: NDArray[np.void], seed: int) -> NDArray[np.void]:
    result = np.empty_like(pairs)
    kernels.shuffled(pairs, result, np.uint64(seed))
    return result


def numbered_pairs(n: int) -> NDArray[np.void]:
    pairs = np.array([(i, i / 2) for i in range(n)], kernels.PAIR)
    pairs.flags.writeable = False  # as those of a map
    return pairs


@pytest.mark.parametrize("n", [0, 1, 2, 3, 1000])
@pytest.mark.parametrize("seed", [0, 1, 2**63, 2**64 - 1])
def test_shuffling_loses_and_doubles_no_pair(n: int, seed: int) -> None:
    pairs = numbered_pairs(n)
    result = shuffled(pairs, seed)
    assert sorted(result["place"]) == list(range(n))
    np.testing.assert_array_equal(result["log"], result["place"] / 2)
    np.testing.assert_array_equal(shuffled(pairs, seed), result)
    if n == 1000:
        another = shuffled(pairs, seed ^ 1)["place"]
        for order in (result["place"], another):  # one pair stays where it was, on average, in each half too
            assert np.count_nonzero(order == np.arange(n)) < 8
            assert np.count_nonzero(order[:500] < 500) == pytest.approx(250, abs=40)
        assert np.count_nonzero(another == result["place"]) < 8


def test_every_order_of_three_pairs_comes_up_equally_often() -> None:
    pairs, n_times = numbered_pairs(3), 12_000
    orders = Counter(tuple(shuffled(pairs, seed)["place"].tolist()) for seed in range(n_times))
    assert set(orders) == set(itertools.permutations(range(3)))
    expected = n_times / 6
    chi_squared = sum((n - expected) ** 2 / expected for n in orders.values())
    assert chi_squared < 20.5  # exceeded once in a thousand, with 5 degrees of freedom


def test_every_pair_comes_to_every_place_equally_often() -> None:
    pairs, n_times = numbered_pairs(20), 4000
    places = np.array([shuffled(pairs, seed)["place"] for seed in range(n_times)])
    tally = np.array([np.bincount(column, minlength=20) for column in places.T])
    expected = n_times / 20
    assert ((tally - expected) ** 2 / expected).sum() < 451  # once in a thousand, with 19 * 19 degrees of freedom


# ---------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vector_size", 0), ("window", 0), ("epochs", 0), ("seed", -1), ("unknown", "keep"), ("combine", "mean"),
        *itertools.product(
            ["x_max", "weight_exponent", "gradient_clip", "learning_rate"], [0, -1, float("nan"), float("inf")]
        ),
    ],
)  # fmt: skip
def test_a_configuration_checks_itself_and_names_the_option(field: str, value: Any) -> None:
    with pytest.raises(OptionError, match=f"^--{field.replace('_', '-')} {value}: must be"):
        GloveConfig(**{field: value})


def test_what_is_not_known_of_pairs_is_not_recorded() -> None:
    config = GloveConfig(window=None, symmetric=None, distance_weighting=None, unknown=None)
    assert config.options() == {
        "model": "glove", "vector_size": 100, "x_max": 10.0, "weight_exponent": 0.75, "gradient_clip": 100.0,
        "combine": "sum", "unknown_vector": False, "epochs": 25, "learning_rate": 0.05, "seed": 1,
        "deterministic": True,
    }  # fmt: skip
    assert config.pair_options == PairOptions()
    known = GloveConfig(window=3, symmetric=False, distance_weighting=False, unknown="gap")
    of_pairs = {"window": 3, "symmetric": False, "distance_weighting": False, "unknown": "gap"}
    assert known.options() == config.options() | of_pairs
    assert known.pair_options == PairOptions(3, False, False, "gap")


# ---------------------------------------------------------------- what is published


WORDS = np.arange(12, dtype=np.float32).reshape(4, 3)
CONTEXTS = 100 - 7 * WORDS


@pytest.mark.parametrize(
    ("combine", "expected"),
    [("word", WORDS), ("sum", WORDS + CONTEXTS), ("concat", np.concatenate([WORDS, CONTEXTS], axis=1))],
)
def test_both_vectors_of_a_word_become_one(combine: Any, expected: NDArray[np.float32]) -> None:
    rows = CombinedRows(WORDS, CONTEXTS, combine)
    assert (len(rows), rows.shape) == (4, expected.shape)
    for part in (slice(None), slice(1, 3), slice(2, 99), slice(0, 0), np.array([3, 0, 0]), [1], 2):
        result = rows[part]
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result, expected[part])


def many_words(n: int, counts: list[int] | None = None) -> Vocabulary:
    return Vocabulary.from_words([str(i).encode() for i in range(n)], counts)


def test_unknown_words_get_the_mean_of_the_hundred_rarest() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(250, 3)).astype(np.float32)
    counts = rng.permutation(250) + 5
    rarest = matrix[counts < 105]
    assert len(rarest) == 100
    unknown = vector_of_unknown_words(matrix, many_words(250, counts.tolist()))
    assert (unknown.shape, unknown.dtype) == ((1, 3), np.float32)
    np.testing.assert_allclose(unknown[0], rarest.mean(axis=0, dtype=float), rtol=1e-6)
    combined = CombinedRows(matrix, 2 * matrix, "sum")
    unknown = vector_of_unknown_words(combined, many_words(250, counts.tolist()))
    np.testing.assert_allclose(unknown[0], 3 * rarest.mean(axis=0, dtype=float), rtol=1e-6)


@pytest.mark.parametrize("counts", [None, [9] * 150], ids=["no counts", "equal counts"])
def test_without_another_reason_the_last_words_are_the_rarest(counts: list[int] | None) -> None:
    """As in glove.c, which takes the last of its vocabulary."""
    matrix = np.arange(150, dtype=np.float32)[:, np.newaxis]
    assert vector_of_unknown_words(matrix, many_words(150, counts)) == [[(50 + 149) / 2]]


@pytest.mark.parametrize("n_words", [1, 99, 100])
def test_unknown_words_get_the_mean_of_all_words_if_these_are_few(n_words: int) -> None:
    matrix = np.arange(n_words, dtype=np.float32)[:, np.newaxis]
    vocabulary = many_words(n_words, list(range(n_words, 0, -1)))
    assert vector_of_unknown_words(matrix, vocabulary) == [[(n_words - 1) / 2]]


# ---------------------------------------------------------------- the trainer


def tiles_of(counts: NDArray[np.float64], weighting: Weighting, folder: Path) -> Tiles:
    """counts  (n_words, n_words), 0 where there is no pair"""
    rows, columns = np.nonzero(counts)
    arrays = rows.astype(np.int32), columns.astype(np.int32), counts[rows, columns]
    for array in arrays:
        array.flags.writeable = False  # as a map is
    return lay_out(Pairs(*arrays), len(counts), weighting, Room(folder))


def random_counts(n_words: int, share: float = 0.5) -> NDArray[np.float64]:
    rng = np.random.default_rng(n_words)
    return np.exp(rng.normal(1, 2, (n_words, n_words))) * (rng.random((n_words, n_words)) < share)


def all_parameters(trainer: GloveTrainer) -> bytes:
    return b"".join(matrix.tobytes() for matrix in trainer.parameters.values())


def sides_of(trainer: GloveTrainer) -> list[NDArray[np.float64]]:
    """The parameters as those of the oracle."""
    sides = []
    for name in ("words", "contexts"):
        vectors, squares, biases = (trainer.parameters[name + what] for what in ("", ".squares", ".biases"))
        values = np.column_stack([vectors, biases[:, 0]])
        sides.append(np.stack([values, np.column_stack([squares, biases[:, 1]])]).astype(float))
    return sides


class Watched:
    """Stands for the kernel that trains, and says which pairs it got, tile by tile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, trains: bool) -> None:
        self.tiles: list[tuple[int, int]] = []
        self.pairs: Triples = []
        self._kernel = kernels.train_tile if trains else None
        monkeypatch.setattr(kernels, "train_tile", self._train)

    def _train(self, pairs: Any, words: Any, contexts: Any, dim: int, *others: Any) -> float:
        row_block, column_block, n_blocks, *_ = others
        self.tiles.append((row_block, column_block))
        for place, log in pairs.tolist():
            row, column = (place >> 16) * n_blocks + row_block, (place & 0xFFFF) * n_blocks + column_block
            self.pairs.append((row, column, math.exp(log)))
        return self._kernel(pairs, words, contexts, dim, *others) if self._kernel else 0.0


@pytest.mark.parametrize("dim", [1, 15, 16, 17, 100])
def test_parameters_start_small_at_random_and_squares_at_one(dim: int, tmp_path: Path) -> None:
    starts = []
    for seed in (1, 1, 2):
        config = GloveConfig(vector_size=dim, seed=seed)
        trainer = GloveTrainer(tiles_of(random_counts(50), config.weighting, tmp_path), None, config)
        trainer.initialise()
        starts.append(all_parameters(trainer))
        words, contexts = sides_of(trainer)
        assert words.shape == contexts.shape == (2, 50, dim + 1)
        for values, squares in (words, contexts):
            assert (squares == 1).all()
            assert 0.4 / dim < abs(values).max() <= 0.5 / dim
            assert abs(values.mean()) < 0.15 / dim
        assert not np.isclose(words[0], contexts[0]).any(axis=0).all()
    assert starts[0] == starts[1] != starts[2]


@pytest.mark.parametrize(("n_words", "dim"), [(1, 3), (5, 1), (40, 17)])
def test_an_epoch_trains_as_glove_c_does_on_the_pairs_in_some_order(
    n_words: int, dim: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = GloveConfig(vector_size=dim, x_max=20, learning_rate=0.1, gradient_clip=0.5)
    counts = random_counts(n_words, share=1)
    trainer = GloveTrainer(tiles_of(counts, config.weighting, tmp_path), None, config)
    trainer.initialise()
    before = sides_of(trainer)
    watched = Watched(monkeypatch, trains=True)
    blocks = [trainer.train_block(0, block, rate_factor=0.5) for block in range(trainer.n_blocks)]
    expected_loss, *expected = reference_glove.train(
        watched.pairs, *before, x_max=20, exponent=0.75, rate=0.05, clip=0.5, bias_rate=0.5
    )
    loss = sum(blocks, BlockLoss())
    assert loss.n_terms == n_words**2
    assert loss.total == pytest.approx(expected_loss, rel=1e-4)
    for side, expected_side in zip(sides_of(trainer), expected, strict=True):
        np.testing.assert_allclose(side, expected_side, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("n_words", [1, 2, 15, 16, 17, 70])
def test_an_epoch_has_every_pair_once_and_a_round_no_block_twice(
    n_words: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = GloveConfig(vector_size=3)
    counts = random_counts(n_words)
    counts[0, 0] = 2
    trainer = GloveTrainer(tiles_of(counts, config.weighting, tmp_path), None, config)
    expected = [(row, column) for row, column in np.argwhere(counts).tolist()]
    orders = []
    for epoch in range(3):
        watched = Watched(monkeypatch, trains=False)
        n_terms = 0
        for block in range(trainer.n_blocks):
            n_before = len(watched.tiles)
            n_terms += trainer.train_block(epoch, block, rate_factor=1.0).n_terms
            rows, columns = zip(*watched.tiles[n_before:], strict=True)
            assert sorted(rows) == sorted(columns) == list(range(trainer.n_blocks))
        trained = [(row, column) for row, column, _ in watched.pairs]
        assert sorted(trained) == expected
        assert n_terms == trainer.units_per_epoch == len(expected)
        np.testing.assert_allclose([x for *_, x in watched.pairs], [counts[pair] for pair in trained], rtol=1e-5)
        orders.append(trained)
    if n_words >= 15:
        assert len({tuple(order) for order in orders}) == 3


def test_each_tile_is_shuffled_anew_in_each_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine pairs have 362 880 orders, so that hardly any of 1024 is the same as another."""
    watched = Watched(monkeypatch, trains=False)
    for seed in (1, 2):
        config = GloveConfig(vector_size=1, seed=seed)
        trainer = GloveTrainer(tiles_of(random_counts(48, share=1), config.weighting, tmp_path), None, config)
        for epoch in range(2):
            for block in range(16):
                trainer.train_block(epoch, block, rate_factor=1.0)
    places = [(row // 16, column // 16) for row, column, _ in watched.pairs]
    orders = [tuple(places[i : i + 9]) for i in range(0, len(places), 9)]
    assert len(orders) == 2 * 2 * 256
    assert len(set(orders)) > 1010
    for i in range(0, len(orders), 256):  # the tiles too
        assert watched.tiles[i : i + 256] != watched.tiles[:256] or i == 0


def test_any_number_of_threads_gives_the_same_bytes(tmp_path: Path) -> None:
    results = set()
    for n_threads in (1, 2, 5):
        config = GloveConfig(vector_size=20, epochs=2)
        trainer = GloveTrainer(tiles_of(random_counts(300), config.weighting, tmp_path), None, config)
        trained = train(trainer, Session(n_threads))
        assert trained.state.n_threads == n_threads
        results.add((all_parameters(trainer), trained.matrix[:].tobytes(), trained.state.losses))
    assert len(results) == 1


def test_what_is_published_are_the_parameters(tmp_path: Path) -> None:
    for combine in ("word", "sum", "concat"):
        config = GloveConfig(vector_size=5, epochs=1, combine=combine)
        trainer = GloveTrainer(tiles_of(random_counts(20), config.weighting, tmp_path), None, config)
        trained = train(trainer)
        words, contexts = trainer.parameters["words"], trainer.parameters["contexts"]
        np.testing.assert_array_equal(trained.context, contexts)
        np.testing.assert_array_equal(trained.matrix[:], CombinedRows(words, contexts, combine)[:])
        assert trained.matrix.shape == (20, 10 if combine == "concat" else 5)


def test_the_loss_before_training_is_that_of_zeros(tmp_path: Path) -> None:
    config = GloveConfig(x_max=5, weight_exponent=0.5)
    counts = random_counts(30)
    trainer = GloveTrainer(tiles_of(counts, config.weighting, tmp_path), None, config)
    losses = [reference_glove.loss_of(x, 0.0, 5, 0.5) for x in counts[counts > 0]]
    assert trainer.untrained_loss == pytest.approx(np.mean(losses), rel=1e-9)


def test_the_loss_of_counts_that_vectors_can_explain_tends_to_zero(tmp_path: Path) -> None:
    """The logarithms are products of vectors and biases, with as many dimensions as there are to train."""
    rng = np.random.default_rng(2)
    words, contexts = rng.normal(0, 0.7, (2, 6, 3))
    logs = words @ contexts.T + rng.normal(0, 0.5, (6, 1)) + rng.normal(0, 0.5, (1, 6))
    config = GloveConfig(vector_size=3, x_max=1e-3, epochs=80, learning_rate=0.2)
    trainer = GloveTrainer(tiles_of(np.exp(logs), config.weighting, tmp_path), None, config)
    trained = train(trainer)
    losses = trained.state.losses
    assert losses[0] > losses[1] > losses[9] > losses[-1]
    assert losses[-1] < 1e-4 * trainer.untrained_loss
    assert not trained.complaint
    biases = [trainer.parameters[f"{side}.biases"][:, :1] for side in ("words", "contexts")]
    estimates = trainer.parameters["words"] @ trainer.parameters["contexts"].T + biases[0] + biases[1].T
    np.testing.assert_allclose(estimates, logs, atol=0.05)


def all_once(n_words: int) -> NDArray[np.float64]:
    return np.ones((n_words, n_words))


def all_once_but_for_one(n_words: int) -> NDArray[np.float64]:
    counts = all_once(n_words)
    counts[3, 5] = 1000
    return counts


@pytest.mark.parametrize("counts_of", [all_once, all_once_but_for_one])
def test_a_loss_that_zeros_would_not_have_is_no_divergence(
    counts_of: Callable[[int], NDArray[np.float64]], tmp_path: Path
) -> None:
    """The logarithm of 1 is 0: vectors of zero are right for all pairs, or for all but one, whose round stands out."""
    config = GloveConfig(vector_size=10, epochs=3)
    trainer = GloveTrainer(tiles_of(counts_of(20), config.weighting, tmp_path), None, config)
    trained = train(trainer)
    assert trained.state.n_halvings == 0
    assert trained.state.losses[-1] < trained.state.losses[0]


@pytest.mark.parametrize(("rate", "clip"), [(1e6, 1e30), (1e6, 100.0), (1e19, 1e30), (3e38, 3e38)])
def test_a_rate_that_is_far_too_high_ends_in_an_error_and_not_in_vectors(
    rate: float, clip: float, tmp_path: Path
) -> None:
    config = GloveConfig(vector_size=20, x_max=10, epochs=3, learning_rate=rate, gradient_clip=clip)
    notes: list[str] = []
    with pytest.raises(DivergedError, match="even at an eighth of the learning rate; lower --learning-rate"):
        trainer = GloveTrainer(tiles_of(random_counts(40), config.weighting, tmp_path), None, config)
        train(trainer, Session(2, note=lambda text, **fields: notes.append(text)))
    shares = ("half", "a quarter of", "an eighth of")
    assert notes == [f"epoch 1 diverged; starting again at {share} the learning rate" for share in shares]


@pytest.mark.parametrize("rate", [0.5, 2.0, 8.0, 50.0])
def test_vectors_are_numbers_whatever_the_rate(rate: float, tmp_path: Path) -> None:
    """It is halved where need be, or training ends in an error."""
    config = GloveConfig(vector_size=20, x_max=10, epochs=4, learning_rate=rate, gradient_clip=1e30)
    trainer = GloveTrainer(tiles_of(random_counts(40), config.weighting, tmp_path), None, config)
    try:
        trained = train(trainer)
    except DivergedError:
        return
    assert np.isfinite(trained.matrix[:]).all()
    assert all(loss <= trainer.exploded_loss for loss in trained.state.losses)


def test_a_limit_of_weights_may_be_any_whole_number() -> None:
    assert Weighting(10**25, 0.75).log_max == pytest.approx(25 * math.log(10))
