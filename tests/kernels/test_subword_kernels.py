import numpy as np
import pytest

from tests import reference_subwords as reference
from tests.kernels.test_word2vec_kernels import NO_LIMIT, draw, draw_for_cbow, problem
from tests.reference_word2vec import cbow, cbow_hs, huffman_codes
from wordvec_cli.kernels.cbow import GROUP as CENTRES
from wordvec_cli.kernels.draws import draw_tokens
from wordvec_cli.kernels.skipgram import GROUP
from wordvec_cli.kernels.subword_cbow import cbow_block, cbow_hs_block, gather_words, room_for_words, scatter_words
from wordvec_cli.kernels.subword_tree import GROUP as CENTRES_OF_TREE
from wordvec_cli.kernels.subword_tree import skipgram_hs_block
from wordvec_cli.kernels.subwords import skipgram_block
from wordvec_cli.kernels.tree import huffman_tree

LINES = [[40], [1, 0, 2, 0, 0, 3, 1, 25, 1], [0], [1], [70, 80, 9]]


def lists_of_rows(rng, n_words, n_rows):
    """Some words with their own row only, most with up to 30 of all rows, one of them perhaps twice."""
    sizes = rng.integers(1, 30, n_words) * (rng.random(n_words) < 0.8) + 1
    lists = [np.append(word, rng.integers(0, n_rows, size - 1)) for word, size in enumerate(sizes)]
    return lists, np.concatenate([[0], np.cumsum(sizes)]), np.concatenate(lists).astype(np.int32)


def matrices_of(rng, n_rows, dim, like):
    inputs = np.zeros((n_rows, like.shape[1]), np.float32)
    inputs[:, :dim] = rng.normal(0, 0.5, (n_rows, dim))
    return inputs


@pytest.mark.parametrize("lines", LINES)
@pytest.mark.parametrize("dim", [5, 100])
@pytest.mark.parametrize(
    "window, shrink, negative, n_noise",
    [(5, True, 5, 6), (1, True, 1, 4), (20, False, 25, 25), (2, True, 7, 1), (40, True, 3, 2)],
)
@pytest.mark.parametrize("n_words", [1, 3, 60])
def test_a_block_of_skipgram_is_gradient_descent_with_the_mean_of_the_rows_of_the_centre(
    lines, dim, window, shrink, negative, n_noise, n_words
):
    ids, offsets, own, outputs, keep, threshold, alias = problem(7, dim, n_words, lines)
    rng = np.random.default_rng(3)
    lists, row_offsets, rows = lists_of_rows(rng, n_words, n_words + 50)
    inputs = matrices_of(rng, n_words + 50, dim, own)
    for first, last in [(0, len(ids)), (len(ids) // 3, len(ids) - len(ids) // 4)]:
        state = np.uint64(99)
        draws = draw(ids, offsets, first, last, keep, threshold, alias, window, shrink, n_noise, state)
        expected = reference.skipgram(*draws, GROUP, lists, inputs, outputs, negative, 0.001)
        got_inputs, got_outputs = inputs.copy(), outputs.copy()
        loss, pairs = skipgram_block(
            ids, offsets, first, last, got_inputs, got_outputs, keep, row_offsets, rows, threshold, alias,
            window, shrink, negative, n_noise, 0.001, NO_LIMIT, state,
        )  # fmt: skip
        assert pairs == expected[1]
        assert loss == pytest.approx(expected[0], rel=1e-5)
        np.testing.assert_allclose(got_inputs, expected[2], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(got_outputs, expected[3], rtol=1e-4, atol=1e-4)
        assert not got_inputs[:, dim:].any() and not got_outputs[:, dim:].any()


def tables(seed, n_words, n_rows, dim, like):
    rng = np.random.default_rng(seed)
    lists, row_offsets, rows = lists_of_rows(rng, n_words, n_rows)
    return lists, row_offsets, rows, matrices_of(rng, n_rows, dim, like)


def assert_alike(got, expected, dim):
    (loss, n_steps, inputs, outputs), (true_loss, true_steps, true_inputs, true_outputs) = got, expected
    assert n_steps == true_steps
    assert loss == pytest.approx(true_loss, rel=1e-5, abs=1e-4)
    np.testing.assert_allclose(inputs, true_inputs, rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(outputs, true_outputs, rtol=2e-5, atol=2e-5)
    assert not inputs[:, dim:].any() and not outputs[:, dim:].any()


@pytest.mark.parametrize("lines", LINES)
@pytest.mark.parametrize("dim, n_words", [(5, 1), (100, 3), (20, 60)])
@pytest.mark.parametrize("average, divide_error", [(True, False), (True, True), (False, False)])
@pytest.mark.parametrize("window, shrink, negative", [(5, True, 5), (1, False, 1), (40, True, 9)])
@pytest.mark.parametrize("tokens_per_chunk, copies", [(32, (0, 1)), (64, (0, 1)), (256, (2, 3))])
def test_cbow_predicts_from_all_rows_of_all_words_of_the_window(
    lines, dim, average, divide_error, window, shrink, negative, n_words, tokens_per_chunk, copies
):
    ids, offsets, own, outputs, keep, threshold, alias = problem(5, dim, n_words, lines)
    lists, row_offsets, rows, inputs = tables(3, n_words, n_words + 50, dim, own)
    state, limit = np.uint64(7), 0.1
    # A hidden vector that is the sum of a thousand rows has scores of hundreds, which one step takes from one end of
    # the sigmoid to the other: what was rounded is then amplified by each step on the same words.
    rate = 0.05 if average else 1e-4
    draws = draw_for_cbow(ids, offsets, 0, len(ids), keep, threshold, alias, window, shrink, negative, state)
    expected = cbow(
        *draws, CENTRES, inputs, outputs, average, divide_error, rate, limit, lists=lists, chunk=tokens_per_chunk
    )
    got = cbow_block(
        ids, offsets, 0, len(ids), inputs, outputs, keep, row_offsets, rows, threshold, alias,
        window, shrink, average, divide_error, negative, tokens_per_chunk, *copies, rate, limit, state,
    )  # fmt: skip
    assert_alike((*got, inputs, outputs), expected, dim)


@pytest.mark.parametrize("lines", LINES)
@pytest.mark.parametrize("window, shrink", [(5, True), (1, False), (40, True)])
@pytest.mark.parametrize("average, divide_error", [(True, False), (True, True)])
@pytest.mark.parametrize("n_words, tokens_per_chunk, copies", [(2, 32, (0, 1)), (60, 32, (9, 2)), (60, 256, (0, 1))])
def test_cbow_with_hierarchical_softmax_predicts_the_paths_of_the_centres(
    lines, window, shrink, average, divide_error, n_words, tokens_per_chunk, copies
):
    dim, rate, limit, state = 20, 0.05, 0.1, np.uint64(7)
    ids, offsets, own, outputs, keep, _, _ = problem(5, dim, n_words, lines)
    lists, row_offsets, rows, inputs = tables(3, n_words, n_words + 50, dim, own)
    counts, outputs = np.arange(n_words, 0, -1), outputs[:-1].copy()
    draws = draw_tokens(ids, offsets, 0, len(ids), keep, window, shrink, state)
    expected = cbow_hs(
        *draws, huffman_codes(counts), CENTRES, inputs, outputs, average, divide_error, rate, limit,
        lists=lists, chunk=tokens_per_chunk,
    )  # fmt: skip
    got = cbow_hs_block(
        ids, offsets, 0, len(ids), inputs, outputs, keep, row_offsets, rows, *huffman_tree(counts),
        window, shrink, average, divide_error, tokens_per_chunk, *copies, rate, limit, state,
    )  # fmt: skip
    assert_alike((*got, inputs, outputs), expected, dim)


@pytest.mark.parametrize("lines", LINES)
@pytest.mark.parametrize("window, shrink", [(5, True), (1, False), (40, True)])
@pytest.mark.parametrize("n_words, copies", [(2, (0, 1)), (60, (0, 1)), (60, (9, 2))])
def test_skipgram_with_hierarchical_softmax_predicts_the_paths_of_the_words_around_the_centre(
    lines, window, shrink, n_words, copies
):
    dim, rate, state = 20, 0.1, np.uint64(7)
    ids, offsets, own, outputs, keep, _, _ = problem(5, dim, n_words, lines)
    lists, row_offsets, rows, inputs = tables(3, n_words, n_words + 50, dim, own)
    counts, outputs = np.arange(n_words, 0, -1), outputs[:-1].copy()
    draws = draw_tokens(ids, offsets, 0, len(ids), keep, window, shrink, state)
    expected = reference.skipgram_hs(*draws, huffman_codes(counts), CENTRES_OF_TREE, lists, inputs, outputs, rate)
    got = skipgram_hs_block(
        ids, offsets, 0, len(ids), inputs, outputs, keep, row_offsets, rows, *huffman_tree(counts),
        window, shrink, *copies, rate, state,
    )  # fmt: skip
    assert_alike((*got, inputs, outputs), expected, dim)


def test_a_chunk_of_no_tokens_leaves_the_rows_near_to_it_alone():
    """Another thread may be training them."""
    ids, offsets, own, _, keep, _, _ = problem(5, 16, 60, [70])
    _, row_offsets, rows, inputs = tables(3, 60, 110, 16, own)
    kept, _, _ = draw_tokens(ids, offsets, 0, len(ids), keep, 5, True, np.uint64(7))
    inputs = np.full(inputs.size, -0.0, np.float32)  # to which adding 0 would show
    of = room_for_words(kept, row_offsets, 32, 5, 16)
    for from_token, to_token, is_same in [(32, 32, True), (0, 32, False)]:
        n = gather_words(of, kept, from_token, to_token, 5, row_offsets, rows, inputs, 16, None, 0)
        scatter_words(of, n, inputs, 16)
        assert np.signbit(inputs).all() == is_same
