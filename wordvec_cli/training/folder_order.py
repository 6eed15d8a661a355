"""What trainings a folder is to hold."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from wordvec_cli import formats
from wordvec_cli.errors import OptionError
from wordvec_cli.progress import Note, ignore
from wordvec_cli.storage.files import is_stream
from wordvec_cli.training.options import check_at_least
from wordvec_cli.training.order import Order, settled

BOOTSTRAP, SEEDS = "bootstrap", "seeds"
LINES = "lines"
ENDING = ".safetensors"


@dataclass(frozen=True)
class Member:
    """One training of a folder.

    name       of its file
    bootstrap  what is drawn with replacement from the corpus; None: nothing, it is the corpus
    """

    name: str
    seed: int
    bootstrap: str | None = None


@dataclass(frozen=True)
class FolderOrder:
    """Trainings of one kind.

    order   of each of them, but for its seed and its output
    kind    BOOTSTRAP: on lines drawn with replacement, or SEEDS: on the text as it is
    n       how many there are; their seeds count up from that of the order
    """

    order: Order
    folder: str
    kind: str
    n: int

    def members(self) -> list[Member]:
        first, drawn = self.order.config.seed, LINES if self.kind == BOOTSTRAP else None
        stem = self.kind.removesuffix("s")
        numbers = range(1, self.n + 1) if drawn else range(first, first + self.n)
        return [Member(f"{stem}-{number:03}{ENDING}", first + i, drawn) for i, number in enumerate(numbers)]

    def path(self, member: Member) -> str:
        return os.path.join(self.folder, member.name)


def folder_order(kind: str, n: int, options: Mapping[str, Any], note: Note = ignore) -> FolderOrder:
    """The order of a folder of trainings.

    options  of each, as `settled` takes them; `output` is the folder
    Raises: OptionError for what does not go together, and as `settled`
    """
    check_at_least(kind, n, 2)
    if (given := options.get("output")) is None or (is_stream(given) and not os.path.isdir(given)):
        raise OptionError(f"--{kind}: writes a folder of vector files; name it with --output")
    folder = os.fspath(given)
    if _is_file_name(folder):
        raise OptionError(f"--{kind}: writes a folder of vector files, and -o {folder} names a file; name a folder")
    if options.get("to") not in (None, formats.NATIVE):
        raise OptionError(f"--to {options['to']}: --{kind} writes native files; leave it out, and use wordvec export")
    order = settled({**options, "output": os.path.join(folder, f"{kind}{ENDING}")}, note)
    if order.pairs is not None:
        raise OptionError(f"--{kind}: needs a corpus; with --pairs train once for each --seed")
    if order.is_by_gensim:
        raise OptionError(f"--{kind}: is not for --engine gensim; leave it out")
    return FolderOrder(order, folder, kind, n)


def _is_file_name(path: str) -> bool:
    if os.path.isdir(path):
        return False
    with suppress(OptionError):
        formats.format_for(path)
        return True
    return os.path.exists(path)
