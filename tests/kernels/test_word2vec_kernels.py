import itertools

import numpy as np
import pytest

from tests.reference_word2vec import (
    cbow,
    cbow_hs,
    group_loss,
    huffman_codes,
    skipgram,
    skipgram_hs,
    windows,
)
from wordvec_cli.kernels import cbow as cbow_kernels
from wordvec_cli.kernels.cbow import cbow_block
from wordvec_cli.kernels.draws import alias_table, draw_noise, draw_tokens
from wordvec_cli.kernels.losses import slopes_and_loss
from wordvec_cli.kernels.own_rows import merge_copies, place_of, take_copies, visit
from wordvec_cli.kernels.parts import LANES, part
from wordvec_cli.kernels.rows import TILE
from wordvec_cli.kernels.skipgram import GROUP, limit_steps, noise_words, skipgram_block
from wordvec_cli.kernels.tree import cbow_hs_block, huffman_tree, skipgram_hs_block
from wordvec_cli.training.word2vec import limit_of_windows
from wordvec_cli.training.word2vec_config import Word2VecConfig

ALWAYS = np.uint32(2**32 - 1)
NO_LIMIT = 1e9


def draw(ids, offsets, first, last, keep, threshold, alias, window, shrink, n_noise, state):
    """The random choices of `skipgram_block`: (kept, low, high, noise)."""
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    n_groups = -(-len(kept) // GROUP)
    return kept, low, high, draw_noise(n_groups, n_noise, threshold, alias, state, last - first)


def problem(seed, dim, n_words, lines):
    """Lines of random ids (one in eight unknown), matrices with padded columns, uniform noise."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, n_words, sum(lines)).astype(np.int32)
    ids[rng.random(len(ids)) < 1 / 8] = -1
    offsets = np.concatenate([[0], np.cumsum(lines)]).astype(np.int64)
    padded = -(-dim // LANES) * LANES
    inputs, outputs = np.zeros((2, n_words, padded), np.float32)
    inputs[:, :dim] = rng.normal(0, 0.5, (n_words, dim))
    outputs[:, :dim] = rng.normal(0, 0.5, (n_words, dim))
    keep = rng.integers(2**30, 2**32, n_words).astype(np.uint32)
    threshold = rng.integers(0, 2**32, n_words).astype(np.uint32)
    alias = rng.integers(0, n_words, n_words).astype(np.int32)
    return ids, offsets, inputs, outputs, keep, threshold, alias


@pytest.mark.parametrize("lines", [[40], [1, 0, 2, 0, 0, 3, 1, 25, 1], [0], [1], [1, 1, 1], [70, 80, 9]])
@pytest.mark.parametrize("dim", [5, 16, 100])
@pytest.mark.parametrize(
    "window, shrink, negative, n_noise",
    [(5, True, 5, 6), (1, True, 1, 4), (20, False, 25, 25), (3, False, 5, 5), (2, True, 7, 1), (40, True, 3, 2)],
)
@pytest.mark.parametrize("n_words", [3, 60])
def test_a_block_is_plain_gradient_descent_group_by_group(lines, dim, window, shrink, negative, n_noise, n_words):
    ids, offsets, inputs, outputs, keep, threshold, alias = problem(7, dim, n_words, lines)
    for first, last in [(0, len(ids)), (len(ids) // 3, len(ids) - len(ids) // 4)]:
        state = np.uint64(99)
        draws = draw(ids, offsets, first, last, keep, threshold, alias, window, shrink, n_noise, state)
        # a small rate, because many steps on few words amplify rounding
        loss, pairs, new_inputs, new_outputs = skipgram(*draws, GROUP, inputs, outputs, negative, 0.001)
        got_inputs, got_outputs = inputs.copy(), outputs.copy()
        got_loss, got_pairs = skipgram_block(
            ids, offsets, first, last, got_inputs, got_outputs, keep, threshold, alias,
            window, shrink, negative, n_noise, 0.001, NO_LIMIT, state,
        )  # fmt: skip
        assert got_pairs == pairs
        assert got_loss == pytest.approx(loss, rel=1e-5)
        np.testing.assert_allclose(got_inputs, new_inputs, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(got_outputs, new_outputs, rtol=1e-4, atol=1e-4)
        assert not got_inputs[:, dim:].any() and not got_outputs[:, dim:].any()


@pytest.mark.parametrize("shrink", [True, False])
def test_windows_stop_at_lines_and_skip_unknown_words(shrink):
    lines = [5, 0, 1, 30, 2, 0, 17]
    ids, offsets, _, _, keep, threshold, alias = problem(3, 16, 50, lines)
    keep[:] = ALWAYS
    for first, last in [(0, len(ids)), (3, 41)]:
        kept, low, high, _ = draw(ids, offsets, first, last, keep, threshold, alias, 4, shrink, 5, np.uint64(5))
        expected = windows(ids, offsets, first, last)
        assert [word for word, _ in expected] == list(kept)
        for c, (_, line) in enumerate(expected):
            same_line = [i for i, (_, other) in enumerate(expected) if other == line]
            assert max(same_line[0], c - 4) <= low[c] <= c < high[c] <= min(same_line[-1] + 1, c + 5)
            if not shrink:
                assert (low[c], high[c]) == (max(same_line[0], c - 4), min(same_line[-1] + 1, c + 5))


def test_draws_have_the_stated_probabilities():
    n = 400_000
    ids, offsets = np.zeros(n, np.int32), np.array([0, n], np.int64)
    ids[1::2] = 1
    keep = np.array([ALWAYS, ALWAYS // 4], np.uint32)
    # word 0 gives half of its half to word 1: noise is 1/4, 3/4
    threshold, alias = np.array([2**31, ALWAYS], np.uint32), np.array([1, 1], np.int32)
    kept, low, high, noise = draw(ids, offsets, 0, n, keep, threshold, alias, 5, True, 48, np.uint64(1))
    assert np.mean(kept == 1) == pytest.approx(0.2, abs=0.005)
    assert np.mean(noise) == pytest.approx(0.75, abs=0.005)
    radius = np.bincount((high - low - 1)[5:-5] // 2, minlength=6)
    np.testing.assert_allclose(radius / radius.sum(), [0, 0.2, 0.2, 0.2, 0.2, 0.2], atol=0.005)


def test_the_update_is_minus_rate_times_the_finite_difference_of_the_loss():
    ids, offsets, inputs, outputs, keep, threshold, alias = problem(1, 6, 8, [12])
    draws = draw(ids, offsets, 0, len(ids), keep, threshold, alias, 3, True, 4, np.uint64(4))
    before = inputs.astype(np.float64), outputs.astype(np.float64)
    rate, step = 1e-2, 1e-5
    after = inputs.copy(), outputs.copy()
    skipgram_block(
        ids, offsets, 0, len(ids), *after, keep, threshold, alias, 3, True, 5, 4, rate, NO_LIMIT, np.uint64(4)
    )
    for matrix in range(2):
        for word in range(8):
            for d in range(6):
                losses = []
                for sign in (1, -1):
                    moved = [m.copy() for m in before]
                    moved[matrix][word, d] += sign * step
                    losses.append(group_loss(*draws, GROUP, 0, *moved, 5)[0])
                slope = (losses[0] - losses[1]) / (2 * step)
                change = float(after[matrix][word, d]) - before[matrix][word, d]
                assert change == pytest.approx(-rate * slope, abs=2e-5)


def test_a_block_is_a_function_of_its_seed():
    results = []
    for state in (1, 1, 2):
        ids, offsets, inputs, outputs, *tables = problem(7, 100, 60, [50, 60])
        skipgram_block(ids, offsets, 0, 110, inputs, outputs, *tables, 5, True, 5, 6, 0.02, NO_LIMIT, np.uint64(state))
        results.append(inputs.tobytes())
    assert results[0] == results[1] != results[2]


def test_the_loss_is_accurate_for_large_scores():
    scores = np.linspace(-15, 15, 4001).astype(np.float32)
    for sign in (-1, 1):
        errors, weights = scores.copy(), np.ones_like(scores)
        loss = slopes_and_loss(errors, weights, np.float32(sign), np.float32(1))
        z = sign * scores.astype(np.float64)
        assert loss == pytest.approx(np.logaddexp(0, z).sum(), rel=1e-6)
        np.testing.assert_allclose(errors, -sign / (1 + np.exp(-z)), rtol=4e-6)


@pytest.mark.parametrize(
    "weights", [[1.0], [1, 1], [5, 0, 1], [0, 0, 7, 0], np.arange(1000) ** 0.75, 1 / np.arange(1, 5000)]
)
def test_an_alias_table_gives_every_word_its_share(weights):
    weights = np.asarray(weights, np.float64)
    threshold, alias = alias_table(weights)
    share = threshold / 2**32
    np.add.at(share, alias, 1 - threshold / 2**32)
    np.testing.assert_allclose(share / len(weights), weights / weights.sum(), atol=1e-9)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_divergence_shows_in_the_loss(bad):
    ids, offsets, inputs, outputs, *tables = problem(7, 100, 60, [50, 60])
    inputs[ids[ids >= 0][0], 3] = bad
    loss, _ = skipgram_block(
        ids, offsets, 0, 110, inputs, outputs, *tables, 5, True, 5, 8, 0.02, NO_LIMIT, np.uint64(1)
    )
    assert not np.isfinite(loss)


def test_the_number_of_noise_words_follows_the_settings():
    assert noise_words(5, True, 5) == 32
    assert noise_words(1, True, 1) == 4
    assert noise_words(20, False, 25) == 64


@pytest.mark.parametrize("lag", [0, TILE])
def test_steps_are_limited_for_each_output_and_each_context_row(lag):
    n_outputs, n_rows, limit = 8, 12, 1.5
    dense = np.zeros((n_outputs, n_rows + 2 * lag), np.float32)
    factors = np.zeros(n_outputs * n_rows + 2 * lag, np.float32)
    places = [(o, o // TILE * lag + i) for o in range(n_outputs) for i in range(n_rows)]
    for o, i in places:
        dense[o, i] = factors[o * n_rows + i] = -np.random.default_rng([o, i]).random() / (1 + o)
    dense *= np.minimum(1, limit / abs(dense).sum(axis=1))[:, None]
    dense *= np.minimum(1, limit / np.maximum(abs(dense).sum(axis=0), 1e-9))
    limit_steps(factors, n_outputs, n_rows, lag, np.zeros(n_rows + 2 * lag, np.float32), np.float32(limit))
    np.testing.assert_allclose([factors[o * n_rows + i] for o, i in places], [dense[p] for p in places], rtol=1e-5)
    assert abs(dense).sum() < abs(factors).size  # something was left to limit


def test_a_limit_that_nothing_reaches_changes_nothing():
    results = []
    for limit in (NO_LIMIT, 100.0):
        ids, offsets, inputs, outputs, *tables = problem(7, 100, 60, [50, 60])
        skipgram_block(ids, offsets, 0, 110, inputs, outputs, *tables, 5, True, 5, 6, 0.02, limit, np.uint64(1))
        results.append(inputs.tobytes())
    assert results[0] == results[1]


SHAPES = [[40], [1, 0, 2, 0, 0, 3, 1, 25, 1], [0], [1], [1, 1, 1], [70, 80, 9]]


FLAGS = [(True, False), (True, True), (False, False), (False, True)]


def parts_of(n, rate=0.001):
    """All n tokens, and a block that begins and ends within lines; a short one alone where rounding would grow."""
    return [(0, n), (n // 3, n - n // 4)] if rate < 0.01 else [(n // 3, min(n // 3 + 12, n))]


def draw_for_cbow(ids, offsets, first, last, keep, threshold, alias, window, shrink, negative, state):
    """The random choices of `cbow_block`: (kept, low, high, noise)."""
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    return kept, low, high, draw_noise(-(-len(kept) // 2), negative, threshold, alias, state, last - first)


# ---- CBOW ----


NO_COPIES = 0, 1
CBOW_BLOCK = 5, True, True, False, 5, *NO_COPIES, 0.02, 1.0


@pytest.mark.parametrize("lines", SHAPES)
@pytest.mark.parametrize("dim", [5, 16, 100])
@pytest.mark.parametrize("window, shrink, negative", [(5, True, 5), (1, True, 1), (20, False, 25), (2, True, 7)])
@pytest.mark.parametrize("average, divide_error", FLAGS)
@pytest.mark.parametrize("n_words", [3, 60])
@pytest.mark.parametrize("rate, limit, n_hot, most", [(0.001, NO_LIMIT, 0, 1), (1.0, 0.2, 0, 1), (0.001, 0.003, 2, 3)])
def test_a_cbow_block_steps_group_by_group(
    lines, dim, window, shrink, negative, average, divide_error, n_words, rate, limit, n_hot, most
):
    ids, offsets, inputs, outputs, keep, threshold, alias = problem(7, dim, n_words, lines)
    rate = rate if average else rate / (2 * window)
    for first, last in parts_of(len(ids), rate):
        state = np.uint64(99)
        draws = draw_for_cbow(ids, offsets, first, last, keep, threshold, alias, window, shrink, negative, state)
        expected = cbow(*draws, cbow_kernels.GROUP, inputs, outputs, average, divide_error, rate, limit)
        got_inputs, got_outputs = inputs.copy(), outputs.copy()
        loss, n_centres = cbow_block(
            ids, offsets, first, last, got_inputs, got_outputs, keep, threshold, alias,
            window, shrink, average, divide_error, negative, n_hot, most, rate, limit, state,
        )  # fmt: skip
        assert n_centres == expected[1]
        assert loss == pytest.approx(expected[0], rel=1e-5)
        np.testing.assert_allclose(got_inputs, expected[2], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(got_outputs, expected[3], rtol=1e-4, atol=1e-4)
        assert not got_inputs[:, dim:].any() and not got_outputs[:, dim:].any()


@pytest.mark.parametrize("average, divide_error", [(True, True), (False, False)])
def test_a_cbow_update_with_the_true_gradient_follows_the_finite_difference_of_the_loss(average, divide_error):
    ids, offsets, inputs, outputs, keep, threshold, alias = problem(1, 6, 8, [12])
    draws = draw_for_cbow(ids, offsets, 0, len(ids), keep, threshold, alias, 3, True, 5, np.uint64(4))
    before = inputs.astype(np.float64), outputs.astype(np.float64)
    rate = 1e-4  # so that each step, after those before it, is almost the same as from the first values
    after = inputs.copy(), outputs.copy()
    cbow_block(
        ids, offsets, 0, len(ids), *after, keep, threshold, alias,
        3, True, average, divide_error, 5, *NO_COPIES, rate, NO_LIMIT, np.uint64(4),
    )  # fmt: skip

    def loss(matrices):
        return cbow(*draws, cbow_kernels.GROUP, *matrices, average, divide_error, 0, NO_LIMIT)[0]

    assert_changes_follow_slopes(loss, before, after, 6, rate)


def assert_changes_follow_slopes(loss, before, after, dim, rate):
    """after - before = -rate times the slope of loss(matrices), by central differences, in the first `dim` columns."""
    step = 1e-5
    for matrix in range(2):
        for word in range(len(before[matrix])):
            for d in range(dim):
                losses = []
                for sign in (1, -1):
                    moved = [m.copy() for m in before]
                    moved[matrix][word, d] += sign * step
                    losses.append(loss(moved))
                slope = (losses[0] - losses[1]) / (2 * step)
                change = float(after[matrix][word, d]) - before[matrix][word, d]
                assert change == pytest.approx(-rate * slope, abs=0.02 * rate)


def test_a_cbow_block_is_a_function_of_its_seed():
    results = []
    for state in (1, 1, 2):
        ids, offsets, inputs, outputs, *tables = problem(7, 100, 60, [50, 60])
        cbow_block(ids, offsets, 0, 110, inputs, outputs, *tables, *CBOW_BLOCK, np.uint64(state))
        results.append(inputs.tobytes())
    assert results[0] == results[1] != results[2]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("matrix", [0, 1])
def test_divergence_shows_in_the_loss_of_cbow(bad, matrix):
    ids, offsets, inputs, outputs, *tables = problem(7, 100, 60, [50, 60])
    tables[0][:] = ALWAYS
    (inputs, outputs)[matrix][ids[ids >= 0][5], 3] = bad
    loss, _ = cbow_block(ids, offsets, 0, 110, inputs, outputs, *tables, *CBOW_BLOCK, np.uint64(1))
    assert not np.isfinite(loss)


def limit_with_few_words(n_words, average, divide_error):
    """As a trainer sets it for words that are equally frequent."""
    config = Word2VecConfig(model="cbow", cbow_mean=average, cbow_gradient="mean" if divide_error else "sum")
    return limit_of_windows(config, 1 / n_words)


@pytest.mark.parametrize("average, divide_error", FLAGS)
@pytest.mark.parametrize("n_words", [1, 2, 3, 5])
@pytest.mark.parametrize("rate", [0.05, 1.0])
def test_cbow_stays_finite_with_few_words(average, divide_error, n_words, rate):
    _, _, inputs, outputs, keep, threshold, alias = problem(7, 16, n_words, [1])
    keep[:] = ALWAYS
    limit = limit_with_few_words(n_words, average, divide_error)
    for ids in (np.resize(np.arange(n_words), 200), np.random.default_rng(1).integers(0, n_words, 200)):
        for state in range(100):
            loss, n_centres = cbow_block(
                ids.astype(np.int32), np.array([0, 200]), 0, 200, inputs, outputs, keep, threshold, alias,
                5, True, average, divide_error, 5, *NO_COPIES, rate, limit, np.uint64(state),
            )  # fmt: skip
            assert loss / n_centres < 100
        assert abs(inputs).max() < 100 and abs(outputs).max() < 100


# ---- hierarchical softmax ----


@pytest.mark.parametrize(
    "counts",
    [[1], [3, 2], [1, 1, 1], [5, 4, 3, 2, 1], [2, 2, 2, 2, 2, 2, 2], [2**k for k in range(30, -1, -1)], [9, 0, 0],
     sorted(np.random.default_rng(1).integers(1, 50, 1000).tolist(), reverse=True)],
)  # fmt: skip
def test_a_huffman_tree_is_that_of_word2vec(counts):
    offsets, nodes, signs = huffman_tree(np.array(counts))
    paths = [(nodes[a:b].tolist(), ((signs[a:b] + 1) // 2).tolist()) for a, b in itertools.pairwise(offsets)]
    assert paths == huffman_codes(counts)


def test_the_order_of_the_words_does_not_change_a_huffman_tree():
    counts = np.random.default_rng(1).permutation(100)
    offsets, nodes, signs = huffman_tree(counts)
    expected = huffman_codes(sorted(counts.tolist(), reverse=True))
    for word, count in enumerate(counts):
        path = slice(offsets[word], offsets[word + 1])
        rank = 99 - count
        assert (nodes[path].tolist(), ((signs[path] + 1) // 2).tolist()) == expected[rank]


def tree_problem(seed, dim, n_words, lines):
    """As `problem`, with a Huffman tree of uneven counts: (ids, offsets, inputs, outputs, keep, tree, codes)."""
    ids, offsets, inputs, outputs, keep, _, _ = problem(seed, dim, n_words, lines)
    counts = [2 ** (20 - i) if i < 20 else 1 for i in range(n_words)]
    return ids, offsets, inputs, outputs[:-1].copy(), keep, huffman_tree(counts), huffman_codes(counts)


@pytest.mark.parametrize("lines", SHAPES)
@pytest.mark.parametrize("dim", [5, 16, 100])
@pytest.mark.parametrize("window, shrink", [(5, True), (1, True), (20, False), (3, False)])
@pytest.mark.parametrize("n_words", [1, 3, 60])
@pytest.mark.parametrize("rate, limit", [(0.001, NO_LIMIT), (1.0, 0.1)])
@pytest.mark.parametrize("n_hot, most", [(0, 1), (1, 3), (2, 1)])
def test_a_skipgram_block_with_hierarchical_softmax_steps_window_by_window(
    lines, dim, window, shrink, n_words, rate, limit, n_hot, most
):
    ids, offsets, inputs, outputs, keep, tree, codes = tree_problem(7, dim, n_words, lines)
    for first, last in parts_of(len(ids), rate):
        state = np.uint64(99)
        draws = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
        expected = skipgram_hs(*draws, codes, inputs, outputs, rate, limit)
        got_inputs, got_outputs = inputs.copy(), outputs.copy()
        loss, n_pairs = skipgram_hs_block(
            ids, offsets, first, last, got_inputs, got_outputs, keep, *tree,
            window, shrink, n_hot, most, rate, limit, state,
        )  # fmt: skip
        assert n_pairs == expected[1]
        assert loss == pytest.approx(expected[0], rel=1e-5)
        np.testing.assert_allclose(got_inputs, expected[2], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(got_outputs, expected[3], rtol=1e-4, atol=1e-4)
        assert not got_inputs[:, dim:].any() and not got_outputs[:, dim:].any()


@pytest.mark.parametrize("lines", SHAPES)
@pytest.mark.parametrize("dim", [5, 100])
@pytest.mark.parametrize("window, shrink", [(5, True), (1, True), (20, False)])
@pytest.mark.parametrize("average, divide_error", FLAGS)
@pytest.mark.parametrize("n_words", [1, 3, 60])
@pytest.mark.parametrize("n_hot", [0, 2])
@pytest.mark.parametrize("rate, limit", [(0.001, NO_LIMIT), (1.0, 0.2)])
def test_a_cbow_block_with_hierarchical_softmax_steps_centre_by_centre(
    lines, dim, window, shrink, average, divide_error, n_words, rate, limit, n_hot
):
    ids, offsets, inputs, outputs, keep, tree, codes = tree_problem(7, dim, n_words, lines)
    rate = rate if average else rate / (2 * window)
    for first, last in parts_of(len(ids), rate):
        state = np.uint64(99)
        draws = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
        expected = cbow_hs(*draws, codes, cbow_kernels.GROUP, inputs, outputs, average, divide_error, rate, limit)
        got_inputs, got_outputs = inputs.copy(), outputs.copy()
        loss, n_centres = cbow_hs_block(
            ids, offsets, first, last, got_inputs, got_outputs, keep, *tree,
            window, shrink, average, divide_error, n_hot, 2, rate, limit, state,
        )  # fmt: skip
        assert n_centres == expected[1]
        assert loss == pytest.approx(expected[0], rel=1e-5)
        np.testing.assert_allclose(got_inputs, expected[2], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(got_outputs, expected[3], rtol=1e-4, atol=1e-4)
        assert not got_inputs[:, dim:].any() and not got_outputs[:, dim:].any()


GENTLY = *NO_COPIES, 0.02, 1.0
HS_BLOCKS = [(skipgram_hs_block, ()), (cbow_hs_block, (True, False))]


@pytest.mark.parametrize(
    "block, flags", [*HS_BLOCKS[:1], *[(cbow_hs_block, f) for f in [(True, True), (False, False)]]]
)
def test_an_update_on_paths_with_the_true_gradient_follows_the_finite_difference_of_the_loss(block, flags):
    ids, offsets, inputs, outputs, keep, tree, codes = tree_problem(1, 6, 8, [12])
    draws = draw_tokens(ids, offsets, 0, len(ids), keep, 3, True, np.uint64(4))
    before = inputs.astype(np.float64), outputs.astype(np.float64)
    rate = 1e-4
    after = inputs.copy(), outputs.copy()
    block(ids, offsets, 0, len(ids), *after, keep, *tree, 3, True, *flags, *NO_COPIES, rate, NO_LIMIT, np.uint64(4))

    def loss(matrices):
        if block is cbow_hs_block:
            return cbow_hs(*draws, codes, cbow_kernels.GROUP, *matrices, *flags, 0, NO_LIMIT)[0]
        return skipgram_hs(*draws, codes, *matrices, 0, NO_LIMIT)[0]

    assert_changes_follow_slopes(loss, before, after, 6, rate)


def test_copies_take_over_what_other_threads_change_meanwhile():
    """Rows that another thread changes between two visits keep its changes, and the thread's own are added."""
    matrix = np.arange(5 * 16, dtype=np.float32)
    before = matrix.copy()
    merged = _visit_twice(matrix, 1, 3)
    expected = before.reshape(5, 16)
    expected[1] += 10 + 100  # the thread's, the other's
    expected[2] += 100
    np.testing.assert_array_equal(matrix.reshape(5, 16), expected)
    np.testing.assert_array_equal(merged, expected[1])


@part
def _visit_twice(matrix, first_hot, n_hot):
    """Change the copy of row 1 by 10, and rows 1 and 2 by 100 as another thread might; returns the copy, merged."""
    copies, at, visits = take_copies(matrix, first_hot, n_hot, 16)
    visit(matrix, copies, visits, np.array([1, 4]), first_hot, 1, 16)
    place = place_of(1, first_hot, n_hot, at, 16) - at
    copies[place : place + 16] += 10
    matrix[16:48] += 100
    visit(matrix, copies, visits, np.array([1, 0]), first_hot, 1, 16)
    merge_copies(matrix, copies, visits, first_hot, 16)
    return copies[place : place + 16]


@pytest.mark.parametrize("block, flags", HS_BLOCKS)
def test_a_block_with_hierarchical_softmax_is_a_function_of_its_seed(block, flags):
    results = []
    for state in (1, 1, 2):
        ids, offsets, inputs, outputs, keep, tree, _ = tree_problem(7, 100, 60, [50, 60])
        block(
            ids, offsets, 0, 110, inputs, outputs, keep, *tree, 5, True, *flags, *NO_COPIES, 0.02, 1.0, np.uint64(state)
        )
        results.append(inputs.tobytes())
    assert results[0] == results[1] != results[2]


@pytest.mark.parametrize("block, flags", HS_BLOCKS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("matrix", [0, 1])
def test_divergence_shows_in_the_loss_of_hierarchical_softmax(block, flags, bad, matrix):
    ids, offsets, inputs, outputs, keep, tree, codes = tree_problem(7, 100, 60, [50, 60])
    keep[:] = ALWAYS
    word = ids[ids >= 0][5]
    (inputs, outputs)[matrix][(word, codes[word][0][-1])[matrix], 3] = bad
    loss, _ = block(
        ids, offsets, 0, 110, inputs, outputs, keep, *tree, 5, True, *flags, *NO_COPIES, 0.02, 1.0, np.uint64(1)
    )
    assert not np.isfinite(loss)


@pytest.mark.parametrize(
    "block, flags",
    [
        (skipgram_hs_block, ()),
        *[(cbow_hs_block, flags) for flags in FLAGS],
    ],
)
@pytest.mark.parametrize("n_words", [1, 2, 3, 5])
@pytest.mark.parametrize("rate", [0.05, 1.0])
def test_hierarchical_softmax_stays_finite_with_few_words(block, flags, n_words, rate):
    _, _, inputs, outputs, keep, tree, _ = tree_problem(7, 16, n_words, [1])
    keep[:] = ALWAYS
    limit = limit_with_few_words(n_words, *flags) if flags else 1 / (1 + 10 / n_words)
    for ids in (np.resize(np.arange(n_words), 200), np.random.default_rng(1).integers(0, n_words, 200)):
        for state in range(100):
            loss, n = block(
                ids.astype(np.int32), np.array([0, 200]), 0, 200, inputs, outputs, keep, *tree,
                5, True, *flags, *NO_COPIES, rate, limit, np.uint64(state),
            )  # fmt: skip
            assert loss / n < 100
        assert abs(inputs).max(initial=0) < 100 and abs(outputs).max(initial=0) < 100
