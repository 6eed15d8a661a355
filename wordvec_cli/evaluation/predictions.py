"""What vectors answered to each question of sets, as a table."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from wordvec_cli.evaluation.scores import Outcomes
from wordvec_cli.evaluation.sets import Analogies, WordPairs
from wordvec_cli.storage.files import replacing
from wordvec_cli.text.decoding import as_bytes, as_text

if TYPE_CHECKING:
    from wordvec_cli.vocabulary.vocabulary import Vocabulary


def save_predictions(path: str, outcomes: Iterable[Outcomes], vocabulary: "Vocabulary") -> None:
    """Write a line for each question: set, section, three words, what is expected, what was answered, outcome.

    Raises: OutputError
    """
    with replacing(path) as file:
        for each in outcomes:
            for fields in predictions(each, vocabulary):
                file.write(as_bytes("\t".join(fields)) + b"\n")


def predictions(outcomes: Outcomes, vocabulary: "Vocabulary") -> Iterator[tuple[str, ...]]:
    """The fields of each question; bytes that are not valid UTF-8 are lone surrogates."""
    if isinstance(outcomes.eval_set, Analogies):
        return _of_analogies(outcomes, outcomes.eval_set, vocabulary)
    return _of_pairs(outcomes, outcomes.eval_set)


def _of_pairs(outcomes: Outcomes, eval_set: WordPairs) -> Iterator[tuple[str, ...]]:
    for i, words in enumerate(eval_set.words):
        outcome = "used" if outcomes.is_known[i] else "unknown"
        yield eval_set.name, "", *words, repr(eval_set.scores[i]), f"{float(outcomes.values[i]):.6f}", outcome


def _of_analogies(outcomes: Outcomes, eval_set: Analogies, vocabulary: "Vocabulary") -> Iterator[tuple[str, ...]]:
    assert outcomes.answers is not None
    for section, (start, end) in zip(eval_set.section_names, eval_set.section_bounds(), strict=True):
        for i in range(start, end):
            a, b, c, *right = eval_set.words[i]
            word_id = int(outcomes.answers[i])
            answer = as_text(vocabulary.word(word_id)) if word_id >= 0 else ""
            outcome = ("right" if outcomes.values[i] else "wrong") if outcomes.is_known[i] else "unknown"
            yield eval_set.name, section, a, b, c, "/".join(right), answer, outcome
