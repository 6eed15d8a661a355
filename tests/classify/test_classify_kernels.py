"""The kernels of text classification against plain numpy, finite differences and torch."""

import numpy as np
import pytest
import torch

from tests import reference_classify as reference
from wordvec_cli.classify.trainer import NO_PATHS
from wordvec_cli.kernels import classify, hot_rows
from wordvec_cli.kernels.tree import huffman_tree
from wordvec_cli.training.matrices import aligned_zeros, padded

LOSSES = {
    "softmax": classify.SOFTMAX,
    "one-vs-all": classify.ONE_VS_ALL,
    "hierarchical-softmax": classify.HIERARCHICAL_SOFTMAX,
}


class Problem:
    """Random examples and matrices, padded as the trainer pads them."""

    def __init__(self, seed: int, dim: int, n_rows: int, n_labels: int, n_examples: int) -> None:
        rng = np.random.default_rng(seed)
        self.dim, self.n_labels = dim, n_labels
        self.examples = [
            (
                rng.integers(0, n_rows, rng.integers(0, 12)).tolist(),
                rng.choice(n_labels, min(n_labels, 1 + i % 3), replace=False).tolist(),
            )
            for i in range(n_examples)
        ]
        self.paths = huffman_tree(np.arange(1, n_labels + 1))
        self.inputs = rng.normal(0, 0.7, (n_rows, dim)).astype(np.float32)
        self.outputs = rng.normal(0, 0.7, (n_labels, dim)).astype(np.float32)

    def paths_of_labels(self):
        offsets, nodes, signs = self.paths
        return [
            [(int(nodes[p]), int(signs[p])) for p in range(offsets[label], offsets[label + 1])]
            for label in range(self.n_labels)
        ]

    def train(self, loss, group, rate, last_rate, fixed=(), are_merged=False, copied=(), most_groups=0):
        """What the kernel makes of the matrices: (inputs, outputs, loss).

        copied, most_groups  the rows that the thread has copies of, and when its copy of the outputs is merged
        """
        n_outputs = self.n_labels - (loss == "hierarchical-softmax")
        inputs, outputs = (
            aligned_zeros((n, padded(self.dim))) for n in (len(self.inputs), -(-n_outputs // classify.TILE) * 4)
        )
        inputs[:, : self.dim], outputs[:n_outputs, : self.dim] = self.inputs, self.outputs[:n_outputs]
        is_fixed = np.zeros(len(inputs) if fixed else 0, np.uint8)
        is_fixed[list(fixed)] = 1
        rows, row_offsets = flat([rows for rows, _ in self.examples])
        counts = None
        if are_merged:
            counts = np.empty(len(rows), np.uint8)
            ends = row_offsets[1:].copy()
            n = classify.merge_equal_rows(rows, ends, np.zeros(len(inputs), np.int64), counts)
            rows, counts, row_offsets = rows[:n], counts[:n], np.append(0, ends)
        labels, label_offsets = flat([labels for _, labels in self.examples])
        total, n = classify.train_examples(
            np.arange(len(self.examples)), row_offsets, rows, counts, label_offsets, labels,
            inputs.reshape(-1), outputs.reshape(-1), is_fixed, np.array(copied, np.int32),
            slots_of(copied, len(inputs)), 3, most_groups, n_outputs, padded(self.dim), group, LOSSES[loss],
            *(self.paths if loss == "hierarchical-softmax" else NO_PATHS), rate, last_rate,
        )  # fmt: skip
        assert n == len(self.examples)
        if np.isfinite(total):
            assert not inputs[:, self.dim :].any()
            assert not outputs[:, self.dim :].any()
            assert not outputs[n_outputs:].any()
        return inputs[:, : self.dim], outputs[:n_outputs, : self.dim], total


def slots_of(copied, n_rows):
    slots = np.full(n_rows if copied else 0, -1, np.int16)
    slots[list(copied)] = range(len(copied))
    return slots


def flat(lists):
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in lists], dtype=np.int64)])
    return np.array([number for each in lists for number in each], np.int32), offsets


@pytest.mark.parametrize(("copied", "most_groups"), [((), 0), ((7, 0, 3), 2)])
@pytest.mark.parametrize("are_merged", [False, True])
@pytest.mark.parametrize("fixed", [(), (0, 3, 4)])
@pytest.mark.parametrize("group", [4, 16])
@pytest.mark.parametrize(
    ("dim", "n_labels", "n_examples"), [(5, 2, 1), (16, 3, 7), (100, 37, 50), (33, 16, 32), (10, 150, 20)]
)
@pytest.mark.parametrize("loss", LOSSES)
def test_training_is_plain_gradient_descent_group_by_group(
    loss, dim, n_labels, n_examples, group, fixed, are_merged, copied, most_groups
):
    problem = Problem(3, dim, 9, n_labels, n_examples)
    rates = np.linspace(0.2, 0.1, n_examples, endpoint=False)
    inputs, outputs = problem.inputs.astype(np.float64), problem.outputs.astype(np.float64)
    expected_loss = 0.0
    for begin in range(0, n_examples, group):
        group_examples, group_rates = problem.examples[begin : begin + group], rates[begin : begin + group]
        if loss == "hierarchical-softmax":
            expected_loss += reference.train_group_along_paths(
                inputs, outputs, group_examples, group_rates, problem.paths_of_labels(), fixed
            )
        else:
            limits = classify.MOST_OF_EXAMPLE, classify.MOST_AT_ONCE * 0.2
            expected_loss += reference.train_group(inputs, outputs, group_examples, group_rates, loss, limits, fixed)
    got_inputs, got_outputs, got_loss = problem.train(loss, group, 0.2, 0.1, fixed, are_merged, copied, most_groups)
    np.testing.assert_allclose(got_inputs, inputs, atol=3e-5)
    np.testing.assert_allclose(got_outputs, outputs[: len(got_outputs)], atol=3e-5)
    assert got_loss == pytest.approx(expected_loss, rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_is_the_slope_of_the_loss_by_finite_differences(loss):
    problem = Problem(5, 6, 8, 5, 2)  # of two examples no step is limited
    problem.examples = [([0, 1, 1, 7], [2]), ([3, 4, 0], [4, 1])]
    if loss == "hierarchical-softmax":
        problem.examples[1] = ([3, 4], [4])  # nodes are updated one after the other: small steps all the same
    rate = 1e-3

    def total(inputs, outputs):
        paths = problem.paths_of_labels()
        return sum(reference.example_loss(inputs, outputs, example, loss, paths) for example in problem.examples)

    inputs, outputs, got_loss = problem.train(loss, 4, rate, rate)
    before = problem.inputs.astype(np.float64), problem.outputs[: len(outputs)].astype(np.float64)
    assert got_loss == pytest.approx(total(*before), rel=1e-3 if loss == "hierarchical-softmax" else 1e-6)
    for which, after in enumerate((inputs, outputs)):
        slopes = np.zeros_like(before[which])
        for place in np.ndindex(slopes.shape):
            higher, lower = ([matrix.copy() for matrix in before] for _ in range(2))
            higher[which][place] += 1e-5
            lower[which][place] -= 1e-5
            slopes[place] = (total(*higher) - total(*lower)) / 2e-5
        np.testing.assert_allclose((before[which] - after) / rate, slopes, atol=2e-3)


@pytest.mark.parametrize("loss", ["softmax", "one-vs-all"])
def test_a_step_is_that_of_torch(loss):
    problem = Problem(6, 20, 8, 7, 2)
    problem.examples = [([0, 1, 1, 7, 5], [2]), ([3, 4, 0], [4, 1])]
    bag = torch.nn.EmbeddingBag.from_pretrained(torch.tensor(problem.inputs), freeze=False, mode="mean")
    linear = torch.nn.Linear(20, 7, bias=False)
    linear.weight = torch.nn.Parameter(torch.tensor(problem.outputs))
    optimiser = torch.optim.SGD([bag.weight, linear.weight], lr=0.3)
    rows, offsets = flat([rows for rows, _ in problem.examples])
    scores = linear(bag(torch.tensor(rows, dtype=torch.long), torch.tensor(offsets[:-1])))
    if loss == "softmax":
        targets = torch.tensor([[0, 0, 1, 0, 0, 0, 0], [0, 0.5, 0, 0, 0.5, 0, 0]])
        value = torch.nn.functional.cross_entropy(scores, targets, reduction="sum")
    else:
        targets = torch.tensor([[0, 0, 1, 0, 0, 0, 0], [0, 1.0, 0, 0, 1, 0, 0]])
        value = torch.nn.functional.binary_cross_entropy_with_logits(scores, targets, reduction="sum")
    value.backward()
    optimiser.step()
    inputs, outputs, got_loss = problem.train(loss, 4, 0.3, 0.3)
    # torch's soft targets have an entropy, ours is the same: the mean of the labels' losses
    assert got_loss == pytest.approx(value.item(), rel=1e-6)
    np.testing.assert_allclose(inputs, bag.weight.detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(outputs, linear.weight.detach().numpy(), atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_number_that_is_none_shows_in_the_loss(loss):
    problem = Problem(4, 10, 6, 5, 3)
    problem.examples[1] = ([2, 3], [1])
    problem.inputs[2, 4] = np.nan
    assert np.isnan(problem.train(loss, 4, 0.1, 0.1)[2])


@pytest.mark.parametrize("loss", ["softmax", "one-vs-all"])
@pytest.mark.parametrize("score", [-1e4, -100.0, 100.0, 1e4])
def test_large_scores_overflow_nothing(loss, score):
    problem = Problem(4, 1, 1, 3, 1)
    problem.inputs[:], problem.outputs[:] = 1, np.array([[0], [score], [1]])
    problem.examples = [([0], [1])]
    expected = reference.example_loss(problem.inputs.astype(float), problem.outputs.astype(float), ([0], [1]), loss)
    assert problem.train(loss, 4, 0.0, 0.0)[2] == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_words_hash_as_in_the_original():
    # Source: the test vectors of FNV-1a, isthe.com/chongo/src/fnv/test_fnv.c
    known = {b"a": 0xE40C292C, b"foobar": 0xBF9CF968}
    for word, value in known.items():
        assert reference.word_hash(word) == value


@pytest.mark.parametrize("bits", [[], [0], [63], [64, 65, 200, 319], list(range(130))])
def test_the_ranks_of_set_bits_count_those_before(bits):
    words = np.zeros(5, np.uint64)
    for bit in bits:
        words[bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
    ranks, buckets = classify.ranks_of_bits(words)
    assert buckets.tolist() == bits
    assert ranks.tolist() == [sum(bit < 64 * i for bit in bits) for i in range(5)]


def test_what_another_thread_has_added_stays_when_a_copy_is_merged():
    rng = np.random.default_rng(2)
    matrix = aligned_zeros((6, 16))
    matrix[:] = rng.normal(size=matrix.shape)
    before, hot = matrix.copy(), np.array([4, 1], np.int32)
    copies, copies_at, visits = hot_rows.take_hot_copies(matrix.reshape(-1), hot, 16)
    places = np.zeros(4, np.int64)
    rows = np.array([1, 0, 4, 1], np.int32)
    hot_rows.list_places(rows, 0, 4, places, 0, slots_of((4, 1), 6), copies_at, visits, 16)
    assert places.tolist() == [copies_at + 16, 0, copies_at, copies_at + 16]
    assert visits.tolist() == [1, 2]
    own, others = rng.normal(size=(2, 2, 16)).astype(np.float32)
    copies[:32] += own.reshape(-1)
    matrix[hot] += others
    hot_rows.merge_hot_copies(matrix.reshape(-1), copies, visits, hot, 2, 16)
    expected = before.copy()
    expected[hot] += others
    expected[1] += own[1]  # which has had its two visits
    np.testing.assert_allclose(matrix, expected, atol=1e-6)
    np.testing.assert_allclose(copies[16:32], expected[1], atol=1e-6)
    assert visits.tolist() == [1, 0]


def test_equal_rows_of_a_line_are_counted_and_come_again_beyond_255():
    lines = [[3, 1, 3, 3, 0], [], [3, 3], [1] * 300 + [2]]
    rows, offsets = flat(lines)
    ends, counts = offsets[1:].copy(), np.empty(len(rows), np.uint8)
    n = classify.merge_equal_rows(rows, ends, np.zeros(4, np.int64), counts)
    pairs = [
        list(zip(rows[a:b].tolist(), counts[a:b].tolist(), strict=True)) for a, b in zip([0, *ends], ends, strict=False)
    ]
    assert pairs == [[(3, 3), (1, 1), (0, 1)], [], [(3, 2)], [(1, 255), (1, 45), (2, 1)]]
    assert n == ends[-1]
