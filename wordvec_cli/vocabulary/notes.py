"""What a user should know of a vocabulary: how its file was read, and what counting kept and dropped."""

from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Report
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_notes import note_invalid_lines
from wordvec_cli.text.spacing import REMEDY, lacks_spaces, marked_tokens
from wordvec_cli.vocabulary.counting import CountedWords, CountOptions, count_words
from wordvec_cli.vocabulary.file import VocabularyFile, read_vocabulary


def read_and_note(path: str, note: Note) -> VocabularyFile:
    """A vocabulary file, with a note of the line that could be read in another way. Raises: InputError"""
    file = read_vocabulary(path)
    if file.remark:
        note(file.remark)
    return file


def count_and_note(corpus: Corpus, options: CountOptions, report: Report, note: Note) -> CountedWords:
    """Count the words of a corpus, with notes of what was kept, and what was dropped for which reason."""
    words = count_words(corpus, options, report)
    note_counted(words, corpus, note)
    return words


def note_counted(words: CountedWords, corpus: Corpus, note: Note) -> None:
    """Say what was kept, and what was dropped for which reason."""
    options = words.options
    note(f"{counted(words.statistics.n_tokens, 'token')} in {counted(words.statistics.n_lines, 'line')}")
    note(f"kept {counted(words.n_words, 'word')} ({counted(words.n_tokens, 'token')})")
    for dropped, reason in (
        (words.below_min_count, f"below --min-count {options.min_count}"),
        *((dropped, f"by {reason}") for reason, dropped in words.filtered.items()),
        (words.beyond_max_vocab, f"beyond --max-vocab {options.max_vocab}"),
    ):
        if dropped.n_words:
            n_words, n_tokens = counted(dropped.n_words, "word"), counted(dropped.n_tokens, "token")
            note(f"dropped {n_words} ({n_tokens}) {reason}")
    _note_how_text_splits(words, corpus, note)
    note_invalid_lines(corpus, note, words.statistics.n_lines)


def _note_how_text_splits(words: CountedWords, corpus: Corpus, note: Note) -> None:
    n_dropped, n_tokens = words.below_min_count.n_tokens, words.statistics.n_tokens
    if 10 * n_dropped > n_tokens and lacks_spaces(corpus):
        note(REMEDY)
    elif 2 * n_dropped > n_tokens:
        note(
            f"--min-count {words.options.min_count} drops more than half of so small a corpus; "
            "--min-count 1 keeps every word"
        )
    elif marked := marked_tokens(corpus):
        some = ", ".join(map(repr, [*dict.fromkeys(marked)][:3]))
        note(
            f"many words have a mark at their end ({some} ...) and count as others than without it; --tokenizer words "
            "takes marks for words of their own"
        )
