"""Every `wordvec` command that README, docs/ and the help show is one that the real options take."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.cli.test_options import commands
from wordvec_cli.cli.terminal import Terminal

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
GENERATED = ROOT / "docs" / "commands.md"  # which shows the examples of the help, and the options in brackets
COMMANDS = commands()
OPTIONS = {name for each in COMMANDS.values() for parameter in each.params for name in parameter.opts}
OPTIONS |= {name for each in COMMANDS.values() for parameter in each.params for name in parameter.secondary_opts}
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
OF_NO_COMMAND = {"--help", "--version", "--compile"}
OF_OTHERS = re.compile(r"(python|pip|make|git|pytest|spacy|libreoffice) ")
BETWEEN = re.compile(r"[|&;()<>]+")


def blocks(page: Path) -> list[str]:
    """The lines indented by four spaces outside fences, continued ones in one."""
    text = FENCED.sub("", page.read_text())
    lines = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    return re.sub(r"(\||\\)\n\s*", r"\1 ", "\n".join(lines)).replace("\\ ", " ").splitlines()


def spans(page: Path) -> list[str]:
    return [" ".join(span.split()) for span in SPAN.findall(FENCED.sub("", page.read_text()))]


def ours(line: str) -> Iterator[list[str]]:
    """The `wordvec` commands of a line of shell, without their redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for token in [*lexer, ";"]:
        if not BETWEEN.fullmatch(token):
            words.append(token)
            continue
        if "wordvec" in words and words[words.index("wordvec") + 1] not in OF_NO_COMMAND:
            yield words[words.index("wordvec") + 1 :]
        words = ["of a file"] if token in {"<", ">", ">>"} else []


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    n_words = 2 if words[0] in ("classify", "plot") else 1
    return COMMANDS[" ".join(words[:n_words])], words[n_words:]


EXAMPLES = [line.strip() for each in COMMANDS.values() for line in (each.help or "").partition("\b")[2].splitlines()]
LINES = [(page.name, line) for page in PAGES if page != GENERATED for line in blocks(page) if "wordvec " in line]
LINES += [("help", line) for line in EXAMPLES if re.match(r"wordvec |.*\| wordvec ", line)]


@pytest.mark.parametrize(("page", "line"), LINES)
def test_a_command_that_is_shown_can_be_given(page: str, line: str) -> None:
    for words in ours(line):
        command, arguments = command_of(words)
        context = command.make_context("wordvec", arguments, obj=Terminal())
        context.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_sentence_names_exists(page: Path) -> None:
    """Commands and their options, and options alone, as they stand between backquotes."""
    for span in spans(page):
        known = OPTIONS
        if re.match(r"wordvec [a-z][a-z-]*\b", span) and span not in ("wordvec classify", "wordvec plot"):
            command = command_of(span.split()[1:])[0]
            known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        for option in re.findall(r"(?:^| )(--[a-zA-Z][\w-]*)", "" if OF_OTHERS.match(span) else span):
            assert option in known | OF_NO_COMMAND, f"{page.name}: `{span}`"
