"""`wordvec train`: the options, and which of them hold."""

import math
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from wordvec_cli import formats
from wordvec_cli.cli.options import (
    combined,
    max_vocab_option,
    memory_option,
    min_count_option,
    output_option,
    pair_options,
    progress_options,
    seed_option,
    threads_option,
    tmp_dir_option,
    tokenizer_options,
    vector_size_option,
)
from wordvec_cli.cli.output import is_for_terminal
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import Init, init_options
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.vectors.embeddings import Embeddings, recorded
from wordvec_cli.vectors.native import load

if TYPE_CHECKING:
    from wordvec_cli.text.tokenizer import Tokenizer
    from wordvec_cli.training.models import Config

GLOVE = "glove"
OF_WORDS = ("min_count", "max_vocab")
MEMORY_FOR_WORDS, MEMORY_FOR_PAIRS = 64_000_000, 1_000_000_000

# An option that is left out is None: its default is that of the model, a preset's, or one that a file records.
hyper_parameters = combined(
    click.option(
        "--model", type=click.Choice(["skipgram", "cbow", "glove"]),
        help="skipgram: a word predicts the words around it; cbow: they predict it (the default of word2vec.c and "
        "gensim); glove: vectors fit how often words stand near each other.  [default: skipgram]",
    ),
    click.option(
        "--loss", type=click.Choice(["negative-sampling", "hierarchical-softmax"]),
        help="What stands for predicting among all words.  [default: negative-sampling, as everywhere]",
    ),
    vector_size_option,
    click.option(
        "--window", type=click.IntRange(min=1), metavar="N",
        help="Context words on each side at most.  [default: 5, as word2vec.c, gensim and fastText; glove: 15, as "
        "GloVe]",
    ),
    click.option(
        "--fixed-window/--shrinking-window", default=None,
        help="Take the whole window for each word, or draw it from 1 to --window.  [default: shrinking, as everywhere]",
    ),
    click.option(
        "--negative", type=click.IntRange(min=1), metavar="N",
        help="Noise words for each pair, with negative sampling.  [default: 5, as everywhere]",
    ),
    click.option(
        "--noise-exponent", type=float, metavar="X",
        help="Noise words are drawn in proportion to count^X.  [default: 0.75, as word2vec.c and gensim; "
        "fastText: 0.5]",
    ),
    click.option(
        "--sample", type=click.FloatRange(min=0), metavar="X",
        help="Drop occurrences of words more frequent than this share of the corpus at random; 0 drops none.  "
        "[default: 0.001, as word2vec.c and gensim; fastText: 0.0001]",
    ),
    click.option(
        "--cbow-mean/--cbow-sum", default=None,
        help="cbow predicts from the mean or the sum of the context vectors.  [default: mean, as everywhere]",
    ),
    click.option(
        "--cbow-gradient", type=click.Choice(["sum", "mean"]),
        help="cbow adds the whole error to each context vector, or divides it by their number (with --cbow-mean the "
        "true gradient; wants a higher --learning-rate).  [default: sum, as word2vec.c and gensim]",
    ),
    click.option(
        "--epochs", type=click.IntRange(min=1), metavar="N",
        help="Passes over the corpus, or its pairs.  [default: 5, as word2vec.c, gensim and fastText; glove: 25, as "
        "GloVe]",
    ),
    click.option(
        "--learning-rate", type=click.FloatRange(min=0, min_open=True), metavar="X",
        help="Step size at the start.  [default: 0.05, as fastText and GloVe; gensim: 0.025; word2vec.c: 0.05 for "
        "cbow, 0.025 for skipgram]",
    ),
    click.option(
        "--min-learning-rate", type=click.FloatRange(min=0), metavar="X",
        help="Step size at the end, to which it falls linearly.  [default: a ten-thousandth of --learning-rate, as "
        "word2vec.c; gensim: 0.0001]",
    ),
    pair_options,
    click.option(
        "--x-max", type=click.FloatRange(min=0, min_open=True), metavar="X",
        help="glove: pairs with this weight or more count fully.  [default: 100, as GloVe; its vectors of 2024: 10]",
    ),
    click.option(
        "--weight-exponent", type=click.FloatRange(min=0, min_open=True), metavar="X",
        help="glove: other pairs count (weight / x-max)^X.  [default: 0.75, as GloVe, which calls it alpha]",
    ),
    click.option(
        "--gradient-clip", type=click.FloatRange(min=0, min_open=True), metavar="X",
        help="glove: the highest absolute value of a gradient's component.  [default: 100, as GloVe]",
    ),
    click.option(
        "--combine", type=click.Choice(["word", "sum", "concat"]),
        help="glove: publish each word's vector, its sum with the context vector, or both in a row.  [default: sum, as "
        "GloVe]",
    ),
    click.option(
        "--unknown-vector", is_flag=True, default=None,
        help="glove: keep the mean of the 100 rarest words in the file too, for words that are not known; GloVe "
        "always does, as the word <unk>.",
    ),
    seed_option,
    click.option(
        "--deterministic", is_flag=True, default=None,
        help="Give the same bytes whatever the number of threads; slower, but for glove, which always does.",
    ),
    click.option(
        "--preset", type=click.Choice(["word2vec", "gensim", "fasttext", "glove-2014", "glove-2024"]),
        help="Take another tool's defaults for all that is not given. fasttext: without its subwords, which are not "
        "learnt.",
    ),
    click.option(
        "--like", metavar="FILE", help="Take what is not given from the options that this vector file was trained with."
    ),
)  # fmt: skip

checkpoint_options = combined(
    click.option(
        "--checkpoint-every", type=click.FloatRange(min=0, min_open=True), default=10, show_default=True,
        metavar="MINUTES", help="Write a checkpoint beside the output (FILE.checkpoint) so often, and at Ctrl-C.",
    ),
    click.option(
        "--dry-run", is_flag=True,
        help="Count the corpus and print what training will take: memory, disk, seconds; fail if it does not fit.",
    ),
    click.option("--resume", is_flag=True, help="Go on from the checkpoint; if there is none, start."),
)  # fmt: skip

score_options = combined(
    click.option(
        "--eval-set", "eval_sets", multiple=True, metavar="FILE",
        help="Score the vectors after each epoch on word pairs or analogies; may be given several times.",
    ),
    click.option(
        "--early-stopping", type=click.IntRange(min=1), metavar="N",
        help="Stop when the mean score of the --eval-set files has not risen for N epochs; keep the best epoch.",
    ),
)  # fmt: skip


@click.command(short_help="Train word vectors on a corpus.")
@click.argument("corpus", nargs=-1, metavar="CORPUS...")
@click.option(
    "--pairs", metavar="FILE", help="glove: train on pairs from wordvec cooccur, or GloVe's, not on a corpus."
)
@output_option("the vectors (FILE.safetensors, or as --to says)")
@click.option(
    "--to",
    type=click.Choice(formats.writable_formats()),
    metavar="FORMAT",
    help="What to write, if the output's name does not tell, as in wordvec export.  [default: native]",
)
@click.option("--vocab", metavar="FILE", help="Use this vocabulary (word, count) instead of counting the corpus.")
@hyper_parameters
@min_count_option(default=5)
@max_vocab_option
@click.option(
    "--engine",
    type=click.Choice(["wordvec", "gensim"]),
    default="wordvec",
    show_default=True,
    help="Whose trainer: gensim's Word2Vec gets the same words and sentences, to compare with; it has neither "
    "checkpoints nor losses.",
)
@init_options(", and from its `context`.")
@click.option("--save-context", is_flag=True, help="Keep the output vectors in the file too, as the tensor `context`.")
@score_options
@checkpoint_options
@threads_option
@tokenizer_options
@memory_option(None, "counting words and pairs", "64MB; glove: 1GB")
@tmp_dir_option
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    corpus: tuple[str, ...],
    pairs: str | None,
    output: str,
    to: str | None,
    preset: str | None,
    like: str | None,
    init: Init,
    early_stopping: int | None,
    engine: str,
    eval_sets: tuple[str, ...],
    resume: bool,
    dry_run: bool,
    save_context: bool,
    **others: Any,
) -> int | None:
    """Train word vectors on CORPUS: files, folders, or - for standard input; compressed ones too.

    A line is a sentence: windows stop at its end. With --threads 1, --deterministic or --model glove the same command
    gives the same bytes; else threads share the matrices without locks, and runs differ a little.

    \b
    wordvec train corpus.txt.gz -o vectors.safetensors
    wordvec train corpus/ -o vectors.safetensors --model cbow --window 10 --eval-set wordsim353.tsv
    wordvec train corpus.txt.gz -o vectors.safetensors --model glove --window 10 --x-max 10
    wordvec train --pairs pairs.safetensors -o vectors.safetensors --model glove
    zcat corpus/*.gz | wordvec train - -o vectors.safetensors --tokenizer words --lowercase --epochs 10
    wordvec train - -o vectors.safetensors --tokenizer words --lowercase --epochs 10 --resume  # after Ctrl-C
    wordvec train corpus.txt.gz -o by-gensim.safetensors --engine gensim
    """
    if output != STANDARD_STREAM or to is not None:
        formats.format_for(output, to)
    if is_for_terminal(output) and not dry_run:
        raise click.UsageError("-o -: vectors are binary; use -o FILE or redirect the output")
    if math.isnan(others["checkpoint_every"]):
        raise click.UsageError("--checkpoint-every nan: must be a number of minutes")
    if early_stopping and not eval_sets:
        raise click.UsageError("--early-stopping: needs a score to act on; add --eval-set FILE")

    if pairs and corpus:
        raise click.UsageError("--pairs: holds what there is to learn; leave the corpus out")
    if not pairs and not corpus:
        raise click.UsageError("Missing argument 'CORPUS...'.")

    if dry_run and resume:
        raise click.UsageError("--dry-run and --resume exclude each other; what is resumed has fitted before")

    from wordvec_cli.cli.dry_run import tell_estimate
    from wordvec_cli.cli.training_run import Order, run

    start = init.open(terminal)
    options = {name: others.pop(name) for name in _HYPER_PARAMETERS}
    limits = {name: others.pop(name) for name in OF_WORDS}
    defaults = _defaults(options, preset, like)
    if engine == "gensim":
        defaults = _gensims_defaults(options, defaults)
    if pairs:
        defaults |= _told_by_pairs(options, defaults, others["tokenizer"], pairs)
    _tell_of_preset(preset, terminal)
    config, limits = _settled(options, limits, others["vocab"], pairs, defaults, start)
    _check_suits(config, engine, save_context)
    if engine == "gensim":
        _check_gensim_has(config, others["threads"])
    if others["memory"] is None:
        others["memory"] = MEMORY_FOR_PAIRS if config.model == GLOVE else MEMORY_FOR_WORDS
    order = Order(
        corpus, pairs, output, to, config=config, init=start, early_stopping=early_stopping, eval_sets=eval_sets,
        resume=resume, engine=engine, save_context=save_context, like=like, **limits, **others,
    )  # fmt: skip
    if not dry_run:
        return run(order, terminal)
    tell_estimate(order, terminal)
    return None


_HYPER_PARAMETERS = [
    parameter.name
    for parameter in hyper_parameters(click.Command("none")).params
    if parameter.name not in ("preset", "like")
]


def _defaults(given: dict[str, Any], preset: str | None, like: str | None) -> dict[str, Any]:
    """What a preset or a vector file says of the options that are not given."""
    if preset and like:
        raise click.UsageError("--preset and --like exclude each other; give one of them")
    if preset:
        from wordvec_cli.training.presets import PRESETS

        defaults = dict(PRESETS[preset](_without_none(given)))
    elif like:
        defaults = _recorded_options(like)
    else:
        return {}
    model, theirs = given["model"], defaults.get("model", "skipgram")
    if model and (model == GLOVE) != (theirs == GLOVE):
        source = f"--preset {preset}" if preset else like
        raise OptionError(f"--model {model}: {source} is of {theirs}; leave one of them out")
    return defaults


def _recorded_options(path: str) -> dict[str, Any]:
    """How a vector file was trained. Raises: InputError if it does not say, or says what no option could have told"""
    table = recorded(load(path).metadata, "configuration")
    if not table:
        raise InputError(f"{path}: does not say how it was trained; give the options themselves")
    options = {each.name: each for each in click.get_current_context().command.params}
    for name, value in table.items():
        if value is not None and name in options and not _may_be_told(options[name], value):
            raise InputError(
                f"{path}: says that it was trained with --{name.replace('_', '-')} {value!r}, which cannot be; "
                "the file is damaged, give the options themselves"
            )
    return {name: value for name, value in table.items() if value is not None or name in OF_WORDS}


def _may_be_told(option: click.Parameter, value: object) -> bool:
    """Whether a value that is recorded is one that the command line takes for an option."""
    types = click.types
    kinds = {types.IntParamType: (int,), types.FloatParamType: (int, float), types.BoolParamType: (bool,)}
    kind = next((kinds[each] for each in kinds if isinstance(option.type, each)), (str,))
    if type(value) not in kind:
        return False
    try:
        option.type.convert(value, option, None)
    except (click.BadParameter, OverflowError, ValueError):
        return False
    return isinstance(value, str | bool) or math.isfinite(float(str(value)))


def _tell_of_preset(preset: str | None, terminal: Terminal) -> None:
    if preset == "fasttext":
        terminal.note("--preset fasttext: learns no subwords, so that words outside the vocabulary will have no vector")


def _told_by_pairs(
    given: dict[str, Any], defaults: dict[str, Any], tokenizer: "Tokenizer | None", pairs: str
) -> dict[str, Any]:
    """How pairs were counted, as their file says: None where it does not. Raises: OptionError if an option tells too"""
    from wordvec_cli.sequences.pairs_file import read_options
    from wordvec_cli.training.glove import PAIR_OPTIONS

    if (given["model"] or defaults.get("model")) != GLOVE:
        raise OptionError("--pairs: belongs to --model glove; add that, or leave it out")
    for name in (*PAIR_OPTIONS, *OF_WORDS):
        if given.get(name) is not None or (name in OF_WORDS and _is_given(name)):
            raise OptionError(f"--{name.replace('_', '-')}: was settled when the pairs were counted; leave it out")
    if tokenizer:
        raise OptionError("--pairs: there is no text to read; leave the tokenizer out")
    return dict.fromkeys(PAIR_OPTIONS) | read_options(pairs)


def _check_suits(config: "Config", engine: str, save_context: bool) -> None:
    """Raises: OptionError for an option that the model has no use for"""
    if save_context and getattr(config, "loss", None) == "hierarchical-softmax":
        raise OptionError("--save-context: hierarchical-softmax has no output vectors of words; leave it out")
    if config.model != GLOVE:
        return
    if engine == "gensim":
        raise OptionError("--engine gensim: gensim has no GloVe; leave it out")
    if save_context and getattr(config, "combine", None) == "concat":
        raise OptionError("--save-context: --combine concat publishes the context vectors already; leave it out")


def _gensims_defaults(given: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """The defaults, and after them those of gensim where it has no choice."""
    from wordvec_cli.training import gensim_engine

    cbow_mean = {**defaults, **_without_none(given)}.get("cbow_mean", True)
    return {"cbow_gradient": gensim_engine.cbow_gradient(cbow_mean)} | defaults


def _check_gensim_has(config: "Config", n_threads: int) -> None:
    """Raises: OptionError for an option that gensim does not have"""
    from wordvec_cli.training import gensim_engine
    from wordvec_cli.training.word2vec_config import Word2VecConfig

    for name in ("resume", "early_stopping", "checkpoint_every"):
        if _is_given(name):
            raise OptionError(f"--{name.replace('_', '-')}: is not for --engine gensim; leave it out")
    assert isinstance(config, Word2VecConfig)
    gensim_engine.check(config, n_threads)


def _settled(
    given: dict[str, Any],
    limits: dict[str, Any],
    vocab: str | None,
    pairs: str | None,
    defaults: dict[str, Any],
    init: Embeddings | None,
) -> "tuple[Config, dict[str, Any]]":
    """The configuration and the limits on words that hold."""
    from wordvec_cli.training.models import configured

    limits = {name: limits[name] if _is_given(name) else defaults.get(name, limits[name]) for name in OF_WORDS}
    if (vocab or pairs) and not _is_given("min_count"):
        limits["min_count"] = None  # a vocabulary that is given has limits of its own
    elif limits["min_count"] is None:
        raise InputError("--like: those vectors were trained with a vocabulary that was given; name it with --vocab")
    given = _without_none(given)
    if init is not None:
        _take_size_of(init, given, {**defaults, **given}.get("combine") == "concat")
    return configured(given, defaults), limits


def _take_size_of(init: Embeddings, given: dict[str, Any], is_of_two: bool) -> None:
    """Set the vector size to that of other vectors. Raises: OptionError if another is given

    is_of_two  whether each is a word's two vectors in a row
    """
    dim, rest = divmod(init.dim, 2 if is_of_two else 1)
    if given.setdefault("vector_size", dim) != dim or rest:
        raise OptionError(f"--vector-size {given['vector_size']}: the vectors of --init have {init.dim} numbers")


def _is_given(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) is not ParameterSource.DEFAULT


def _without_none(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
