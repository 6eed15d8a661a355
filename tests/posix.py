"""What only POSIX systems have. Elsewhere tests that need it are skipped, and say so: see `needed`, and conftest.py."""

import inspect
import os
import re
import signal
from collections.abc import Callable

IS_POSIX = os.name == "posix"
REASON = "POSIX ONLY, NOT TESTED HERE: this needs"
# In the source of a test, or among its fixtures.
NEEDS = re.compile(
    r"\b(?:pty|resource)\.|\b(?:mkfifo|fork|geteuid|preexec_fn|SIGHUP|SIGKILL|SIGQUIT|send_signal|file_size_limit)\b"
    r"|/dev/\w+|\bstart_new_session|\bpass_fds|\"(?:bash|sh)\"|\bshell\(|\bfolder: Path|\broom: Path"
)


class _Absent:
    """Stands for a module that this system does not have, so that modules of tests can be imported all the same."""

    def __getattr__(self, name: str) -> int:
        return 0


try:
    import pty
    import resource
except ImportError:
    pty = resource = _Absent()  # type: ignore[assignment]

SIGHUP, SIGKILL, SIGQUIT = (getattr(signal, name, signal.SIGTERM) for name in ("SIGHUP", "SIGKILL", "SIGQUIT"))

__all__ = ["IS_POSIX", "REASON", "SIGHUP", "SIGKILL", "SIGQUIT", "needed", "pty", "resource"]


def needed(test: Callable[..., object]) -> str | None:
    """What a test needs that only POSIX systems have, as its source says it; None: nothing."""
    found = NEEDS.search(inspect.getsource(test))
    return found[0] if found else None
