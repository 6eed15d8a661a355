"""The models, by the name of `--model`. To add one: a module with its configuration and its trainer, and a row here."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from wordvec_cli.errors import OptionError
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.training import glove, word2vec_config
from wordvec_cli.training.glove import GLOVE, GloveConfig, GloveTrainer
from wordvec_cli.training.options import option_name, types_of
from wordvec_cli.training.subwords import SubwordTrainer
from wordvec_cli.training.word2vec import Word2VecTrainer
from wordvec_cli.training.word2vec_config import CBOW, SKIPGRAM, Word2VecConfig
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

Config = Word2VecConfig | GloveConfig


class Model(NamedTuple):
    """What a name of `--model` stands for.

    config       frozen, with a field for each option
    configured   makes one of the options that are given and of those among defaults that suit them
    trainer      trains on material with a vocabulary, a configuration, and vectors to start from or None
    of_pairs     whether the material is how often words stand near each other (`Tiles`), or the corpus as word ids
                 (`Sequences`)
    """

    config: type[Config]
    configured: Callable[[Mapping[str, Any], Mapping[str, Any]], Config]
    trainer: Callable[..., Word2VecTrainer | GloveTrainer]
    of_pairs: bool = False


def word2vec_trainer(
    material: Sequences, vocabulary: Vocabulary, config: Word2VecConfig, init: Embeddings | None = None
) -> Word2VecTrainer:
    """The trainer of a configuration with subwords or without."""
    kind = Word2VecTrainer if config.subwords is None else SubwordTrainer
    return kind(material, vocabulary, config, init)


_WORD2VEC = Model(Word2VecConfig, word2vec_config.configured, word2vec_trainer)
MODELS = {
    SKIPGRAM: _WORD2VEC,
    CBOW: _WORD2VEC,
    GLOVE: Model(GloveConfig, glove.configured, GloveTrainer, of_pairs=True),
}

# Of hyper-parameters, by their names.
TYPES: Mapping[str, type] = {
    name: kind for model in reversed(MODELS.values()) for name, kind in types_of(model.config).items()
}


def configured(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Config:
    """The configuration of the options that are given, and of those among `defaults` that suit them.

    Raises: OptionError that names the option
    """
    model = given.get("model", defaults.get("model", SKIPGRAM))
    if model not in MODELS:
        raise OptionError(f"--model {model}: must be one of {', '.join(MODELS)}")
    names = {field.name for field in fields(MODELS[model].config)}
    for name in given:
        if name not in names:
            raise OptionError(f"{option_name(name)}: is not for --model {model}; leave it out")
    return MODELS[model].configured(given, defaults)


def are_of_one_kind(model: str, other: str) -> bool:
    """Whether two models have the same options."""
    first, second = MODELS.get(model), MODELS.get(other)
    return first is not None and second is not None and first.config is second.config
