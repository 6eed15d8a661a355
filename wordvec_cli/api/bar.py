"""What long work shows: a bar in a terminal or a notebook where one is asked for, and notes as logging has them."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from wordvec_cli.api.face import in_python
from wordvec_cli.progress import Progress, Report, silent

if TYPE_CHECKING:
    from tqdm import tqdm

Shown = bool | Report  # True: a bar; a function: it is called with each Progress
_LOG = logging.getLogger("wordvec_cli")
# By its text, as its class is beside numba, which is slow to import. It is logged too.
warnings.filterwarnings("ignore", "compiling what this command runs")


def log_note(text: str, **_: object) -> None:
    """Log what the command would tell on standard error: logging.basicConfig(level=logging.INFO) shows it."""
    _LOG.info(in_python(text))


@contextmanager
def reporting(progress: Shown) -> Iterator[Report]:
    """The report that shows progress as it is asked for; the bar goes with the end of the work."""
    if not (isinstance(progress, bool) or progress is None or callable(progress)):
        raise TypeError(f"progress={progress!r}: must be True for a bar, False, or a function")
    if progress is not True:
        yield progress or silent
        return
    bar = _Bar()
    try:
        yield bar.report
    finally:
        bar.close()


class _Bar:
    """One bar at a time, for the stage that the work is in."""

    def __init__(self) -> None:
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def report(self, progress: Progress) -> None:
        from tqdm.auto import tqdm

        if progress.is_milestone:
            return
        if self._bar is None or progress.stage != self._stage:
            self.close()
            self._stage = progress.stage
            self._bar = tqdm(
                desc=progress.stage, total=progress.total, unit=f" {progress.unit}", unit_scale=True, leave=False
            )
        figures = {name: value for name, value in progress.stats.items() if value is not None}
        if figures:
            self._bar.set_postfix(figures, refresh=False)
        self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
