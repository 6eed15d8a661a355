"""Damaged files before every command (tests/fuzz), and the fuzzer itself."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.child import TRACEBACK, Outcome
from tests.fuzz.kinds import KINDS
from tests.fuzz.mutations import Damage, damaged, with_checksum
from tests.fuzz.oracle import complaint

FUZZ = [sys.executable, "-m", "tests.fuzz"]
WHOLE, CUT, CHANGED = Damage(b"", ""), Damage(b"", "truncate", False, True), Damage(b"", "flip bits", True)
# Six files of each kind, each before four commands; `make fuzz` goes on from there.
N_CASES = 6 * len(KINDS)

# Runs what stands for a command in a child of its own, and prints what is wrong with it.
PLANTED = """
import os, sys, time
from pathlib import Path
from tests.fuzz import child
from tests.fuzz.mutations import Damage
from tests.fuzz.oracle import complaint

child.SECONDS = 1  # of the ten that are promised
planted = eval(sys.argv[1])
child.run = lambda arguments: 0 if arguments == ["whole"] else planted(arguments)
room = Path(sys.argv[2])
*before, outcome = child.run_child([["whole"], ["damaged"]], room)
assert [each.status for each in before] == [0]
print(complaint("info", Damage(b"", ""), False, outcome, room / "results"))
"""


def test_no_damaged_file_makes_a_command_crash_hang_or_lie(tmp_path: Path) -> None:
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    command = [*FUZZ, "--cases", str(N_CASES), "--keep", tmp_path]
    result = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=600)
    assert result.returncode == 0, (result.stdout + result.stderr).decode(errors="replace")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("lambda _: 0", "None"),
        ("lambda _: os.kill(os.getpid(), 11)", "was killed by SIGSEGV"),
        ("lambda _: 1 // 0", "traceback: ZeroDivisionError in ? (integer division or modulo by zero)"),
        ("lambda _: len(bytearray(3 * 10**9)) * 0", "traceback: MemoryError"),
        ("lambda _: [None for _ in iter(int, 1)]", "took more than 10 s"),
    ],
)
def test_a_command_that_crashes_is_told(command: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    script = [sys.executable, "-c", PLANTED, command, tmp_path]
    result = subprocess.run(script, capture_output=True, check=True, timeout=60)
    assert result.stdout.decode().startswith(expected)


@pytest.mark.parametrize(
    ("command", "damage", "outcome", "expected"),
    [
        ("info", WHOLE, Outcome(0, b"rows\t3\n", b"a note\n"), None),
        ("info", WHOLE, Outcome(1, b"", b"a note\nError: v.txt: is empty; make it again\n"), None),
        ("info", WHOLE, Outcome(1, b"", b""), "failed without a word"),
        ("info", WHOLE, Outcome(1, b"", b"Error: one\nand another\n"), "told its error in more than one line"),
        ("info", WHOLE, Outcome(1, b"", b"Error: one\nError: another\n"), "told more than one error"),
        ("decode x.txt", WHOLE, Outcome(1, b"a\n\n\n", b"a note\nError: one\nError: another\n"), None),
        (
            "decode x.txt",
            WHOLE,
            Outcome(1, b"a\n", b"Error: one\nand\nError: two\n"),
            "told its error in more than one",
        ),
        ("info", WHOLE, Outcome(0, b"", b"a word \x1b[31m\n"), "printed control characters"),
        ("info", WHOLE, Outcome(0, b"", b"Warning: overflow encountered in cast\n"), "leaked what a library says"),
        ("info", WHOLE, Outcome(1, b"", b"Error: not enough memory (17 GiB)\n"), "asked for more than 2 GB"),
        ("info", WHOLE, Outcome(TRACEBACK, b"", b"ValueError: x\n"), "traceback: ValueError"),
        ("info", WHOLE, Outcome(5, b"", b""), "ended with status 5"),
        ("info", CUT, Outcome(0, b"rows\t3\n", b""), "takes a part for the whole"),
        ("info", CUT, Outcome(0, b"rows\t3\n", b"v.vec: there are 2 rows\n"), None),
        ("verify", CHANGED, Outcome(0, b"checksum\tok\n", b""), "calls sound what does not match its checksum"),
        ("verify", CHANGED, Outcome(1, b"checksum\twrong\n", b""), None),
    ],
)
def test_what_a_command_says_is_judged(
    command: str, damage: Damage, outcome: Outcome, expected: str | None, tmp_path: Path
) -> None:
    found = complaint(command, damage, True, outcome, tmp_path)
    assert found is None if expected is None else (found or "").startswith(expected)


def test_half_an_output_is_told(tmp_path: Path) -> None:
    (tmp_path / ".v.part").touch()
    failed = Outcome(1, b"", b"Error: no\n")
    assert complaint("export", WHOLE, True, failed, tmp_path) == "failed and left a file (.v.part)"


def test_the_number_of_a_case_decides_its_damage(vector_file: Path) -> None:
    content = vector_file.read_bytes()
    first, again = ([damaged(random.Random(n), content) for n in range(200)] for _ in range(2))
    assert first == again
    assert len({damage.content for damage in first}) > 150


def test_a_checksum_is_made_again_as_the_file_was_written(vector_file: Path) -> None:
    content = vector_file.read_bytes()
    assert with_checksum(content) == content
    assert with_checksum(content[:-1] + b"!") != content[:-1] + b"!"
    damages = [damaged(random.Random(n), content) for n in range(200)]
    assert {damage.breaks_checksum for damage in damages if damage.content != content} == {True, False}
