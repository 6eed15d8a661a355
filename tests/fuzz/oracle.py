"""What is wrong with the outcome of a command that was given a damaged file."""

import re
import signal
from pathlib import Path

from tests.fuzz.child import MORE_BYTES, SECONDS, TRACEBACK, Outcome
from tests.fuzz.mutations import Damage

STATUSES = {0, 1, 2, 3}
LEAKS = ("encountered in", "Traceback (most recent")  # numpy's warnings, a thread's traceback
# What verify found odd in reading; that info repeats what stands beside the file.
_TELLING = (b"reading\t", b"format\tas ")
# They answer line by line, and tell each line that they cannot answer.
ANSWER_LINES = {"decode", "analogy", "similarity", "similar", "odd-one-out"}
FOLDER = "models"  # of trainings
CONTROL = re.compile(rb"[\0-\x08\x0b-\x1f\x7f]")


def complaint(command: str, damage: Damage, counted: bool, outcome: Outcome, results: Path) -> str | None:
    """One line about what the command did wrong, details in brackets at its end; None: nothing."""
    return _crash(outcome) or _told_badly(command, outcome) or _leftover(outcome, results) or _lie(
        command, damage, counted, outcome
    )  # fmt: skip


def _crash(outcome: Outcome) -> str | None:
    if outcome.status in (-signal.SIGXCPU, -signal.SIGALRM):
        return f"took more than {SECONDS} s"
    if outcome.status < 0:
        return f"was killed by {signal.Signals(-outcome.status).name}"
    if outcome.status == TRACEBACK:
        return f"traceback: {_last_of_traceback(outcome)}"
    if outcome.status not in STATUSES:
        return f"ended with status {outcome.status}"
    if b"not enough memory" in outcome.stderr:
        return f"asked for more than {MORE_BYTES / 1e9:g} GB"
    return None


def _last_of_traceback(outcome: Outcome) -> str:
    """The error, the last line of ours that it passed, and its message."""
    lines = [line.strip() for line in outcome.stderr.decode("utf-8", "replace").splitlines()]
    places = [re.sub(".*/(?=wordvec_cli)", "", line) for line in lines if line.startswith('File "')]
    place = next((each for each in reversed(places) if each.startswith("wordvec_cli")), "?")
    error, _, message = lines[-1].partition(": ")
    return f"{error} in {place.replace(chr(34), '')} ({message[:200]})"


def _told_badly(command: str, outcome: Outcome) -> str | None:
    text = outcome.stderr.decode("utf-8", "replace")
    leak = next((line for line in text.splitlines() for each in LEAKS if each in line), None)
    if leak:
        return f"leaked what a library says ({leak[:200]})"
    errors = [line for line in text.splitlines() if line.startswith("Error: ")]
    if outcome.status in (1, 2) and not errors and not outcome.stdout:
        return "failed without a word"
    if len(errors) > 1 and command.partition(" ")[0] not in ANSWER_LINES:
        return f"told more than one error ({text[-200:]!r})"
    if errors and text.splitlines()[-len(errors) :] != errors:
        return f"told its error in more than one line ({text[-200:]!r})"
    if CONTROL.search(outcome.stderr):
        return f"printed control characters ({outcome.stderr[-200:]!r})"
    return None


def _leftover(outcome: Outcome, results: Path) -> str | None:
    if any((results / FOLDER).glob("*.safetensors")):  # trainings that have ended stay, and the others can go on
        return None
    left = sorted(path.name for path in results.iterdir()) if outcome.status in (1, 2) else []
    return f"failed and left a file ({', '.join(left)})" if left else None


def _lie(command: str, damage: Damage, counted: bool, outcome: Outcome) -> str | None:
    if outcome.status != 0:
        return None
    if command.startswith("verify") and damage.breaks_checksum:
        return "calls sound what does not match its checksum"
    tells = outcome.stderr or outcome.stdout.startswith(_TELLING)
    if counted and damage.is_truncation and not tells:
        return f"takes a part for the whole ({damage.told})"
    return None
