"""How many rows each thread has copies of, so that threads need not write into the same lines: see kernels/own_rows.py.

Of the first words, and of the first nodes of a tree. Skip-gram with negative sampling has none: its groups change a row
so seldom that copies gained nothing. With subwords they are of the outputs alone.
"""

from wordvec_cli.training.word2vec_config import NEGATIVE_SAMPLING, SKIPGRAM, Word2VecConfig

N_COPIES = 256  # rows of each matrix, at most; the copies, and what they were, fit a second cache level
VISITS = 32  # of all threads together to a copied row, about, until what one has changed is there for the others


def n_copies(config: Word2VecConfig, n_words: int, n_threads: int) -> int:
    """Of how many rows of each matrix a thread has copies; a single one needs none."""
    is_grouped = (config.model, config.loss) == (SKIPGRAM, NEGATIVE_SAMPLING)
    return min(N_COPIES, n_words // 4) if n_threads > 1 and not config.deterministic and not is_grouped else 0


def visits_until_merged(n_threads: int) -> int:
    """How often a thread changes a copied row until it is merged with the others' changes."""
    return max(VISITS // n_threads, 1)
