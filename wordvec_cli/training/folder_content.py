"""What is in a folder of trainings before, and after."""

import os
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from pathlib import Path

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import readable, writable
from wordvec_cli.training import checkpoint_folder
from wordvec_cli.training.folder_order import FolderOrder


@contextmanager
def made(*folders: str) -> Iterator[None]:
    """Folders are there; those of them that it made, for nothing, are taken away again. Raises: OutputError"""
    levels: list[Path] = []
    try:
        for folder in folders:
            with writable(folder):
                levels.extend(_made_levels(Path(folder)))
        yield
    finally:
        for level in reversed(levels):
            with suppress(OSError):  # it holds something
                level.rmdir()


def _made_levels(folder: Path) -> Iterator[Path]:
    """Make a folder and those above it; each that was not there, as soon as it is. Raises: OSError"""
    for level in (*reversed(folder.parents), folder):
        if level.is_dir():
            continue
        try:
            level.mkdir()
        except FileExistsError:
            if not level.is_dir():  # else another process has just made it
                raise
        else:
            yield level


def check_content(wanted: FolderOrder) -> None:
    """Raises: InputError if a file is in the folder that is not to be there"""
    names = {each.name for each in wanted.members()}
    found = list(_content(wanted.folder, {os.path.dirname(name) for name in names} - {""}))
    if found and not wanted.order.resume:
        raise InputError(
            f"{wanted.folder}: holds {found[0]} already; name a new folder, or add --resume to make the trainings that "
            "are not there yet"
        )
    for name in found:
        if name.removesuffix(checkpoint_folder.SUFFIX) not in names:
            raise InputError(
                f"{os.path.join(wanted.folder, name)}: is not of these trainings; move it out of the folder"
            )


def _content(folder: str, of_groups: Set[str]) -> Iterator[str]:
    """The names in a folder, and those in the folders of groups; hidden ones are passed over."""
    with readable(folder):
        for name in sorted(os.listdir(folder)):
            if name in of_groups and os.path.isdir(os.path.join(folder, name)):
                yield from (f"{name}/{inner}" for inner in _content(os.path.join(folder, name), frozenset()))
            elif not name.startswith("."):
                yield name
