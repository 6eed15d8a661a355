"""What a user should know of a corpus: the files read and left out, and the lines that are not valid UTF-8."""

from collections.abc import Iterable
from pathlib import Path

from wordvec_cli.messages import counted, listed
from wordvec_cli.progress import Note
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.file_options import AS_NAMED, AUTO, FileOptions
from wordvec_cli.text.source import Source
from wordvec_cli.text.tokenizer import Tokenizer

MOST_NAMED = 3  # of the files that are left out
MOST_READ_NAMED = 20
_FATES = {"keep": "kept byte for byte", "replace": "their bad bytes replaced by U+FFFD"}


def open_corpus(
    paths: Iterable[str | Source], tokenizer: Tokenizer, spool_folder: Path, note: Note, files: FileOptions = AS_NAMED
) -> Corpus:
    """`Corpus.open`, with a note of which files there are, and which are not text and left out."""
    corpus = Corpus.open(paths, tokenizer, spool_folder, files)
    note_left_out(corpus, note)
    return corpus


def note_left_out(corpus: Corpus, note: Note) -> None:
    """Say which files there are, and which are not text and left out."""
    if corpus.n_files > 1:
        note(f"{corpus.n_files} files are read: {listed([source.name for source in corpus.sources], MOST_READ_NAMED)}")
    if corpus.files.encoding == AUTO:
        for source in corpus.sources:
            note(f"{source.name}: is read as {source.encoding or 'utf-8'}")
    if corpus.left_out:
        named = listed([f"{file.name} ({file.kind.name})" for file in corpus.left_out], MOST_NAMED)
        note(f"{counted(len(corpus.left_out), 'file')} left out, no text: {named}")


def note_invalid_lines(corpus: Corpus, note: Note, n_lines: int | None = None, skipped: str = "dropped") -> None:
    """Say of the pass that has ended which rows could not be read; of lines that are not UTF-8 also the way out.

    n_lines  of the corpus, where it is known
    skipped  what becomes of lines with --invalid-utf8 skip
    """
    _note_rows(corpus, note)
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


def _note_rows(corpus: Corpus, note: Note) -> None:
    for table in corpus.tables:
        rows = f"{table.table}: {counted(table.n, 'row')}"
        if table.n_unreadable:
            told = f"; {table.n_unreadable} of them could not be read and give empty lines, the first"
            note(f"{rows}{told} row {table.first}: {table.reason}")
        else:
            note(f"{rows} of {' + '.join(corpus.files.text_columns)}")
        if table.n_misquoted:
            misquoted = counted(table.n_misquoted, "row")
            told = f"text follows a closing quote in {misquoted}, the first row {table.first_misquoted}"
            note(f"{table.table}: {told}: perhaps a quote is missing there, and rows have run together")
        if table.n_headers:
            note(f"{table.table}: has its header once more, as a row, {counted(table.n_headers, 'time')}; take it out")
