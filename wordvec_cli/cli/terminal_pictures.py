"""Pictures in the terminal, where it can show them."""

import os
from typing import TYPE_CHECKING

from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import OptionError
from wordvec_cli.storage.files import writable
from wordvec_cli.storage.streams import STANDARD_OUTPUT, standard_output

if TYPE_CHECKING:
    from wordvec_cli.show.picture import Picture

DPI = 110


def show(picture: "Picture", terminal: Terminal) -> None:
    """Send a picture to the terminal. Raises: OptionError if it shows none that we know of"""
    from wordvec_cli.show.terminal import ENCODERS, protocol_of

    protocol = protocol_of(os.environ)
    if protocol is None:
        raise OptionError(
            "--show: this terminal is not known to show pictures (kitty, iTerm2, WezTerm, Ghostty, and those with "
            "sixel do); use -o FILE"
        )
    content = picture.drawn("png", DPI, terminal.note)
    with writable(STANDARD_OUTPUT):  # as it is: what steers the terminal is meant to
        file = standard_output()
        file.write(ENCODERS[protocol](content) + b"\n")
        file.flush()
