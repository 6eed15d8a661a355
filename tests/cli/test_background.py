"""The tests themselves where nobody looks: in the background of a shell, under nohup."""

import signal
import subprocess
import sys

# Starts a child, as tests do, and prints the signals that it ignores.
SHOW_IGNORED = """
import subprocess, sys
from tests.conftest import hear_ignored_signals

hear_ignored_signals()
show = "from signal import *; print([each for each in (1, 2, 3, 15) if getsignal(each) is SIG_IGN])"
subprocess.run([sys.executable, "-c", show])
"""


def ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def test_commands_hear_the_signals_that_a_shell_makes_its_background_ignore() -> None:
    result = subprocess.run(
        [sys.executable, "-c", SHOW_IGNORED], preexec_fn=ignore_signals, capture_output=True, check=True, timeout=60
    )
    assert result.stdout == b"[]\n"
