"""Options that several commands share: one name, one meaning, one default."""

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wordvec_cli.cli.option_types import Size, SpecialsType
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.text.splitters import SPLITTERS

if TYPE_CHECKING:
    pass

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]  # of a command


def combined(*decorators: Decorator) -> Callable[[Command], Command]:
    """Several click options as one decorator, in the order of the help text."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def _set_progress(ctx: click.Context, param: click.Parameter, value: str) -> None:
    ctx.find_object(Terminal).mode = value  # type: ignore[union-attr]


def _set_quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.find_object(Terminal).is_quiet = value  # type: ignore[union-attr]


# Eager, so that an error in a later option is already reported in the mode that was asked for.
progress_options = combined(
    click.option(
        "--progress",
        type=click.Choice(["bar", "json", "none"]),
        default="bar",
        is_eager=True,
        expose_value=False,
        callback=_set_progress,
        help="How progress is shown on standard error: a bar (on a terminal only), a JSON line each second, or not "
        "at all.  [default: bar]",
    ),
    click.option(
        "--quiet", is_flag=True, is_eager=True, expose_value=False, callback=_set_quiet, help="Show errors only."
    ),
)

null_option = click.option(
    "--null", "is_null", is_flag=True,
    help="Read and write lines that end with NUL, so that words may contain anything, line ends too.",
)  # fmt: skip

corpus_argument = click.argument("corpus", nargs=-1, required=True, metavar="CORPUS...")

threads_option = click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=usable_cpus,
    metavar="N",
    help="Number of threads.  [default: all usable CPUs]",
)


def min_count_option(default: int | None, help: str = "Drop words that occur less often.") -> Decorator:
    """default  None: the command finds it, and `help` says what it is"""
    return click.option(
        "--min-count", type=click.IntRange(min=1), default=default, show_default=default is not None, metavar="N",
        help=help,
    )  # fmt: skip


def vocab_option(
    help: str = "The words of a file that holds none (npy, GloVe's .bin).", required: bool = False
) -> Decorator:
    return click.option("--vocab", required=required, metavar="FILE", help=help)


def to_option(
    choices: Iterable[str], help: str, name: str = "to", default: str | None = None, metavar: str | None = None
) -> Decorator:
    """The kind of file that is written.

    name     of the argument that the command gets
    metavar  in the place of the choices, where they are too many for a line
    """
    return click.option(
        "--to", name, type=click.Choice(list(choices)), default=default, show_default=default is not None,
        metavar=metavar, help=help,
    )  # fmt: skip


max_vocab_option = click.option(
    "--max-vocab", type=click.IntRange(min=1), metavar="N", help="Keep only the N most frequent words."
)

specials_option = click.option(
    "--specials", type=SpecialsType(), metavar="none|pad|pad,unk|...",
    help="The special rows that come before those of the words, in this order: pad for padding, unk for unknown words, "
    "any other name for a row that you fill yourself.  [default: pad,unk]",
)  # fmt: skip

padding_value_option = click.option(
    "--value", type=int, metavar="N", help="The number that stands for padding.  [default: the row of pad]"
)

vector_size_option = click.option(
    "--vector-size", type=click.IntRange(min=1), metavar="N", help="How many numbers a vector has.  [default: 100]"
)

method_option = click.option(
    "--method", type=click.Choice(["3cosadd", "3cosmul"]),
    help="How analogies (A is to B as C is to what?) are answered. 3cosadd: by the cosine with B - A + C, each at "
    "length "
    "1; 3cosmul: by the cosine with B times the cosine with C, divided by the cosine with A.  [default: 3cosadd]",
)  # fmt: skip

seed_option = click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", help="Seed of all random choices.  [default: 1]"
)

tmp_dir_option = click.option(
    "--tmp-dir",
    type=click.Path(exists=True, file_okay=False, writable=True),
    metavar="FOLDER",
    help="Where temporary files go.  [default: the output's folder]",
)


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


def memory_option(default: str | None, purpose: str = "counting words", shown_default: str | None = None) -> Decorator:
    return click.option(
        "--memory",
        type=Size(),
        default=default,
        metavar="SIZE",
        help=f"Memory for {purpose}; beyond it, temporary files are used.  [default: {shown_default or default}]",
    )


def matrix_option(required: bool) -> Decorator:
    return click.option(
        "--matrix",
        required=required,
        metavar="FILE",
        help="An embedding matrix made by wordvec matrix, or vectors in the native format.",
    )


def sequences_option(required: bool) -> Decorator:
    return click.option(
        "--sequences",
        required=required,
        metavar="FILE",
        help="Numbers made by wordvec encode, in any of its formats; - is standard input (npy or text).",
    )


def output_option(what: str) -> Decorator:
    return click.option(
        "-o", "--output", required=True, metavar="FILE", help=f"Where to write {what}; - is standard output."
    )


invalid_utf8_option = click.option(
    "--invalid-utf8",
    type=click.Choice(["keep", "replace", "skip", "error"]),
    help="What to do with bytes that are not valid UTF-8: keep them as they are, replace them with U+FFFD, skip their "
    "line, or stop with an error.  [default: keep]",
)

_TOKENIZER_OPTIONS = combined(
    click.option(
        "--tokenizer",
        type=click.Choice(list(SPLITTERS)),
        help="; ".join(f"{name}: {splitter.help}" for name, splitter in SPLITTERS.items()) + ".  [default: whitespace]",
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


def corpus_options(memory: Decorator | None = None, has_threads: bool = True) -> Decorator:
    """The options of each command that reads a corpus: how text becomes tokens, and what the work may take.

    The command gets `tokenizer`, `threads`, `memory` and `tmp_dir`.

    memory       `memory_option(...)`; None: the command has none
    has_threads  whether the command can use several
    """
    limits = [threads_option] if has_threads else []
    limits += [memory] if memory else []
    return combined(tokenizer_options, *limits, tmp_dir_option, progress_options)
