"""The picture of `wordvec plot words`: words in the plane, and how far to trust it."""

from typing import Any

from wordvec_cli.progress import Note, ignore
from wordvec_cli.show.chosen import Chosen, Neighbourhoods
from wordvec_cli.show.layouts import FEWEST, Kept, Layout, kept_neighbours, lay_out
from wordvec_cli.show.picture import COLOURS, LINE, Picture
from wordvec_cli.show.scatter import Dots, paint_dots

SIZE = (6.4, 4.8)
NAMES = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}


def words_picture(near: Neighbourhoods, method: str = "pca", seed: int = 1, note: Note = ignore) -> Picture:
    """Words, and neighbours in the colour of the word that they belong to, laid out in the plane.

    Raises: OptionError if the package of a layout is not installed
    """
    chosen = near.chosen
    layout = lay_out(chosen.rows, method, seed)
    if layout.method != method:
        note(f"--layout {method}: needs at least {FEWEST} words in different directions; drawn by pca")
    kept = kept_neighbours(chosen.rows, layout.places)
    is_grouped = len(chosen.words) > near.n_asked and near.n_asked <= len(COLOURS)
    groups = near.owners if is_grouped else None
    is_asked = [number < near.n_asked for number in range(len(chosen.words))]
    dots = Dots(layout.places, chosen.labels, groups, is_asked if len(chosen.words) > near.n_asked else None)
    titles = ("word", "x", "y", *(("nearest",) if near.edges else ()))
    owners = [chosen.names[owner] for owner in near.owners]
    rows = [
        (name, float(x), float(y), *((owner,) if near.edges else ()))
        for name, (x, y), owner in zip(chosen.names, layout.places, owners, strict=True)
    ]

    def paint(figure: Any) -> list[str]:
        axes = bare_axes(figure)
        axes.set_xlabel(caption(layout, kept), loc="left", fontsize=7.5, color="#666666")
        return paint_dots(figure, axes, dots)

    return Picture("words", _facts(layout, kept, seed), titles, rows, SIZE, paint, chosen.labels)


def bare_axes(figure: Any) -> Any:
    """Axes whose numbers mean nothing: a frame alone."""
    axes = figure.add_subplot()
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(LINE)
    return axes


def caption(layout: Layout, kept: Kept | None) -> str:
    """How the plane was made, and what it keeps."""
    parts = [NAMES[layout.method]]
    if layout.explained is not None:
        parts.append(f"{sum(layout.explained):.0%} of the variance")
    if kept is not None:
        parts.append(f"keeps {kept.share:.0%} of the {f'{kept.k} ' if kept.k > 1 else ''}nearest neighbours")
    return ", ".join(parts)


def _facts(layout: Layout, kept: Kept | None, seed: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"layout": layout.method}
    if layout.method != "pca":
        facts["seed"] = seed
    if layout.explained is not None:
        facts["explained"] = [round(share, 6) for share in layout.explained]
    facts |= {"kept_neighbours": round(kept.share, 6), "kept_of": kept.k} if kept else {"kept_neighbours": None}
    return facts


def asked_alone(chosen: Chosen) -> Neighbourhoods:
    """Words without neighbours."""
    numbers = list(range(len(chosen.words)))
    return Neighbourhoods(chosen, len(numbers), numbers, [])
