"""`wordvec transform`: other vectors made of vectors, step by step, and what each step does to the scores."""

from typing import TYPE_CHECKING, NamedTuple

import click

from wordvec_cli.cli.conversion import Reading, format_option, reading_options
from wordvec_cli.cli.judging import DEFAULT_JUDGING, judging_options
from wordvec_cli.cli.options import eval_set_option
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import Part
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.vectors.transform.spelling import STEPS, parsed_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wordvec_cli.vectors.embeddings import Embeddings
    from wordvec_cli.vectors.transform.reach import Reach
    from wordvec_cli.vectors.transform.spelling import NamedStep

HELP = f"""Make other vectors of those of INPUT by STEPs, one after the other, and write them to OUTPUT.

A STEP is a name, what it needs after a colon, and options after commas. Nothing is done that is not asked for, and no
step is good for all vectors: --eval-set prints the scores before and after each, --advise tries steps and writes
nothing. OUTPUT records the steps.

{"; ".join(f"`{kind.spelled(name)}`: {kind.does}" for name, kind in STEPS.items())}.

fit-on=N: learn from the first N words alone, in most files the most frequent ones. A vector of zeros stays one, and
nothing is learnt from it. Context vectors and rows of n-grams go through steps that do the same to every row but for
normalise and round, and are dropped, with a note, by the others.

\b
wordvec transform vectors.safetensors out.safetensors normalise centre:fit-on=20000
wordvec transform glove.6B.50d.txt out.safetensors abtt:2 --eval-set wordsim353 --eval-set simlex999
wordvec transform vectors.safetensors small.safetensors pca:50 prune:20000,merge
wordvec transform vectors.safetensors out.safetensors retrofit:synonyms.txt subtract-axis:he:she,man:woman
wordvec transform vectors.safetensors both.safetensors concat:other.safetensors,unit pca:100
wordvec transform vectors.safetensors --advise --eval-set wordsim353
"""


class _Run(NamedTuple):
    """How vector files are read, all of each, on what vectors are scored, and who hears of it."""

    terminal: Terminal
    reading: Reading
    part: Part
    eval_sets: tuple[str, ...]
    judging: Judging
    table: Table

    def write(self, input: str, output: str, steps: "Sequence[NamedStep]", to: str | None) -> None:
        """Take the steps, print the scores, and write the file."""
        from wordvec_cli.cli.step_scores import print_step_scores
        from wordvec_cli.evaluation.asking import read_sets
        from wordvec_cli.evaluation.transforming import transform
        from wordvec_cli.formats.export import ExportOrder
        from wordvec_cli.formats.made import write_made

        order = ExportOrder(output, to)
        order.check(input, self.reading.vocab, *(str(path) for each in steps for path in vars(each.step).values()))
        sets, reach = read_sets(self.eval_sets, self.terminal.note), self._reach()
        made = transform(self._opened(input, self.reading.vocab), steps, reach, sets, self.judging)
        self.terminal.close()
        if made.scores:
            print_step_scores(made.scores, self.judging, self.table)
        write_made(made.vectors, order, reach)

    def advise(self, input: str, steps: "Sequence[NamedStep]") -> None:
        """Try the steps, and print what they change."""
        from wordvec_cli.cli.step_scores import print_step_scores
        from wordvec_cli.evaluation.asking import read_sets
        from wordvec_cli.evaluation.transforming import advise, usual_candidates

        sets, vectors = read_sets(self.eval_sets, self.terminal.note), self._opened(input, self.reading.vocab)
        candidates = [[each] for each in steps] or usual_candidates(vectors)
        scores = advise(vectors, candidates, self._reach(), sets, self.judging)
        self.terminal.close()
        print_step_scores(scores, self.judging, self.table, with_verdict=True)
        if self.judging.resampling and len(candidates) > 1:
            self.terminal.note(
                f"{len(candidates)} steps were tried: of steps that change nothing, one in twenty seems to by chance; "
                "look at the step that you choose with another set"
            )

    def _reach(self) -> "Reach":
        from wordvec_cli.evaluation.transforming import reach_of

        return reach_of(self._opened, self.reading.threads, self.terminal.note, self.terminal.report)

    def _opened(self, path: str, vocab: str | None = None) -> "Embeddings":
        return self.reading.source.open(path, self.terminal, vocab, self.part)


@click.command(short_help="Make other vectors of vectors: centre, whiten, reduce, join.", help=HELP)
@click.argument("input")
@click.argument("rest", nargs=-1, metavar="OUTPUT STEP...")
@format_option
@eval_set_option("Print the scores before and after each step on word pairs or analogies")
@click.option(
    "--advise",
    is_flag=True,
    help="Write nothing: try each STEP, or without any the usual ones, on the --eval-set files, and print which "
    "changed the scores beyond their interval.",
)
@judging_options
@table_options(
    "text: tables for people; tsv: fields between tabs; csv: fields between commas, below titles; json: one object.",
    ("text", "tsv", "csv", "json"),
    has_header_option=False,
)
@reading_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, input: str, rest: tuple[str, ...], to: str | None, eval_sets: tuple[str, ...],
    advise: bool, judging: Judging, table: Table, reading: Reading,
) -> None:  # fmt: skip
    _check(rest, to, eval_sets, advise, judging)
    steps = parsed_steps(rest if advise else rest[1:])
    run = _Run(terminal, reading, reading.part(None if advise else rest[0]), eval_sets, judging, table)
    if advise:
        run.advise(input, steps)
    else:
        run.write(input, rest[0], steps, to)


def _check(rest: tuple[str, ...], to: str | None, eval_sets: tuple[str, ...], advise: bool, judging: Judging) -> None:
    """Raises: click.UsageError if these do not go together"""
    if judging != DEFAULT_JUDGING and not eval_sets:
        raise click.UsageError("the options of scoring need sets; add --eval-set FILE, or leave them out")
    if advise and not eval_sets:
        raise click.UsageError("--advise: needs sets to try the steps on; add --eval-set FILE")
    if advise and to is not None:
        raise click.UsageError("--to: --advise writes no file; leave one of them out")
    if not advise and len(rest) < 2:
        missing = "OUTPUT" if not rest else "STEP"
        raise click.UsageError(f"{missing}: is missing; write wordvec transform INPUT OUTPUT STEP..., or add --advise")
    if eval_sets and not advise and rest[0] == STANDARD_STREAM:
        raise click.UsageError("-: standard output is for the scores of --eval-set; name a file")
