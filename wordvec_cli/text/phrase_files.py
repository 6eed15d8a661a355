"""From a corpus to the same text with its phrases joined: those learnt of it, or those of a file."""

import os
from dataclasses import dataclass

from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Report
from wordvec_cli.storage.files import check_output, is_stream, replacing, spool_folder, together
from wordvec_cli.storage.output_names import check_not_compressed
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_notes import note_invalid_lines, open_corpus
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.phrase_options import LearntPhrases, PhraseOptions
from wordvec_cli.text.phrase_table import read_phrases, write_phrases
from wordvec_cli.text.phrases import join, learn
from wordvec_cli.text.tokenizer import Tokenizer, agreed_tokenizer


@dataclass(frozen=True)
class PhrasesOrder:
    """What to join, and where to write it.

    corpus     files and folders; - is standard input
    learning   how phrases are learnt; not used where `apply` names a file of them
    tokenizer  None: that of the file of phrases, or white space
    tmp_dir    for temporary files; None: the output's folder
    files      how the corpus is read
    """

    corpus: tuple[str, ...]
    output: str
    learning: PhraseOptions
    apply: str | None = None
    save_phrases: str | None = None
    tokenizer: Tokenizer | None = None
    tmp_dir: str | None = None
    files: FileOptions = AS_NAMED

    def check(self) -> None:
        """Raises: OutputError if an output cannot be written"""
        for path in filter(None, (self.output, self.save_phrases)):
            check_output(path)
            check_not_compressed(path, ".txt")


def write_joined(order: PhrasesOrder, report: Report, note: Note) -> None:
    """Join the phrases of a corpus; write its lines, and the phrases too if that is asked for.

    Raises: InputError, OptionError, OutputError
    """
    order.check()
    known = read_phrases(order.apply) if order.apply else None
    tokenizer = agreed_tokenizer(order.tokenizer, known.tokenizer if known else None, f"{order.apply}: was learnt")
    folder = spool_folder(order.tmp_dir, order.output)
    corpus = open_corpus(order.corpus, tokenizer, folder, note, order.files)
    corpus.check_not_output(order.output)
    learnt = known or learn(corpus, order.learning, report)
    if not known:
        _note_passes(learnt, note)
    _write(order, corpus, learnt, report)
    note_invalid_lines(corpus, note, skipped="left blank")


def _write(order: PhrasesOrder, corpus: Corpus, learnt: LearntPhrases, report: Report) -> None:
    if order.save_phrases and is_stream(order.output):  # whose reader may leave, with the phrases not yet written
        write_phrases(learnt, order.save_phrases)
    with together():
        with replacing(order.output) as file:
            file.writelines(join(corpus, learnt, report))
        if order.save_phrases and not is_stream(order.output):
            write_phrases(learnt, order.save_phrases)


def _note_passes(learnt: LearntPhrases, note: Note) -> None:
    """Say what each pass has found, and what it had to forget."""
    for number, found in enumerate(learnt.passes, 1):
        words = f"{counted(found.n_words, 'word')}, {found.n_candidates} different words and pairs"
        note(f"pass {number}: {counted(len(found.phrases), 'phrase')} ({words})")
        if found.n_punctuation:
            pairs = counted(found.n_punctuation, "pair")
            note(f"pass {number}: {pairs} with punctuation left alone; --join-punctuation joins them")
        for reason, n_pairs in sorted(found.filtered.items()):
            note(f"pass {number}: {counted(n_pairs, 'pair')} left alone by {reason}")
        if found.n_dropped:
            dropped = counted(found.n_dropped, "occurrence")
            note(
                f"pass {number}: more words and pairs than --max-candidates {learnt.options.max_candidates}: rare ones "
                f"({dropped}) were dropped on the way, so some counts are too low and some phrases may be missing"
            )


def connector_words(told: str) -> frozenset[bytes]:
    """Words with commas between them; "english" is gensim's list."""
    if told == "english":
        return ENGLISH
    return frozenset(os.fsencode(word.strip()) for word in told.split(","))


# Articles, prepositions and conjunctions. Source: gensim, models/phrases.py, ENGLISH_CONNECTOR_WORDS
ENGLISH = frozenset(b"a an the for of with without at from to in on by and or".split())
