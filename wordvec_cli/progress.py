"""How long work reports: the library calls `report(Progress(...))` and `note(text)`, and the caller shows them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple


class Progress(NamedTuple):
    """How far one stage is: `done` of `total` (None: not known) in `unit`s, with figures such as the loss.

    A figure that is None is not there. A milestone, such as the end of an epoch, is worth a line of its own.
    """

    stage: str
    done: int
    total: int | None
    unit: str
    stats: Mapping[str, float | None] = MappingProxyType({})
    is_milestone: bool = False


Report = Callable[[Progress], None]
Note = Callable[..., None]  # takes a sentence for the user, and by name what it says, for a program


def silent(progress: Progress) -> None:
    """The report that shows nothing."""


def ignore(text: str, **fields: object) -> None:
    """The note that nobody reads."""


class Cancelled(Exception):  # noqa: N818  nothing went wrong
    """Long work was stopped from outside, and what was done of it has been kept."""
