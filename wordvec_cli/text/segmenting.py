"""Text with spaces between the words that a segmenter finds: block by block, on as many processors as may be used.

The libraries hold Python's lock while they work (measured: two threads are no faster than one), so that each processor
gets a process of its own, which reads text from a pipe and writes it back with spaces. They are started anew, not
forked, and end when the pipe does.
"""

import json
import queue
import signal
import struct
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import IO, Any, cast

from wordvec_cli.errors import InputError, WordvecError
from wordvec_cli.text.tokenizer import Tokenizer

SMALL_BYTES = 1 << 19  # of a corpus, up to which other processes would take longer to start than to work
BLOCK_BYTES = 1 << 18  # of text at a time, so that processes end at about the same time
_SIZE = struct.Struct("<?Q")  # whether all went well, and how many bytes follow


def spaced(tokenizer: Tokenizer, text: bytes, label_prefix: bytes | None = None) -> bytes:
    """The lines of a text, each with its words and a space between each two.

    label_prefix  what begins chunks that are labels: they stay as they are, and come first
    Raises: InputError
    """
    if label_prefix is None or label_prefix not in text:
        return tokenizer.spaced(text)
    return b"\n".join([_spaced_line(tokenizer, line, label_prefix) for line in text.split(b"\n")])


def _spaced_line(tokenizer: Tokenizer, line: bytes, label_prefix: bytes) -> bytes:
    chunks = line.split()
    is_label = [len(chunk) > len(label_prefix) and chunk.startswith(label_prefix) for chunk in chunks]
    labels = [chunk for chunk, is_one in zip(chunks, is_label, strict=True) if is_one]
    others = [chunk for chunk, is_one in zip(chunks, is_label, strict=True) if not is_one]
    return b" ".join([*labels, tokenizer.spaced(b" ".join(others))])


def spaced_texts(
    tokenizer: Tokenizer, texts: Iterable[bytes], n_processes: int, label_prefix: bytes | None = None
) -> Generator[bytes, None, None]:
    """`spaced` of each text, in their order; with more than one process the texts are read ahead.

    Raises: InputError
    """
    if n_processes == 1:
        for text in texts:
            yield spaced(tokenizer, text, label_prefix)
        return
    from wordvec_cli.parallel import in_order

    processes = _Processes(tokenizer, n_processes, label_prefix)
    with (
        closing(in_order(processes.spaced, texts, n_processes)) as results,
        processes.running(),  # ends before the threads that wait for them
    ):
        for _, text in results:
            yield text


class _Processes:
    """Processes that wait for text."""

    def __init__(self, tokenizer: Tokenizer, n: int, label_prefix: bytes | None) -> None:
        self._kind = tokenizer.kind
        self._settings = json.dumps([tokenizer.to_metadata(), label_prefix and label_prefix.decode("latin-1")])
        self._all = [self._started() for _ in range(n)]
        self._free: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        for process in self._all:
            self._free.put(process)

    def _started(self) -> "subprocess.Popen[bytes]":
        code = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from wordvec_cli.text import segmenting"
        command = [sys.executable, "-c", f"{code}; segmenting.serve(sys.argv[2])", json.dumps(sys.path), self._settings]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    @contextmanager
    def running(self) -> Iterator[None]:
        try:
            yield
        finally:
            for process in self._all:
                process.kill()
                process.wait()
                for pipe in (process.stdin, process.stdout):
                    with suppress(BrokenPipeError):  # of what was still to be written to it
                        cast(Any, pipe).close()

    def spaced(self, text: bytes) -> bytes:
        """Raises: InputError"""
        process = self._free.get()
        try:
            return self._answer(process, text)
        except OSError:
            raise self._ended() from None
        finally:
            self._free.put(process)

    def _answer(self, process: "subprocess.Popen[bytes]", text: bytes) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        _send(process.stdin, True, text)
        answer = _received(process.stdout)
        if answer is None:
            raise self._ended()
        is_good, content = answer
        if not is_good:
            raise InputError(content.decode("utf-8", "replace"))
        return content

    def _ended(self) -> InputError:
        return InputError(
            f"--tokenizer {self._kind}: the process that runs it has ended, perhaps for lack of memory; try --threads 1"
        )


def _send(stream: IO[bytes], is_good: bool, content: bytes) -> None:
    stream.write(_SIZE.pack(is_good, len(content)))
    stream.write(content)
    stream.flush()


def _received(stream: IO[bytes]) -> tuple[bool, bytes] | None:
    """None at the end of the stream."""
    head = stream.read(_SIZE.size)
    if len(head) < _SIZE.size:
        return None
    is_good, size = _SIZE.unpack(head)
    content = stream.read(size)
    return (is_good, content) if len(content) == size else None


def serve(settings: str) -> None:
    """Answer on standard output each text on standard input, until that ends: the work of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all of a terminal; the one who asks ends us
    metadata, prefix = json.loads(settings)
    label_prefix = None if prefix is None else prefix.encode("latin-1")
    texts, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    while (text := _received(texts)) is not None:
        try:
            _send(answers, True, spaced(Tokenizer.from_metadata(metadata), text[1], label_prefix))
        except WordvecError as error:
            _send(answers, False, str(error).encode("utf-8", "replace"))
