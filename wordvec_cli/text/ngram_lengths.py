"""How long the n-grams of characters are that words are made of: `--subwords MIN-MAX`."""

import re
from typing import NamedTuple

from wordvec_cli.errors import OptionError

MOST_CHARACTERS = 255  # of an n-gram; as in models of fastText that are read


class NgramLengths(NamedTuple):
    """The lengths, in code points of <word>, of the n-grams that count; (0, 0): there are none."""

    shortest: int
    longest: int


NO_NGRAMS = NgramLengths(0, 0)


def ngram_lengths(text: str | None) -> NgramLengths:
    """The lengths that are written as MIN-MAX, or as one number; None: there are no n-grams.

    Raises: OptionError
    """
    if text is None:
        return NO_NGRAMS
    found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text, re.ASCII)
    if not found:
        raise OptionError(f"--subwords {text}: must be the lengths of n-grams in characters, as 3-6 or 5")
    lengths = NgramLengths(int(found[1]), int(found[2] or found[1]))
    if lengths.shortest < 1 or lengths.longest > MOST_CHARACTERS:
        raise OptionError(f"--subwords {text}: n-grams have from 1 to {MOST_CHARACTERS} characters")
    if lengths.shortest > lengths.longest:
        raise OptionError(f"--subwords {text}: the shortest comes first; write {lengths.longest}-{lengths.shortest}")
    return lengths
