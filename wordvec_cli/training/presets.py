"""The defaults of other trainers, by their names.

Sources: word2vec.c (tmikolov/word2vec), Word2Vec of gensim 4 (piskvorky/gensim), args.cc and model.cc of fastText
(facebookresearch/fastText), FastText of gensim 4; of GloVe (stanfordnlp/GloVe) vocab_count.c, cooccur.c
and glove.c, and Training_README.md for the vectors of 2024.
"""

from collections.abc import Callable, Mapping
from typing import Any

from wordvec_cli.training.glove import GLOVE
from wordvec_cli.training.word2vec_config import CBOW, SKIPGRAM

Options = Mapping[str, Any]
_COMMON = {"vector_size": 100, "window": 5, "negative": 5, "epochs": 5, "fixed_window": False, "min_count": 5}


def _word2vec(given: Options) -> Options:
    model = SKIPGRAM if given.get("model") == SKIPGRAM else CBOW
    rate = 0.025 if model == SKIPGRAM else 0.05
    return _COMMON | {"model": model, "sample": 1e-3, "noise_exponent": 0.75, "learning_rate": rate}


def _gensim(given: Options) -> Options:
    gradient = "sum" if given.get("cbow_mean", True) else "mean"  # a sum's error is divided, a mean's is not
    rates = {"learning_rate": 0.025, "min_learning_rate": 1e-4}
    return _COMMON | rates | {"model": CBOW, "sample": 1e-3, "noise_exponent": 0.75, "cbow_gradient": gradient}


_SUBWORDS = {"subwords": "3-6", "buckets": 2_000_000}


def _fasttext(given: Options) -> Options:
    rates = {"learning_rate": 0.05, "min_learning_rate": 0.0}
    return _COMMON | rates | _SUBWORDS | {"model": SKIPGRAM, "sample": 1e-4, "noise_exponent": 0.5}


def _gensim_fasttext(given: Options) -> Options:
    return {**_gensim(given), **_SUBWORDS}


_GLOVE = {
    "model": GLOVE, "vector_size": 50, "window": 15, "symmetric": True, "distance_weighting": True, "unknown": "skip",
    "x_max": 100.0, "weight_exponent": 0.75, "gradient_clip": 100.0, "combine": "sum", "unknown_vector": True,
    "epochs": 25, "learning_rate": 0.05, "min_count": 1,
}  # fmt: skip


def _glove_2014(given: Options) -> Options:
    return _GLOVE


def _glove_2024(given: Options) -> Options:
    vector_size = given.get("vector_size", 300)
    own = {"vector_size": vector_size, "window": 10, "x_max": 10.0, "min_count": 20}
    if vector_size == 50:
        own["learning_rate"] = 0.075
    return _GLOVE | own | {"epochs": 50 if vector_size < 300 else 100}


# From the options that are given to those that are not.
PRESETS: Mapping[str, Callable[[Options], Options]] = {
    "word2vec": _word2vec,
    "gensim": _gensim,
    "fasttext": _fasttext,
    "gensim-fasttext": _gensim_fasttext,
    "glove-2014": _glove_2014,
    "glove-2024": _glove_2024,
}
