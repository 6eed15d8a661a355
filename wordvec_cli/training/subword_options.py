"""--subwords and --buckets: which n-grams of characters words have, and how many vectors these share."""

import re

from wordvec_cli.errors import OptionError
from wordvec_cli.vectors.subwords import LONGEST_NGRAM, MOST_BUCKETS

SUBWORDS = "subwords"
NO_SUBWORDS = "none"  # says that there are none, where a preset or a file has some


def ngram_lengths(subwords: str) -> tuple[int, int]:
    """The shortest and the longest n-gram, of "3-6" or "5". Raises: OptionError"""
    match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", subwords)
    if not match:
        raise OptionError(
            f"--subwords {subwords}: must be the lengths of n-grams in characters, as 3-6 or 5; or {NO_SUBWORDS}"
        )
    shortest, longest = int(match[1]), int(match[2] or match[1])
    if shortest < 1 or longest > LONGEST_NGRAM:
        raise OptionError(f"--subwords {subwords}: n-grams have from 1 to {LONGEST_NGRAM} characters")
    if shortest > longest:
        raise OptionError(f"--subwords {subwords}: the shortest comes first; write {longest}-{shortest}")
    return shortest, longest


def check_buckets(n_buckets: int | None) -> None:
    """Raises: OptionError"""
    if n_buckets is not None and not 1 <= n_buckets <= MOST_BUCKETS:
        raise OptionError(f"--buckets {n_buckets}: must be from 1 to 2^31 - 1 = {MOST_BUCKETS}")
