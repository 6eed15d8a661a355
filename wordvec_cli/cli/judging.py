"""What `evaluate` and `compare` share: which sets are asked, under which protocol, and how that is told."""

import functools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wordvec_cli.cli.options import combined, method_option, seed_option
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.bootstrap import CONFIDENCE, Resampling
from wordvec_cli.evaluation.scores import PROTOCOLS, Lexicon, Protocol, ask, check_finite
from wordvec_cli.evaluation.sets import SHIPPED, EvalSet, WordPairs, read_eval_sets

if TYPE_CHECKING:
    from wordvec_cli.evaluation.scores import Outcomes
    from wordvec_cli.vectors.embeddings import Embeddings

LITTLE = 0.1  # of the questions of a set: so few known ones are worth a word
NORMALISATION = "vectors at length 1"

_OPTIONS = combined(
    click.option(
        "--protocol", "name", type=click.Choice(list(PROTOCOLS)), default="wordvec", show_default=True,
        help="Whose rules; the options below change one each. What they are is printed with the scores.",
    ),
    click.option(
        "--max-words", type=click.IntRange(min=0), metavar="N",
        help="Look at the first N words of the vectors only, as questions and as answers; 0: at all.",
    ),
    click.option(
        "--case", type=click.Choice(["prefer", "fold", "ascii", "lower", "keep"]),
        help="prefer: a word as it is written, else in the case that comes first; fold: always ignore "
        "case; ascii: the same, for A to Z only; lower: the sets' words in lower case; keep: as they are written.",
    ),
    click.option(
        "--unknown-words", type=click.Choice(["skip", "wrong"]),
        help="A question with an unknown word is left out, or counts as cosine 0 or a wrong answer.",
    ),
    method_option,
    click.option(
        "--bootstrap", "n_resamples", type=click.IntRange(min=0), default=2000, show_default=True, metavar="N",
        help="Resamples of the questions that the intervals are drawn from; 0: no intervals.",
    ),
    seed_option,
)  # fmt: skip


class Judging(NamedTuple):
    """How the command line wants vectors judged."""

    name: str
    protocol: Protocol
    resampling: Resampling | None

    def facts(self) -> dict[str, object]:
        """All that decides a score, by name."""
        protocol = self.protocol
        return {
            "protocol": self.name,
            "max_words": protocol.max_words or "all",
            "case": protocol.case,
            "unknown_words": protocol.unknown_words,
            "normalisation": NORMALISATION,
            "method": protocol.method,
            "candidates": protocol.n_candidates or "all",
            "resamples": self.resampling.n_resamples if self.resampling else 0,
            "seed": self.resampling.seed if self.resampling else 0,
        }

    def described(self) -> str:
        """The facts in one line for people."""
        facts = self.facts()
        words = "all words" if facts["max_words"] == "all" else f"the first {facts['max_words']} words"
        intervals = (
            f"{CONFIDENCE:.0%} intervals of {facts['resamples']} resamples (seed {facts['seed']})"
            if self.resampling
            else "no intervals"
        )
        return (
            f"protocol {self.name}: {words}; case {facts['case']}; unknown words {facts['unknown_words']}; "
            f"cosines of {NORMALISATION}; {facts['method']}; {intervals}"
        )


def judging_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how vectors are judged, as one argument: `judging`."""

    @functools.wraps(function)
    def with_judging(
        *,
        name: str,
        max_words: int | None,
        n_resamples: int,
        seed: int | None,
        case: Any,
        unknown_words: Any,
        method: Any,
        **others: Any,
    ) -> Any:
        given = {"case": case, "unknown_words": unknown_words, "method": method}
        protocol = replace(PROTOCOLS[name], **{field: value for field, value in given.items() if value})
        if max_words is not None:
            protocol = replace(protocol, max_words=max_words or None)
        if seed is not None and not n_resamples:
            raise click.UsageError("--seed: nothing is drawn with --bootstrap 0; leave one of them out")
        resampling = Resampling(n_resamples, 1 if seed is None else seed) if n_resamples else None
        return function(judging=Judging(name, protocol, resampling), **others)

    return _OPTIONS(with_judging)


def asked_sets(paths: Sequence[str], terminal: Terminal) -> list[EvalSet]:
    """The sets of the command line, or all that gensim brings."""
    return [with_title_told(each, terminal) for path in paths or SHIPPED for each in read_eval_sets(path)]


def with_title_told(eval_set: EvalSet, terminal: Terminal) -> EvalSet:
    """The set; that its first line is taken for names of columns is told."""
    if isinstance(eval_set, WordPairs) and eval_set.title:
        terminal.note(f"{eval_set.title} names the columns and is no pair")
    return eval_set


def outcomes_of_sets(
    vectors: "Sequence[Embeddings]", sets: Sequence[EvalSet], protocol: Protocol, terminal: Terminal
) -> "Iterator[tuple[Outcomes, ...]]":
    """What each vector file makes of each set; one that suits no vectors is told and left out.

    Raises: InputError if that are all
    """
    for each in vectors:
        check_finite(each.vocabulary, each.matrix, protocol)
    lexicons = [Lexicon(each.vocabulary, protocol) for each in vectors]
    n_asked, reason = 0, None
    for eval_set in sets:
        try:
            outcomes = tuple(
                ask(lexicon, each.matrix, eval_set) for lexicon, each in zip(lexicons, vectors, strict=True)
            )
        except InputError as error:
            if reason is not None:
                terminal.note(str(reason))
            reason = error
            continue
        n_asked += 1
        if functools.reduce(operator.and_, (each.is_used for each in outcomes)).any():
            is_known = functools.reduce(operator.and_, (each.is_known for each in outcomes))
            tell_if_little(eval_set, float(is_known.mean()), terminal)
        yield outcomes
    if reason is not None:
        if not n_asked:
            raise reason
        terminal.note(str(reason))


def tell_if_little(eval_set: EvalSet, share: float, terminal: Terminal) -> None:
    """Say that a score is drawn from few of a set's questions: from those of this share, whose words are known."""
    if share < LITTLE:
        terminal.note(
            f"{eval_set.name}: the vectors have the words of only {share:.1%} of its questions, so that its score "
            "says little; is it of their language, and are its words written as theirs?"
        )


def measure_of(eval_set: EvalSet) -> str:
    return "spearman" if isinstance(eval_set, WordPairs) else "accuracy"


def shown(value: float | None) -> str:
    """A score for a person's eyes."""
    return "-" if value is None or math.isnan(value) else f"{value:.4f}"


def shown_interval(bounds: tuple[float, float] | None) -> str:
    return "-" if bounds is None or math.isnan(bounds[0]) else f"{bounds[0]:.4f} .. {bounds[1]:.4f}"


def exact(value: float | None) -> str:
    """A score for a program, in TSV."""
    return "nan" if value is None else f"{value:.6f}"


def as_json(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 6)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join((first.ljust(widths[0]), *cells)).rstrip()
