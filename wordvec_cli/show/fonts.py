"""Which fonts a picture needs: the first that has each character, of those that are installed."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache

from wordvec_cli.progress import Note, ignore

FIRST = "DejaVu Sans"  # comes with matplotlib
# Families that have much of what it lacks, by what they are preferred for; the first that is installed is taken.
OTHERS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Droid Sans Fallback", "PingFang SC", "Hiragino Sans GB", "Hiragino Sans", "Heiti TC",
    "Microsoft YaHei", "SimHei", "Yu Gothic", "MS Gothic", "Malgun Gothic", "AppleGothic", "Arial Unicode MS",
    "Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Thai",
    "Noto Sans Tamil", "Noto Sans Georgian", "Noto Sans Ethiopic", "Noto Sans Symbols", "Noto Sans Symbols 2",
    "Nirmala UI", "Segoe UI Symbol", "Unifont", "FreeSans",
)  # fmt: skip
MOST_NAMED = 10  # characters that no font has


def families(texts: Sequence[str], note: Note = ignore) -> list[str]:
    """The families that have the characters of the texts; characters that none has are noted."""
    wanted = {ord(character) for text in texts for character in text if character.isprintable()} - {0x20}
    chosen, missing = _chosen(wanted)
    if missing and _has_new_fonts():
        chosen, missing = _chosen(wanted)
    if missing:
        some = "".join(map(chr, sorted(missing)[:MOST_NAMED]))
        note(
            f"no font that is installed has {some}{' ...' if len(missing) > MOST_NAMED else ''}, drawn as boxes; "
            "install one, such as Noto Sans CJK (Debian: fonts-noto-cjk)"
        )
    return chosen


def _chosen(wanted: set[int]) -> tuple[list[str], set[int]]:
    """The families that have the characters, and the characters that none has."""
    chosen, missing = [FIRST], wanted - _characters(FIRST)
    for family in OTHERS if missing else ():
        if found := missing & _characters(family):
            chosen.append(family)
            missing -= found
    return chosen, missing


def _has_new_fonts() -> bool:
    """Tell matplotlib of the fonts that were installed after it made its list of them; whether there are any.

    It makes the list once, at its first start after it was installed, and keeps it in the user's cache.
    """
    from matplotlib import font_manager

    fonts = font_manager.fontManager
    known = {font.fname for font in fonts.ttflist}
    for path in set(font_manager.findSystemFonts()) - known:
        with suppress(OSError, RuntimeError, ValueError):  # a font of another kind, or a damaged one
            fonts.addfont(path)
    forget()
    return known != {font.fname for font in fonts.ttflist}


@cache
def _characters(family: str) -> frozenset[int]:
    """The code points that a family has; none if it is not installed."""
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    if family not in _installed():
        return frozenset()
    path = font_manager.findfont(font_manager.FontProperties(family=[family]), fallback_to_default=False)
    return frozenset(FT2Font(path).get_charmap())


@cache
def _installed() -> frozenset[str]:
    from matplotlib import font_manager

    return frozenset(_names(font_manager.fontManager.ttflist))


def forget() -> None:
    """Look again, when asked next, which fonts are installed and what they have."""
    _characters.cache_clear()
    _installed.cache_clear()


def _names(fonts: Iterable[object]) -> Iterable[str]:
    return (str(getattr(font, "name", "")) for font in fonts)
