"""`wordvec similarity`: how near two words are."""

from collections.abc import Iterator, Sequence
from functools import partial

import click

from wordvec_cli.cli.missing import exit_status
from wordvec_cli.cli.models import ModelQuestions, opened_models, vectors_to_ask
from wordvec_cli.cli.models_similarity import SimilarityOverModels
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.questions import (
    QuestionOptions,
    QuestionReader,
    blank,
    figure,
    groups,
    metric_option,
    of_size,
    question_options,
    record,
    rounded,
)  # fmt: skip
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.queries.questions import Question, question_of_words
from wordvec_cli.queries.word_finder import WordFinder


@click.command(short_help="Print how similar two words are.")
@vectors_to_ask("[A B]...")
@metric_option()
@question_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    paths: tuple[str, ...],
    words: tuple[str, ...],
    metric: str,
    options: QuestionOptions,
) -> int:
    """Tell how near A and B are: their cosine, or the measure that --metric names.

    Without words, pairs are read from standard input, two words on each line. A vector of zeros has cosine 0 with
    every vector.

    \b
    wordvec similarity vectors.safetensors king queen
    cut -f1,2 pairs.tsv | wordvec similarity vectors.safetensors --missing blank
    wordvec similarity vectors.safetensors king queen --metric euclidean --format json
    """  # fmt: skip
    arguments = groups(words, 2, "a pair has two")

    def reader_of(finder: WordFinder, told: Terminal) -> QuestionReader:
        question_of = of_size(2, partial(question_of_words, finder=finder), told)
        return QuestionReader("pairs of words", arguments, question_of)

    models = opened_models(paths, options.source, terminal, options.vocab)
    if models is not None:
        return SimilarityOverModels(
            models, ModelQuestions(models, reader_of, options, terminal), metric, options
        ).answer()
    finder = options.finder(paths[0], terminal)
    reader = reader_of(finder, terminal)
    write_stdout(options.table.head(("a", "b", metric)))
    for batch in reader.batches(terminal, options.is_null):
        write_stdout(_answers([reader.question_of(pair) for pair in batch], metric, options))
    return exit_status(finder)


def _answers(questions: Sequence[Question], metric: str, options: QuestionOptions) -> Iterator[bytes]:
    from wordvec_cli.queries.answers import similarities_of_questions

    table = options.table
    for question, value in zip(questions, similarities_of_questions(questions, metric), strict=True):
        if value is None:
            if options.is_blank:
                yield blank(table, question, 3, 1, metric)
        elif table.is_json:
            yield record(table, question, **{metric: rounded(value, metric)})
        else:
            yield table.row([*question.names, figure(value, metric)])
