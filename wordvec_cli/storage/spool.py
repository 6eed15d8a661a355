"""Arrays on disk whose length nobody knows before the end: written a part at a time, then mapped as a whole."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.storage.files import close_with, mapped, temporary_file, writable


class Spool:
    """An array in a file of `folder`, by default a nameless one, which vanishes with its maps.

    Raises: OutputError if the disk is full
    """

    def __init__(self, folder: Path, dtype: Any, name: str | None = None) -> None:
        self._where = f"{folder} (temporary files)"
        self._dtype = np.dtype(dtype)
        self._n = 0
        with writable(self._where):
            self._file = temporary_file(folder) if name is None else (folder / name).open("w+b")
        close_with(self, self._file)

    def __len__(self) -> int:
        """How many values have been written."""
        return self._n

    def append(self, part: NDArray[Any]) -> None:
        self._n += part.size
        if part.size:  # memory without a byte cannot be cast
            with writable(self._where):
                self._file.write(np.ascontiguousarray(part, self._dtype).view(np.uint8).data)

    def whole(self) -> NDArray[Any]:
        """All values so far, one after the other, as a read-only map."""
        with writable(self._where):
            self._file.flush()
        return mapped(self._file, self._dtype)
