"""What goes to standard error: a progress bar, JSON lines, notes and errors."""

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from wordvec_cli.cli.visible import visible
from wordvec_cli.progress import Progress
from wordvec_cli.text import json_text

if TYPE_CHECKING:
    from tqdm import tqdm

SECONDS_BETWEEN_LINES = 1.0


class Terminal:
    """Standard error in one of three modes: `bar` (only on a terminal), `json` (every line is JSON), `none`."""

    def __init__(self) -> None:
        self.mode = "bar"
        self.is_quiet = False
        self.n_failures = 0
        self._bar: tqdm[NoReturn] | None = None
        self._stage = ""
        self._last_line = 0.0

    def report(self, progress: Progress) -> None:
        """Show how far the work is: the library's `report`."""
        if self.is_quiet or self.mode == "none":
            return
        if self.mode == "json":
            self._report_line(progress)
        elif progress.is_milestone:
            place = f" {progress.done}/{progress.total}" if progress.total else ""
            text = ": ".join(filter(None, (progress.stage + place, _figures(progress))))
            self._show(text, {"note": text})
        elif sys.stderr is not None and sys.stderr.isatty():
            self._report_bar(progress)

    def note(self, text: str, **fields: object) -> None:
        """Show the user something that is not an error.

        fields  what the note says, for a program: in JSON they take the text's place
        """
        if not self.is_quiet:
            self.close()  # the stage that the bar is of has ended
            self._show(text, fields or {"note": text})

    def error(self, text: str) -> None:
        """Tell the user why the command failed: in one line, whatever the text holds, and even if quiet."""
        self._show(f"Error: {text}", {"error": text})

    def failure(self, text: str) -> None:
        """Tell the user about a line that cannot be answered; the command goes on, and ends with exit status 1."""
        self.n_failures += 1
        self.error(text)

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _show(self, text: str, fields: Mapping[str, object]) -> None:
        if self._bar is not None:
            self._bar.clear()
        _say(json_text.written(fields) if self.mode == "json" else visible(text))

    def _report_line(self, progress: Progress) -> None:
        now = time.monotonic()
        if not progress.is_milestone and progress.done != progress.total:
            if now - self._last_line < SECONDS_BETWEEN_LINES:
                return
            self._last_line = now
        record = {"stage": progress.stage, "done": progress.done, "total": progress.total, "unit": progress.unit}
        _say(json_text.written(record | dict(progress.stats)))

    def _report_bar(self, progress: Progress) -> None:
        from tqdm import tqdm

        if self._bar is None or progress.stage != self._stage:
            self.close()
            self._stage = progress.stage
            self._bar = tqdm(
                desc=visible(progress.stage), total=progress.total, unit=progress.unit, unit_scale=True, leave=False,
                dynamic_ncols=True,
            )  # fmt: skip
        if progress.stats:
            shown = progress._replace(stats={n: v for n, v in progress.stats.items() if n not in _SHOWN})
            self._bar.set_postfix_str(_figures(shown), refresh=False)  # the bar has a speed of its own
        self._bar.update(progress.done - self._bar.n)


def _say(line: str) -> None:
    if sys.stderr is not None:  # else print would take standard output
        print(line, file=sys.stderr, flush=True)  # noqa: T201


def _figures(progress: Progress) -> str:
    return ", ".join(
        _MISSING[name] if value is None else _SHOWN.get(name, f"{name} {{:.4g}}").format(value)
        for name, value in progress.stats.items()
    )


_MISSING = {"loss": "no pairs"}
_SHOWN = {
    "words_per_second": "{:,.0f} words/s", "words_per_second_and_thread": "{:,.0f} a thread",
    "pairs_per_second": "{:,.0f} pairs/s", "pairs_per_second_and_thread": "{:,.0f} a thread",
}  # fmt: skip
