"""How far many trainings are, that run at the same time, as one report."""

import threading

from wordvec_cli.progress import Note, Progress, Report

TRAINING, EPOCH = "training", "epoch"


class FolderReport:
    """Sums up what the trainings report. A milestone is the end of one, and of an epoch where that has scores."""

    def __init__(self, report: Report, n: int, n_before: int, has_scores: bool) -> None:
        """n_before  of the `n` trainings, those that have ended before"""
        self._report, self._n, self._has_scores = report, n, has_scores
        self._lock = threading.Lock()
        self._latest: dict[str, Progress] = {}
        self._last_epochs: dict[str, Progress] = {}
        self._n_before = self._ended = n_before

    def of(self, name: str) -> Report:
        """The report of one of them."""

        def report(progress: Progress) -> None:
            with self._lock:
                self._take(name, progress)

        return report

    def _take(self, name: str, progress: Progress) -> None:
        if progress.stage == TRAINING:
            self._latest[name] = progress
            total = None if progress.total is None else progress.total * (self._n - self._n_before)
            done = sum(each.done for each in self._latest.values())
            self._report(Progress(TRAINING, done, total, progress.unit, {"trainings": self._ended}))
        elif progress.stage == EPOCH:
            self._last_epochs[name] = progress
            if self._has_scores:
                self._report(progress._replace(stage=f"{name} {EPOCH}"))
        elif not progress.is_milestone:
            self._report(progress)

    def ended(self, name: str) -> None:
        with self._lock:
            self._ended += 1
            loss = self._last_epochs[name].stats.get("loss") if name in self._last_epochs else None
            self._report(Progress(name, self._ended, self._n, "trainings", {"loss": loss}, is_milestone=True))


def once(note: Note) -> Note:
    """A note that says each text once, whichever thread says it."""
    lock, said = threading.Lock(), set[str]()

    def noted(text: str, **fields: object) -> None:
        with lock:
            if text not in said:
                said.add(text)
                note(text, **fields)

    return noted
