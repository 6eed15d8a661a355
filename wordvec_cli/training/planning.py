"""What is known of a training before it begins, and whether that fits the machine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.sequences.word_ids import Sequences, TokenTally
from wordvec_cli.storage.files import are_on_one_disk, check_free_space
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import checkpoint_folder
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.estimate.totals import Estimate, estimated
from wordvec_cli.training.order import Order
from wordvec_cli.vocabulary.counting import CountedWords
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True)
class Counted:
    """What a pass over the corpus finds out; the fields are those of `Plan`."""

    vocabulary: Vocabulary
    n_tokens: int = 0
    n_lines: int = 0
    n_known: int = 0
    n_distinct_words: int = 0

    @classmethod
    def of_words(cls, words: CountedWords) -> "Counted":
        n_distinct = words.n_words + words.below_min_count.n_words + words.beyond_max_vocab.n_words
        statistics = words.statistics
        return cls(words.vocabulary(), statistics.n_tokens, statistics.n_lines, words.n_tokens, n_distinct)

    @classmethod
    def of_sequences(cls, vocabulary: Vocabulary, sequences: Sequences) -> "Counted":
        return cls(vocabulary, len(sequences.ids), sequences.n_sentences, sequences.n_known)

    @classmethod
    def of_tally(cls, vocabulary: Vocabulary, tally: TokenTally) -> "Counted":
        return cls(vocabulary, tally.n_tokens, tally.n_lines, tally.n_known)


class PairsToCount(Protocol):
    """How much counting pairs takes: see `PairCounter`."""

    @property
    def n_pairs_about(self) -> int: ...
    @property
    def disk_bytes(self) -> int: ...


@dataclass(frozen=True)
class Planner:
    """Plans of one order, from what is counted on the way."""

    order: Order
    tokenizer: Tokenizer
    eval_sets: Sequence[EvalSet]

    def plan(self, counted: Counted, text: Corpus | None = None, is_encoded: bool = False) -> Plan:
        """text  None: there is none, or what came through a pipe for it is gone"""
        order = self.order.settled_for(counted.n_known)
        return Plan(
            counted.vocabulary, order.config, self.tokenizer, counted.n_tokens, counted.n_lines, counted.n_known,
            counted.n_distinct_words, order.threads,
            n_init_words=len(order.init.vocabulary) if order.init else 0,
            eval_sets=self.eval_sets,
            saves_context=order.save_context,
            stops_early=order.early_stopping is not None,
            keeps_checkpoints=checkpoint_folder.keeps(order.output),
            spooled_bytes=text.spooled_bytes if text else 0,
            spool_is_near=text is not None and are_on_one_disk(text.spool_folder, checkpoint_disk(order)),
            is_encoded=is_encoded,
            is_by_gensim=order.is_by_gensim,
            room=order.room,
        )  # fmt: skip

    def with_pairs(self, plan: Plan, counter: PairsToCount) -> Plan:
        """The plan, with what counting will have on disk. Raises: OutputError if the disk of --tmp-dir is too full"""
        folder = self.order.spool_folder
        is_near = are_on_one_disk(folder, checkpoint_disk(self.order))
        if not is_near:
            check_free_space(folder, counter.disk_bytes, "counting pairs")
        return replace(plan, n_pairs=counter.n_pairs_about, bytes_of_counting=counter.disk_bytes if is_near else 0)

    def check_fits(self, plan: Plan) -> None:
        """Raises: InputError (memory) or OutputError (disk) with the figures if training would not fit"""
        check_fits(self.order, estimated(plan))


def check_fits(order: Order, estimate: Estimate) -> None:
    """Raises: InputError (memory) or OutputError (disk) with the figures if training would not fit"""
    estimate.check_memory()
    purpose = f"{order.output}: training" if order.output else "training"
    check_free_space(checkpoint_disk(order), estimate.disk_to_come_bytes, purpose)


def checkpoint_disk(order: Order) -> Path:
    """A folder on the disk where the checkpoints are, or, if none are kept, the word ids."""
    if order.output is None or not checkpoint_folder.keeps(order.output):
        return order.spool_folder
    return checkpoint_folder.folder_of(order.output).parent
