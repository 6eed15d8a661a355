"""`wordvec train`: word vectors from a corpus."""

import json
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from wordvec_cli.cli.options import (
    agreed_tokenizer,
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
from wordvec_cli.cli.output import count_words_and_tell
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.files import STANDARD_STREAM, check_output, check_room

if TYPE_CHECKING:
    from wordvec_cli.tokenizer import Tokenizer
    from wordvec_cli.vocabulary_file import VocabularyFile

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
    from wordvec_cli.training import word2vec

    config = word2vec.SkipGramConfig(**hyper_parameters)
    limits = _limits(min_count, max_vocab, vocab)
    known = _read_vocabulary(vocab, limits, terminal) if vocab else None
    used = agreed_tokenizer(tokenizer, known.tokenizer if known else None, f"{vocab}: was built")
    text = Corpus.open(corpus, used, spool_folder(tmp_dir, output))
    text.check_not_output(output)
    if known:
        vocabulary, n_tokens = known.vocabulary, None
    else:
        words = count_words_and_tell(text, CountOptions(min_count, max_vocab, memory, threads), terminal)
        vocabulary, n_tokens = words.vocabulary(), words.statistics.n_tokens
    check_room(output, embeddings.size_bytes(vocabulary, config.vector_size))
    sequences = encode(text, vocabulary, threads, terminal.report, n_tokens)
    if known:
        terminal.note(f"{sequences.n_known} tokens are in {vocab}; {sequences.n_unknown} are not, and are left out")
    trained = word2vec.train(sequences, vocabulary, config, threads, terminal.report)
    terminal.close()
    metadata = {
        "configuration": _json(config.options() | limits),
        "corpus_fingerprint": sequences.corpus_fingerprint,
        "losses": _json(trained.losses),
        "seed": str(config.seed),
        "threads": str(threads),
        "tokenizer": _json(text.tokenizer.to_metadata()),
    }
    embeddings.save(output, vocabulary, trained.matrix, metadata)


def _limits(min_count: int, max_vocab: int | None, vocab: str | None) -> dict[str, int | None]:
    """The limits on words that hold: on a vocabulary that is given, only a --min-count that is given too."""
    is_default = click.get_current_context().get_parameter_source("min_count") is ParameterSource.DEFAULT
    return {"min_count": None if vocab and is_default else min_count, "max_vocab": max_vocab}


def _read_vocabulary(path: str, limits: dict[str, int | None], terminal: Terminal) -> "VocabularyFile":
    from wordvec_cli.vocabulary_file import read_vocabulary

    file = read_vocabulary(path)
    if file.note:
        terminal.note(file.note)
    if any(limits.values()):
        return file._replace(vocabulary=file.vocabulary.prune(limits["min_count"] or 1, limits["max_vocab"]))
    return file


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)
