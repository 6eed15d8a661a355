"""The README's tour, in a folder that holds nothing but the sample; then the pages that go on with its files."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()


def section(title: str, page: str = README) -> str:
    return re.split(r"\n##+ ", page.split(f"# {title}\n")[1])[0]


def section_of(name: str, title: str) -> str:
    return section(title, (ROOT / "docs" / name).read_text())


def indented_lines(text: str) -> list[str]:
    return [line.removeprefix("    ") for line in text.splitlines() if line.startswith("    ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("readme")
    (path / "sample_data").symlink_to(ROOT / "sample_data")
    (path / "wordvec").write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m wordvec_cli "$@"\n')
    (path / "wordvec").chmod(0o755)
    return path


def shell(command: str, folder: Path) -> str:
    path = f"{folder}:{os.environ['PATH']}"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=folder, env=os.environ | {"PATH": path},
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.returncode == 0, f"{command}: {result.stderr.decode()}"
    return result.stdout.decode()


def test_the_commands_run_and_print_what_is_shown(folder: Path) -> None:
    shown = re.findall(r"```\n(.*?)```", section("A tour"), re.DOTALL)
    printed = [shell(command, folder) for command in indented_lines(section("A tour"))]
    results = [text for text in printed if text]
    assert results[0] == shown[0]  # the vocabulary
    similar = [line.split("\t")[0] for line in results[1].splitlines()]
    assert similar == [line.split()[0] for line in shown[1].splitlines()]
    assert [line.split("\t")[:4] for line in results[2].splitlines()] == [
        line.split("\t")[:4] for line in shown[2].splitlines()
    ]
    assert results[3].split()[0] == shown[3].split()[0]
    facts = [
        [line for line in text.splitlines() if not line.startswith("checksum\t")] for text in (results[4], shown[4])
    ]
    assert facts[0] == facts[1] and len(facts[0]) == 7  # the file's, but for the checksum, which threads change
    glove = section_of("glove.md", "On the sample")
    *_, neighbours = [shell(command, folder) for command in indented_lines(glove)]
    similar = [line.split("\t")[0] for line in neighbours.splitlines()]
    assert similar == [line.split()[0] for line in re.findall(r"```\n(.*?)```", glove, re.DOTALL)[0].splitlines()]
    for name, title in (("formats.md", "On the sample"), ("pipelines.md", "In pipelines")):
        commands = indented_lines(section_of(name, title))
        assert len(commands) >= 4
        for command in commands:
            shell(command, folder)
    checks = 'assert (v[["peace", "war"]].shape, v.index_to_key[0], "xyzzy" in v) == ((2, 100), "the", False)'
    script = "\n".join([*indented_lines(section("In Python")), checks])
    subprocess.run([sys.executable, "-c", script], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)


def test_the_demo_runs_the_commands_of_the_section() -> None:
    recipe = (ROOT / "Makefile").read_text().split("\ndemo:")[1].split("\n\n")[0]
    recipe = (
        recipe.replace("$(BIN)/", "")
        .replace("$(DEMO)/", "")
        .replace("$(SAMPLE)", "sample_data/state-of-the-union.txt.xz")
    )
    commands = [line.strip() for line in recipe.splitlines()[2:]]
    assert commands == indented_lines(section("A tour"))


def test_the_targets_that_the_readme_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)`|^    make (\w+)", README, re.MULTILINE):
        assert f"\n{''.join(target)}:" in makefile
