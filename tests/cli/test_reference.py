"""The pages that are made of the commands: nothing is left out, and the programs that read them do."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from tests.cli.test_options import commands
from wordvec_cli.cli.help import long_name
from wordvec_cli.cli.reference import completions, man_pages, markdown

NAMES = [f"wordvec {name}" for name in commands()]


def options_of(name: str) -> list[str]:
    parameters = commands()[name.removeprefix("wordvec ")].params
    return [long_name(each) for each in parameters if isinstance(each, click.Option)]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_each_command_with_its_examples_and_options(name: str) -> None:
    text = markdown()
    section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert f"\n    {name} " in section
    for option in options_of(name):
        assert re.search(rf"^- `[^`]*{option}\b", section, re.MULTILINE), option
    assert f"](#{name.replace(' ', '-')})" in text


def test_the_page_is_the_same_each_time_and_has_no_marks_of_a_terminal() -> None:
    text = markdown()
    assert text == markdown()
    assert "\b" not in text
    assert text.isprintable() or set(filter(str.isspace, text)) == {" ", "\n"}


@pytest.mark.parametrize("name", NAMES)
def test_a_manual_page_has_all_options(name: str) -> None:
    page = man_pages()[f"{name.replace(' ', '-')}.1"]
    assert page.startswith(".TH ")
    for option in options_of(name):
        assert option.replace("-", "\\-") in page


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff here")
def test_groff_has_nothing_to_say_against_the_manual_pages(tmp_path: Path) -> None:
    for name, page in man_pages().items():
        (tmp_path / name).write_text(page)
        result = subprocess.run(["groff", "-man", "-ww", "-z", tmp_path / name], capture_output=True, check=True)
        assert result.stderr == b"", name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_asks_this_program_and_is_read_by_its_shell(shell: str, tmp_path: Path) -> None:
    script = completions()[shell]
    assert f"_WORDVEC_COMPLETE={shell}_complete" in script
    if shutil.which(shell):
        path = tmp_path / "script"
        path.write_text(script)
        subprocess.run([shell, "-n", path], check=True)
