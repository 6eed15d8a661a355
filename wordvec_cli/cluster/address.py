"""Where a cluster is, as `--cluster` says it."""

import re
from dataclasses import dataclass

from wordvec_cli.errors import OptionError

LOCAL = "local"
_REMOTE = re.compile(r"(ray://)?(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})")


@dataclass(frozen=True)
class Address:
    """A cluster that is there already, or one of this machine for the time of the command.

    text     as Ray wants it: auto, host:port, ray://host:port; of a cluster of this machine None
    n_local  workers of a cluster of this machine; 0: the cluster is there already
    """

    text: str | None
    n_local: int = 0

    @property
    def host_and_port(self) -> tuple[str, int] | None:
        """Where somebody should answer; None where Ray has to find that out."""
        match = _REMOTE.fullmatch(self.text or "")
        return (match[2].strip("[]"), int(match[3])) if match else None


def parsed(text: str) -> Address:
    """Raises: OptionError"""
    kind, _, number = text.partition(":")
    if kind == LOCAL:
        if not (number.isascii() and number.isdecimal() and int(number)):
            raise OptionError(f"--cluster {text}: say how many workers this machine shall have, as local:2")
        return Address(None, int(number))
    if text != "auto" and not _REMOTE.fullmatch(text):
        raise OptionError(f"--cluster {text}: must be auto, HOST:PORT, ray://HOST:PORT or local:N")
    return Address(text)
