"""Options that several commands share: one name, one meaning, one default."""

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from wordvec_cli.cli.option_types import Size, SpecialsType
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.parallel import usable_cpus

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]  # of a command


def combined(*decorators: Decorator) -> Callable[[Command], Command]:
    """Several click options as one decorator, in the order of the help text."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def bundled(name: str, kind: type[Any], *options: Decorator) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options, in the order of the help text, as one argument of a command: `name`, a `kind` whose fields they are."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_bundle(*arguments: Any, **others: Any) -> Any:
            fields = {field: others.pop(field) for field in kind._fields}
            return function(*arguments, **{name: kind(**fields)}, **others)

        return combined(*options)(with_bundle)

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

layout_option = click.option(
    "--layout", "method", type=click.Choice(["pca", "umap", "tsne"]), default="pca", show_default=True,
    help="How words are laid out in the plane. pca: by the two directions in which they differ most; umap and tsne "
    "keep more neighbours together, and take longer (pip install 'wordvec-cli[umap]', 'wordvec-cli[tsne]').",
)  # fmt: skip

anchors_option = click.option(
    "--anchors", metavar="FILE", help="Learn the rotation from these words of both files, one a line."
)
centre_option = click.option(
    "--centre", is_flag=True,
    help="Take the means of both sides off first; the result is made of vectors at length 1.",
)  # fmt: skip

tmp_dir_option = click.option(
    "--tmp-dir",
    type=click.Path(exists=True, file_okay=False, writable=True),
    metavar="FOLDER",
    help="Where temporary files go.  [default: the output's folder]",
)

cluster_option = click.option(
    "--cluster", metavar="ADDRESS",
    help="Work on a Ray cluster, whose workers can read CORPUS: auto, HOST:PORT, ray://HOST:PORT, or local:N for N "
    "workers of this machine. --threads are then those of each worker.  [default: this machine, without Ray]",
)  # fmt: skip


def most_option(default: int = 100, help: str = "Print no more than the first N;") -> Decorator:
    return click.option(
        "--most", type=click.IntRange(min=0), default=default, show_default=True, metavar="N", help=f"{help} 0: all."
    )


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


def output_option(what: str, default: str | None = None, may_be_stdout: bool = True) -> Decorator:
    """default  what it is where it is left out, in words; None: it is needed"""
    end = "; - is standard output." if default is None and may_be_stdout else "."
    end += "" if default is None else f"  [default: {default}]"
    return click.option("-o", "--output", required=default is None, metavar="FILE", help=f"Where to write {what}{end}")


def limit_option(help: str, default: int | None = None, most: int | None = None) -> Decorator:
    """most  rows that there may be"""
    return click.option(
        "--limit", type=click.IntRange(1, most), default=default, show_default=default is not None, metavar="N",
        help=help,
    )  # fmt: skip


def eval_set_option(help: str) -> Decorator:
    return click.option(
        "--eval-set", "eval_sets", multiple=True, metavar="FILE", help=f"{help}; may be given several times."
    )


text_column_option = click.option(
    "--text-column", "text_columns", multiple=True, metavar="NAME",
    help="Read tables, with the text in this column; in JSON and Parquet also a dotted path. Given several times, the "
    "columns are joined by a blank.",
)  # fmt: skip


def id_column_option(help: str) -> Decorator:
    return click.option("--id-column", metavar="NAME", help=help)


def by_option(help: str) -> Decorator:
    return click.option("--by", metavar="COLUMN", help=help)


def document_column_option(help: str) -> Decorator:
    return click.option("--document-column", metavar="COLUMN", help=help)


invalid_utf8_option = click.option(
    "--invalid-utf8",
    type=click.Choice(["keep", "replace", "skip", "error"]),
    help="What to do with bytes that are not valid UTF-8: keep them as they are, replace them with U+FFFD, skip their "
    "line, or stop with an error.  [default: keep]",
)
