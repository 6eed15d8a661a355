"""`wordvec similarity`: how near two words are."""

from collections.abc import Iterator, Sequence
from functools import partial

import click

from wordvec_cli.cli.missing import WordFinder
from wordvec_cli.cli.neighbours import all_vectors
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.questions import (
    Question,
    asked_questions,
    blank,
    figure,
    metric_option,
    of_size,
    question_of,
    question_options,
    record,
    rounded,
)
from wordvec_cli.cli.tables import Table
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource


@click.command(short_help="Tell how near two words are.")
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[A B]...")
@metric_option
@question_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    vectors: str,
    words: tuple[str, ...],
    metric: str,
    table: Table,
    is_null: bool,
    missing: str,
    vocab: str | None,
    source: VectorSource,
) -> int:
    """Tell how near A and B are: their cosine, or what --metric says.

    Pairs are read from standard input, two words a line, if none are given. A vector of zeros has cosine 0
    with everything.

    \b
    wordvec similarity vectors.safetensors king queen
    cut -f1,2 pairs.tsv | wordvec similarity vectors.safetensors --missing blank
    wordvec similarity vectors.safetensors king queen --metric euclidean --format json
    """  # fmt: skip
    if len(words) % 2:
        raise click.UsageError(f"{len(words)} words: pairs have two each; put a word of several in quotes")
    embeddings = source.open(vectors, terminal, vocab, is_again=True)
    finder = WordFinder(vectors, embeddings, terminal, vocab, missing)
    arguments = [words[start : start + 2] for start in range(0, len(words), 2)]
    posed = of_size(2, partial(question_of, finder=finder), terminal)
    write_stdout(table.head(("a", "b", metric)))
    for batch in asked_questions(arguments, terminal, is_null, "pairs of words"):
        questions = [posed(pair) for pair in batch]
        write_stdout(_answers(questions, metric, table, finder.missing == "blank"))
    return finder.exit_status


def _answers(questions: Sequence[Question], metric: str, table: Table, is_blank: bool) -> Iterator[bytes]:
    from wordvec_cli.queries.similarity import similarities

    vectors = all_vectors(questions)
    values = iter(similarities(metric, vectors[::2], vectors[1::2]).tolist() if len(vectors) else [])
    for question in questions:
        if not question.vectors:
            if is_blank:
                yield blank(table, question, 3, 1, metric)
            continue
        value = next(values)
        if table.is_json:
            yield record(table, question, **{metric: rounded(value, metric)})
        else:
            yield table.row([*question.names, figure(value, metric)])
