"""A picture: what it shows as a table, and how it is painted, as PNG, SVG or PDF. matplotlib is set up here alone.

The same numbers give the same bytes: no date and no random names are written, and no settings of the user are read.
"""

import io
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wordvec_cli.errors import OptionError
from wordvec_cli.progress import Note, ignore
from wordvec_cli.show.fonts import families
from wordvec_cli.storage.files import replacing

if TYPE_CHECKING:
    Painter = Callable[[Any], Sequence[str]]

KINDS = ("png", "svg", "pdf")
DPI = 200
# Okabe and Ito's colours, which colour-blind people can tell apart: blue, orange, green, purple, vermilion, sky, black
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#333333")
INK, PALE, LINE = "#222222", "#8a8a8a", "#d4d4d4"
_STYLE = {
    "font.size": 9, "axes.titlesize": 10, "axes.labelsize": 9, "xtick.labelsize": 8, "ytick.labelsize": 8,
    "legend.fontsize": 8, "axes.edgecolor": PALE, "axes.linewidth": 0.7, "axes.labelcolor": INK, "text.color": INK,
    "axes.titlecolor": INK, "axes.titlelocation": "left", "xtick.color": PALE, "ytick.color": PALE,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK, "xtick.major.width": 0.7, "ytick.major.width": 0.7,
    "xtick.major.size": 3, "ytick.major.size": 3, "axes.spines.top": False, "axes.spines.right": False,
    "legend.frameon": False, "grid.color": LINE, "grid.linewidth": 0.6, "figure.dpi": 100,
    "pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "wordvec", "text.parse_math": False,
    "axes.unicode_minus": True, "lines.linewidth": 1.6, "figure.facecolor": "white", "savefig.facecolor": "white",
}  # fmt: skip
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "wordvec"},
    "pdf": {"CreationDate": None, "Creator": "wordvec", "Producer": None},
}


@dataclass(frozen=True)
class Picture:
    """What is to be seen.

    kind     the command that makes it: `words`, `heatmap` ...
    facts    about all of it
    titles   of the table, and its rows: texts and numbers
    size     (width, height) in inches
    painter  paints it, and gives what is to be told about that; texts are in `texts`
    texts    whose characters need a font
    title    above it
    """

    kind: str
    facts: Mapping[str, Any]
    titles: Sequence[str]
    rows: Sequence[Sequence[str | float | None]]
    size: tuple[float, float]
    painter: "Painter"
    texts: Sequence[str] = ()
    title: str | None = None
    notes: list[str] = field(default_factory=list, compare=False)

    def record(self) -> dict[str, Any]:
        """As an object for programs: what is drawn, and where."""
        points = [dict(zip(self.titles, map(_rounded, row), strict=True)) for row in self.rows]
        return {"plot": self.kind, **self.facts, "points": points}

    def cells(self) -> Iterator[Sequence[str]]:
        """As a table of texts, below its titles."""
        yield self.titles
        for row in self.rows:
            yield ["" if cell is None else cell if isinstance(cell, str) else f"{_rounded(cell)}" for cell in row]

    def drawn(self, kind: str = "png", dpi: int = DPI, note: Note = ignore) -> bytes:
        """The picture as a file of this kind. Raises: OptionError if matplotlib is not installed"""
        written = io.BytesIO()
        with styled(self.texts, note):
            figure = self.figure()
            figure.savefig(written, format=kind, dpi=dpi, metadata=_METADATA[kind])
        for each in self.notes:
            note(each)
        return written.getvalue()

    def figure(self) -> Any:
        """The picture as matplotlib has it."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=self.size, layout="constrained")
        FigureCanvasAgg(figure)
        self.notes[:] = self.painter(figure)
        if self.title:
            figure.suptitle(self.title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        return figure

    def save(self, path: str | os.PathLike[str], kind: str | None = None, dpi: int = DPI, note: Note = ignore) -> None:
        """Write the picture as PNG, SVG or PDF, by the ending of the name. Raises: OptionError, OutputError"""
        content = self.drawn(kind or kind_of(os.fspath(path)), dpi, note)
        with replacing(os.fspath(path)) as file:
            file.write(content)

    def changed(self, **fields: Any) -> "Picture":
        """The same with another size or title."""
        return replace(self, **{name: value for name, value in fields.items() if value is not None})

    def _repr_png_(self) -> bytes:
        """For notebooks."""
        return self.drawn("png", 144)


def kind_of(path: str) -> str:
    """The kind of picture that the name of a file asks for. Raises: OptionError"""
    kind = os.path.splitext(path)[1].lower().removeprefix(".")
    if kind not in KINDS:
        raise OptionError(f"{path}: is not the name of a picture; end it in .png, .svg or .pdf, or add --to png")
    return kind


@contextmanager
def styled(texts: Sequence[str] = (), note: Note = ignore) -> Iterator[None]:
    """Have matplotlib paint as we want it, whatever the user's settings are. Raises: OptionError"""
    matplotlib = imported()
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fonts without a glyph, which `families` tells once
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE | {"font.family": families(texts, note)})
        yield


def name_rows(axes: Any, names: Sequence[str], margin: float) -> None:
    """Name rows from the top down, along a grid; above the first and below the last is a margin, in rows."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - (1 - margin), -margin)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def imported() -> Any:
    """Raises: OptionError if the extra is not installed"""
    try:
        import matplotlib as mpl
        import matplotlib.figure
    except ImportError:
        raise OptionError(
            "pictures need matplotlib, which is not installed; install it with: pip install 'wordvec-cli[plot]', or "
            "print the coordinates with --format json"
        ) from None
    return mpl


def _rounded(value: str | float | None) -> str | float | None:
    return round(value, 6) + 0.0 if isinstance(value, float) else value
