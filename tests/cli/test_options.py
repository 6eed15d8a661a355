"""One name, one meaning, everywhere."""

import ast
import subprocess
from pathlib import Path

import click
import pytest

from tests.conftest import COMMAND
from wordvec_cli import __version__, cli, formats
from wordvec_cli.cli import COMMANDS, wordvec
from wordvec_cli.cli.option_types import Size
from wordvec_cli.cli.spelling import renamed_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.training.other_tools import OURS

# Their help says what it is for each command.
OWN_MEANING = {
    "bootstrap", "buckets", "by", "document-column", "eval-set", "format", "id-column", "k", "limit", "memory",
    "min-count", "missing", "most", "output", "window", "words",
}  # fmt: skip
OWN_MEANING |= {"x", "y"}  # sets of words (associate), the ends of an axis (plot axes)


# Hyper-parameters whose defaults for a classifier are its own, and what its commands limit.
OF_CLASSIFIERS = {"loss", "vector-size", "epochs", "learning-rate", "init", "k", "subwords"}


def commands(group: click.Group = wordvec, prefix: str = "") -> dict[str, click.Command]:
    """All commands, those of groups by both names."""
    found = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found |= commands(command, f"{name} ") if isinstance(command, click.Group) else {f"{prefix}{name}": command}
    return found


def test_every_command_of_the_table_is_there_and_has_help() -> None:
    assert {name.split()[0] for name in commands()} == set(COMMANDS)
    for command in commands().values():
        assert command.short_help
        assert command.help
        assert "wordvec " in command.help  # an example
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name not in ("help", "layout"):
                assert parameter.help, f"{command.name} {parameter.name}"


def test_the_help_reads_well() -> None:
    for name, command in commands().items():
        text = command.get_help(click.Context(command, info_name=name))
        assert "[default: (" not in text
        assert ",;" not in text
        assert " FLOAT " not in text
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name != "help":
                assert parameter.help, f"{name} {parameter.name}"
                assert parameter.help.rstrip().endswith((".", "]")), f"{name} {parameter.name}: {parameter.help}"


def test_an_option_means_the_same_in_every_command() -> None:
    seen: dict[str, tuple[str, click.Option]] = {}
    for name, command in commands().items():
        for option in command.params:
            if not isinstance(option, click.Option) or option.opts[-1].lstrip("-") in OWN_MEANING | {"to", "vocab"}:
                continue
            long_name = option.opts[-1].lstrip("-")
            kind = "classify" if name.startswith("classify") and long_name in OF_CLASSIFIERS else ""
            other, first = seen.setdefault(f"{kind}{option.opts[-1]}", (name, option))
            assert (option.help, option.default, option.type.name) == (
                first.help, first.default, first.type.name,
            ), f"{option.opts[-1]} differs between {other} and {name}"  # fmt: skip


def test_what_other_tools_options_are_answered_with_exists() -> None:
    parameters = [parameter for command in commands().values() for parameter in command.params]
    ours = {name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)}
    for answer in OURS.values():
        option = answer.split()[0]
        assert not option.startswith("-") or option in ours


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [("4096", 4096), ("200MB", 200_000_000), ("1.5GB", 1_500_000_000), ("64k", 64_000), ("2 gb", 2 * 10**9)],
)
def test_a_size_is_read_with_its_unit(text: str, n_bytes: int) -> None:
    assert Size().convert(text, None, None) == n_bytes


def test_the_formats_that_are_offered_are_those_of_the_table() -> None:
    """A look-up does not wait for the table: it is read for help, and when a format is given."""
    context = click.Context(commands()["lookup"])
    option = next(each for each in context.command.params if "--from" in each.opts)
    record = option.get_help_record(context)
    assert record is not None and f": {', '.join(formats.readable_formats())}." in record[1]
    assert [option.type.convert(name, option, context) for name in formats.readable_formats()] == [
        each.value for each in option.type.shell_complete(context, option, "")
    ]
    with pytest.raises(click.BadParameter, match="'projector' is not one of 'native', 'glove'"):
        option.type.convert("projector", option, context)


def test_the_version_is_printed() -> None:
    result = subprocess.run([*COMMAND, "--version"], capture_output=True, check=True)
    assert result.stdout.decode() == f"wordvec {__version__}\n"


def test_help_names_what_a_value_is_in_one_letter_or_word() -> None:
    for name, command in commands().items():
        context = click.Context(command, info_name=name)
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.is_flag:
                shown = parameter.make_metavar(context)
                assert not any(kind in shown for kind in ("INTEGER", "FLOAT", "TEXT")) or parameter.metavar, (
                    name,
                    shown,
                )


RENAMED = {
    "phrases": ("--threshold", "--phrase-threshold", ["-o", "output", "corpus", "0.25"]),
    "encode": ("--unknown", "--missing", ["-o", "output", "--vocab", "words", "corpus", "skip"]),
    "classify predict": ("--threshold", "--min-probability", ["model", "0.25"]),
    "classify test": ("--threshold", "--min-probability", ["model", "0.25"]),
}


def test_the_options_with_an_old_name_are_known() -> None:
    renamed = {name: renamed_options(command) for name, command in commands().items() if renamed_options(command)}
    assert renamed == {name: {old: new} for name, (old, new, _) in RENAMED.items()}


@pytest.mark.parametrize("name", RENAMED)
def test_a_renamed_option_still_takes_its_old_name_and_shows_the_new_one(name: str) -> None:
    (old, new, (*arguments, value)), command = RENAMED[name], commands()[name]
    given = [command.make_context(name, [option, value, *arguments], obj=Terminal()).params for option in (old, new)]
    assert given[0] == given[1]
    assert value in map(str, given[0].values())
    text = command.get_help(click.Context(command, info_name=name))
    assert new in text
    assert f"{old} " not in text


def declared(path: Path) -> list[str]:
    """The long names in each call of click.option in a file."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    options = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "option"]
    first = [each.value for call in options for each in call.args[:2] if isinstance(each, ast.Constant)]
    return [name for name in map(str, first) if name.startswith("--")]


# Declared more than once, as what they say differs from command to command.
SEVERAL = {
    "--bootstrap", "--buckets", "--epochs", "--learning-rate", "--loss", "--missing", "--negative", "--subwords",
    "--vector-size", "--window", "--words",
}  # fmt: skip


def test_each_option_is_declared_once() -> None:
    names = [name for path in Path(cli.__file__).parent.rglob("*.py") for name in declared(path)]
    assert {"--vocab", "--format", "--to", "--min-count", "--tokenizer", "--tmp-dir"} <= set(names)
    assert {name for name in names if names.count(name) > 1} == SEVERAL
