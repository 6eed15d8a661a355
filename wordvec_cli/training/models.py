"""The models that there are, by the name of `--model`."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from wordvec_cli.errors import OptionError
from wordvec_cli.training import word2vec_config
from wordvec_cli.training.glove import GLOVE, GloveConfig
from wordvec_cli.training.options import option_name, types_of
from wordvec_cli.training.word2vec_config import CBOW, SKIPGRAM, Word2VecConfig

Config = Word2VecConfig | GloveConfig
CONFIGS: Mapping[str, type[Config]] = {SKIPGRAM: Word2VecConfig, CBOW: Word2VecConfig, GLOVE: GloveConfig}

TYPES: Mapping[str, type] = types_of(GloveConfig) | types_of(Word2VecConfig)  # of hyper-parameters, by their names


def configured(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Config:
    """The configuration of the options that are given, and of those among `defaults` that suit them.

    Raises: OptionError that names the option
    """
    model = given.get("model", defaults.get("model", SKIPGRAM))
    if model not in CONFIGS:
        raise OptionError(f"--model {model}: must be one of {', '.join(CONFIGS)}")
    names = {field.name for field in fields(CONFIGS[model])}
    for name in given:
        if name not in names:
            raise OptionError(f"{option_name(name)}: is not for --model {model}; leave it out")
    if CONFIGS[model] is Word2VecConfig:
        return word2vec_config.configured(given, defaults)
    return GloveConfig(**{name: value for name, value in {**defaults, **given}.items() if name in names})
