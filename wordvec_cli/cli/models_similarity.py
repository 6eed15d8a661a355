"""`wordvec similarity` over several vector files: the spread of the measure, and the rank of B among A's neighbours."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from wordvec_cli.cli.models import RANK_TITLES, SPREAD_TITLES, ModelQuestions, spread_cells, spread_fields
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.questions import QuestionOptions, blank, record
from wordvec_cli.queries.questions import Question

if TYPE_CHECKING:
    from wordvec_cli.queries.models import Models
    from wordvec_cli.queries.models_pairs import PairSpread


class SimilarityOverModels(NamedTuple):
    """Answers pairs of words."""

    models: "Models"
    questions: ModelQuestions
    metric: str
    options: QuestionOptions

    def answer(self) -> int:
        """Write the answers to standard output; the exit status."""
        from wordvec_cli.queries.models_pairs import pair_spreads

        titles = ["a", "b", self.metric, *SPREAD_TITLES, *(RANK_TITLES if self.metric == "cosine" else ())]
        write_stdout(self.options.table.head(titles))
        for batch in self.questions.batches():
            write_stdout(self._lines(batch, pair_spreads(self.models, batch, self.metric), len(titles)))
        return self.questions.status

    def _lines(
        self, batch: Sequence[Sequence[Question]], found: "Iterator[PairSpread | None]", n_columns: int
    ) -> Iterator[bytes]:
        table = self.options.table
        for (question, *_), pair in zip(batch, found, strict=True):
            if pair is None:
                if self.options.is_blank:
                    yield blank(table, question, n_columns, n_columns - 2, self.metric)
            elif table.is_json:
                yield record(table, question, models=len(self.models), **self._figures(pair))
            else:
                ranks = [b"%d" % rank for rank in pair.ranks or ()]
                missing = [b""] * (n_columns - 6 - len(ranks))
                yield table.row([*question.names, *spread_cells(pair.spread, self.metric), *ranks, *missing])

    def _figures(self, pair: "PairSpread") -> dict[str, Any]:
        ranks = {"ranks": list(pair.ranks)} if pair.ranks else {}
        return spread_fields(self.metric, pair.spread, self.metric) | ranks
