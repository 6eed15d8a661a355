"""What comes before training: words are counted or read, the corpus is encoded, for GloVe pairs are counted or read.

A run prepares so, and a dry run looks so at what a run would take.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Report
from wordvec_cli.sequences.pair_arrays import Pairs
from wordvec_cli.sequences.pairs import PairCounter, Room
from wordvec_cli.sequences.pairs_file import PairsFile
from wordvec_cli.sequences.word_ids import Sequences, count_tokens, encode
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_notes import note_invalid_lines, note_left_out
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.advice import advise, note_epochs
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.glove import GloveConfig
from wordvec_cli.training.inputs import Inputs
from wordvec_cli.training.order import Order
from wordvec_cli.training.planning import Counted, PairsToCount, Planner
from wordvec_cli.training.prepared_run import PreparedRun
from wordvec_cli.training.tiles import Tiles, lay_out
from wordvec_cli.vocabulary.counting import CountedWords, CountOptions
from wordvec_cli.vocabulary.notes import count_and_note
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True)
class Preparation:
    """The work before the training of one order."""

    order: Order
    inputs: Inputs
    eval_sets: Sequence[EvalSet]
    report: Report
    note: Note

    @property
    def planner(self) -> Planner:
        return Planner(self.order, self.inputs.tokenizer or Tokenizer(), self.eval_sets)

    def plan(self) -> Plan:
        """What training would take, found without leaving anything on the disk. Raises: InputError, OutputError"""
        if file := self.inputs.pairs_file:
            return replace(self.planner.plan(Counted(file.vocabulary)), n_pairs=len(file.pairs))
        text = self._text()
        if not self.order.is_of_pairs:
            words = self._tokens(text)
            note_epochs(self.order, words.n_known, self.note)
            return self.planner.plan(words, text)
        vocabulary = self._words(text).vocabulary
        sequences = self._sequences(text, vocabulary, None)  # nothing else tells how many pairs
        plan = self.planner.plan(Counted.of_sequences(vocabulary, sequences), text)
        return self.planner.with_pairs(plan, self._to_count(text, sequences, vocabulary))

    def run(self, folder: Path) -> PreparedRun:
        """What training starts from; its material is in `folder`. Raises: InputError, OutputError"""
        if file := self.inputs.pairs_file:
            tiles = self._tiles_of_file(file, folder)
            assert self.order.pairs is not None
            sources = stamp(self.order.pairs)
            return PreparedRun(tiles, file.vocabulary, self.inputs.table, sources, file.corpus_fingerprint)
        text = self._text()
        words = self._words(text)
        if not self.inputs.vocabulary_file:
            self.planner.check_fits(self.planner.plan(words, text))
        vocabulary = words.vocabulary
        sequences = self._encoded(text, vocabulary, folder)
        inputs = self.inputs.settled_for(self.order, sequences.n_known)
        note_epochs(self.order, sequences.n_known, self.note)
        advise(self.order.settled_for(sequences.n_known), vocabulary, sequences, self.note)
        material = self._material(text, sequences, vocabulary, folder)
        return PreparedRun(material, vocabulary, inputs.table, text.stamp(), sequences.corpus_fingerprint)

    def _material(self, text: Corpus, sequences: Sequences, vocabulary: Vocabulary, folder: Path) -> Sequences | Tiles:
        return self._tiles_of_text(text, sequences, vocabulary, folder) if self.order.is_of_pairs else sequences

    # ------------------------------------------------------------ text

    def text(self) -> Corpus:
        """The corpus, without a word about it. Raises: InputError"""
        assert self.inputs.tokenizer is not None
        order = self.order
        return Corpus.open(order.corpus, self.inputs.tokenizer, order.spool_folder, order.files)

    def _text(self) -> Corpus:
        text = self.text()
        note_left_out(text, self.note)
        if self.order.output is not None:
            text.check_not_output(self.order.output)
        return text

    def _words(self, text: Corpus) -> Counted:
        """Those of the vocabulary that is given, or those that the corpus has."""
        if known := self.inputs.vocabulary_file:
            return Counted(known.vocabulary)
        order = self.order
        assert order.min_count is not None
        options = CountOptions(order.min_count, order.max_vocab, order.memory, order.threads)
        return Counted.of_words(self._counted(text, options))

    def _counted(self, text: Corpus, options: CountOptions) -> CountedWords:
        return count_and_note(text, options, self.report, self.note)

    def _tokens(self, text: Corpus) -> Counted:
        """As `_words`, and how many tokens the corpus has."""
        words = self._words(text)
        if words.n_tokens:
            return words
        return self._counted_tokens(text, words.vocabulary)

    def _counted_tokens(self, text: Corpus, vocabulary: Vocabulary) -> Counted:
        return Counted.of_tally(vocabulary, count_tokens(text, vocabulary, self.order.threads, self.report))

    def _encoded(self, text: Corpus, vocabulary: Vocabulary, folder: Path) -> Sequences:
        order = self.order
        sequences = self._sequences(text, vocabulary, self._folder_of_ids(folder))
        if self.inputs.vocabulary_file:
            plan = self.planner.plan(Counted.of_sequences(vocabulary, sequences), text, is_encoded=True)
            self.planner.check_fits(plan)
            self.note(
                f"in {order.vocab}: {counted(sequences.n_known, 'token')}; not in it, and left out: "
                f"{sequences.n_unknown}"
            )
            note_invalid_lines(text, self.note, sequences.statistics.n_lines)
        return sequences

    def _folder_of_ids(self, folder: Path) -> Path | None:
        """None for GloVe: its material are the pairs, and the ids go when these are counted."""
        return None if self.order.is_of_pairs else folder

    def _sequences(self, text: Corpus, vocabulary: Vocabulary, folder: Path | None) -> Sequences:
        """In files of the folder; None: in nameless ones."""
        return encode(text, vocabulary, self.order.threads, self.report, folder)

    # ------------------------------------------------------------ pairs

    def _pair_counter(self, sequences: Sequences, vocabulary: Vocabulary) -> PairCounter:
        return PairCounter(sequences, len(vocabulary), self._config.pair_options, self.order.room)

    def _to_count(self, text: Corpus, sequences: Sequences, vocabulary: Vocabulary) -> PairsToCount:
        """How many pairs there will be, about."""
        return self._pair_counter(sequences, vocabulary)

    def _tiles_of_text(self, text: Corpus, sequences: Sequences, vocabulary: Vocabulary, folder: Path) -> Tiles:
        """The pairs of a corpus, counted. Raises: InputError, OutputError"""
        return self._laid_out(self._counted_pairs(text, sequences, vocabulary), vocabulary, folder)

    def _counted_pairs(self, text: Corpus, sequences: Sequences, vocabulary: Vocabulary) -> Pairs:
        counter = self._pair_counter(sequences, vocabulary)
        self._check_room(counter, text, Counted.of_sequences(vocabulary, sequences))
        pairs = counter.count(self.report)
        self._note_pairs(len(pairs), counter.n_runs)
        return pairs

    def _check_room(self, counter: PairsToCount, text: Corpus, words: Counted) -> None:
        """Raises: InputError, OutputError if the pairs, or training on them, would not fit"""
        plan = self.planner.plan(words, text, is_encoded=True)
        self.planner.check_fits(self.planner.with_pairs(plan, counter))

    def _note_pairs(self, n_pairs: int, n_runs: int) -> None:
        within = f", counted in {n_runs} runs to stay within --memory" if n_runs > 1 else ""
        self.note(f"{counted(n_pairs, 'pair of words', 'pairs of words')}{within}")

    def _tiles_of_file(self, file: PairsFile, folder: Path) -> Tiles:
        """Raises: InputError that names the file, OutputError"""
        self.planner.check_fits(replace(self.planner.plan(Counted(file.vocabulary)), n_pairs=len(file.pairs)))
        try:
            return self._laid_out(file.pairs, file.vocabulary, folder)
        except InputError as error:
            raise InputError(f"{self.order.pairs}: {error}") from error

    def _laid_out(self, pairs: Pairs, vocabulary: Vocabulary, folder: Path) -> Tiles:
        room = Room(folder, self.order.memory, self.order.threads)
        return lay_out(pairs, len(vocabulary), self._config.weighting, room, self.report)

    @property
    def _config(self) -> GloveConfig:
        assert isinstance(self.order.config, GloveConfig)
        return self.order.config


def stamp(path: str) -> list[Any]:
    """As long as these stay, the file does: as `Corpus.stamp`."""
    status = os.stat(path)
    return [(os.path.realpath(path), status.st_size, status.st_mtime_ns)]
