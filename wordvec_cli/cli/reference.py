"""Everything that the help says, as pages: Markdown, manual pages, and the completions of shells.

All of it is made from the commands themselves, so that it says what they do.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import click
from click.shell_completion import ShellComplete, get_completion_class

from wordvec_cli import __version__
from wordvec_cli.cli import wordvec
from wordvec_cli.cli.help import Record, command_groups, option_groups

SHELLS = ("bash", "zsh", "fish")
_CODE = re.compile(r"(`[^`]*`)")
_MARKS = re.compile(r"([\\*_<>\[\]])")  # of Markdown, outside code


class Page(NamedTuple):
    """A command as a page shows it.

    name        with all that stands before it: "wordvec classify train"
    paragraphs  what it does
    examples    command lines
    options     by group
    parts       the commands of a group by their titles: their names, and what they do
    """

    name: str
    usage: str
    summary: str
    paragraphs: list[str]
    examples: list[str]
    options: dict[str, list[Record]]
    parts: dict[str, list[tuple[str, str]]]


def pages() -> list[Page]:
    """All commands in the order of the help, a group before its own."""
    return list(_pages(click.Context(wordvec, info_name="wordvec", **wordvec.context_settings)))


def markdown() -> str:
    """All commands as one page."""
    lines = [
        "# Commands", "", "What `wordvec COMMAND --help` says, in one place.", "",
        *(f"- [{page.name}](#{page.name.replace(' ', '-')}): {_markdown_text(page.summary)}" for page in pages()),
    ]  # fmt: skip
    for page in pages():
        lines += _markdown_of(page)
    return "\n".join(lines) + "\n"


def man_pages() -> dict[str, str]:
    """The manual page of each command by the name of its file: `wordvec-classify-train.1`."""
    return {f"{page.name.replace(' ', '-')}.1": "\n".join(_roff_of(page)) + "\n" for page in pages()}


def completions() -> dict[str, str]:
    """The script of each shell that completes commands and options."""
    return {shell: _completion(shell) for shell in SHELLS}


def _completion(shell: str) -> str:
    kind = get_completion_class(shell)
    assert kind is not None
    script = ShellComplete.source(kind(wordvec, {}, "wordvec", "_WORDVEC_COMPLETE"))  # bash's own asks the bash here
    return script.strip() + "\n"


def _pages(context: click.Context) -> Iterator[Page]:
    command = context.command
    paragraphs, examples = _taken_apart(command.help or "")
    parts = _parts(context)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    summary = command.short_help or paragraphs[0]
    groups = option_groups(command, context)
    if parts:
        groups = {"Options": [record for records in groups.values() for record in records]}
    yield Page(
        context.command_path, usage, summary, paragraphs, examples, groups,
        {title: [(part.command_path, part.command.short_help or "") for part in some] for title, some in parts.items()},
    )  # fmt: skip
    for some in parts.values():
        for part in some:
            yield from _pages(part)


def _parts(context: click.Context) -> dict[str, list[click.Context]]:
    """The commands of a group by their titles."""
    group = context.command
    if not isinstance(group, click.Group):
        return {}
    return {
        title: [
            click.Context(command, parent=context, info_name=name)
            for name in names
            if (command := group.get_command(context, name)) is not None
        ]
        for title, names in command_groups(group, context).items()
    }


def _taken_apart(text: str) -> tuple[list[str], list[str]]:
    """The paragraphs of a help text, each as one line; and its examples, below a line of \\b."""
    paragraphs, examples = [], []
    for part in inspect.cleandoc(text).split("\n\n"):
        lines = part.splitlines()
        if lines and lines[0] == "\b":
            examples += lines[1:]
        else:
            paragraphs.append(" ".join(line.strip() for line in lines))
    return paragraphs, examples


def _markdown_of(page: Page) -> Iterator[str]:
    yield from ("", f"## {page.name}", "", f"    {page.usage}")
    for paragraph in page.paragraphs:
        yield from ("", _markdown_text(paragraph))
    if page.examples:
        yield from ("", *(f"    {example}" for example in page.examples))
    for title, parts in page.parts.items():
        yield from ("", f"**{title}**", "")
        yield from (f"- `{name}`: {_markdown_text(summary)}" for name, summary in parts)
    for title, records in page.options.items():
        yield from ("", f"**{title}**", "")
        yield from (f"- `{record.names}`: {_markdown_text(record.text)}" for record in records)


def _markdown_text(text: str) -> str:
    """A text whose marks are not Markdown's, but for code in backticks."""
    return "".join(part if part.startswith("`") else _MARKS.sub(r"\\\1", part) for part in _CODE.split(text))


def _roff_of(page: Page) -> Iterator[str]:
    title = page.name.replace(" ", "-")
    yield f'.TH "{title.upper()}" "1" "" "wordvec {__version__}" "wordvec"'
    yield from (".SH NAME", rf"{_roff(title)} \- {_roff(page.summary)}", ".SH SYNOPSIS", _roff(page.usage))
    yield ".SH DESCRIPTION"
    yield from _roff_paragraphs(page.paragraphs)
    if page.examples:
        yield from (".SH EXAMPLES", ".nf", *map(_roff, page.examples), ".fi")
    if page.parts:
        yield ".SH COMMANDS"
    for title, parts in page.parts.items():
        if len(page.parts) > 1:
            yield f'.SS "{title}"'
        yield from _roff_items(parts)
    for group, records in page.options.items():
        yield f".SH {group.upper()}"
        yield from _roff_items(records)
    if page.name != "wordvec":
        yield from (".SH SEE ALSO", ".BR wordvec (1)")


def _roff_paragraphs(paragraphs: Iterable[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        yield from (".PP", _roff(paragraph))


def _roff_items(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, text in items:
        yield from (".TP", rf"\fB{_roff(name)}\fR", _roff(text))


def _roff(text: str) -> str:
    """A text whose backslashes, dashes and leading marks are not roff's."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    click.echo(markdown(), nl=False)
