"""`wordvec compare` where A or B is a folder: whether two groups of trainings differ by more than trainings do."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from wordvec_cli.cli.judging import aligned, as_json, exact, shown
from wordvec_cli.cli.models import opened_models
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource
from wordvec_cli.evaluation.comparison import ChangeOptions
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.messages import counted
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_bytes

if TYPE_CHECKING:
    from wordvec_cli.evaluation.group_overlaps import GroupOverlaps
    from wordvec_cli.evaluation.models_scores import GroupDifference

TITLES = ("part", "name", "n", "A", "A_sd", "B", "B_sd", "value", "low", "high", "p_value")
FIGURES = TITLES[3:]


class Row(NamedTuple):
    """A line of the table: a score (value: B - A), or an overlap of neighbours, with what it is over."""

    part: str
    name: str
    n: int
    figures: Sequence[float | None]


def compare_groups(
    paths: tuple[str, str],
    sets: Sequence[EvalSet],
    judging: Judging,
    wanted: ChangeOptions,
    table: Table,
    source: VectorSource,
    terminal: Terminal,
) -> int | None:
    """Compare two groups of models and print how they differ; the exit status, or None if neither is a folder.

    Raises: InputError, which names a file that cannot be read or shares too few words with the others
    """
    from wordvec_cli.formats.folders import holds_models, vector_paths

    if not any(map(holds_models, paths)):
        return None
    from wordvec_cli.evaluation.group_overlaps import group_overlaps
    from wordvec_cli.evaluation.models_scores import group_differences

    models = opened_models(paths, source, terminal, is_one_kind=False)
    assert models is not None
    n_first = len(vector_paths(paths[0]))
    judging = judging._replace(resampling=None)
    differences = group_differences(models, n_first, sets, judging, terminal.note)
    ids, n_missing = _word_ids(wanted, models.vocabulary)
    overlaps = group_overlaps(models, n_first, ids, wanted.k)
    rows = [*map(_score_row, differences), *_overlap_rows(overlaps)]
    sizes = n_first, len(models) - n_first
    write_stdout(_lines(rows, table, dict(zip("AB", zip(paths, sizes, strict=True), strict=True)), overlaps))
    if n_missing:
        terminal.note(f"{n_missing} of the words of --words are not in all files")
    return 3 if n_missing else 0


def _word_ids(wanted: ChangeOptions, vocabulary: Any) -> tuple[list[int], int]:
    if wanted.words is None:
        return list(range(len(vocabulary)))[: wanted.n_words or None], 0
    ids = [vocabulary.find(word) for word in wanted.words]
    return [word_id for word_id in ids if word_id is not None], ids.count(None)


def _score_row(each: "GroupDifference") -> Row:
    figures = each.first.mean, each.first.sd, each.second.mean, each.second.sd, *each.gap
    return Row("score", each.eval_set.name, each.n_used, figures)


def _overlap_rows(overlaps: "GroupOverlaps") -> Iterator[Row]:
    of_groups = overlaps.within_first, None, overlaps.within_second, None, overlaps.between, *overlaps.bounds
    yield Row("neighbours", f"overlap of {overlaps.k}", overlaps.n_words, (*of_groups, overlaps.less.p_value))


# ---------------------------------------------------------------- layouts


def _lines(
    rows: Sequence[Row], table: Table, groups: dict[str, tuple[str, int]], overlaps: "GroupOverlaps"
) -> Iterator[bytes]:
    if table.layout in ("tsv", "csv"):
        yield table.text_row(TITLES)
        for row in rows:
            cells = ["" if value is None else exact(value) for value in row.figures]
            yield table.text_row([row.part, row.name, str(row.n), *cells])
    elif table.is_json:
        yield as_bytes(json_text.written(_record(rows, groups, overlaps), indent=2) + "\n")
    else:
        for name, (path, n_models) in groups.items():
            yield as_bytes(f"{name}  {path}: {counted(n_models, 'model')}\n")
        cells_of = [[f"{row.part} {row.name}", str(row.n), *map(shown, row.figures)] for row in rows]
        for line in aligned([["", "n", "A", "sd", "B", "sd", "B - A", "low", "high", "p"], *cells_of]):
            yield as_bytes(line + "\n")
        yield as_bytes(_verdict(overlaps) + "\n")


def _record(rows: Sequence[Row], groups: dict[str, tuple[str, int]], overlaps: "GroupOverlaps") -> dict[str, Any]:
    found = [
        {"part": row.part, "name": row.name, "n": row.n, **dict(zip(FIGURES, map(as_json, row.figures), strict=True))}
        for row in rows
    ]
    files = {name: {"vectors": path, "models": n_models} for name, (path, n_models) in groups.items()}
    return files | {"rows": found, "within_noise": overlaps.is_within_noise}


def _verdict(overlaps: "GroupOverlaps") -> str:
    """What the overlaps say; `B - A` of their row is that between the groups."""
    if not overlaps.n_words:
        return "no word of --words is in all files, so no neighbours can be compared"
    between = f"a model of A and one of B share {shown(overlaps.between)} of their neighbours"
    if overlaps.is_within_noise is None:
        return f"{between}; two trainings do not tell how far that goes by chance: give a folder of three or more"
    expected = f"where two of one group share {shown(overlaps.between - overlaps.less.value)}"
    change = "no sign of more change" if overlaps.is_within_noise else "more change"
    return f"{between}, {expected}: {change} than between two trainings (p {shown(overlaps.less.p_value)})"
