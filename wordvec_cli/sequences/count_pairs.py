"""From a corpus to a file of pairs: which words stand near which, and how often."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Report
from wordvec_cli.sequences.pair_arrays import BYTES_PER_PAIR, CountedRows
from wordvec_cli.sequences.pairs import PairCounter, PairOptions, Room
from wordvec_cli.sequences.pairs_file import (
    Expected,
    PairsFacts,
    PairsLayout,
    layout_of,
    spooled_bytes_per_pair,
    write_counted,
)
from wordvec_cli.sequences.word_ids import Sequences, encode
from wordvec_cli.storage.files import (
    STANDARD_STREAM,
    are_on_one_disk,
    check_free_space,
    check_not_input,
    check_output,
    output_folder,
    spool_folder,
)
from wordvec_cli.storage.output_names import check_ending
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_notes import note_invalid_lines, open_corpus
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.tokenizer import Tokenizer, agreed_tokenizer
from wordvec_cli.vocabulary.file import VocabularyFile
from wordvec_cli.vocabulary.notes import read_and_note
from wordvec_cli.vocabulary.vocabulary import Vocabulary

ENDINGS = {"glove": [".bin"], "safetensors": [".safetensors"]}


@dataclass(frozen=True)
class PairsOrder:
    """What to count, and where to write it.

    corpus     files and folders; - is standard input
    vocab      a vocabulary file
    layout     None: by the output's name
    tokenizer  None: that of the vocabulary
    tmp_dir    for temporary files; None: the output's folder
    files      how the corpus is read
    """

    corpus: tuple[str, ...]
    vocab: str
    output: str
    counting: PairOptions
    layout: PairsLayout | None = None
    tokenizer: Tokenizer | None = None
    n_threads: int = 1
    memory_bytes: int = 1_000_000_000
    tmp_dir: str | None = None
    files: FileOptions = AS_NAMED

    @property
    def folder(self) -> Path:
        return spool_folder(self.tmp_dir, self.output)

    @property
    def chosen_layout(self) -> PairsLayout:
        return self.layout or layout_of(self.output)

    def check(self) -> None:
        """Raises: OptionError, OutputError"""
        check_output(self.output)
        check_not_input(self.output, self.vocab)
        check_ending(self.output, ENDINGS[self.chosen_layout])


def write_counted_pairs(order: PairsOrder, report: Report, note: Note) -> None:
    """Count which words of a corpus stand near which, and write that. Raises: InputError, OptionError, OutputError"""
    order.check()
    from wordvec_cli.kernels.ahead import compile_ahead

    compile_ahead("pairs.lay_out", "pairs.count_rows")  # while the corpus is read
    words = words_of(order, note)
    corpus = _open_corpus(order, words, note)
    _count(order, words, corpus, report, note)


def words_of(order: PairsOrder, note: Note) -> VocabularyFile:
    """Raises: InputError"""
    words = read_and_note(order.vocab, note)
    if words.note:
        note(words.note)
    return words


def _open_corpus(order: PairsOrder, words: VocabularyFile, note: Note) -> Corpus:
    corpus = open_corpus(order.corpus, tokenizer_of(order, words), order.folder, note, order.files)
    corpus.check_not_output(order.output)
    return corpus


def tokenizer_of(order: PairsOrder, words: VocabularyFile) -> Tokenizer:
    """Raises: InputError if the one that is asked for is not that of the vocabulary"""
    return agreed_tokenizer(order.tokenizer, words.tokenizer, f"{order.vocab}: was built")


def _count(order: PairsOrder, words: VocabularyFile, corpus: Corpus, report: Report, note: Note) -> None:
    sequences = encode(corpus, words.vocabulary, order.n_threads, report)
    room = Room(order.folder, order.memory_bytes, order.n_threads)
    counter = PairCounter(sequences, len(words.vocabulary), order.counting, room)
    encoded = EncodedCorpus(corpus, words.vocabulary, sequences)
    write_rows(order, encoded, counter, lambda: counter.parts(report), note)


@dataclass(frozen=True)
class EncodedCorpus:
    """A corpus that was read, and its words as ids."""

    corpus: Corpus
    vocabulary: Vocabulary
    sequences: Sequences


class ToCount(Protocol):
    """How much there is to count: see `PairCounter`."""

    @property
    def n_runs(self) -> int: ...
    @property
    def n_pairs_about(self) -> int: ...
    @property
    def run_bytes(self) -> int: ...


def write_rows(
    order: PairsOrder, encoded: EncodedCorpus, to_count: ToCount, parts: Callable[[], Iterable[CountedRows]], note: Note
) -> None:
    """Write what `parts` counts, if there is room for it. Raises: InputError, OutputError"""
    corpus, sequences = encoded.corpus, encoded.sequences
    _check_space(to_count, order, note)
    facts = PairsFacts(encoded.vocabulary, order.counting, corpus.tokenizer, sequences.corpus_fingerprint)
    expected = Expected(to_count.n_pairs_about, order.folder)
    n_pairs = write_counted(order.output, parts(), expected, facts, order.chosen_layout)
    known, found = counted(sequences.n_known, "token"), counted(n_pairs, "pair of words", "pairs of words")
    note(f"{known} in {order.vocab}, {sequences.n_unknown} not in it; {found}")
    note_invalid_lines(corpus, note, sequences.statistics.n_lines)


def _check_space(counter: ToCount, order: PairsOrder, note: Note) -> None:
    """Raises: OutputError if the disks of the temporary files and the output have too little room"""
    if counter.n_runs > 1:
        note(f"the corpus does not fit into --memory: it is counted in {counter.n_runs} runs, which are merged")
    spooled = spooled_bytes_per_pair(order.output, order.chosen_layout) * counter.n_pairs_about
    temporary = counter.run_bytes + spooled
    check_free_space(order.folder, temporary, "counting pairs")
    if order.output != STANDARD_STREAM:
        to_come = BYTES_PER_PAIR * counter.n_pairs_about
        there = output_folder(order.output)
        shared = temporary if are_on_one_disk(there, order.folder) else 0
        check_free_space(there, to_come + shared, order.output)
