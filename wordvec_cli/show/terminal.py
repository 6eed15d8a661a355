"""A PNG as terminals take it: by the protocols of kitty and iTerm2, and as sixels."""

import base64
import io
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

KITTY_BYTES = 4096  # of base64 in one piece
N_COLOURS = 255
SIXEL_TERMINALS = ("mlterm", "foot", "contour", "yaft", "sixel")  # what TERM begins with, or has in it


def protocol_of(environment: Mapping[str, str]) -> str | None:
    """Which protocol a terminal speaks, as far as its environment says; None: none that is known."""
    program, term = environment.get("TERM_PROGRAM", ""), environment.get("TERM", "")
    if "KITTY_WINDOW_ID" in environment or term in ("xterm-kitty", "xterm-ghostty") or program == "ghostty":
        return "kitty"
    if program in ("iTerm.app", "WezTerm") or environment.get("LC_TERMINAL") == "iTerm2":
        return "iterm"
    return "sixel" if any(name in term for name in SIXEL_TERMINALS) else None


def kitty(png: bytes) -> bytes:
    """Source: the terminal graphics protocol of kitty, `Remote client`"""
    text = base64.b64encode(png)
    pieces = [text[start : start + KITTY_BYTES] for start in range(0, len(text), KITTY_BYTES)]
    commands = []
    for number, piece in enumerate(pieces):
        keys = b"a=T,f=100," if number == 0 else b""
        commands.append(b"\x1b_G%sm=%d;%s\x1b\\" % (keys, number + 1 < len(pieces), piece))
    return b"".join(commands)


def iterm(png: bytes) -> bytes:
    """Source: iTerm2, `Inline Images Protocol`"""
    return b"\x1b]1337;File=inline=1;size=%d:%s\x07" % (len(png), base64.b64encode(png))


def sixel(png: bytes) -> bytes:
    """Bands of six rows, a line for each colour in them. Source: DEC, VT330/VT340 Graphics Programming, chapter 14"""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(N_COLOURS, dither=Image.Dither.NONE)
    pixels = np.asarray(image)
    palette = np.array(image.getpalette() or [], np.int64).reshape(-1, 3) * 100 // 255
    colours = b"".join(b"#%d;2;%d;%d;%d" % (number, *rgb) for number, rgb in enumerate(palette.tolist()))
    bands = b"-".join(b"$".join(_lines(pixels[top : top + 6])) for top in range(0, len(pixels), 6))
    return b'\x1bP0;1q"1;1;%d;%d' % (pixels.shape[1], pixels.shape[0]) + colours + bands + b"\x1b\\"


def _lines(band: "NDArray[np.uint8]") -> Iterator[bytes]:
    bits = (1 << np.arange(len(band)))[:, None]
    for colour in np.unique(band).tolist():
        sixels = 63 + ((band == colour) * bits).sum(axis=0)
        yield b"#%d" % colour + _repeated(sixels.astype(np.uint8))


def _repeated(sixels: "NDArray[np.uint8]") -> bytes:
    """Runs of one sixel as a number and the sixel."""
    starts = np.flatnonzero(np.append(True, sixels[1:] != sixels[:-1]))
    lengths = np.diff(np.append(starts, len(sixels)))
    return b"".join(
        b"!%d%c" % (length, sixel) if length > 3 else b"%c" % sixel * length
        for length, sixel in zip(lengths.tolist(), sixels[starts].tolist(), strict=True)
    )


ENCODERS: Mapping[str, Callable[[bytes], bytes]] = {"kitty": kitty, "iterm": iterm, "sixel": sixel}
