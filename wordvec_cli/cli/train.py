"""`wordvec train`: word vectors from a corpus."""

import json
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from wordvec_cli.cli.options import (
    corpus_argument,
    max_vocab_option,
    memory_option,
    min_count_option,
    output_option,
    progress_options,
    spool_folder,
    threads_option,
    tmp_dir_option,
    tokenizer_options,
)
from wordvec_cli.cli.output import note_dropped
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.files import STANDARD_STREAM, check_output

if TYPE_CHECKING:
    from wordvec_cli.corpus import Corpus
    from wordvec_cli.counting import CountOptions
    from wordvec_cli.tokenizer import Tokenizer
    from wordvec_cli.vocabulary import Vocabulary

SUFFIX = ".safetensors"


@click.command(short_help="Train word vectors on a corpus.")
@corpus_argument
@output_option("the vectors (FILE.safetensors)")
@click.option("--vocab", metavar="FILE", help="Use this vocabulary (word, count) instead of counting the corpus.")
@click.option("--vector-size", type=click.IntRange(min=1), default=100, show_default=True, help="Numbers in a vector.")
@click.option(
    "--window", type=click.IntRange(min=1), default=5, show_default=True,
    help="Context words on each side at most; drawn from 1 to this for each word.",
)  # fmt: skip
@click.option("--negative", type=click.IntRange(min=1), default=5, show_default=True, help="Noise words for each pair.")
@click.option(
    "--sample", type=click.FloatRange(min=0), default=1e-3, show_default=True,
    help="Drop occurrences of words more frequent than this share of the corpus at random; 0 drops none.",
)  # fmt: skip
@click.option("--epochs", type=click.IntRange(min=1), default=5, show_default=True, help="Passes over the corpus.")
@click.option(
    "--learning-rate", type=click.FloatRange(min=0, min_open=True), default=0.05, show_default=True,
    help="Step size at the start; falls linearly to a ten-thousandth.",
)  # fmt: skip
@min_count_option
@max_vocab_option
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of all random choices.")
@threads_option
@tokenizer_options
@memory_option("64MB")
@tmp_dir_option
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    corpus: tuple[str, ...],
    output: str,
    vocab: str | None,
    min_count: int,
    max_vocab: int | None,
    threads: int,
    tokenizer: "Tokenizer | None",
    memory: int,
    tmp_dir: str | None,
    **hyper_parameters: Any,
) -> None:
    """Train word vectors on CORPUS: files, folders, or - for standard input; compressed ones too.

    The model is skip-gram with negative sampling. A line is a sentence: windows stop at its end. With --threads 1 the
    same command gives the same bytes; with more, threads share the matrices without locks, and runs differ a little.

    \b
    wordvec train corpus.txt.gz -o vectors.safetensors
    zcat corpus/*.gz | wordvec train - -o vectors.safetensors --tokenizer words --lowercase --epochs 10
    """
    if output != STANDARD_STREAM and not output.endswith(SUFFIX):
        raise click.UsageError(f"-o {output}: vectors are written as safetensors; name it FILE{SUFFIX}")
    check_output(output)

    from wordvec_cli import embeddings
    from wordvec_cli.corpus import Corpus
    from wordvec_cli.counting import CountOptions
    from wordvec_cli.sequences import encode
    from wordvec_cli.tokenizer import Tokenizer
    from wordvec_cli.training import word2vec

    config = word2vec.SkipGramConfig(**hyper_parameters)
    options = CountOptions(min_count, max_vocab, memory, threads)
    known, recorded_tokenizer = _given_vocabulary(vocab, terminal) if vocab else (None, None)
    if tokenizer and recorded_tokenizer and tokenizer != recorded_tokenizer:
        raise InputError(
            f"{vocab}: was built with the tokenizer {recorded_tokenizer.describe()}, and here it is "
            f"{tokenizer.describe()}; leave the tokenizer options out, or build the vocabulary again"
        )
    text = Corpus.open(corpus, tokenizer or recorded_tokenizer or Tokenizer(), spool_folder(tmp_dir, output))
    vocabulary = _limited(known, options) if known else _counted_vocabulary(text, options, terminal)
    sequences = encode(text, vocabulary, threads, terminal.report)
    trained = word2vec.train(sequences, vocabulary, config, threads, terminal.report)
    terminal.close()
    metadata = {
        "configuration": _json(config.options() | ({} if known else {"min_count": min_count, "max_vocab": max_vocab})),
        "corpus_fingerprint": sequences.corpus_fingerprint,
        "losses": _json(trained.losses),
        "seed": str(config.seed),
        "threads": str(threads),
        "tokenizer": _json(text.tokenizer.to_metadata()),
    }
    embeddings.save(output, vocabulary, trained.matrix, metadata)


def _given_vocabulary(path: str, terminal: Terminal) -> "tuple[Vocabulary, Tokenizer | None]":
    from wordvec_cli.vocabulary_file import read_vocabulary

    file = read_vocabulary(path)
    if file.note:
        terminal.note(file.note)
    return file.vocabulary, file.tokenizer


def _limited(vocabulary: "Vocabulary", options: "CountOptions") -> "Vocabulary":
    """A vocabulary that was given, cut by --min-count and --max-vocab only where those were given too."""
    context = click.get_current_context()
    given = {
        name: context.get_parameter_source(name) is not ParameterSource.DEFAULT for name in ("min_count", "max_vocab")
    }
    if not any(given.values()):
        return vocabulary
    return vocabulary.prune(options.min_count if given["min_count"] else 1, options.max_vocab)


def _counted_vocabulary(corpus: "Corpus", options: "CountOptions", terminal: Terminal) -> "Vocabulary":
    from wordvec_cli.counting import count_words

    words = count_words(corpus, options, terminal.report)
    note_dropped(terminal, words)
    return words.vocabulary()


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)
