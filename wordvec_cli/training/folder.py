"""A folder of trainings: of one text with other seeds, or on samples of it.

The text is counted and encoded once. While the trainings are at work, `FOLDER.checkpoint/` has it as word ids, and each
training its own checkpoint, so that what was stopped goes on where all of them were. Each is trained by one thread,
several at a time, so that it is the same bytes whatever their number; only where there are more threads than trainings,
or the trainer keeps its threads in step, they share one training after the other.
"""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.messages import counted
from wordvec_cli.parallel import on_threads
from wordvec_cli.progress import Cancelled, Note, Report, ignore, silent
from wordvec_cli.sequences.documents import open_documents, read_documents
from wordvec_cli.sequences.groups import open_groups, read_groups, without
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import check_free_space, writable
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import checkpoint_folder
from wordvec_cli.training.checkpoint import Checkpoint
from wordvec_cli.training.estimate.machine import available_memory
from wordvec_cli.training.estimate.totals import Estimate, estimated
from wordvec_cli.training.folder_content import check_content, made
from wordvec_cli.training.folder_order import ENDING, FolderOrder, Member
from wordvec_cli.training.folder_preparation import MemberPreparation, TextPreparation
from wordvec_cli.training.folder_report import FolderReport, once
from wordvec_cli.training.folder_there import differing
from wordvec_cli.training.inputs import Inputs, read_inputs
from wordvec_cli.training.order import Order
from wordvec_cli.training.planning import Counted, Planner
from wordvec_cli.training.prepare import Preparation
from wordvec_cli.training.prepared_run import TRAININGS, PreparedRun
from wordvec_cli.training.resume import check_is_wanted, resumed
from wordvec_cli.training.run import HERE, Where, compile_kernels_ahead, estimate, eval_sets_of, never, run
from wordvec_cli.training.trainer import WordTrainer
from wordvec_cli.vectors import native
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def estimate_folder(wanted: FolderOrder, report: Report = silent, note: Note = ignore) -> Estimate:
    """What all trainings of a folder take. Raises: as `run.estimate`"""
    if wanted.has_columns:
        spool = wanted.order.spool_folder
        with writable(f"{spool} (temporary files)"), temporary_folder(spool) as room:
            # Without the groups and documents, which are maps of files that go; how many there are is kept.
            wanted = replace(_with_column(wanted, Path(room), note), groups=None, documents=None)
    beside = os.path.join(os.path.dirname(os.path.abspath(wanted.folder)), f"{wanted.kind}{ENDING}")
    found = estimate(replace(wanted.order, output=beside), report, note)
    n_at_once = _n_at_once(wanted, found.memory_to_come_bytes)
    more = found.memory_to_come_bytes * (n_at_once - 1)
    files = found.file_bytes * wanted.n
    n_times = max(1, wanted.n_samples) if wanted.column else wanted.n  # that each line is learnt from
    return replace(
        found, memory_bytes=found.memory_bytes + more, memory_to_come_bytes=found.memory_to_come_bytes + more,
        disk_bytes=found.disk_bytes * n_at_once + files,
        disk_to_come_bytes=found.disk_to_come_bytes * n_at_once + files,
        file_bytes=files, seconds=None if found.seconds is None else found.seconds * n_times,
    )  # fmt: skip


def train_folder(
    wanted: FolderOrder,
    report: Report = silent,
    note: Note = ignore,
    should_stop: Callable[[], bool] = never,
) -> list[str]:
    """Train all, and write each to its file; the paths.

    Raises: as `run`; InputError if the folder holds something else
    """
    order = wanted.order
    compile_kernels_ahead(order.config)
    with (
        made(wanted.folder),
        checkpoint_folder.locked(checkpoint_folder.folder_of(wanted.folder), order.checkpoint_every) as kept,
    ):
        is_resumed = kept.holds_run
        check_is_wanted(kept, order.resume)
        if wanted.has_columns:
            if is_resumed:
                kept.check_row_files()
            wanted = _with_column(wanted, kept.folder, note, is_resumed)
            order = wanted.order
        check_content(wanted)
        inputs = read_inputs(order, note)
        inputs = replace(inputs, table={**inputs.table, TRAININGS: wanted.facts})
        preparation = TextPreparation(order, inputs, eval_sets_of(order, note), report, note)
        text = resumed(preparation, kept) if is_resumed else preparation.run(kept.folder)
        if wanted.groups is not None:
            wanted = _with_known_words(wanted, text, note)
        trainings = _Trainings(wanted, text, kept.folder, report, note)
        if not is_resumed:
            kept.begin(text)
        try:
            trainings.run(should_stop)
        except InputError:
            if not trainings.n_done and not is_resumed:  # there is nothing to go on with
                kept.end()
            raise
        kept.end()
    return list(map(wanted.path, wanted.members()))


def _with_column(wanted: FolderOrder, folder: Path, note: Note, is_resumed: bool = False) -> FolderOrder:
    """With what columns tell of the corpus' rows, read now or when it began; a pipe is read once for all.

    Raises: InputError
    """
    if is_resumed:
        if wanted.document_column is not None:
            wanted = replace(wanted, documents=open_documents(folder, wanted.document_column))
        return wanted if wanted.column is None else wanted.of_groups(open_groups(folder, wanted.column))
    order = wanted.order
    corpus = Corpus.open(order.corpus, Tokenizer(), order.spool_folder, order.files)
    wanted = replace(wanted, order=replace(order, corpus=corpus.sources))
    if wanted.document_column is not None:
        wanted = _with_documents(wanted, wanted.document_column, corpus, folder, note)
    return wanted if wanted.column is None else _with_groups(wanted, wanted.column, corpus, folder, note)


def _with_groups(wanted: FolderOrder, column: str, corpus: Corpus, folder: Path, note: Note) -> FolderOrder:
    groups = read_groups(corpus, column, folder)
    if groups.n_without:
        note(f"left out: {counted(groups.n_without, 'row')} without {column}")
    wanted = wanted.of_groups(groups)
    each = f" of {counted(len(groups.names), 'group')}" if wanted.n_samples else ""
    note(f"--by {column}: {counted(wanted.n, 'training')}{each}: {groups.named}")
    return wanted


def _with_documents(wanted: FolderOrder, column: str, corpus: Corpus, folder: Path, note: Note) -> FolderOrder:
    documents = read_documents(corpus, column, folder)
    of = f"{counted(documents.n, 'document')} of {counted(len(documents.of_lines), 'row')}"
    note(f"--document-column {column}: draws from {of}")
    return replace(wanted, documents=documents)


def _with_known_words(wanted: FolderOrder, text: PreparedRun, note: Note) -> FolderOrder:
    """Without the groups that have no word of the vocabulary. Raises: InputError"""
    assert wanted.groups is not None
    is_empty = wanted.groups.known_tokens(text.sequences) == 0
    if not is_empty.any():
        return wanted
    names = [name for name, empty in zip(wanted.groups.names, is_empty, strict=True) if empty]
    note(f"left out, as they have no word of the vocabulary: {', '.join(names)}; lower --min-count to have them")
    return wanted.of_groups(without(wanted.groups, is_empty))


def _n_at_once(wanted: FolderOrder, bytes_of_each: int) -> int:
    """How many trainings are at work at a time."""
    order = wanted.order
    if order.is_of_pairs or order.config.deterministic or order.threads > wanted.n:
        return 1
    free = available_memory()
    n_held = order.threads if free is None else max(1, free // max(bytes_of_each, 1))
    return min(order.threads, n_held)


class _Trainings:
    """The trainings of a folder, on a text that is encoded."""

    def __init__(self, wanted: FolderOrder, text: PreparedRun, text_folder: Path, report: Report, note: Note) -> None:
        self._wanted, self._text, self._text_folder = wanted, text, text_folder
        self._note = once(note)
        members = wanted.members()
        self._missing = [each for each in members if not self._is_there(each)]
        self.n_done = len(members) - len(self._missing)
        self._report = FolderReport(report, len(members), self.n_done, bool(wanted.order.eval_sets))
        self._first_kernel = threading.Lock()

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Raises: as `run.run`"""
        if self.n_done:
            self._note(f"{self.n_done} of {counted(self._wanted.n, 'training')} are there already")
        should_stop()  # from now on signals are heard, which only this thread can ask for
        has_failed = threading.Event()
        plan = self._check_fits()
        n_at_once = _n_at_once(self._wanted, plan.memory_to_come_bytes)
        n_threads = self._wanted.order.threads if n_at_once == 1 else 1

        def train(member: Member) -> None:
            try:
                self._train(member, n_threads, lambda: has_failed.is_set() or should_stop())
            except BaseException:
                has_failed.set()
                raise

        with made(*{os.path.dirname(self._wanted.path(member)) for member in self._missing}):
            on_threads(train, self._missing, n_at_once)

    def _check_fits(self) -> Estimate:
        """Raises: InputError, OutputError if the vectors would fill the disk"""
        order = self._wanted.order
        words = Counted.of_sequences(self._text.vocabulary, self._text.sequences)
        planner = Planner(order, Tokenizer(), ())
        found = estimated(planner.plan(words, is_encoded=True))
        size = found.file_bytes * len(self._missing)
        check_free_space(self._wanted.folder, size, f"{self._wanted.folder}: {len(self._missing)} vector files")
        return found

    def _train(self, member: Member, n_threads: int, should_stop: Callable[[], bool]) -> None:
        path, report = self._wanted.path(member), self._report.of(member.name)
        if should_stop():
            raise Cancelled
        order = self._wanted.order.settled_for(self._text.n_tokens)
        is_begun = Checkpoint(checkpoint_folder.folder_of(path), None).holds_run
        order = replace(
            order, config=replace(order.config, seed=member.seed), output=path, resume=is_begun, threads=n_threads
        )
        where = Where(self._preparation(member), self._trainer, _threads, vocabulary=self._vocabulary(member))
        try:
            run(order, report, self._note, should_stop, where)
        except InputError as error:
            raise type(error)(f"{member.name}: {error}") from None
        self._report.ended(member.name)
        self.n_done += 1

    def _vocabulary(self, member: Member) -> Callable[[PreparedRun], Vocabulary]:
        """The words of all trainings, for a group with its own counts, by which what its words say is judged."""
        text, groups = self._text, self._wanted.groups

        def vocabulary(prepared: PreparedRun) -> Vocabulary:
            if groups is None:
                return prepared.vocabulary
            words = prepared.vocabulary
            counts = groups.counts(member.number, text.sequences, len(words))
            return Vocabulary(words.text, words.offsets, words.order, counts)

        return vocabulary

    def _preparation(self, member: Member) -> Callable[..., Preparation]:
        def preparation(
            order: Order, inputs: Inputs, eval_sets: Sequence[EvalSet], report: Report, note: Note
        ) -> Preparation:
            inputs = replace(inputs, table={**inputs.table, **member.facts})
            text = self._text, self._text_folder
            of = self._wanted.groups, self._wanted.documents
            return MemberPreparation(order, inputs, eval_sets, report, note, *text, member, *of)

        return preparation

    def _trainer(self, order: Order, prepared: PreparedRun) -> WordTrainer:
        """With its kernels, which one thread alone compiles or loads."""
        with self._first_kernel:
            trainer = HERE.trainer(order, prepared)
            trainer.load_kernel(order.threads)
            return trainer

    def _is_there(self, member: Member) -> bool:
        """Whether its file has been written. Raises: InputError if the file of its name is of another training"""
        path = self._wanted.path(member)
        if not os.path.lexists(path):
            return False
        order = self._wanted.order.settled_for(self._text.n_tokens)
        order = replace(order, config=replace(order.config, seed=member.seed))
        if differences := differing(native.load(path), order, member, self._text):
            raise InputError(
                f"{path}: is of another training ({'; '.join(differences)}); give the options of that one, or move it "
                "out of the folder"
            )
        return True


def _threads(order: Order) -> int:
    return order.threads
