"""The command reference, the man pages and the completions say what the commands say now."""

import re
import shutil
import subprocess

import pytest

from tests.docs.reference import COMPLETIONS, ROOT, files

GENERATED = files()


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == GENERATED[name], "run `make reference`"


def test_no_man_page_is_left_of_a_command_that_went() -> None:
    there = {f"share/man/man1/{path.name}" for path in (ROOT / "share/man/man1").iterdir()}
    assert there == {name for name in GENERATED if name.endswith(".1")}


@pytest.mark.parametrize("name", [name for name in GENERATED if name.endswith(".1")])
def test_a_man_page_is_one_that_man_can_show(name: str) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    command = ["groff", "-man", "-ww", "-Tutf8", str(ROOT / name)]
    result = subprocess.run(command, capture_output=True, check=True, text=True)
    assert result.stderr == ""
    assert "SYNOPSIS" in re.sub(".\b", "", result.stdout)  # without the overstriking that makes it bold


@pytest.mark.parametrize("shell", [*filter(shutil.which, ["bash", "zsh", "fish"])])
def test_the_shells_of_this_machine_take_their_completions(shell: str) -> None:
    subprocess.run([shell, "-n", str(ROOT / COMPLETIONS[shell])], check=True)
