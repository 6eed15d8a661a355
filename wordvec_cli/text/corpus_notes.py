"""What a user should know of a corpus: the files read and left out, and the lines that are not valid UTF-8."""

from collections.abc import Iterable
from pathlib import Path

from wordvec_cli.messages import counted
from wordvec_cli.progress import Note
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_files import Source
from wordvec_cli.text.tokenizer import Tokenizer

MOST_NAMED = 3  # of the files that are left out
_FATES = {"keep": "kept byte for byte", "replace": "their bad bytes replaced by U+FFFD"}


def open_corpus(paths: Iterable[str | Source], tokenizer: Tokenizer, spool_folder: Path, note: Note) -> Corpus:
    """`Corpus.open`, with a note of how many files there are, and which are not text and left out."""
    corpus = Corpus.open(paths, tokenizer, spool_folder)
    note_left_out(corpus, note)
    return corpus


def note_left_out(corpus: Corpus, note: Note) -> None:
    """Say how many files there are, and which are not text and left out."""
    if corpus.n_files > 1:
        note(f"{corpus.n_files} files are read")
    if corpus.left_out:
        named = [f"{file.name} ({file.kind.name})" for file in corpus.left_out[:MOST_NAMED]]
        more = f" and {n_more} more" if (n_more := len(corpus.left_out) - len(named)) else ""
        note(f"{counted(len(corpus.left_out), 'file')} left out, no text: {', '.join(named)}{more}")


def note_invalid_lines(corpus: Corpus, note: Note, n_lines: int | None = None, skipped: str = "dropped") -> None:
    """Say of the pass that has ended which lines are not UTF-8, what became of them, and the way out.

    n_lines  of the corpus, where it is known
    skipped  what becomes of lines with --invalid-utf8 skip
    """
    if corpus.reading is None or corpus.reading.first_invalid is None:
        return
    n_invalid, first = corpus.reading.n_invalid_lines, corpus.reading.first_invalid
    are = "is" if n_invalid == 1 else "are"
    lines = counted(n_invalid, "line") if n_lines is None else f"{n_invalid} of {counted(n_lines, 'line')}"
    guess, encoding = (" (Latin-1?)", "latin1") if first.may_be_latin1 else ("", "ENCODING")
    fate = _FATES.get(corpus.tokenizer.invalid_utf8, skipped)
    note(
        f"{lines} {are} not UTF-8{guess}, the first {first.place}; {fate}; "
        f"to make it UTF-8: iconv -f {encoding} -t utf-8 {first.source.name} > NEW"
    )
