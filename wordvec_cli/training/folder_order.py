"""What trainings a folder is to hold."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from wordvec_cli import formats
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.progress import Note, ignore
from wordvec_cli.sequences.documents import Documents
from wordvec_cli.sequences.groups import Groups
from wordvec_cli.storage.files import is_stream
from wordvec_cli.training.options import check_at_least
from wordvec_cli.training.order import Order, settled

BOOTSTRAP, SEEDS, BY = "bootstrap", "seeds", "by"
LINES = "lines"
ENDING = ".safetensors"
_UNSAFE = re.compile(r'[\x00-\x1f/\\:*?"<>|%]|^\.')  # in names of files, on one system or another
MOST_NAME_BYTES = 200


@dataclass(frozen=True)
class Member:
    """One training of a folder.

    name       of its file
    bootstrap  what is drawn with replacement from the corpus; None: nothing, it is the corpus
    group      what the lines have in common that it is of, "year=1990", and the number of their group; None: nothing
    """

    name: str
    seed: int
    bootstrap: str | None = None
    group: str | None = None
    number: int = 0

    @property
    def facts(self) -> dict[str, str]:
        """What is recorded of it besides its options."""
        facts = {"bootstrap": self.bootstrap, "group": self.group}
        return {name: fact for name, fact in facts.items() if fact is not None}


@dataclass(frozen=True)
class FolderOrder:
    """Trainings of one kind.

    order   of each of them, but for its seed and its output
    kind    BOOTSTRAP: on lines, or documents, drawn with replacement, SEEDS: on the text as it is, or BY: on groups of
            its lines
    n       how many there are; their seeds count up from that of the order, but for groups
    column  that tells the groups
    n_samples        of each group: on lines or documents of it drawn with replacement, in a folder; 0: one, on all
    document_column  of a bootstrap, that tells the documents; None: each line is one
    groups, documents  once they have been read
    """

    order: Order
    folder: str
    kind: str
    n: int
    column: str | None = None
    n_samples: int = 0
    document_column: str | None = None
    groups: Groups | None = None
    documents: Documents | None = None

    def of_groups(self, groups: Groups) -> "FolderOrder":
        return replace(self, n=len(groups.names) * max(1, self.n_samples), groups=groups)

    @property
    def has_columns(self) -> bool:
        """Whether columns of the corpus tell what each is of."""
        return self.column is not None or self.document_column is not None

    @property
    def facts(self) -> dict[str, int | str]:
        """What tells the trainings from others on the same corpus."""
        found: dict[str, int | str] = {BY: self.column or ""} if self.kind == BY else {self.kind: self.n}
        if self.n_samples:
            found[BOOTSTRAP] = self.n_samples
        return found if self.document_column is None else found | {"documents": self.document_column}

    def members(self) -> list[Member]:
        if self.groups is not None:
            return [each for number in range(len(self.groups.names)) for each in self._of_group(number)]
        if self.kind == BOOTSTRAP:
            return self._samples(self.n)
        first = self.order.config.seed
        return [Member(f"seed-{seed:03}{ENDING}", seed) for seed in range(first, first + self.n)]

    def _samples(self, n: int) -> list[Member]:
        drawn = LINES if self.document_column is None else f"documents of {self.document_column}"
        return [Member(f"{BOOTSTRAP}-{i + 1:03}{ENDING}", self.order.config.seed + i, drawn) for i in range(n)]

    def _of_group(self, number: int) -> list[Member]:
        """Samples of all groups have seeds of their own: with the same, they would start alike on one vocabulary, and
        the i-th of two groups would share neighbours for that."""
        assert self.groups is not None
        name = self.groups.names[number]
        stem, group = _stem(name), f"{self.column}={name}"
        if not self.n_samples:
            return [Member(stem + ENDING, self.order.config.seed, group=group, number=number)]
        first, step = self.order.config.seed + number, len(self.groups.names)
        samples = enumerate(self._samples(self.n_samples))
        return [
            replace(each, name=f"{stem}/{each.name}", seed=first + i * step, group=group, number=number)
            for i, each in samples
        ]

    def path(self, member: Member) -> str:
        return os.path.join(self.folder, member.name)


def folder_order(
    kind: str, n: int, options: Mapping[str, Any], note: Note = ignore, document_column: str | None = None
) -> FolderOrder:
    """The order of a folder of trainings.

    options          of each, as `settled` takes them; `output` is the folder
    document_column  of a bootstrap: whose rows with one value are drawn together
    Raises: OptionError for what does not go together, and as `settled`
    """
    check_at_least(kind, n, 2)
    if document_column is not None and kind != BOOTSTRAP:
        raise OptionError(f"--document-column: says what --bootstrap draws; leave it out with --{kind}")
    folder, order = _settled(kind, options, note)
    if document_column is not None and not order.files.text_columns:
        raise OptionError("--document-column: is of a corpus in columns; name that of its text with --text-column")
    return FolderOrder(order, folder, kind, n, document_column=document_column)


def order_by(
    column: str,
    options: Mapping[str, Any],
    note: Note = ignore,
    n_samples: int = 0,
    document_column: str | None = None,
) -> FolderOrder:
    """As `folder_order`: for each value of a column of the corpus, a training on the rows that have it.

    n_samples  for each value so many, on rows of it drawn with replacement; 0: one on all
    """
    if n_samples:
        check_at_least(BOOTSTRAP, n_samples, 2)
    elif document_column is not None:
        raise OptionError("--document-column: says what --bootstrap draws; add --bootstrap N, or leave it out")
    folder, order = _settled(BY, options, note)
    return FolderOrder(order, folder, BY, 0, column, n_samples, document_column)


def _settled(kind: str, options: Mapping[str, Any], note: Note) -> tuple[str, Order]:
    """The folder, and the order of each of its trainings. Raises: OptionError"""
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
    return folder, order


def _stem(value: str) -> str:
    """Of the file, or the folder, of a group. Raises: InputError if it would be too long"""
    name = _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), value)
    if len(os.fsencode(name)) > MOST_NAME_BYTES:
        raise InputError(f"--by: the value {value[:40]!r}... is too long for the name of a file; name another column")
    return name


def _is_file_name(path: str) -> bool:
    if os.path.isdir(path):
        return False
    with suppress(OptionError):
        formats.format_for(path)
        return True
    return os.path.exists(path)
