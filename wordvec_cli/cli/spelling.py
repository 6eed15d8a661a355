"""Options that users' fingers know from other tools, answered with ours."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import click

LETTERS_PER_EDIT = 4
SHORTEST_START = 4  # letters that are enough to mean a longer name
_SINGLE_DASH = r"-([A-Za-z][A-Za-z_-]+)(=.*)?"  # compiled when there is a dash: it takes as long as all other arguments


def check_single_dashes(arguments: Sequence[str], commands: click.Group, parent: click.Context | None = None) -> None:
    """Catch `-output FILE` before click reads it as `-o utput`. Raises: click.UsageError."""
    above = parent or click.Context(commands, info_name="wordvec")
    command = commands.get_command(above, arguments[0]) if arguments else None
    if command is None:
        return
    context = click.Context(command, parent=above, info_name=arguments[0])
    if isinstance(command, click.Group):
        check_single_dashes(arguments[1:], command, context)
        return
    long_names, renamed, whole = _long_names(command), renamed_options(command), context.find_root().command
    assert isinstance(whole, click.Group)
    for argument in arguments[1:]:
        if argument == "--":
            return
        if argument[:1] != "-" or not (match := re.fullmatch(_SINGLE_DASH, argument, re.DOTALL)):
            continue
        name = match[1]
        ours = f"--{name.replace('_', '-')}"
        ours = renamed.get(ours, ours)
        if ours in long_names:
            raise click.UsageError(f"no such option: -{name}; here it is {ours}", context)
        from wordvec_cli.training.other_tools import OURS, plain

        if plain(name) in OURS:
            raise click.UsageError(f"no such option: -{name}{_instead(name, context, whole)}", context)


def check_values(command: click.Command, context: click.Context, arguments: Sequence[str]) -> None:
    """Catch `--vector-size -o FILE`, where an option stands in the place of a value. Raises: click.UsageError

    What an option is called can still be a value: `--delimiter=-o`.
    """
    takes_value: dict[str, bool] = {}
    for option in command.get_params(context):
        if isinstance(option, click.Option):
            old_name = getattr(option, "old_name", None)
            takes_value |= dict.fromkeys((*option.opts, *filter(None, [old_name])), not option.is_flag)
    rest = iter([] if context.resilient_parsing else arguments)
    for argument in rest:
        if argument == "--":
            return
        if takes_value.get(argument) and next(rest, "").partition("=")[0] in takes_value:
            raise click.UsageError(f"{argument}: needs a value", context)


@contextmanager
def suggestions(commands: click.Group) -> Iterator[None]:
    """Answer an option that the command does not have with ours, if another tool has it or it is nearly spelt so.

    Raises: click.UsageError
    """
    try:
        yield
    except click.NoSuchOption as error:
        name = error.option_name
        raise click.UsageError(f"no such option: {name}{_instead(name, error.ctx, commands)}", error.ctx) from None


def _instead(name: str, context: click.Context | None, commands: click.Group) -> str:
    """What to write in the place of an option, as the end of a sentence; empty if nothing comes to mind."""
    from wordvec_cli.training.other_tools import OURS, plain

    wrong = plain(name)
    here = _long_names(context.command) if context else []
    all_here = [each for parameter in context.command.params for each in parameter.opts] if context else []
    ours = OURS.get(wrong, name)
    option = ours.split()[0]
    if wrong in OURS and (not option.startswith("-") or option in all_here):
        return f"; here it is {ours}"
    if (short := name.removeprefix("-")) in all_here:
        return f"; did you mean {short}?"
    if near := [each for each in here if is_near(wrong, plain(each))]:
        return f"; did you mean {' or '.join(near)}?"
    having = [command for command, names in _every_command(commands) if option in names]
    return f"; {' and '.join(having)} ha{'s' if len(having) == 1 else 've'} {option}" if 0 < len(having) < 3 else ""


def _long_names(command: click.Command) -> list[str]:
    return [name for parameter in command.params for name in parameter.opts if name.startswith("--")]


def renamed_options(command: click.Command) -> dict[str, str]:
    """The old names of options that have another one, and what they are called now."""
    old_names = [(getattr(parameter, "old_name", None), parameter.opts[0]) for parameter in command.params]
    return {old: new for old, new in old_names if old}


def _every_command(group: click.Group, prefix: str = "wordvec") -> Iterator[tuple[str, list[str]]]:
    """All commands by their full names, each with its long options."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _every_command(command, f"{prefix} {name}")
        elif command is not None:
            yield f"{prefix} {name}", _long_names(command)


def no_such_command(name: str, commands: Collection[str]) -> str:
    """What to say about a command that there is not."""
    from wordvec_cli.training.other_tools import COMMANDS, plain

    ours = COMMANDS.get(plain(name))
    if ours and ours.split()[0] in commands:
        return f"No such command: {name}; here it is {ours}"
    near = [each for each in commands if is_near(plain(name), plain(each))]
    return f"No such command: {name}" + (f"; did you mean {' or '.join(near)}?" if near else "")


def is_near(wrong: str, right: str) -> bool:
    """Whether one is the other mistyped: a letter in four wrong at most, or one the start of the other."""
    longest = max(len(wrong), len(right))
    if min(len(wrong), len(right)) >= SHORTEST_START and (right.startswith(wrong) or wrong.startswith(right)):
        return True
    return n_edits(wrong, right) <= max(1, longest // LETTERS_PER_EDIT) and longest > 2


def n_edits(first: str, second: str) -> int:
    """Letters inserted, left out, replaced or exchanged with the next. Source: Damerau 1964 (optimal alignment)"""
    rows = [list(range(len(second) + 1))]
    for i, letter in enumerate(first, 1):
        before = rows[-1]
        row = [i]
        for j, other in enumerate(second, 1):
            n = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and first[i - 2 : i] == other + second[j - 2]:
                n = min(n, rows[-2][j - 2] + 1)
            row.append(n)
        rows.append(row)
    return rows[-1][-1]
