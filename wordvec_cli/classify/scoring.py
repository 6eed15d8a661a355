"""Scoring a classifier on labelled lines."""

from collections.abc import Sequence

from wordvec_cli.classify.line_files import LineFiles, lines_of_files
from wordvec_cli.classify.lines import LabelledLine
from wordvec_cli.classify.prediction import Predictor
from wordvec_cli.classify.scores import LabelScores
from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, ignore
from wordvec_cli.text.decoding import shown

EXAMPLES_NAMED = 3


def score_files(predictor: Predictor, files: LineFiles, k: int, threshold: float, note: Note = ignore) -> LabelScores:
    """How well the `k` most probable labels, at least as probable as `threshold`, agree with those of files.

    Lines without a label, and labels that the model does not know, are noted.
    Raises: InputError if no line has a label
    """
    scores, n_unlabelled = LabelScores(), 0
    for parser, lines in lines_of_files(files, predictor.classifier.tokenizer.invalid_utf8):
        n_unlabelled += score_lines(predictor, parser.parse(lines), k, threshold, scores)
    if not scores.n_lines:
        raise InputError(f"{files.name}: no line has a label, so there is nothing to compare with")
    if n_unlabelled:
        note(f"left out: {counted(n_unlabelled, 'line')} without a label")
    _note_unknown(scores, set(predictor.classifier.label_names), note)
    return scores


def score_lines(
    predictor: Predictor, lines: Sequence[LabelledLine], k: int, threshold: float, scores: LabelScores
) -> int:
    """Count lines in `scores`; how many have no label and are left out."""
    labelled = [line for line in lines if line[0]]
    predicted = predictor.predict([text for _, text in labelled], k, threshold) if labelled else []
    for (labels, _), predictions in zip(labelled, predicted, strict=True):
        scores.add(labels, [prediction.label for prediction in predictions])
    return len(lines) - len(labelled)


def _note_unknown(scores: LabelScores, known: set[bytes], note: Note) -> None:
    """Note the labels that the model cannot predict."""
    unknown = [label for label in scores.labels if label not in known]
    if unknown:
        names = ", ".join(shown(label) for label in unknown[:EXAMPLES_NAMED])
        n = sum(scores.of_label(label).n_true for label in unknown)
        note(
            f"not known to the model, and counted as not found: {counted(len(unknown), 'label')} "
            f"({names}{', ...' * (len(unknown) > EXAMPLES_NAMED)}), on {counted(n, 'line')}"
        )
