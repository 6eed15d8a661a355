"""The help of commands: every option in a group, the examples above, one column for all texts."""

import re
from collections.abc import Iterator

import click
import pytest

from tests.cli.test_options import commands
from tests.conftest import run_here
from wordvec_cli.cli import wordvec
from wordvec_cli.cli.help import COMMAND_GROUPS, GROUPS, command_groups, long_name, option_groups, place_of
from wordvec_cli.training.other_tools import COMMANDS as OF_OTHER_TOOLS
from wordvec_cli.training.other_tools import plain

COMMANDS = commands()


def context_of(name: str) -> click.Context:
    context = click.Context(wordvec, info_name="wordvec")
    for part in name.split():
        group = context.command
        assert isinstance(group, click.Group)
        command = group.get_command(context, part)
        assert command is not None
        context = click.Context(command, parent=context, info_name=part)
    return context


def options_of(name: str) -> Iterator[click.Option]:
    return (each for each in COMMANDS[name].params if isinstance(each, click.Option))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_group_and_is_shown_there_once(name: str) -> None:
    context = context_of(name)
    shown = [record.names for records in option_groups(context.command, context).values() for record in records]
    for option in options_of(name):
        assert place_of(option, context.command, context)[0] in GROUPS
        assert sum(long_name(option) in re.split(r"[ ,/]+", names) for names in shown) == 1
    assert len(shown) == len(list(options_of(name))) + 1  # and --help


def test_the_table_of_groups_names_only_options_that_there_are() -> None:
    used = set()
    for name in COMMANDS:
        context = context_of(name)
        used |= {place_of(option, context.command, context) for option in options_of(name)}
    named = {(title, place) for title, names in GROUPS.items() for place in range(len(names))}
    left_over = [GROUPS[title][place] for title, place in named - used]
    assert set(left_over) == {"--version", "--help", "--compile"}  # of `wordvec`, and what click adds


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_has_examples_above_groups_and_texts_in_one_column(name: str) -> None:
    context = context_of(name)
    text = context.get_help()
    above, first, groups = text.partition(f"\n{next(iter(option_groups(context.command, context)))}:\n")
    assert first
    assert f"wordvec {name} " in above.partition("\n")[2]
    columns = {len(line) - len(line.lstrip()) for line in groups.splitlines() if line.startswith("    " * 2)}
    assert len(columns) <= 1
    assert "x>=" not in text


def test_every_command_stands_in_one_group_of_the_help() -> None:
    context = click.Context(wordvec, info_name="wordvec")
    groups = command_groups(wordvec, context)
    assert list(groups) == list(COMMAND_GROUPS)  # none is left for the commands without a group
    assert [name for names in groups.values() for name in names] == wordvec.list_commands(context)
    text = context.get_help()
    assert [line[:-1] for line in text.splitlines() if re.fullmatch(r"\S.*:", line)] == ["Options", *groups]


def test_what_another_tool_calls_a_command_is_one_of_ours() -> None:
    for name, ours in OF_OTHER_TOOLS.items():
        assert name not in {plain(each) for each in COMMANDS}
        command, *option = ours.partition(" --")[0], *re.findall(r"--[\w-]+", ours)
        assert {*option} <= {long_name(each) for each in options_of(command)}


def test_what_holds_for_one_model_is_named_so() -> None:
    groups = option_groups(context_of("train").command, context_of("train"))
    names = {title: " ".join(record.names for record in records) for title, records in groups.items()}
    assert "--model" in names["Model"]
    assert "--negative" in names["Skip-gram and CBOW only"]
    assert "--cbow-mean" in names["CBOW only"]
    assert "--x-max" in names["GloVe only"]


@pytest.mark.parametrize("option", ["-k", "--threshold", "--among", "--format"])
def test_an_option_without_its_value_points_to_help(option: str) -> None:
    result = run_here("similar", "vectors", option)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.decode() == f"Error: {option}: needs a value; see wordvec similar --help\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-k", "0"], "-k: 0 is not at least 1"),
        (["-k", "x"], "-k: 'x' is not a whole number"),
        (["--threshold", "x"], "--threshold: 'x' is not a number"),
        (["--format", "xml"], "--format: 'xml' is not one of 'tsv', 'csv', 'json'"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_what_would_do(arguments: list[str], complaint: str) -> None:
    result = run_here("similar", "vectors", *arguments)
    assert (result.returncode, result.stderr.decode()) == (2, f"Error: {complaint}; see wordvec similar --help\n")
