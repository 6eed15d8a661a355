"""What to train: an order, in which all options are settled, and the one place that settles them.

The command line and Python both give the options that the user gave, by name; what is left out is the default of the
model, of --preset, of the file of --like, or what a file of pairs says.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from wordvec_cli import formats
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.progress import Note, ignore
from wordvec_cli.sequences.pairs import Room
from wordvec_cli.sequences.pairs_file import read_options
from wordvec_cli.storage.files import STANDARD_STREAM, spool_folder
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.source import Source
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import gensim_engine
from wordvec_cli.training.glove import GLOVE, PAIR_OPTIONS, GloveConfig
from wordvec_cli.training.like import LIMITS, recorded_options
from wordvec_cli.training.models import MODELS, TYPES, Config, are_of_one_kind, configured
from wordvec_cli.training.options import check_at_least, option_name, typed
from wordvec_cli.training.presets import PRESETS
from wordvec_cli.training.word2vec_config import HIERARCHICAL_SOFTMAX, SKIPGRAM, Word2VecConfig
from wordvec_cli.vectors.embeddings import Embeddings

ENGINES = WORDVEC, GENSIM = "wordvec", "gensim"
DEFAULT_LIMITS = {"min_count": 5, "max_vocab": None}
MINUTES_BETWEEN_CHECKPOINTS = 10.0
MEMORY_FOR_WORDS, MEMORY_FOR_PAIRS = 64_000_000, 1_000_000_000  # bytes


@dataclass(frozen=True)
class Order:
    """What to train, all options settled: see `settled`.

    corpus   paths, or sources that are open already
    pairs    a file of them, instead of a corpus
    output   None: the vectors are wanted in memory only
    to       the format; None: as the output's name tells
    min_count  None: no limit, on a vocabulary that is given
    checkpoint_every  minutes
    memory   bytes, for counting words and pairs
    files    how the corpus is read
    """

    corpus: tuple[str | Source, ...]
    config: Config
    pairs: str | None = None
    output: str | None = None
    to: str | None = None
    vocab: str | None = None
    min_count: int | None = None
    max_vocab: int | None = None
    tokenizer: Tokenizer | None = None
    engine: str = WORDVEC
    init: Embeddings | None = None
    like: str | None = None
    eval_sets: tuple[str, ...] = ()
    early_stopping: int | None = None
    save_context: bool = False
    checkpoint_every: float = MINUTES_BETWEEN_CHECKPOINTS
    resume: bool = False
    threads: int = 1
    memory: int = MEMORY_FOR_WORDS
    tmp_dir: str | None = None
    files: FileOptions = AS_NAMED

    @property
    def is_by_gensim(self) -> bool:
        return self.engine == GENSIM

    @property
    def is_of_pairs(self) -> bool:
        return MODELS[self.config.model].of_pairs

    @property
    def format(self) -> formats.Format:
        """Of the output; the native one if there is none. Raises: OptionError"""
        if self.output is None or (self.output == STANDARD_STREAM and not self.to):
            return formats.FORMATS[formats.NATIVE]
        return formats.format_for(self.output, self.to)

    def settled_for(self, n_tokens: int) -> "Order":
        """The order, with what the size of the corpus decides."""
        return replace(self, config=self.config.settled_for(n_tokens))

    @property
    def spool_folder(self) -> Path:
        """Where temporary files go."""
        return spool_folder(self.tmp_dir, self.output)

    @property
    def room(self) -> Room:
        """For counting pairs."""
        return Room(self.spool_folder, self.memory, self.threads)


# ---------------------------------------------------------------- settling

PATHS = ("pairs", "output", "vocab", "like", "tmp_dir")
_OTHER_TYPES: Mapping[str, type] = {
    "preset": str, "to": str, "engine": str, "min_count": int, "max_vocab": int, "early_stopping": int, "threads": int,
    "memory": int, "checkpoint_every": float, "save_context": bool, "resume": bool,
}  # fmt: skip
OPTIONS = frozenset(field.name for field in fields(Order)) - {"config"} | TYPES.keys() | {"preset"}


def settled(options: Mapping[str, Any], note: Note = ignore) -> Order:
    """The order of options given by their long names, with underscores; one that is None or left out has its default.

    options  those of `wordvec train`: `corpus` is a path, a `Source`, or a sequence of them; `init` is Embeddings, or
             gives them when it is called, as reading them may take long; `tokenizer` is a Tokenizer
    Raises: OptionError that names the option, InputError that names a file, TypeError if there is no such option
    """
    given = _given(options)
    _check_choices(given)
    defaults = _defaults(given)
    if callable(open_init := given.get("init")):
        given["init"] = open_init()
    fields_given = {field.name: given[field.name] for field in fields(Order) if field.name in given}
    order = Order(config=_config(given, defaults), **fields_given | _limits(given, defaults))
    order = replace(order, threads=given.get("threads") or usable_cpus(), memory=given.get("memory") or _memory(order))
    _check_suits(order)
    if order.is_by_gensim:
        _check_gensim_has(order, given)
    return order


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are given, each of its type. Raises: OptionError, TypeError"""
    if unknown := sorted(options.keys() - OPTIONS):
        raise TypeError(f"train() has no option {', '.join(unknown)}")
    given = {name: value for name, value in options.items() if value is not None}
    kinds = {**TYPES, **_OTHER_TYPES}
    for name, value in given.items():
        if name in PATHS:
            given[name] = os.fspath(value)
        elif name in kinds:
            given[name] = typed(name, value, kinds[name])
    return given | {name: _several(given.get(name, ())) for name in ("corpus", "eval_sets")}


def _several(paths: Any) -> tuple[str | Source, ...]:
    several = (paths,) if isinstance(paths, str | os.PathLike | Source) else paths
    return tuple(path if isinstance(path, Source) else os.fspath(path) for path in several)


def _check_choices(given: Mapping[str, Any]) -> None:
    """Raises: OptionError for what cannot be, or does not go together, whatever the model"""
    for name, choices in (("engine", ENGINES), ("preset", tuple(PRESETS))):
        if given.get(name, choices[0]) not in choices:
            raise OptionError(f"{option_name(name)} {given[name]}: must be one of {', '.join(choices)}")
    for name in (*LIMITS, "early_stopping", "threads"):
        check_at_least(name, given.get(name), 1)
    minutes = given.get("checkpoint_every", MINUTES_BETWEEN_CHECKPOINTS)
    if not minutes > 0:
        raise OptionError(f"--checkpoint-every {minutes}: must be a number of minutes")
    if "early_stopping" in given and not given["eval_sets"]:
        raise OptionError("--early-stopping: needs a score to act on; add --eval-set FILE")
    if "pairs" in given and given["corpus"]:
        raise OptionError("--pairs: takes the place of a corpus; leave the corpus out")
    if "pairs" not in given and not given["corpus"]:
        raise OptionError("nothing to train on; name a corpus, or a file of pairs with --pairs")
    if "preset" in given and "like" in given:
        raise OptionError("--preset and --like exclude each other; give one of them")


def _defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a preset, a vector file, gensim or pairs say of options that are not given; else the model decides."""
    defaults = _of_preset_or_file(given)
    if given.get("engine") == GENSIM:  # the default where gensim has no choice
        cbow_mean = {**defaults, **given}.get("cbow_mean", True)
        defaults = {"cbow_gradient": gensim_engine.cbow_gradient(cbow_mean)} | defaults
    if "pairs" in given:
        defaults |= _of_pairs(given, defaults)
    return defaults


def _of_preset_or_file(given: Mapping[str, Any]) -> dict[str, Any]:
    """What --preset or --like says. Raises: OptionError if that is of another kind of model"""
    if "preset" in given:
        defaults, source = dict(PRESETS[given["preset"]](given)), f"--preset {given['preset']}"
    elif "like" in given:
        defaults, source = recorded_options(given["like"]), given["like"]
    else:
        return {}
    model, its_model = given.get("model"), defaults.get("model", SKIPGRAM)
    if model and not are_of_one_kind(model, its_model):
        raise OptionError(f"--model {model}: {source} is for {its_model}; leave one of them out")
    return defaults


def _of_pairs(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """How pairs were counted, as their file says, or None. Raises: OptionError if an option says it too"""
    if given.get("model", defaults.get("model")) != GLOVE:
        raise OptionError("--pairs: works with --model glove only; add that, or leave --pairs out")
    for name in (*PAIR_OPTIONS, *LIMITS):
        if name in given:  # the file's own would not hold
            raise OptionError(f"{option_name(name)}: was settled when the pairs were counted; leave it out")
    if "tokenizer" in given:
        raise OptionError("--pairs: no text is read; leave the options of the tokenizer out")
    return dict.fromkeys(PAIR_OPTIONS) | read_options(given["pairs"])


def _config(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Config:
    hyper_parameters = {name: given[name] for name in given if name in TYPES}
    if (init := given.get("init")) is not None:
        is_of_two = {**defaults, **given}.get("combine") == "concat"  # a word's two vectors in a row
        dim, rest = divmod(init.dim, 2 if is_of_two else 1)
        if hyper_parameters.setdefault("vector_size", dim) != dim or rest:
            size = hyper_parameters["vector_size"]
            raise OptionError(f"--vector-size {size}: the vectors of --init have {init.dim} numbers")
    return configured(hyper_parameters, defaults)


def _limits(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, int | None]:
    """The limits on words that hold."""
    limits = {name: given.get(name, defaults.get(name, default)) for name, default in DEFAULT_LIMITS.items()}
    if ("vocab" in given or "pairs" in given) and "min_count" not in given:
        limits["min_count"] = None  # a vocabulary that is given has limits of its own
    elif limits["min_count"] is None:
        raise InputError("--like: those vectors were trained with a vocabulary file; name it with --vocab")
    return limits


def _memory(order: Order) -> int:
    return MEMORY_FOR_PAIRS if order.is_of_pairs else MEMORY_FOR_WORDS


def _check_suits(order: Order) -> None:
    """Raises: OptionError for an option that the output or the model has no use for"""
    _ = order.format  # which raises it
    if order.output is None and (order.to or order.resume):
        name = "--to" if order.to else "--resume"
        raise OptionError(f"{name}: there is no file to write; name one with --output")
    config = order.config
    if order.save_context and getattr(config, "loss", None) == HIERARCHICAL_SOFTMAX:
        raise OptionError("--save-context: hierarchical-softmax has no output vectors of words; leave it out")
    if isinstance(config, GloveConfig) and order.is_by_gensim:
        raise OptionError("--engine gensim: gensim does not train GloVe; leave it out")
    if isinstance(config, GloveConfig) and order.save_context and config.combine == "concat":
        raise OptionError("--save-context: --combine concat publishes the context vectors already; leave it out")


def _check_gensim_has(order: Order, given: Mapping[str, Any]) -> None:
    """Raises: OptionError for an option that gensim does not have"""
    for name in ("resume", "early_stopping", "checkpoint_every"):
        if given.get(name):
            raise OptionError(f"{option_name(name)}: is not for --engine gensim; leave it out")
    assert isinstance(order.config, Word2VecConfig)
    gensim_engine.check(order.config, order.threads)
