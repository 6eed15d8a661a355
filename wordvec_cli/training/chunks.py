"""How long the chunks are that threads train in step, see kernels/in_step.py.

A chunk does not know what the other one of its step changes. So the more often a row changes, and the larger its steps
are, the shorter chunks have to be: else both would go all the way to where it should be, and their sum beyond it.
"""

MOST_VISITS = 4.0  # of a chunk to the row that is trained most, about
MOST_SHARE = 1 / 8  # of the tokens that train one row; if it is more, no chunk is short enough
USUAL_RATE = 0.05  # with higher ones, fewer visits


def tokens_per_chunk(group: int, most: int, highest_share: float, rate: float) -> int:
    """Whole groups, one at least.

    most  tokens
    highest_share  of the tokens that train the same row
    """
    n_visits = MOST_VISITS / max(rate / USUAL_RATE, 1)
    return max(min(int(n_visits / highest_share), most) // group, 1) * group
