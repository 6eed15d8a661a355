"""What click says about a wrong command line, in our way: `where: what; what to do`."""

import re

import click

# What click says, and how we say it.
_PLAIN_ENGLISH = (
    (r"^Option '(\S+)' requires an argument$", r"\1: needs a value"),
    (r"^Option '(\S+)' does not take a value$", r"\1: takes no value"),
    (r"^Invalid value for (?:'[^']+' / )*'([^']+)': ", r"\1: "),
    (r": Directory '", ": the folder '"),
    (r"is not a valid integer( range)?$", "is not a whole number"),
    (r"is not a valid float( range)?$", "is not a number"),
    (r"is not in the range x>=(\S+)$", r"is not at least \1"),
    (r"is not in the range x>(\S+)$", r"is not more than \1"),
    (r"is not in the range (\S+)<=x<=(\S+)$", r"is not from \1 to \2"),
)
_TOO_MANY = re.compile(r"Got unexpected extra arguments? \((.*)\)", re.DOTALL)


def complaint(error: click.ClickException) -> str:
    """What click says, as one line that ends with where to read on."""
    text = " ".join(_said(error).split()).removesuffix(".")
    for pattern, ours in _PLAIN_ENGLISH:
        text = re.sub(pattern, ours, text)
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return text
    return f"{text}{' See' if text.endswith('?') else '; see'} {context.command_path} --help"


def _said(error: click.ClickException) -> str:
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return _missing(error.param)
    text = error.format_message()
    if isinstance(error, click.UsageError) and error.ctx is not None and (match := _TOO_MANY.fullmatch(text)):
        return _too_many(match[1], error.ctx)
    return text


def _missing(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Option):
        name = parameter.opts[0]
        return f"{name}: is missing; add {name} {parameter.metavar or 'VALUE'}"
    return f"{parameter.human_readable_name.removesuffix('...')}: is missing"


def _too_many(arguments: str, context: click.Context) -> str:
    """Of a command without arguments, the option that takes what was given as one, if it is clear which."""
    command = context.command
    if any(isinstance(each, click.Argument) for each in command.params):
        return f"{arguments}: too many arguments"
    names = [name for each in command.params for name in each.opts]
    hint = f"; write --vectors {arguments}" if "--vectors" in names and not context.params.get("vectors") else ""
    return f"{arguments}: {context.info_name} takes options only{hint}"
