"""The command `wordvec`: the table of commands, and the one place where an error becomes a line and an exit status.

A command reads its options, calls one library function and prints. It returns its exit status (None: 0).
"""

import gc
import importlib
import itertools
import os
import signal
import sys
import warnings
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import NoReturn

import click

from wordvec_cli import __version__
from wordvec_cli.cli import spelling
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import OutputError, WordvecError
from wordvec_cli.storage.files import failure, writable
from wordvec_cli.storage.streams import STANDARD_OUTPUT, secure_standard_streams

COMMANDS = {
    "build-vocab": "build_vocab",
    "phrases": "phrases",
    "cooccur": "cooccur",
    "train": "train",
    "lookup": "lookup",
    "similar": "similar",
    "analogy": "analogy",
    "similarity": "similarity",
    "odd-one-out": "odd_one_out",
    "encode": "encode",
    "decode": "decode",
    "matrix": "matrix",
    "embed": "embed",
    "classify": "classify",
    "evaluate": "evaluate",
    "compare": "compare",
    "associate": "associate",
    "axis": "axis",
    "change": "change",
    "stability": "stability",
    "contexts": "contexts",
    "induce": "induce",
    "cluster": "cluster",
    "plot": "plot",
    "map": "map",
    "explore": "explore",
    "get": "get",
    "export": "export",
    "transform": "transform",
    "align": "align",
    "index": "index",
    "verify": "verify",
    "info": "info",
}
SHARING_PRODUCTS = (
    "transform",
    "align",
    "change",
)  # on threads of their own, from which numpy's library is to keep away
NO_THREAD = "can't start new thread"  # Python has no type of its own for it
EXIT_ERROR, EXIT_INTERRUPTED = 1, 130


class Command(click.Command):
    """A command whose help has its options in groups, and each of whose errors says where to read on."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from wordvec_cli.cli.help import write_options

        write_options(self, ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            spelling.check_values(self, ctx, args)
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # which click leaves out where an option lacks its value
            raise


class Commands(click.Group):
    """The commands of a table of modules, each imported when it is asked for."""

    modules: Mapping[str, str] = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.modules)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from wordvec_cli.cli.help import write_commands

        write_commands(self, ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.modules and not args[0].startswith("-"):
            text = spelling.no_such_command(args[0], self.modules)
            raise click.UsageError(text, self._asked_about(ctx, args))
        return super().resolve_command(ctx, args)

    def _asked_about(self, ctx: click.Context, args: list[str]) -> click.Context:
        """That of the command whose help is asked for by `wordvec help train`, as other programs have it."""
        if len(args) > 1 and args[0] == "help" and (command := self.get_command(ctx, args[1])):
            return click.Context(command, parent=ctx, info_name=args[1])
        return ctx

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.modules:
            return None
        if cmd_name in SHARING_PRODUCTS and self.modules is COMMANDS:
            from wordvec_cli.parallel import prefer_many_products

            prefer_many_products()
        module = importlib.import_module(f"{__name__}.commands.{self.modules[cmd_name]}")
        command: click.Command = module.command
        return command if isinstance(command, click.Group) else _in_groups(command)


def _in_groups(command: click.Command) -> Command:
    return Command(
        command.name, callback=command.callback, params=command.params, help=command.help,
        short_help=command.short_help,
    )  # fmt: skip


def _compile(context: click.Context, parameter: click.Parameter, is_asked: bool) -> None:
    if is_asked and not context.resilient_parsing:
        from wordvec_cli.cli.compiling import compile_everything

        compile_everything()
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="wordvec", message="%(prog)s %(version)s")
@click.option(
    "--compile", is_flag=True, is_eager=True, expose_value=False, callback=_compile,
    help="Compile all inner loops for this processor now, not when they are first used, and exit.",
)  # fmt: skip
def wordvec() -> None:
    """Train, convert and query word vectors.

    \b
    wordvec build-vocab corpus.txt -o vocab.tsv
    wordvec train corpus.txt --vocab vocab.tsv -o vectors.safetensors
    wordvec similar vectors.safetensors king queen

    wordvec COMMAND --help tells what a command does, with examples and all of its options.
    """


def main() -> NoReturn:
    """The console script."""
    gc.freeze()  # what is imported stays: looking through it for garbage would take a tenth of a look-up
    secure_standard_streams()
    if "_WORDVEC_COMPLETE" in os.environ:  # the shell asks for completions
        wordvec.main(prog_name="wordvec")
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has but one of them
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(number, _exit_on_signal)
    if _memory_is_limited():
        from wordvec_cli.cli.memory_limit import watch_imports

        watch_imports()
    status = run(sys.argv[1:])
    gc.freeze()  # or Python looks for garbage among numba's objects before it ends, which takes 50 ms
    sys.exit(status)


def _memory_is_limited() -> bool:
    """Whether `ulimit -v` or `ulimit -d` is set: seldom, so that the rest need not wait for what then is done."""
    if sys.platform == "win32":
        return False
    import resource

    limits = (resource.getrlimit(limit)[0] for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    return any(limit != resource.RLIM_INFINITY for limit in limits)


def _exit_on_signal(number: int, frame: FrameType | None) -> None:
    """Leave by way of every `finally`, so that temporary files go."""
    sys.exit(128 + number)


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit status."""
    terminal = Terminal()
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: terminal.note(_shown(message))
            return _run_command(arguments, terminal)
    except EXPECTED_ERRORS as error:
        terminal.close()
        return _tell(error, terminal)
    except RuntimeError as error:
        if str(error) != NO_THREAD:
            raise
        terminal.close()
        terminal.error("cannot start another thread; lower --threads, or raise ulimit -v or -u")
        return EXIT_ERROR
    finally:
        terminal.close()


def _shown(message: Warning | str) -> str:
    """A warning as a note to the user; that kernels are compiled is nothing to worry about."""
    return str(message) if type(message).__name__ == "Compiling" else f"Warning: {message}"


EXPECTED_ERRORS = (
    click.exceptions.Exit, click.ClickException, click.Abort, KeyboardInterrupt, MemoryError, OSError, WordvecError,
)  # fmt: skip


def _tell(error: BaseException, terminal: Terminal) -> int:
    """Tell the user about an error in one line; the exit status."""
    text, status = str(error), EXIT_ERROR
    match error:
        case click.exceptions.Exit() if sys.stdout is not None or error.exit_code:
            return error.exit_code
        case click.exceptions.Exit():  # help or the version, which click drops if there is nowhere to print it
            text = f"{STANDARD_OUTPUT}: is closed; open it"
        case click.exceptions.NoArgsIsHelpError():
            error.show()
            return error.exit_code
        case click.ClickException():
            from wordvec_cli.cli.complaints import complaint

            text, status = complaint(error), error.exit_code
        case BrokenPipeError():
            _forget_stdout()
            return 0
        case KeyboardInterrupt() | click.Abort():
            text, status = "interrupted", EXIT_INTERRUPTED
        case MemoryError():
            text = f"not enough memory ({error}); free some, or ask for less (--max-vocab, --vector-size)"
        case WordvecError():
            status = error.exit_status
        case OSError():  # what no module expected: a file that vanished, a disk that filled up under a library
            text = f"{error.filename or 'input or output'}: {failure(error)}"
    if isinstance(error, OutputError) or getattr(error, "filename", None) == STANDARD_OUTPUT:
        _forget_stdout()
    terminal.error(text)
    return status


def _run_command(arguments: Sequence[str], terminal: Terminal) -> int:
    if "--progress=json" in arguments or ("--progress", "json") in itertools.pairwise(arguments):
        terminal.mode = "json"  # even for what is wrong with the other options
    spelling.check_single_dashes(arguments, wordvec)
    with spelling.suggestions(wordvec), wordvec.make_context("wordvec", list(arguments), obj=terminal) as context:
        status = wordvec.invoke(context)
        with writable(STANDARD_OUTPUT):
            if sys.stdout is not None:  # as it is where the command was started without one
                sys.stdout.flush()
    return EXIT_ERROR if terminal.n_failures else status or 0


def _forget_stdout() -> None:
    """Send what is still buffered for a closed or full output nowhere, or Python would complain again at its exit."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
