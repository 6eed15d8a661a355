"""What the default options, which are for millions of words, do to a small corpus, and what to give instead."""

import math

import numpy as np

from wordvec_cli.messages import counted
from wordvec_cli.progress import Note
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.training.epochs import reason
from wordvec_cli.training.frequencies import keep_thresholds, word_counts
from wordvec_cli.training.order import Order
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vocabulary.vocabulary import Vocabulary

SMALL = 20_000  # words; with fewer, five epochs hardly move the vectors
ENOUGH = 100_000  # words in all epochs together, from which on they do
MOST_EPOCHS = 1000


def note_epochs(order: Order, n_tokens: int, note: Note) -> None:
    """Note how many epochs the size of the corpus decides on, if it does."""
    if order.config.epochs is None:
        note(reason(order.settled_for(n_tokens).config.n_epochs, n_tokens, "words to train on"))


def advise(order: Order, vocabulary: Vocabulary, sequences: Sequences, note: Note) -> None:
    """Note what the options leave of a small corpus; what --min-count does is noted with the count."""
    if len(sequences.ids) >= SMALL or not isinstance(order.config, Word2VecConfig):
        return
    effects = [*_of_sample(order.config, vocabulary, sequences), *_of_epochs(order, sequences)]
    if effects:
        what = ", ".join(effect for effect, _ in effects)
        instead = " ".join(option for _, option in effects)
        note(f"{counted(len(sequences.ids), 'word')} are few to train on: {what}; better: {instead}")


_Effect = tuple[str, str]  # what an option does, and what to give instead


def _of_sample(config: Word2VecConfig, vocabulary: Vocabulary, sequences: Sequences) -> list[_Effect]:
    counts = word_counts(vocabulary, sequences)
    kept = float(np.average(keep_thresholds(counts, config.sample) / np.iinfo(np.uint32).max, weights=counts))
    if kept > 1 / 2:
        return []
    return [(f"--sample {config.sample:g} drops {1 - kept:.0%} of the words in each epoch", "--sample 0")]


def _of_epochs(order: Order, sequences: Sequences) -> list[_Effect]:
    n_epochs = order.config.n_epochs
    if order.init or sequences.n_known * n_epochs >= ENOUGH:
        return []
    wanted = min(MOST_EPOCHS, math.ceil(ENOUGH / max(len(sequences.ids), 1) / 10) * 10)
    if wanted <= n_epochs:
        return []
    return [(f"{counted(n_epochs, 'epoch')} {'is' if n_epochs == 1 else 'are'} not enough", f"--epochs {wanted}")]
