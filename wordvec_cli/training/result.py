"""What a training gives, and the file that holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wordvec_cli import formats
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.progress import Note
from wordvec_cli.text.file_options import RECORDED
from wordvec_cli.training import gensim_engine
from wordvec_cli.training.glove import GloveConfig, vector_of_unknown_words
from wordvec_cli.training.order import Order
from wordvec_cli.training.prepared_run import PreparedRun
from wordvec_cli.training.provenance import Provenance
from wordvec_cli.training.trainer import Trained
from wordvec_cli.vectors import native
from wordvec_cli.vectors.embeddings import Embeddings, of_rows
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from wordvec_cli.vectors.embeddings import Rows
    from wordvec_cli.vectors.subwords import Subwords


@dataclass(frozen=True)
class Result:
    """What a training gives.

    matrix    (n_words, dim) float32, perhaps made when its rows are asked for
    others    further matrices by name, if they were wanted: `context`, `unknown`
    metadata  as the file has it
    losses    the mean of each epoch; None of one without a term
    """

    vocabulary: Vocabulary
    matrix: "Rows"
    others: "Mapping[str, Rows]"
    metadata: Mapping[str, str]
    losses: tuple[float | None, ...]
    subwords: "Subwords | None" = None

    def embeddings(self) -> Embeddings:
        """The vectors as the file would give them, in memory."""
        vectors = of_rows(self.vocabulary, self.matrix, self.metadata, self.others)
        return replace(vectors, subwords=self.subwords)


def result_of(order: Order, prepared: PreparedRun, trained: Trained) -> Result:
    others: dict[str, Rows] = {}
    if order.save_context and trained.context is not None:
        others["context"] = trained.context
    if isinstance(order.config, GloveConfig) and order.config.unknown_vector:
        others["unknown"] = vector_of_unknown_words(trained.matrix, prepared.vocabulary)
    metadata = _provenance(order, prepared, trained).metadata()
    losses = tuple(trained.state.known_losses)
    return Result(prepared.vocabulary, trained.matrix, others, metadata, losses, trained.subwords)


def _provenance(order: Order, prepared: PreparedRun, trained: Trained) -> Provenance:
    return Provenance(
        order.config.options() | {"min_count": order.min_count, "max_vocab": order.max_vocab},
        trained.state,
        order.config.deterministic,
        remedy="" if order.is_by_gensim else "--deterministic",
        corpus_fingerprint=prepared.corpus_fingerprint,
        vocabulary=prepared.inputs["vocab_limits"],
        tokenizer=prepared.inputs["tokenizer"],
        engine=gensim_engine.version() if order.is_by_gensim else None,
        init=prepared.inputs["init"],
        files={name: prepared.inputs[name] for name in RECORDED if prepared.inputs.get(name)},
        bootstrap=prepared.inputs.get("bootstrap"),
        group=prepared.inputs.get("group"),
        stops_early=order.early_stopping is not None,
    )


def write(result: Result, order: Order, note: Note) -> None:
    """Write the vectors to the output of an order, if it has one. Raises: InputError, OutputError"""
    if order.output is None:
        return
    if order.format is formats.FORMATS[formats.NATIVE]:
        parts = result.vocabulary, result.matrix, result.metadata, result.others, result.subwords
        native.save(order.output, *parts)
        return
    options = WriteOptions(n_threads=order.threads)
    for what in formats.write_vectors(order.output, result.embeddings(), order.format, options):
        note(f"{order.output}: has no room for {what}")
