"""The defaults of other trainers of word2vec, by their names.

Sources: word2vec.c (tmikolov/word2vec), Word2Vec of gensim 4 (piskvorky/gensim), args.cc and model.cc of fastText
(facebookresearch/fastText), whose subwords are not among them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from wordvec_cli.training.word2vec import CBOW, SKIPGRAM

Options = Mapping[str, Any]
_COMMON = {"vector_size": 100, "window": 5, "negative": 5, "epochs": 5, "fixed_window": False, "min_count": 5}


def _word2vec(given: Options) -> Options:
    model = given.get("model", CBOW)
    rate = 0.025 if model == SKIPGRAM else 0.05
    return _COMMON | {"model": model, "sample": 1e-3, "noise_exponent": 0.75, "learning_rate": rate}


def _gensim(given: Options) -> Options:
    gradient = "sum" if given.get("cbow_mean", True) else "mean"  # a sum's error is divided, a mean's is not
    rates = {"learning_rate": 0.025, "min_learning_rate": 1e-4}
    return _COMMON | rates | {"model": CBOW, "sample": 1e-3, "noise_exponent": 0.75, "cbow_gradient": gradient}


def _fasttext(given: Options) -> Options:
    rates = {"learning_rate": 0.05, "min_learning_rate": 0.0}
    return _COMMON | rates | {"model": SKIPGRAM, "sample": 1e-4, "noise_exponent": 0.5}


# From the options that are given to those that are not.
PRESETS: Mapping[str, Callable[[Options], Options]] = {"word2vec": _word2vec, "gensim": _gensim, "fasttext": _fasttext}
