"""How scores before and after steps are printed."""

from collections.abc import Iterator, Sequence
from typing import Any

from wordvec_cli.cli.judging import aligned, as_json, exact, shown, shown_interval
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table
from wordvec_cli.cli.visible import visible
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.evaluation.step_scores import MEAN, StepScore
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_bytes

TITLES = ("step", "set", "measure", "used", "before", "after", "difference", "low", "high", "p_value")


def print_step_scores(scores: Sequence[StepScore], judging: Judging, table: Table, with_verdict: bool = False) -> None:
    """with_verdict  whether each row says if the step helped beyond its interval"""
    if table.layout in ("tsv", "csv"):
        titles = (*TITLES, *(["verdict"] if with_verdict else []))
        write_stdout(map(table.text_row, [titles, *(_row(score, with_verdict) for score in scores)]))
    else:
        lines = _json(scores, judging, with_verdict) if table.is_json else _text(scores, judging, with_verdict)
        write_stdout(as_bytes(f"{line}\n") for line in lines)


def _text(scores: Sequence[StepScore], judging: Judging, with_verdict: bool) -> Iterator[str]:
    yield judging.described()
    titles = ("step", "set", "measure", "used", "before", "after", "difference", "interval", "p")
    rows = [(*titles, *(["verdict"] if with_verdict else []))]
    for score in scores:
        figures = map(shown, (score.before, score.after, score.value))
        chances = shown_interval(score.interval), shown(score.p_value), *([score.verdict] if with_verdict else [])
        measure = "-" if score.measure == MEAN else score.measure
        rows.append((visible(score.step), visible(score.set_name), measure, str(score.n_used), *figures, *chances))
    yield from aligned(rows)


def _row(score: StepScore, with_verdict: bool) -> tuple[str, ...]:
    figures = score.before, score.after, score.value, *(score.interval or (None, None)), score.p_value
    verdict = [score.verdict] if with_verdict else []
    return score.step, score.set_name, score.measure, str(score.n_used), *map(exact, figures), *verdict


def _json(scores: Sequence[StepScore], judging: Judging, with_verdict: bool) -> Iterator[str]:
    rows: list[dict[str, Any]] = [
        {
            "step": score.step,
            "set": score.set_name,
            "measure": score.measure,
            "used": score.n_used,
            "before": as_json(score.before),
            "after": as_json(score.after),
            "difference": as_json(score.value),
            "interval": [as_json(bound) for bound in score.interval] if score.interval else None,
            "p_value": as_json(score.p_value),
        }
        | ({"verdict": score.verdict} if with_verdict else {})
        for score in scores
    ]
    yield json_text.written({"judged_by": judging.facts(), "scores": rows}, indent=2)
