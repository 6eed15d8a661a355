"""The number of threads in step follows what is quicker, by times that the tests make up."""

import pytest

from wordvec_cli.training.thread_choice import SHARE, ThreadChoice


def chosen(choice, n_pieces, seconds):
    """The numbers of threads of so many pieces of 10 tokens; seconds  of a piece, by the number of threads."""
    numbers = []
    for _ in range(n_pieces):
        numbers.append(choice.next())
        choice.took(numbers[-1], 10, seconds[numbers[-1]])
    return numbers


def test_both_are_tried_and_the_quicker_is_kept():
    assert chosen(ThreadChoice(2), 1000, {1: 1.0, 2: 0.6}) == [2, 1, *[2] * 998]


def test_one_thread_alone_has_nothing_to_choose():
    assert chosen(ThreadChoice(1), 5, {1: 1.0}) == [1] * 5


@pytest.mark.parametrize("slower", [1.01, 1.5, 3.0, 20.0])
def test_trials_of_what_is_slower_take_little_time(slower):
    numbers = chosen(ThreadChoice(2), 3000, {1: 1.0, 2: slower})
    n_trials = numbers.count(2) - 1  # the first cannot be spared
    assert 1 <= n_trials <= 1 + 3000 * SHARE / (slower - 1)


def test_a_change_of_the_machine_is_noticed():
    choice = ThreadChoice(2)
    chosen(choice, 300, {1: 1.0, 2: 2.0})
    near = chosen(choice, 100, {1: 1.0, 2: 0.6})
    assert near.count(1) <= 1 / SHARE and near[-1] == 2
    far = chosen(choice, 20, {1: 1.0, 2: 2.0})
    assert far.count(2) == 1
