"""`wordvec associate`: how sets of words are associated (WEAT and its relatives), with p-values and intervals."""

import functools
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from wordvec_cli.cli.judging import as_json
from wordvec_cli.cli.models import opened_each, vectors_to_ask
from wordvec_cli.cli.options import combined, progress_options, seed_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.evaluation.associating import Verdict, associate_all
from wordvec_cli.evaluation.association import MEASURES, Rules
from wordvec_cli.evaluation.association_sets import NAMES, WordSets, read_word_sets, word_sets
from wordvec_cli.evaluation.partitions import Partitions
from wordvec_cli.text.decoding import as_text

TITLES = (
    "test", "measure", "word", "statistic", "value", "sd", "low", "high", "p_one_sided", "p_two_sided", "partitions",
    "exact", "ddof", "models", "agree", "significant", "n_X", "n_Y", "n_A", "n_B",
)  # fmt: skip


def _set_option(name: str, what: str) -> Any:
    return click.option(f"--{name}", f"set_{name}", metavar="WORDS", help=f"{what}: words with commas between them.")


_SET_OPTIONS = combined(
    click.option(
        "--sets", metavar="FILE",
        help="The sets: TOML or JSON with the keys X, Y, A and B, or several tables of them; weat: the ten tests of "
        "Caliskan et al. (2017).",
    ),
    click.option("--only", "tests", multiple=True, metavar="NAME", help="Only this test of --sets (repeat for more)."),
    _set_option("x", "The targets X"),
    _set_option("y", "The targets Y"),
    _set_option("a", "The attributes A"),
    _set_option("b", "The attributes B"),
)  # fmt: skip
_RULE_OPTIONS = combined(
    click.option(
        "--measure", "measures", multiple=True, type=click.Choice(list(MEASURES)),
        help="What is measured (repeat for more). weat: X with A and Y with B, against the other way round; sc-weat: "
        "each word of X with A against B; rnd: distance of A from X and from Y; rnsb: a classifier of A and B on X and "
        "Y; ect: correlation of X and Y over A; mac: distance of X and Y from A and B.  [default: weat]",
    ),
    click.option(
        "--ddof", type=click.IntRange(0, 1), default=1, show_default=True, metavar="0|1",
        help="Of the standard deviation below an effect size: 1 as of a sample, 0 as WEFE takes it.",
    ),
    click.option(
        "--permutations", type=click.IntRange(min=1), default=100_000, show_default=True, metavar="N",
        help="How many partitions are drawn where two sets have more than 36 words; of fewer, all are gone through.",
    ),
    seed_option,
)  # fmt: skip


def _association_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What is tested and how, as the arguments `tests` and `rules`."""

    @functools.wraps(function)
    def with_tests(
        *, sets: str | None, tests: tuple[str, ...], ddof: int, permutations: int, seed: int | None, **others: Any
    ) -> Any:
        given = {name: others.pop(f"set_{name.lower()}") for name in NAMES}
        partitions = Partitions(n_drawn=permutations, seed=1 if seed is None else seed)
        asked = _asked(sets, tests, {name: words for name, words in given.items() if words is not None})
        return function(tests=asked, rules=Rules(ddof, partitions), **others)

    return _SET_OPTIONS(_RULE_OPTIONS(with_tests))


def _asked(path: str | None, chosen: Sequence[str], given: Mapping[str, str]) -> list[WordSets]:
    if (path is None) == (not given):
        raise click.UsageError("--sets: give a file of sets, or the words of --x, --y, --a and --b")
    if path is not None:
        return read_word_sets(path, chosen)
    if chosen:
        raise click.UsageError("--only: chooses tests of --sets; leave it out")
    return [word_sets("sets", {name: words.split(",") for name, words in given.items()}, "the command line")]


@click.command(short_help="Measure how sets of words are associated (WEAT).")
@vectors_to_ask()
@_association_options
@table_options(
    "tsv: a line for each test and measure, below titles; csv: the same with commas; json: one object.",
    has_header_option=False,
)
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    paths: tuple[str, ...],
    tests: Sequence[WordSets],
    measures: tuple[str, ...],
    rules: Rules,
    table: Table,
    source: VectorSource,
) -> None:
    """Measure whether the words of X stand nearer to those of A, and those of Y to those of B, than the other way
    round: effect size, one-sided and two-sided p. Over a folder of trainings, with interval and the share that agrees.

    A word that is missing as it is written is looked for in lower case; missing words are named, and a set that loses
    more than a fifth is refused.

    \b
    wordvec associate vectors.safetensors --sets weat
    wordvec associate folder-of-trainings/ --sets mine.toml --format json
    wordvec associate vectors.safetensors --x war,army --y peace,treaty --a bad,evil --b good,just
    """
    opened = opened_each(paths, source, terminal)
    found = associate_all(opened, tests, measures or ("weat",), rules, terminal.note)
    write_stdout(_lines(found, rules.ddof, table, paths[0]))


# ---------------------------------------------------------------- layouts


def _lines(found: Sequence[Verdict], ddof: int, table: Table, path: str) -> Iterator[bytes]:
    records = [_record(each, ddof) for each in found]
    if table.is_json:
        yield table.record({"vectors": path, "tests": records})
        return
    yield table.text_row(TITLES)
    for record in records:
        yield table.text_row([_cell(record.get(title)) for title in TITLES])


def _cell(value: object) -> str:
    """Nothing where there is no value, which R and pandas read as missing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _record(each: Verdict, ddof: int) -> dict[str, Any]:
    """p-values and the statistic are of a single model; over several they are means, and the p their median."""
    first, *_ = each.of_models
    of_all = {
        name: [getattr(one, name) for one in each.of_models if getattr(one, name) is not None]
        for name in ("statistic", "p_one", "p_two")
    }
    has_test = first.p_two is not None
    record: dict[str, Any] = {"test": each.test, "measure": each.measure}
    record |= {"word": None if each.word is None else as_text(each.word)}
    record |= {"statistic": statistics.fmean(of_all["statistic"]) if of_all["statistic"] else None}
    record |= {name: as_json(value) for name, value in zip(("value", "sd", "low", "high"), each.value[:4], strict=True)}
    record["value"] = None if record["value"] is None else each.value.mean
    record |= {"p_one_sided": statistics.median(of_all["p_one"]) if has_test else None}
    record |= {"p_two_sided": statistics.median(of_all["p_two"]) if has_test else None}
    record |= {"partitions": first.n_partitions if has_test else None, "exact": first.is_exact if has_test else None}
    record |= {"ddof": ddof if has_test else None, "models": len(each.of_models)}
    record |= {"agree": each.agreement, "significant": each.significant}
    return record | {f"n_{name}": size for name, size in each.sizes.items()}
