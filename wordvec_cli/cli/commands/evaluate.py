"""`wordvec evaluate`: how good vectors are, on word pairs and analogies, with the protocol and intervals."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.judging import aligned, as_json, evaluation_options, exact, shown, shown_interval
from wordvec_cli.cli.models import opened_models, vectors_to_ask
from wordvec_cli.cli.options import vocab_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource
from wordvec_cli.cli.visible import visible
from wordvec_cli.errors import OutputError
from wordvec_cli.evaluation.asking import judge, read_sets
from wordvec_cli.evaluation.models_scores import judge_models
from wordvec_cli.evaluation.predictions import save_predictions
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.evaluation.scores import Score
from wordvec_cli.evaluation.set_folders import SHIPPED
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.messages import counted
from wordvec_cli.storage.files import STANDARD_STREAM, check_not_input, check_output
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_bytes

if TYPE_CHECKING:
    from wordvec_cli.queries.models import Models

HEAD = ("set", "part", "measure", "score", "low", "high", "used", "total", "coverage")
HEAD_OF_MODELS = ("set", "part", "measure", "score", "sd", "low", "high", "models", "used", "total", "coverage")


@click.command(short_help="Score vectors on word pairs and analogies.")
@vectors_to_ask()
@evaluation_options
@click.option("--per-section", is_flag=True, help="Also print the score of each section of analogies.")
@click.option(
    "--predictions",
    metavar="FILE",
    help="Write a line for each question: set, section, three words, right answer, given answer, outcome.",
)
@vocab_option()
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    paths: tuple[str, ...],
    sets: tuple[str, ...],
    judging: Judging,
    per_section: bool,
    predictions: str | None,
    table: Table,
    vocab: str | None,
    source: VectorSource,
) -> None:
    """Score VECTORS on word pairs (Spearman's rank correlation with people's scores) and on analogies (the share of
    right answers), with the coverage, the protocol and an interval for each.

    A SET is a file of pairs or analogies, a folder of such files (BATS), - for standard input, or a set that comes with
    gensim: wordsim353, simlex999 or questions-words; by default, these three.

    \b
    wordvec evaluate vectors.safetensors
    wordvec evaluate vectors.safetensors wordsim353 --format json
    wordvec evaluate vectors.safetensors questions-words --protocol word2vec --max-words 30000 --per-section
    """
    if predictions:
        _check_predictions(predictions, paths[0], *sets)
    asked = read_sets(sets or SHIPPED, terminal.note)
    models = opened_models(paths, source, terminal, vocab)
    if models is not None:
        _check_no_predictions(predictions)
        _judge_models(paths[0], models, asked, judging, per_section, table, terminal)
        return
    opened = source.open(paths[0], terminal, vocab, is_again=True)
    scored = judge(opened, asked, judging, terminal.note)
    if predictions:
        save_predictions(predictions, [outcomes for outcomes, _ in scored], opened.vocabulary)
    facts = {"vectors": paths[0], "words": len(opened.vocabulary), "dimension": opened.dim}
    scores = [(outcomes.eval_set, score) for outcomes, score in scored]
    _print(facts, judging, _parts(scores, per_section), table)


def _check_no_predictions(path: str | None) -> None:
    if path:
        raise click.UsageError("--predictions: is of one vector file; leave it out, or name one file")


def _judge_models(
    path: str,
    models: "Models",
    asked: Sequence[EvalSet],
    judging: Judging,
    per_section: bool,
    table: Table,
    terminal: Terminal,
) -> None:
    """Print mean scores over models; the interval is over these, not over questions."""
    judging = judging._replace(resampling=None)
    parts = _parts(judge_models(models, asked, judging, terminal.note), per_section)
    facts = {"vectors": path, "words": len(models.vocabulary), "dimension": models.vectors[0].dim}
    _print(facts | {"models": len(models)}, judging, parts, table)


def _check_predictions(path: str, *inputs: str) -> None:
    if path == STANDARD_STREAM:
        raise OutputError("--predictions -: standard output is for the scores; name a file")
    check_output(path)
    check_not_input(path, *inputs)


Part = tuple[EvalSet, str, Score]  # a set, which part of it, and its score


def _parts(scores: Iterable[tuple[EvalSet, Score]], per_section: bool) -> list[Part]:
    parts: list[Part] = []
    for eval_set, score in scores:
        parts.append((eval_set, "all", score))
        parts += [(eval_set, group.name, group) for group in score.groups]
        if per_section:
            parts += [(eval_set, section.name, section) for section in score.sections]
    return parts


# ---------------------------------------------------------------- layouts


def _print(facts: dict[str, Any], judging: Judging, parts: Sequence[Part], table: Table) -> None:
    """facts  of the vectors: the path, sizes, and of several models their number"""
    if table.layout in ("tsv", "csv"):
        write_stdout(map(table.text_row, _rows(facts, judging, parts)))
    else:
        lines = (_json if table.is_json else _text)(facts, judging, parts)
        write_stdout(as_bytes(f"{line}\n") for line in lines)


def _text(facts: dict[str, Any], judging: Judging, parts: Sequence[Part]) -> Iterator[str]:
    yield f"{visible(facts['vectors'])}: {counted(facts['words'], 'word')} x {facts['dimension']}"
    is_of_models = "models" in facts
    yield judging.described(facts.get("models"))
    titles = "set", "measure", "score", *(["sd"] if is_of_models else []), "interval", "used", "total", "coverage"
    rows: list[tuple[str, ...]] = [titles]
    for eval_set, part, score in parts:
        used = str(score.n_used), str(score.n_total), f"{score.coverage:.1%}"
        name = eval_set.name if part == "all" else f"  {part}"
        figures = shown(score.value), *([shown(score.sd)] if is_of_models else []), shown_interval(score.interval)
        rows.append((visible(name), eval_set.measure, *figures, *used))
    yield from aligned(rows)


def _rows(facts: dict[str, Any], judging: Judging, parts: Sequence[Part]) -> Iterator[Sequence[str]]:
    """Titles, and a row for each score."""
    protocol, is_of_models = judging.facts(), "models" in facts
    yield *(HEAD_OF_MODELS if is_of_models else HEAD), *protocol
    for eval_set, part, score in parts:
        sd = [exact(score.sd)] if is_of_models else []
        bounds = map(exact, score.interval or (None, None))
        values = [exact(score.value), *sd, *bounds, *([str(facts["models"])] if is_of_models else [])]
        used = str(score.n_used), str(score.n_total), exact(score.coverage)
        yield eval_set.name, part, eval_set.measure, *values, *used, *map(str, protocol.values())


def _json(facts: dict[str, Any], judging: Judging, parts: Sequence[Part]) -> Iterator[str]:
    rows = [
        {
            "set": eval_set.name,
            "part": part,
            "measure": eval_set.measure,
            "score": as_json(score.value),
            **({"sd": as_json(score.sd)} if "models" in facts else {}),
            "interval": [as_json(bound) for bound in score.interval] if score.interval else None,
            "used": score.n_used,
            "total": score.n_total,
            "coverage": as_json(score.coverage),
        }
        for eval_set, part, score in parts
    ]
    yield json_text.written(facts | {"judged_by": judging.facts(), "scores": rows}, indent=2)
