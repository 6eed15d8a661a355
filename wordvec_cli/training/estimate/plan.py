"""What to train, as far as it determines memory, disk and time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.sequences.pairs import Room
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.glove import GloveConfig
from wordvec_cli.training.models import MODELS, Config
from wordvec_cli.training.ngrams import NgramCounts, count_ngrams
from wordvec_cli.training.word2vec_config import HIERARCHICAL_SOFTMAX, Word2VecConfig
from wordvec_cli.vocabulary.vocabulary import Vocabulary

NO_ROOM = Room(Path())


@dataclass(frozen=True)
class Plan:
    """What to train, as far as it determines memory, disk and time.

    n_tokens, n_lines  of the corpus
    n_distinct_words   of the corpus, with those that are dropped; 0 if that is not known
    n_init_words       of the vectors that training starts from
    keeps_checkpoints  whether they are written while it trains, as beside any output that is a file
    spooled_bytes      the copy of a corpus that came through a pipe, which goes when it is encoded
    spool_is_near      whether that is on the disk where the checkpoints are
    is_encoded         whether the corpus is on disk as word ids already
    is_by_gensim       which has no checkpoints, and wants the corpus as a text
    n_pairs            of GloVe, about; 0: that is not known yet
    bytes_of_counting  that the pairs have on disk while they are counted
    room               for counting pairs
    """

    vocabulary: Vocabulary
    config: Config
    tokenizer: Tokenizer
    n_tokens: int
    n_lines: int
    n_known: int
    n_distinct_words: int = 0
    n_threads: int = 1
    n_init_words: int = 0
    eval_sets: Sequence[EvalSet] = ()
    saves_context: bool = False
    stops_early: bool = False
    keeps_checkpoints: bool = True
    spooled_bytes: int = 0
    spool_is_near: bool = True
    is_encoded: bool = False
    is_by_gensim: bool = False
    n_pairs: int = 0
    bytes_of_counting: int = 0
    room: Room = NO_ROOM

    @property
    def is_of_pairs(self) -> bool:
        return MODELS[self.config.model].of_pairs

    @property
    def of_words(self) -> Word2VecConfig:
        """The configuration, where it is one of word2vec."""
        assert isinstance(self.config, Word2VecConfig)
        return self.config

    @cached_property
    def ngrams(self) -> "NgramCounts | None":
        """How many rows n-grams take, and how long the lists of words' rows are; None without subwords."""
        config = self.config
        if not isinstance(config, Word2VecConfig) or config.subwords is None:
            return None
        return count_ngrams(self.vocabulary, config.lengths, config.n_buckets)

    @property
    def n_inputs(self) -> int:
        """Rows of the first matrix of word2vec."""
        return len(self.vocabulary) + (self.ngrams.n_buckets if self.ngrams else 0)

    @property
    def n_outputs(self) -> int:
        """Rows of the second matrix of word2vec."""
        return max(len(self.vocabulary) - (self.of_words.loss == HIERARCHICAL_SOFTMAX), 1)

    @property
    def published_dim(self) -> int:
        is_doubled = isinstance(self.config, GloveConfig) and self.config.combine == "concat"
        return self.config.vector_size * (2 if is_doubled else 1)
