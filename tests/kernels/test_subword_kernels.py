import numpy as np
import pytest

from tests import reference_subwords as reference
from tests.kernels.test_word2vec_kernels import NO_LIMIT, draw, problem
from wordvec_cli.kernels.skipgram import GROUP
from wordvec_cli.kernels.subwords import skipgram_block

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
