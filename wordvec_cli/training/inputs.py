"""What determines the result of a training: its options, and the files that they name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from wordvec_cli.progress import Note
from wordvec_cli.sequences.pairs_file import PairsFile, read_pairs
from wordvec_cli.text.tokenizer import Tokenizer, agreed_tokenizer
from wordvec_cli.training.order import Order
from wordvec_cli.training.provenance import identity
from wordvec_cli.vectors import native
from wordvec_cli.vectors.embeddings import recorded
from wordvec_cli.vocabulary.file import VocabularyFile
from wordvec_cli.vocabulary.notes import read_and_note


@dataclass(frozen=True)
class Inputs:
    """Options and files that determine the result.

    table      by the names of the options; files by their fingerprints
    tokenizer  None: that of pairs whose file does not say
    """

    table: Mapping[str, Any]
    tokenizer: Tokenizer | None
    vocabulary_file: VocabularyFile | None
    pairs_file: PairsFile | None

    def settled_for(self, order: Order, n_tokens: int) -> "Inputs":
        """With the options that the size of the corpus decides."""
        return replace(self, table={**self.table, **order.settled_for(n_tokens).config.options()})


def read_inputs(order: Order, note: Note) -> Inputs:
    """The options of an order, and the files that they name. Raises: InputError"""
    known = _read_vocabulary(order, order.vocab, note) if order.vocab else None
    pairs = read_pairs(order.pairs, known.vocabulary if known else None) if order.pairs else None
    tokenizer = _tokenizer(order, known, pairs)
    table = {
        **order.config.options(),
        "min_count": order.min_count,
        "max_vocab": order.max_vocab,
        "tokenizer": tokenizer.to_metadata() if tokenizer else None,
        "pairs": pairs.fingerprint if pairs else None,
        "vocab": known.vocabulary.fingerprint() if known else None,
        "vocab_limits": dict(known.limits) if known else None,
        "init": identity(order.init) if order.init else None,
        "early_stopping": order.early_stopping,
        **order.files.to_metadata(),
    }
    return Inputs(table, tokenizer, known, pairs)


def _tokenizer(order: Order, known: VocabularyFile | None, pairs: PairsFile | None) -> Tokenizer | None:
    of_vocabulary = known.tokenizer if known else None
    if pairs:
        return pairs.tokenizer or of_vocabulary
    if order.tokenizer is None and known is None and order.like:
        return Tokenizer.from_metadata(recorded(native.load(order.like).metadata, "tokenizer"))
    return agreed_tokenizer(order.tokenizer, of_vocabulary, f"{order.vocab}: was built")


def _read_vocabulary(order: Order, path: str, note: Note) -> VocabularyFile:
    file = read_and_note(path, note)
    if file.note:
        note(file.note)
    if order.min_count or order.max_vocab:
        return file._replace(vocabulary=file.vocabulary.prune(order.min_count or 1, order.max_vocab))
    return file
