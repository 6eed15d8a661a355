"""The picture of `wordvec plot matrix`: an embedding matrix, ids X and Y = E[X] as tables of colours, with numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.layer.lookup import Layer
from wordvec_cli.layer.matrix_file import StoredMatrix, rows_of_matrix
from wordvec_cli.layer.row_rule import Specials
from wordvec_cli.layer.rows import Rows
from wordvec_cli.progress import Note
from wordvec_cli.show.chosen import label
from wordvec_cli.show.heatmap import write_numbers
from wordvec_cli.show.picture import INK, Picture
from wordvec_cli.vectors.native import load, native_kind
from wordvec_cli.vocabulary.notes import read_and_note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

MOST_ROWS, MOST_COLUMNS, MOST_IDS = 24, 16, 12
CELL, HEIGHT, ROOM = 0.48, 0.27, 1.2  # in inches: a cell's width and height, and room for names


class Part(NamedTuple):
    """Some rows of a table with their names, and whether there are more rows or columns than these."""

    names: list[str]
    values: "Numbers"
    has_more_rows: bool
    has_more_columns: bool


def rows_of_picture(matrix: StoredMatrix, vocab: str | None, note: Note) -> Rows | None:
    """The words of the rows: of a vocabulary file, or of the vector file that the matrix is; None: not known.

    Raises: InputError if the vocabulary is not that of the matrix
    """
    if vocab is not None:
        return rows_of_matrix(Rows.of(read_and_note(vocab, note).vocabulary, None, vocab), None, matrix, note)
    if native_kind(matrix.path) == "vectors":
        return Rows.of(load(matrix.path).vocabulary, Specials(()), matrix.path)
    return None


def matrix_picture(matrix: StoredMatrix, rows: Rows | None, layer: Layer | None) -> Picture:
    """The first rows of E; and, of a layer, the first ids of its first lines, and their rows.

    rows  give rows their words, if they are known
    Raises: InputError if an id has no row
    """
    whole = matrix.values
    shown_rows = min(len(whole), MOST_ROWS)
    table = Part(
        [_name(number, rows) for number in range(shown_rows)], np.asarray(whole[:MOST_ROWS, :MOST_COLUMNS]),
        len(whole) > MOST_ROWS, whole.shape[1] > MOST_COLUMNS,
    )  # fmt: skip
    if not np.isfinite(table.values).all():
        raise InputError(f"{matrix.path}: holds numbers that are not finite among the rows that are drawn")
    found = None if layer is None else _looked_up(layer, rows)
    reach = max(float(np.abs(table.values).max(initial=0)), 1e-9)

    def paint(figure: Any) -> Sequence[str]:
        return _paint(figure, table, found, reach)

    cells = [("E", *each) for each in _cells(table)] + ([("Y", *each) for each in _cells(found)] if found else [])
    facts = {"E": list(whole.shape), "X": None if layer is None else layer.sequences.n_lines}
    texts = [*table.names, *(found.names if found else [])]
    size = _size(table, found)
    return Picture("matrix", facts, ("table", "row", "name", "column", "value"), cells, size, paint, texts)


def _name(number: int, rows: Rows | None) -> str:
    """`2 cat`, or the number alone."""
    if rows is None:
        return str(number)
    n_specials = len(rows.rule.specials.names)
    if number < n_specials:
        return f"{number}  <{rows.rule.specials.names[number]}>"
    return f"{number}  {label(rows.vocabulary.word(number - n_specials))}"


def _looked_up(layer: Layer, rows: Rows | None) -> Part:
    """Y of the first ids: for each its line, its position and its word."""
    names: list[str] = []
    vectors: list[Any] = []
    n_ids = 0
    for lines, positions, ids, values in layer.lookups():
        for line, position, row, vector in zip(lines.tolist(), positions.tolist(), ids.tolist(), values, strict=True):
            n_ids += 1
            if len(names) < MOST_IDS:
                names.append(f"line {line + 1}, {position + 1}:  {_name(row, rows)}")
                vectors.append(vector[:MOST_COLUMNS])
        if n_ids > MOST_IDS:
            break
    if not names:
        raise InputError(f"{layer.sequences.path}: holds no ids to look up")
    return Part(names, np.array(vectors, np.float32), n_ids > MOST_IDS, layer.dim > MOST_COLUMNS)


def _cells(part: Part) -> list[tuple[float, str, float, float]]:
    return [
        (float(row), name, float(column), float(value))
        for row, (name, values) in enumerate(zip(part.names, part.values, strict=True))
        for column, value in enumerate(values)
    ]


# ---------------------------------------------------------------- painting


def _size(table: Part, found: Part | None) -> tuple[float, float]:
    n_columns = table.values.shape[1]
    n_rows = max(len(table.names), len(found.names) if found else 0)
    width = CELL * n_columns * (2 if found else 1) + ROOM * (2.4 if found else 1)
    return max(width, 2.4), max(HEIGHT * n_rows + 0.9, 1.6)


def _paint(figure: Any, table: Part, found: Part | None, reach: float) -> list[str]:
    """Both tables with cells of one size, and the same colours for the same numbers."""
    most = max(len(table.names), len(found.names) if found else 0)
    panels = figure.subplots(1, 2 if found else 1, squeeze=False)[0]
    for axes, part, title in zip(panels, (table, found), ("E, the matrix", "Y = E[X], its rows"), strict=False):
        if part is None:
            continue
        image = axes.imshow(part.values, cmap="RdBu_r", vmin=-reach, vmax=reach, aspect="auto", interpolation="nearest")
        axes.set_ylim(most - 0.5, -0.5)
        axes.set_title(title, fontweight="bold")
        _dress(axes, part)
        write_numbers(axes, image, part.values, _form(table.values), 7)
    return []


def _form(values: "Numbers") -> str:
    """How the numbers of a table are written: exactly, if few decimals are enough."""
    if np.allclose(values, np.round(values, 1), atol=1e-6) and np.abs(values).max(initial=0) < 1e4:
        return "{:g}"
    return "{:.2f}" if np.abs(values).max(initial=0) < 100 else "{:.3g}"


def _dress(axes: Any, part: Part) -> None:
    n_rows, n_columns = part.values.shape
    names = [*part.names, *(["..."] if part.has_more_rows else [])]
    axes.set_yticks(range(len(names)), names, color=INK)
    axes.set_xticks(range(n_columns), [str(column) for column in range(n_columns)])
    if part.has_more_columns:
        axes.set_xticks([*range(n_columns), n_columns], [*map(str, range(n_columns)), "..."])
        axes.set_xlim(-0.5, n_columns + 0.2)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row in range(n_rows + 1):
        axes.plot([-0.5, n_columns - 0.5], [row - 0.5] * 2, color="white", lw=1.5)
    for column in range(n_columns + 1):
        axes.plot([column - 0.5] * 2, [-0.5, n_rows - 0.5], color="white", lw=1.5)
