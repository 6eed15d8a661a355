"""What a `wordvec train` has found out before it trains, and whether that fits the machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wordvec_cli.cli.output import count_words_and_tell
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.storage.files import are_on_one_disk, check_free_space
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import checkpoint_folder
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.estimate.totals import Estimate
from wordvec_cli.training.estimate.totals import estimated as estimate
from wordvec_cli.vocabulary.counting import CountOptions
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from wordvec_cli.cli.training_run import Order


@dataclass(frozen=True)
class Counted:
    """What a pass over the corpus tells: as in `Plan`."""

    vocabulary: Vocabulary
    n_tokens: int = 0
    n_lines: int = 0
    n_known: int = 0
    n_distinct_words: int = 0

    @classmethod
    def of_sequences(cls, vocabulary: Vocabulary, sequences: Sequences) -> "Counted":
        return cls(vocabulary, len(sequences.ids), sequences.n_sentences, sequences.n_known)


def count(order: "Order", text: Corpus, terminal: Terminal) -> Counted:
    """Count the words of the corpus, and tell."""
    assert order.min_count is not None
    words = count_words_and_tell(
        text, CountOptions(order.min_count, order.max_vocab, order.memory, order.threads), terminal
    )
    n_distinct = words.n_words + words.below_min_count.n_words + words.beyond_max_vocab.n_words
    return Counted(
        words.vocabulary(), words.statistics.n_tokens, words.statistics.n_lines, words.n_tokens, n_distinct
    )  # fmt: skip


def plan(
    order: "Order",
    counted: Counted,
    tokenizer: Tokenizer | None,
    eval_sets: Sequence[EvalSet],
    text: Corpus | None = None,
    is_encoded: bool = False,
) -> Plan:
    """text  None: there is none, or what came through a pipe for it is gone"""
    return Plan(
        counted.vocabulary, order.config, tokenizer or Tokenizer(), counted.n_tokens, counted.n_lines, counted.n_known,
        counted.n_distinct_words, order.threads,
        n_init_words=len(order.init.vocabulary) if order.init else 0,
        eval_sets=eval_sets,
        saves_context=order.save_context,
        stops_early=order.early_stopping is not None,
        keeps_checkpoints=checkpoint_folder.keeps(order.output),
        spooled_bytes=text.spooled_bytes if text else 0,
        spool_is_near=text is not None and are_on_one_disk(text.spool_folder, checkpoint_disk(order)),
        is_encoded=is_encoded,
        is_by_gensim=order.is_by_gensim,
        room=order.room,
    )  # fmt: skip


def checkpoint_disk(order: "Order") -> Path:
    """A folder on the disk where the checkpoints are, or, if none are kept, the word ids."""
    return (
        order.spool_folder
        if not checkpoint_folder.keeps(order.output)
        else checkpoint_folder.folder_of(order.output).parent
    )


def check_fits(order: "Order", planned: Plan) -> None:
    """Raises: InputError (memory) or OutputError (disk) with the figures if training would not fit."""
    check(order, estimate(planned))


def check(order: "Order", estimated: Estimate) -> None:
    estimated.check_memory()
    check_free_space(checkpoint_disk(order), estimated.disk_to_come_bytes, f"{order.output}: training")
