"""Options as a vector file records them, for --like."""

from typing import Any

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.training.models import TYPES, configured
from wordvec_cli.training.options import check_at_least, option_name, typed
from wordvec_cli.vectors.embeddings import recorded
from wordvec_cli.vectors.native import load

LIMITS = ("min_count", "max_vocab")  # on words


def recorded_options(path: str) -> dict[str, Any]:
    """How a vector file was trained. Raises: InputError if it does not say, or says what no option could have been"""
    table = recorded(load(path).metadata, "configuration")
    if not table:
        raise InputError(f"{path}: does not say how it was trained; give the options themselves")
    table = {name: value for name, value in table.items() if value is not None or name in LIMITS}
    try:
        _check(table)
    except OptionError as error:
        option = str(error).split()[0].rstrip(":")
        shown = next((f"{option} {value!r}" for name, value in table.items() if option_name(name) == option), option)
        raise InputError(
            f"{path}: says that it was trained with {shown}, which cannot be; the file is damaged, give the options "
            "themselves"
        ) from error
    return table


def _check(table: dict[str, Any]) -> None:
    """Raises: OptionError for a value that no option can have"""
    for name, value in table.items():
        if name in LIMITS and value is not None:
            check_at_least(name, typed(name, value, int), 1)
        elif name in TYPES:
            typed(name, value, TYPES[name])
    configured({}, table)
