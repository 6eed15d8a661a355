"""--subwords and --buckets of `train`: see text/ngram_lengths.py."""

from wordvec_cli.errors import OptionError
from wordvec_cli.vectors.subwords import MOST_BUCKETS

SUBWORDS = "subwords"
NO_SUBWORDS = "none"  # says that there are none, where a preset or a file has some


def check_buckets(n_buckets: int | None) -> None:
    """Raises: OptionError"""
    if n_buckets is not None and not 1 <= n_buckets <= MOST_BUCKETS:
        raise OptionError(f"--buckets {n_buckets}: must be from 1 to 2^31 - 1 = {MOST_BUCKETS}")
