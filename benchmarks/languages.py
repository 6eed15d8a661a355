"""Segmenters on both processors against their libraries called in a loop; and a download against disk and SHA-256.

Both sides read the same file and count its words; figures are medians of runs in turn, process starts included.
"""

import hashlib
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.arguments import Arguments
from benchmarks.table import Task, medians_in_turn, print_table, text_file
from wordvec_cli.storage.download import download
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.segmenters import SEGMENTERS, segmenting
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary.counting import CountOptions, count_words

THREADS = 2
MADE_BYTES, DOWNLOADED_BYTES = 50_000_000, 300_000_000
WORDS = [
    "我们", "酒店", "房间", "早餐", "服务", "非常", "不错", "环境", "的", "了", "是",
    "在", "有", "很", "也", "就", "都", "比较", "价格", "前台", "态度", "设施",
    "卫生间", "干净", "交通", "方便", "位置", "附近", "北京大学", "火车站", "入住", "客人", "大床房",
    "空调", "热水", "下次", "还会", "选择", "推荐", "感觉", "一般", "有点", "失望", "因为",
    "所以", "但是", "如果",
]  # fmt: skip


def main(arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = text_file(arguments.chinese, Path(folder)) if arguments.chinese else made_text(Path(folder))
        for kind, loop in (("jieba", rjieba_loop), ("icu:zh", icu_loop)):
            compare_segmenting(kind, text, loop, arguments.runs)
        compare_download(Path(folder), arguments.runs)


def made_text(folder: Path) -> Path:
    """Chinese without spaces, of frequent words at random: no line is like another, so that none is remembered."""
    rng, path = random.Random(1), folder / "chinese.txt"
    with open(path, "w", encoding="utf-8") as file:
        while file.tell() < MADE_BYTES:
            file.write("".join(rng.choices(WORDS, k=80)) + "。\n")
    return path


def compare_segmenting(kind: str, text: Path, loop: Callable[[Path], object], runs: int) -> None:
    programs = {
        f"the library in a loop, and a Counter ({SEGMENTERS[kind.partition(':')[0]].packages[0]})": lambda: loop(text),
        "wordvec, 1 thread": lambda: count(text, kind, 1),
        f"wordvec, {THREADS} threads": lambda: count(text, kind, THREADS),
    }
    count(text, kind, 1)  # loads what was compiled
    megabytes = text.stat().st_size / 1e6
    medians = medians_in_turn(programs, runs)
    slowest = next(iter(medians.values()))
    print_table(
        f"build-vocab --tokenizer {kind}: {megabytes:.0f} MB, medians of {runs} runs in turn",
        ["", "s", "MB/s", "as fast as the loop"],
        [[name, s, megabytes / s, slowest / s] for name, s in medians.items()],
    )


def count(text: Path, kind: str, threads: int) -> None:
    segmenting.cache_clear()  # what it remembers of the run before
    count_words(Corpus.open([str(text)], Tokenizer(kind), text.parent), CountOptions(5, n_threads=threads))


def rjieba_loop(text: Path) -> object:
    import rjieba

    return counted(text, rjieba.cut)


def icu_loop(text: Path) -> object:
    from icu4py.breakers import WordBreaker

    return counted(text, lambda line: [line[start:end] for start, end in WordBreaker(line, "zh").segments()])


def counted(text: Path, cut: Callable[[str], Iterable[str]]) -> Counter[str]:
    with open(text, encoding="utf-8") as lines:
        return Counter(word for line in lines for word in cut(line))


# ---------------------------------------------------------------- downloads


def compare_download(folder: Path, runs: int) -> None:
    (folder / "served").mkdir()
    source, target = folder / "served" / "file.bin", folder / "copy.bin"
    with open(source, "wb") as file:
        for _ in range(DOWNLOADED_BYTES >> 20):
            file.write(os.urandom(1 << 20))
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(source.parent)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    port = server.stdout.readline().partition("port ")[2].split()[0]
    url = f"http://127.0.0.1:{port}/file.bin"
    programs: dict[str, Task] = {
        "copied and hashed (SHA-256), flushed to the disk": lambda: copy_and_hash(source, target),
        "wordvec get's download": lambda: download(url, str(target)),
    }
    medians = medians_in_turn(programs, runs)
    server.kill()
    server.wait()
    megabytes, bound = source.stat().st_size / 1e6, next(iter(medians.values()))
    print_table(
        f"a download of {megabytes:.0f} MB from a server on this machine, medians of {runs} runs in turn",
        ["", "s", "MB/s", "of the bound"],
        [[name, s, megabytes / s, bound / s] for name, s in medians.items()],
    )


def copy_and_hash(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with open(source, "rb") as original, open(target, "wb") as copy:
        while part := original.read(1 << 18):
            digest.update(part)
            copy.write(part)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()
