"""A corpus on the command line: what there is to know of it goes to the terminal."""

from collections.abc import Iterable
from pathlib import Path

from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.text import corpus_notes
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer


def open_corpus(paths: Iterable[str], tokenizer: Tokenizer, spool_folder: Path, terminal: Terminal) -> Corpus:
    return corpus_notes.open_corpus(paths, tokenizer, spool_folder, terminal.note)


def tell_invalid_lines(
    corpus: Corpus, terminal: Terminal, n_lines: int | None = None, skipped: str = "dropped"
) -> None:
    corpus_notes.note_invalid_lines(corpus, terminal.note, n_lines, skipped)
