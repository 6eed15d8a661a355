"""Missing words on the command line: the options about them, and what is said of each."""

import click

from wordvec_cli.cli.options import vocab_option
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.queries.word_finder import MissingWord, WordFinder
from wordvec_cli.text.decoding import as_text, shown
from wordvec_cli.vectors.embeddings import Embeddings

EXIT_MISSING = 3

fuller_vocab_option = vocab_option(
    "A larger vocabulary, to say why a word is missing; or the words of a vector file that holds none."
)
missing_option = click.option(
    "--missing",
    type=click.Choice(["error", "skip", "blank", "unknown"]),
    default="error",
    show_default=True,
    help="What a question with a missing word gets. error: no answer, and exit status 3; skip: no answer, but sets of "
    "words do without the word; blank: a line with the question alone; unknown: an answer with the file's vector of "
    "unknown words in the word's place (wordvec train --unknown-vector).",
)


def word_finder(
    path: str, embeddings: Embeddings, terminal: Terminal, vocab_path: str | None, missing: str
) -> WordFinder:
    """Finds words in the vectors of `path`, and names each missing one on standard error. Raises: InputError"""
    try:
        return WordFinder(embeddings, missing, vocab_path, lambda word: _tell(word, terminal))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def exit_status(finder: WordFinder) -> int:
    return EXIT_MISSING if finder.missing == "error" and finder.n_missing else 0


def _tell(missing: MissingWord, terminal: Terminal) -> None:
    likely = list(missing.likely)
    there_is = f"there is {', '.join(repr(shown(other)) for other in likely)}" if likely else ""
    text = "; ".join(filter(None, (f"{shown(missing.word)!r} is missing", there_is, missing.reason)))
    fields: dict[str, object] = {"missing": as_text(missing.word)}
    fields |= {"there_is": list(map(as_text, likely))} if likely else {}
    terminal.note(text, **fields | ({"reason": missing.reason} if missing.reason else {}))
