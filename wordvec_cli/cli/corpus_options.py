"""Options of the commands that read a corpus."""

import functools
from collections.abc import Callable
from typing import Any

import click

from wordvec_cli.cli.option_types import TokenizerName
from wordvec_cli.cli.options import (
    Decorator,
    combined,
    invalid_utf8_option,
    progress_options,
    text_column_option,
    threads_option,
    tmp_dir_option,
)
from wordvec_cli.text.file_options import CORPUS_FORMATS
from wordvec_cli.text.segmenters import SEGMENTERS
from wordvec_cli.text.splitters import SPLITTERS

corpus_argument = click.argument("corpus", nargs=-1, required=True, metavar="CORPUS...")

max_vocab_option = click.option(
    "--max-vocab", type=click.IntRange(min=1), metavar="N", help="Keep only the N most frequent words."
)

WORD_FILTERS = combined(
    click.option(
        "--stop-words", metavar="LANG|FILE",
        help="Leave out stop words, in any case: those of a language (en, de, zh ...), or of a file, one a line.",
    ),
    click.option("--drop-numbers", is_flag=True, help="Leave out words that have digits and no letters."),
    click.option("--keep-pattern", metavar="REGEX", help="Keep only words that this regular expression matches whole."),
    click.option("--drop-pattern", metavar="REGEX", help="Leave out words that this regular expression matches whole."),
)  # fmt: skip


def filter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that leave out words, as one argument, `word_filter`: WordFilter."""

    @functools.wraps(function)
    def with_filter(*, stop_words: str | None, **given: Any) -> Any:
        from wordvec_cli.text import word_filter

        options = {name: given.pop(name) for name in ("drop_numbers", "keep_pattern", "drop_pattern")}
        stopped = None if stop_words is None else word_filter.stop_words(stop_words)
        return function(word_filter=word_filter.WordFilter(stopped, **options), **given)

    return WORD_FILTERS(with_filter)


# Their defaults, those of GloVe's cooccur, are in `PairOptions` and `GloveConfig`.
pair_options = combined(
    click.option(
        "--symmetric/--left-only", default=None,
        help="Count words on both sides, or only those before a word.  [default: symmetric]",
    ),
    click.option(
        "--distance-weighting/--flat-weighting", default=None,
        help="Count a word at distance d as 1/d, or as 1.  [default: distance-weighting]",
    ),
    click.option(
        "--unknown", type=click.Choice(["skip", "gap"]),
        help="skip: words outside the vocabulary are taken out before distances are measured; gap: they keep their "
        "place.  "
        "[default: skip]",
    ),
)  # fmt: skip

_TOKENIZER_OPTIONS = combined(
    click.option(
        "--tokenizer",
        type=TokenizerName(),
        help="; ".join(f"{name}: {row.help}" for name, row in (SPLITTERS | SEGMENTERS).items())
        + "; or the name of one "
        "that another package adds.  [default: whitespace]",
    ),
    click.option(
        "--token-pattern",
        metavar="REGEX",
        help="Tokens are the matches of this regular expression, or of its group if it has exactly one.",
    ),
    click.option("--lowercase", is_flag=True, help="Convert the text to lower case."),
    click.option("--normalise", type=click.Choice(["NFC", "NFKC"]), help="Convert the text to a Unicode normal form."),
    invalid_utf8_option,
)


def tokenizer_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how text becomes tokens, as one argument: a Tokenizer, or None if none of them is given."""

    @functools.wraps(function)
    def with_tokenizer(
        *,
        tokenizer: Any,
        token_pattern: str | None,
        lowercase: bool,
        normalise: Any,
        invalid_utf8: Any,
        **others: Any,
    ) -> Any:
        from wordvec_cli.text.tokenizer import Tokenizer

        if token_pattern is not None and tokenizer is not None:
            raise click.UsageError("--tokenizer and --token-pattern exclude each other; give one of them")
        given = any((tokenizer, token_pattern is not None, lowercase, normalise, invalid_utf8))
        kind: Any = "pattern" if token_pattern is not None else tokenizer or "whitespace"
        chosen = Tokenizer(kind, token_pattern, lowercase, normalise, invalid_utf8 or "keep") if given else None
        return function(tokenizer=chosen, **others)

    return _TOKENIZER_OPTIONS(with_tokenizer)


corpus_format_option = click.option(
    "--corpus-format", type=click.Choice(CORPUS_FORMATS),
    help="What the files are.  [default: by the ending: .csv, .tsv, .jsonl, .parquet, compressed or not; else text]",
)  # fmt: skip
encoding_option = click.option(
    "--encoding", metavar="NAME",
    help="The encoding of the files: latin-1, utf-16 ..., or auto to guess that of each.  [default: UTF-8]",
)  # fmt: skip
_FOLDER_OPTIONS = combined(
    click.option(
        "--include", multiple=True, metavar="PATTERN",
        help="Read only files of folders whose name fits: '*.txt', or with a / the path in the folder.",
    ),
    click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out files of folders whose name fits."),
)  # fmt: skip


def file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how the files of a corpus are read, as one argument, `files`: FileOptions."""

    @functools.wraps(function)
    def with_files(
        *,
        corpus_format: str | None,
        text_columns: tuple[str, ...] = (),
        encoding: str | None,
        include: tuple[str, ...],
        exclude: tuple[str, ...],
        **others: Any,
    ) -> Any:
        from wordvec_cli.text.file_options import FileOptions

        files = FileOptions(corpus_format, text_columns, encoding, include, exclude)
        return function(files=files, **others)

    return combined(corpus_format_option, encoding_option, _FOLDER_OPTIONS)(with_files)


def table_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `file_options`, with the columns of tables."""
    return text_column_option(file_options(function))


def corpus_options(
    memory: Decorator | None = None, has_threads: bool = True, files: Decorator = table_options
) -> Decorator:
    """The options of each command that reads a corpus: how text becomes tokens, and what the work may take.

    The command gets `files`, `tokenizer`, `threads`, `memory` and `tmp_dir`.

    memory       `memory_option(...)`; None: the command has none
    has_threads  whether the command can use several
    files        the options that say how files are read
    """
    limits = [threads_option] if has_threads else []
    limits += [memory] if memory else []
    return combined(files, tokenizer_options, *limits, tmp_dir_option, progress_options)
