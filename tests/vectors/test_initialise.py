"""A training that begins anew begins clean, whatever a diverged one has left behind, in padding too."""

from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.sequences.word_ids import encode
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.glove import GloveConfig, GloveTrainer
from wordvec_cli.training.word2vec import Word2VecTrainer
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vocabulary.vocabulary import Vocabulary

from tests.training.test_glove import random_counts, tiles_of  # isort: skip


def word2vec_trainer(folder: Path, loss: str) -> Word2VecTrainer:
    (folder / "corpus.txt").write_text("a b c a b\n")
    vocabulary = Vocabulary.from_words([b"a", b"b", b"c"], [2, 2, 1])
    sequences = encode(Corpus.open([str(folder / "corpus.txt")], Tokenizer(), folder), vocabulary)
    return Word2VecTrainer(sequences, vocabulary, Word2VecConfig(vector_size=5, loss=loss))


def glove_trainer(folder: Path) -> GloveTrainer:
    config = GloveConfig(vector_size=5)
    return GloveTrainer(tiles_of(random_counts(6), config.weighting, folder), None, config)


@pytest.mark.parametrize("loss", ["negative-sampling", "hierarchical-softmax"])
def test_of_word2vec(loss: str, tmp_path: Path) -> None:
    trainer, clean = (word2vec_trainer(tmp_path, loss) for _ in range(2))
    clean.initialise()
    for mine, its in ((trainer.inputs, clean.inputs), (trainer.outputs, clean.outputs)):
        mine[:] = np.nan
        trainer.initialise()
        assert mine.tolist() == its.tolist()


def test_of_glove(tmp_path: Path) -> None:
    trainer, clean = glove_trainer(tmp_path), glove_trainer(tmp_path)
    clean.initialise()
    for mine, its in ((trainer._words, clean._words), (trainer._contexts, clean._contexts)):
        mine[:] = np.nan
        trainer.initialise()
        assert mine.tolist() == its.tolist()
