"""Files that replace others: several at once, after a kill, under long names, by two writers, in odd folders."""

import errno
import functools
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import COMMAND, run_here
from tests.posix import SIGHUP
from wordvec_cli import formats
from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.formats import gensim_native
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.storage.claims import claim, temporary_folder
from wordvec_cli.storage.files import check_output, replacing, together
from wordvec_cli.vectors import embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

# What a process that is killed would close.
pytestmark = pytest.mark.filterwarnings("ignore:.*FileIO:pytest.PytestUnraisableExceptionWarning")
posix_only = pytest.mark.skipif(os.name != "posix", reason="files are locked on POSIX systems only")


class Killed(BaseException):
    """The process is gone: nothing is cleaned up after it."""


def killed_at(number: int) -> Callable[..., None]:
    """What `os.replace` and `os.unlink` are to be for a process that is killed before its `number`-th such call."""
    left = itertools.count(number, -1)

    def step(original: Callable[..., None], *arguments: object, **others: object) -> None:
        if next(left) <= 0:
            raise Killed
        original(*arguments, **others)

    return step


def kill_points(write: Callable[[], None], restore: Callable[[], None]) -> Iterator[int]:
    """Write again and again, killed later each time, until it is not killed; the state is there to look at."""
    for number in itertools.count():
        restore()
        step = killed_at(number)
        with pytest.MonkeyPatch.context() as patch:
            for name in ("replace", "unlink"):
                patch.setattr(os, name, functools.partial(step, getattr(os, name)))
            try:
                write()
            except Killed:
                yield number
            else:
                return


def vectors(first: bytes, second: bytes, scale: float) -> embeddings.Embeddings:
    matrix = np.array([[1, 2], [3, 4]], np.float32) * np.float32(scale)
    return embeddings.from_matrix(Vocabulary.from_words([first, second]), matrix, {})


OLD, NEW = vectors(b"cat", b"dog", 1), vectors(b"sun", b"sea", 2)
ANSWERS = {b"cat": [1.0, 2.0], b"dog": [3.0, 4.0], b"sun": [2.0, 4.0], b"sea": [6.0, 8.0]}


@pytest.mark.parametrize("name", ["v.npy", "v.kv"])
def test_a_kill_between_the_parts_of_vectors_leaves_old_ones_new_ones_or_an_error(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gensim_native, "LARGE", 1)
    path = str(tmp_path / name)
    format = formats.format_for(path)

    def write(which: embeddings.Embeddings) -> None:
        formats.write_vectors(path, which, format, WriteOptions())

    seen = []
    for number in kill_points(lambda: write(NEW), lambda: write(OLD)):
        try:
            read = formats.open_vectors(path, ReadOptions(allow_pickle=True))
        except InputError:
            seen.append("an error")
            continue
        words = list(read.vocabulary)
        assert words in ([b"cat", b"dog"], [b"sun", b"sea"]), number
        assert [list(read.matrix[i]) for i in range(2)] == [ANSWERS[word] for word in words], number
        seen.append(words[0].decode())
    assert {"cat", "an error"} <= set(seen)


def test_a_kill_between_the_parts_of_the_projector_leaves_no_new_one_beside_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "v.tensors.tsv"
    labels = {b"1\t2\n3\t4\n": b"cat\ndog\n", b"2\t4\n6\t8\n": b"sun\nsea\n"}

    def write(which: embeddings.Embeddings) -> None:
        formats.write_vectors(str(path), which, formats.format_for(str(path)), WriteOptions())

    for number in kill_points(lambda: write(NEW), lambda: write(OLD)):
        metadata = tmp_path / "v.metadata.tsv"
        assert not metadata.exists() or metadata.read_bytes() == labels[path.read_bytes()], number
    assert metadata.read_bytes() == b"sun\nsea\n"


@pytest.mark.parametrize("which", ["encode", "phrases", "build-vocab"])
def test_a_kill_between_the_outputs_of_a_command_leaves_no_new_one_beside_an_old_one(
    tmp_path: Path, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    old, new = Path("old.txt"), Path("new.txt")
    old.write_text("new york a b\n" * 9)
    new.write_text("a new york b\n" * 9)
    run_here("build-vocab", old, "-o", "words.tsv")
    commands = {
        "encode": ["--vocab", "words.tsv", "-o", "out.npy", "--mask", "mask.npy", "--length", "3"],
        "phrases": ["-o", "out.txt", "--save-phrases", "phrases.tsv", "--threshold", "0.01"],
        "build-vocab": ["-o", "out.tsv"],
    }
    main = commands[which][commands[which].index("-o") + 1]

    def write(text: Path) -> None:
        assert run_here(which, text, *commands[which]).returncode == 0

    def state() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".part"}

    write(old)
    whole_old = state()
    write(new)
    whole_new = state()
    n_points = 0
    for number in kill_points(lambda: write(new), lambda: write(old)):
        found = state()
        whole = whole_old if found[main] == whole_old[main] else whole_new
        assert found.items() <= whole.items(), number
        n_points += 1
    assert n_points >= 2


def test_of_two_files_that_belong_together_none_is_replaced_if_one_cannot_be_written(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"old")
    with pytest.raises(RuntimeError), together():
        with replacing(str(tmp_path / "a")) as file:
            file.write(b"new")
        with replacing(str(tmp_path / "b")) as file:
            raise RuntimeError
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old", "b": b"old"}


# ---------------------------------------------------------------- what killed processes leave

WRITER = """
import os, signal, sys
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import replacing
with temporary_folder(os.path.dirname(sys.argv[1])) as folder, replacing(sys.argv[1]) as file:
    file.write(b"half")
    open(os.path.join(folder, "spool"), "w").close()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@posix_only
def test_what_a_killed_process_left_goes_when_the_next_writes_the_same_output(tmp_path: Path) -> None:
    path = tmp_path / "out"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", WRITER, path], check=False)
    left = sorted(os.listdir(tmp_path))
    assert len(left) == 3  # two files, and a folder; those of the first were removed by the second
    with temporary_folder(str(tmp_path)):
        pass
    with replacing(str(path)) as file:
        file.write(b"whole")
    assert os.listdir(tmp_path) == ["out"]


def test_a_file_of_the_users_that_ends_in_part_is_not_taken_for_left(tmp_path: Path) -> None:
    downloads = [tmp_path / ".out.part", tmp_path / "out.part", tmp_path / ".out.1.part"]
    for path in downloads:
        path.write_bytes(b"theirs")
    with replacing(str(tmp_path / "out")) as file:
        file.write(b"ours")
    assert [path.read_bytes() for path in downloads] == [b"theirs"] * 3


@posix_only
def test_what_a_living_writer_uses_is_never_taken_for_left(tmp_path: Path) -> None:
    path = str(tmp_path / "out")
    with replacing(path) as first, temporary_folder(str(tmp_path)) as first_folder:
        with replacing(str(tmp_path / "other")), temporary_folder(str(tmp_path)) as second_folder:
            assert first_folder != second_folder
            second = claim(str(tmp_path), "out")
            second.file.write(b"second")
            second.rename(path)
        assert os.path.isdir(first_folder)
        first.write(b"first")
    assert Path(path).read_bytes() == b"first"
    assert sorted(os.listdir(tmp_path)) == ["other", "out"]


@posix_only
def test_more_writers_than_there_are_shared_names_get_names_of_their_own(tmp_path: Path) -> None:
    claims = [claim(str(tmp_path), "out") for _ in range(20)]
    assert len({each.path for each in claims}) == 20
    for each in claims:
        each.give_up()
    assert os.listdir(tmp_path) == []


def test_two_writers_of_one_output_leave_what_one_of_them_wrote(tmp_path: Path) -> None:
    path = str(tmp_path / "v.npy")
    both_write = threading.Barrier(2)

    def write(which: embeddings.Embeddings) -> None:
        with together():
            formats.write_vectors(path, which, formats.format_for(path), WriteOptions())
            both_write.wait(60)

    for _ in range(10):
        threads = [threading.Thread(target=write, args=(which,)) for which in (OLD, NEW)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        read = formats.open_vectors(path, ReadOptions())
        assert [list(row) for row in read.matrix] == [ANSWERS[word] for word in read.vocabulary]
    assert sorted(os.listdir(tmp_path)) == ["v.npy", "v.npy.words"]


SIGNALLED = """
import os, sys
from wordvec_cli import cli
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import replacing
def run(arguments):
    with temporary_folder(os.path.dirname(arguments[0])), replacing(arguments[0]) as file:
        file.write(b"half")
        os.kill(os.getpid(), int(arguments[1]))
        while True:
            pass
cli.run = run
cli.main()
"""


@posix_only
@pytest.mark.parametrize(("number", "status"), [(SIGHUP, 129), (signal.SIGTERM, 143)])
def test_a_command_that_is_hung_up_or_ended_leaves_nothing(tmp_path: Path, number: signal.Signals, status: int) -> None:
    process = subprocess.run(
        [sys.executable, "-c", SIGNALLED, tmp_path / "out", str(int(number))], check=False, timeout=60
    )
    assert process.returncode == status
    assert os.listdir(tmp_path) == []


@posix_only
def test_what_nohup_started_goes_on_after_a_hang_up(vector_file: Path) -> None:
    with subprocess.Popen(
        ["nohup", *COMMAND, "lookup", vector_file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"monday\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"monday ")
        process.send_signal(signal.SIGHUP)
        process.stdin.write(b"red\n")
        process.stdin.close()
        assert process.stdout.read().startswith(b"red ")
    assert process.returncode == 0


# ---------------------------------------------------------------- where and under which names


@pytest.mark.parametrize("name", ["n" * 239, "n" * 255, "東" * 85, "n" * 249 + ".x"])
def test_a_name_as_long_as_the_system_allows_can_be_written(tmp_path: Path, name: str) -> None:
    check_output(str(tmp_path / name))
    with replacing(str(tmp_path / name)) as file:
        file.write(b"whole")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["build-vocab", "no-such-corpus", "-o"], "n" * 256),
        (["build-vocab", "no-such-corpus", "-o"], "n" * 251),  # FILE.json would be longer
        (["export", "no-such-vectors"], "n" * 246 + ".npy"),  # FILE.words
        (["train", "no-such-corpus", "-o"], "n" * 246 + ".npy"),
        (["export", "no-such-vectors"], "n" * 245 + ".kv"),  # FILE.vectors.npy
        (["encode", "no-such-corpus", "--vocab", "no-such-vocab", "-o"], "n" * 247 + ".npy"),
    ],
)
def test_a_name_that_no_file_can_have_is_refused_before_the_work(tmp_path: Path, command: list[str], name: str) -> None:
    result = run_here(*command, tmp_path / name)
    assert result.returncode == 1
    assert result.stderr.decode().endswith(": file name too long; choose another name\n")
    assert os.listdir(tmp_path) == []


@posix_only
def test_a_pipe_whose_reader_leaves_is_an_error_if_it_is_named(tmp_path: Path) -> None:
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: os.close(os.open(pipe, os.O_RDONLY)))
    reader.start()
    with pytest.raises(OutputError, match="pipe: its reader left before all was written"), replacing(pipe) as file:
        reader.join()
        file.write(b"x" * 1_000_000)


@posix_only
def test_standard_output_may_lose_its_reader_under_its_other_name_too(vector_file: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        result = subprocess.run(
            [*COMMAND, "export", vector_file, "/dev/stdout", "--to", "glove"],
            stdout=pipe, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, b"")


@posix_only
def test_a_folder_that_may_be_written_but_not_read_takes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mode 0300, which would not stop root."""
    open_file = os.open

    def refusing(path: object, *others: Any, **named: Any) -> int:
        if os.path.isdir(str(path)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return open_file(path, *others, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refusing)
        for name in ("listdir", "scandir"):
            patch.setattr(os, name, lambda path=".": refusing(path))
        with together():
            for name in "ab":
                with replacing(str(tmp_path / name)) as file:
                    file.write(b"whole")
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]
