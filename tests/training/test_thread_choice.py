"""The number of threads in step follows what is quicker, by times that the tests make up."""

import numpy as np
import pytest

from wordvec_cli.training.thread_choice import LONGEST_WAIT, ThreadChoice


def chosen(choice, n_blocks, seconds):
    """The numbers of threads of so many blocks of 10 tokens; seconds  of a block, by the number of threads."""
    numbers = []
    for _ in range(n_blocks):
        numbers.append(choice.next())
        choice.took(numbers[-1], 10, seconds[numbers[-1]])
    return numbers


def test_both_are_tried_and_the_quicker_is_kept():
    assert chosen(ThreadChoice(2), 1000, {1: 1.0, 2: 0.6}) == [2, 1, *[2] * 998]


def test_one_thread_alone_has_nothing_to_choose():
    assert chosen(ThreadChoice(1), 5, {1: 1.0}) == [1] * 5


@pytest.mark.parametrize("slower", [1.1, 3.0])
def test_where_several_are_slower_they_are_tried_more_and_more_rarely(slower):
    numbers = chosen(ThreadChoice(2), 1000, {1: 1.0, 2: slower})
    trials = np.flatnonzero(np.array(numbers) == 2)
    assert trials[:4].tolist() == [0, 5, 14, 31]
    assert max(np.diff(trials)) == LONGEST_WAIT + 1


def test_a_change_of_the_machine_is_noticed():
    choice = ThreadChoice(2)
    chosen(choice, 200, {1: 1.0, 2: 2.0})
    near = chosen(choice, 100, {1: 1.0, 2: 0.6})
    assert near.count(1) <= LONGEST_WAIT and set(near[LONGEST_WAIT:]) == {2}
    far = chosen(choice, 20, {1: 1.0, 2: 2.0})
    assert far.count(2) <= 4
