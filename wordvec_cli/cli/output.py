"""Results on standard output, and words that are asked for."""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.files import readable, standard_output, writable

if TYPE_CHECKING:
    from wordvec_cli.corpus import Corpus
    from wordvec_cli.counting import CountedWords, CountOptions

READ_BYTES = 1 << 16
STANDARD_INPUT = 0  # the descriptor: sys.stdin is None where it is closed, and would buffer where it is not


def shown(word: bytes) -> str:
    """A word for a person's eyes: broken UTF-8 is replaced."""
    return word.decode("utf-8", "replace")


def as_text(word: bytes) -> str:
    """A word for JSON: a broken byte becomes a lone surrogate, from which it can be told again."""
    return word.decode("utf-8", "surrogateescape")


def write_stdout(parts: Iterable[bytes | memoryview]) -> None:
    """Write and flush, so that a program at the other end of a pipe gets its answer at once."""
    with writable("standard output"):
        file = standard_output()
        for part in parts:
            file.write(part)
        file.flush()


def asked_words(arguments: tuple[str, ...]) -> Iterator[list[bytes]]:
    """The words of the command line, or the lines of standard input as they come in.

    A batch is what a pipe holds at the time: one line from a program that waits for its answer, thousands from a file.
    """
    if arguments:
        yield [os.fsencode(word) for word in arguments]
        return
    rest = b""
    with readable("standard input"):
        while chunk := os.read(STANDARD_INPUT, READ_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if lines:
                yield [line.removesuffix(b"\r") for line in lines]
    if rest:
        yield [rest.removesuffix(b"\r")]


def count_words_and_tell(corpus: "Corpus", options: "CountOptions", terminal: Terminal) -> "CountedWords":
    """Count the words of a corpus, and tell what was kept, and whatever was dropped for which reason."""
    from wordvec_cli.counting import count_words

    words = count_words(corpus, options, terminal.report)
    terminal.close()
    statistics = words.statistics
    terminal.note(f"{statistics.n_tokens} tokens in {statistics.n_lines} lines")
    terminal.note(f"kept {words.n_words} words ({words.n_tokens} tokens)")
    for dropped, reason in (
        (words.below_min_count, f"below --min-count {options.min_count}"),
        (words.beyond_max_vocab, f"beyond --max-vocab {options.max_vocab}"),
    ):
        if dropped.n_words:
            terminal.note(f"dropped {dropped.n_words} words ({dropped.n_tokens} tokens) {reason}")
    if statistics.n_invalid_lines:
        terminal.note(f"{statistics.n_invalid_lines} lines are not UTF-8; {statistics.n_dropped_lines} of them dropped")
    return words
