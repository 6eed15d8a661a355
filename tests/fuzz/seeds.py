"""One whole, small file of each kind: made by the commands, and where they do not write it, by hand."""

import contextlib
import gzip
import json
import os
import random
import shutil
import signal
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tests.conftest import TOPICS
from tests.fuzz.child import run_here
from tests.fuzz.kinds import GLOVE, RESUMED, RESUMED_GLOVE, TRAIN
from tests.reference_fasttext import Model, Quantised
from wordvec_cli.cli import run

DIM = 8
ENCODE = "encode {s}/corpus/text.txt --vocab {s}/vocabulary/v.tsv --length 9"
MADE = (
    ("vocabulary", "build-vocab {s}/corpus/text.txt --min-count 1 -o {d}/v.tsv"),
    ("vocabulary-word2vec", "build-vocab {s}/corpus/text.txt --min-count 1 --to word2vec -o {d}/v.txt"),
    ("native", f"{TRAIN} --save-context -o {{d}}/v.safetensors"),
    ("native-glove", f"{GLOVE} --unknown-vector -o {{d}}/v.safetensors"),
    ("native-subwords", f"{TRAIN} --subwords 2-3 --buckets 40 --save-context -o {{d}}/v.safetensors"),
    ("native-subwords-int8", "export {s}/native-subwords/v.safetensors {d}/v.safetensors --int8"),
    ("fasttext-of-ours", "export {s}/native-subwords/v.safetensors {d}/m.bin --to fasttext"),
    ("floret", "export {s}/native-subwords/v.safetensors {d}/v.floret --buckets 50"),
    ("native-float16", "export {s}/native/v.safetensors {d}/v.safetensors --float16"),
    ("native-int8", "export {s}/native/v.safetensors {d}/v.safetensors --int8"),
    ("native-int4", "export {s}/native/v.safetensors {d}/v.safetensors --int4"),
    ("native-pq", "export {s}/native/v.safetensors {d}/v.safetensors --pq 3"),
    ("native-bits", "export {s}/native/v.safetensors {d}/v.safetensors --bits"),
    ("index", "index {s}/native/v.safetensors -o {d}/v.index"),
    ("classifier", "classify train {s}/labelled/l.txt --threads 1 --epochs 2 --vector-size 8 --word-ngrams 2"
                   " --buckets 50 -o {d}/m.safetensors"),
    ("classifier-hs", "classify train {s}/labelled/l.txt --threads 1 --epochs 2 --vector-size 8 --loss hs"
                      " -o {d}/m.safetensors"),
    ("fasttext-classifier", "export {s}/classifier/m.safetensors {d}/m.bin --to fasttext"),
    ("pairs", "cooccur {s}/corpus/text.txt --vocab {s}/vocabulary/v.tsv -o {d}/p.safetensors"),
    ("pairs-glove", "cooccur {s}/corpus/text.txt --vocab {s}/vocabulary/v.tsv -o {d}/p.bin"),
    ("sequences", f"{ENCODE} -o {{d}}/x.npy"),
    ("sequences-ragged", f"{ENCODE.removesuffix(' --length 9')} -o {{d}}/x.safetensors"),
    ("sequences-plain", f"{ENCODE.removesuffix(' --length 9')} --specials none -o {{d}}/x.safetensors"),
    ("sequences-text", f"{ENCODE} -o {{d}}/x.txt"),
    ("sequences-jsonl", f"{ENCODE} -o {{d}}/x.jsonl"),
    ("term-matrix", "encode {s}/corpus/text.txt --vocab {s}/vocabulary/v.tsv --as tf-idf -o {d}/x.npz"),
    ("matrix", "matrix --vocab {s}/vocabulary/v.tsv --vectors {s}/native/v.safetensors -o {d}/E.npy"),
    ("matrix-torch", "matrix --vocab {s}/vocabulary/v.tsv --vectors {s}/native/v.safetensors --to torch"
                     " -o {d}/E.safetensors"),
    ("phrases", "phrases {s}/corpus/text.txt -o {d}/joined.txt --min-count 2 --threshold 0.1"
                " --save-phrases {d}/p.tsv"),
    ("glove", "export {s}/native/v.safetensors {d}/v.txt"),
    ("word2vec", "export {s}/native/v.safetensors {d}/v.vec"),
    ("word2vec-binary", "export {s}/native/v.safetensors {d}/v.bin"),
    ("gzip", "export {s}/native/v.safetensors {d}/v.vec.gz"),
    ("bzip2", "export {s}/native/v.safetensors {d}/v.bin.bz2"),
    ("xz", "export {s}/native/v.safetensors {d}/v.safetensors.xz"),
    ("npy", "export {s}/native/v.safetensors {d}/v.npy"),
    ("npz", "export {s}/native/v.safetensors {d}/v.npz"),
    ("csv", "export {s}/native/v.safetensors {d}/v.csv"),
    ("jsonl", "export {s}/native/v.safetensors {d}/v.jsonl"),
    ("json", "export {s}/native/v.safetensors {d}/v.json"),
    ("parquet", "export {s}/native/v.safetensors {d}/v.parquet"),
    ("arrow", "export {s}/native/v.safetensors {d}/v.arrow"),
    ("sqlite", "export {s}/native/v.safetensors {d}/v.sqlite"),
    ("fifu", "export {s}/native/v.safetensors {d}/v.fifu"),
    ("gensim", "export {s}/native/v.safetensors {d}/v.kv"),
)  # fmt: skip


def filled(command: str, **folders: Path) -> list[str]:
    """The arguments of a command of the tables."""
    return [word.format(**folders) for word in command.split()]


def make_seeds(folder: Path) -> None:
    """Fill a folder with a folder for each kind."""
    by_hand: dict[str, Callable[[Path], None]] = {
        "corpus": _corpus, "labelled": _labelled, "labelled-table": _labelled_table, "labelled-json": _labelled_json,
        "words": _words, "bare": lambda path: _words(path, "v.txt"), "evaluation-pairs": _pairs,
        "analogies": _analogies, "evaluation-folder": _folder_of_sets, "glove-binary": _glove_binary,
        "fasttext": _fasttext, "fasttext-quantised": _quantised, "fasttext-oldest": _oldest,
        "foreign-safetensors": _foreign, "model2vec": _model2vec, "torch": _torch, "corpus-folder": _corpus_folder,
        "corpus-gzip": _corpus_gzip,
    }  # fmt: skip
    for kind, make in by_hand.items():
        (folder / kind).mkdir(parents=True)
        make(folder / kind)
    for kind, command in MADE:
        (folder / kind).mkdir()
        outcome = run_here(filled(command, s=folder, d=folder / kind))
        assert outcome.status == 0, (command, outcome.stderr.decode())
    for kind, command in (("checkpoint", RESUMED), ("checkpoint-glove", RESUMED_GLOVE)):
        _stopped(folder / kind, filled(command, s=folder, d=folder / kind))


def words() -> list[str]:
    return ["the", *TOPICS[0], *TOPICS[1], "東京", "naïve"]


def _lines(n: int) -> Iterator[list[str]]:
    rng = random.Random(1)
    for i in range(n):
        yield ["the", *rng.choices(TOPICS[i % 2], k=7), rng.choice(("東京", "naïve", "the"))]


def _corpus(folder: Path) -> None:
    (folder / "text.txt").write_text("".join(" ".join(line) + "\n" for line in _lines(200)), "utf-8")


def _corpus_gzip(folder: Path) -> None:
    text = "".join(" ".join(line) + "\n" for line in _lines(200))
    (folder / "text.txt.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def _corpus_folder(folder: Path) -> None:
    (folder / "inner").mkdir()
    for name in ("a.txt", "inner/b.txt"):
        (folder / name).write_text("".join(" ".join(line) + "\n" for line in _lines(100)), "utf-8")


def _labelled(folder: Path) -> None:
    lines = (f"__label__{'time' if i % 2 == 0 else 'colour'} {' '.join(line)}\n" for i, line in enumerate(_lines(60)))
    (folder / "l.txt").write_text("".join(lines), "utf-8")


def _labelled_table(folder: Path) -> None:
    lines = (f"{i}\t{' '.join(line)}\t{'time' if i % 2 == 0 else 'colour'}\n" for i, line in enumerate(_lines(60)))
    (folder / "l.tsv").write_text("id\ttext\tlabel\n" + "".join(lines), "utf-8")


def _labelled_json(folder: Path) -> None:
    records = ({"text": " ".join(line), "label": ["time", "colour"][i % 2]} for i, line in enumerate(_lines(60)))
    (folder / "l.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")


def _words(folder: Path, name: str = "w.txt") -> None:
    (folder / name).write_text("".join(f"{word}\n" for word in words()), "utf-8")


def _pairs(folder: Path) -> None:
    rng = random.Random(2)
    lines = (f"{a}\t{b}\t{rng.uniform(0, 10):.2f}\n" for a, b in zip(TOPICS[0], TOPICS[1], strict=True))
    (folder / "p.tsv").write_text("# pairs\n" + "".join(lines), "utf-8")


def _analogies(folder: Path) -> None:
    first, second = TOPICS
    lines = (f"{first[i]} {first[i + 1]} {second[i]} {second[i + 1]}\n" for i in range(7))
    (folder / "a.txt").write_text(": days\n" + "".join(lines) + ": more\n" + " ".join(first[:4]) + "\n", "utf-8")


def _folder_of_sets(folder: Path) -> None:
    (folder / "1_section").mkdir()
    for name, (a, b) in (("1_section/I01 [x - y].txt", TOPICS), ("1_section/I02 [y - x].txt", TOPICS[::-1])):
        (folder / name).write_text("".join(f"{x}\t{y}/{y}s\n" for x, y in zip(a, b, strict=True)), "utf-8")


def _numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape)


def _glove_binary(folder: Path) -> None:
    _numbers(2 * len(words()), DIM + 1).tofile(folder / "v.bin")


def _fasttext(folder: Path) -> None:
    rows = _numbers(len(words()) + 40, DIM).astype(np.float32)
    (folder / "m.bin").write_bytes(Model([word.encode() for word in words()], rows, n_buckets=40).file())


def _oldest(folder: Path) -> None:
    rows = _numbers(len(words()) + 40, DIM).astype(np.float32)
    (folder / "m.bin").write_bytes(Model([word.encode() for word in words()], rows, n_buckets=40, version=0).file())


def _quantised(folder: Path) -> None:
    codes = np.random.default_rng(2).integers(0, 256, (len(words()) + 20, 2), dtype=np.uint8)
    norms = np.abs(_numbers(256)).astype(np.float32)
    rows = Quantised(codes, [_numbers(256, DIM // 2).astype(np.float32)] * 2, codes[:, 0], norms)
    kept = {bucket: bucket // 2 for bucket in range(2, 40, 2)}
    (folder / "m.ftz").write_bytes(Model([word.encode() for word in words()], rows, n_buckets=40, kept=kept).file())


def _foreign(folder: Path) -> None:
    import safetensors.numpy

    safetensors.numpy.save_file({"weight": _numbers(len(words()), DIM).astype(np.float32)}, folder / "v.safetensors")
    _words(folder, "v.safetensors.words")


def _torch(folder: Path) -> None:
    """As torch.save writes it; torch itself takes more of the memory's addresses than the commands may have."""
    n_words = len(words())
    numbers = b"".join(b"M" + struct.pack("<H", number) for number in (n_words * DIM, 0, n_words, DIM))
    size, first, rows, columns = (numbers[place : place + 3] for place in range(0, 12, 3))
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpu" + size + b"tQ"
    view = first + rows + columns + b"\x86" + columns + b"K\x01\x86\x89}t"
    pickled = b"\x80\x02}X\x06\0\0\0weightctorch._utils\n_rebuild_tensor_v2\n(" + storage + view + b"Rs."
    with zipfile.ZipFile(folder / "v.pt", "w") as archive:
        archive.writestr("v/data.pkl", pickled)
        archive.writestr("v/version", "3\n")
        archive.writestr("v/byteorder", "little")
        archive.writestr("v/data/0", _numbers(n_words, DIM).astype("<f4").tobytes())
    _words(folder, "v.pt.words")


def _model2vec(folder: Path) -> None:
    import safetensors.numpy

    tokens = ["[PAD]", "[UNK]", *words()]
    matrix = _numbers(len(tokens), DIM).astype(np.float32)
    safetensors.numpy.save_file({"embeddings": matrix}, folder / "model.safetensors")
    model = {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {token: i for i, token in enumerate(tokens)}}
    tokenizer = {"version": "1.0", "added_tokens": [{"id": 0, "content": "[PAD]", "special": True}], "model": model}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    (folder / "config.json").write_text('{"model_type": "model2vec", "normalize": true}')


def _stopped(folder: Path, arguments: list[str]) -> None:
    """The checkpoint of a run that was killed."""
    folder.mkdir()
    state = folder / "v.safetensors.checkpoint" / "state.safetensors"
    pid = os.fork()
    if pid == 0:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
            os._exit(run([*arguments, "--checkpoint-every", "0.00001"]))
    while not state.exists() and os.waitpid(pid, os.WNOHANG) == (0, 0):
        time.sleep(0.001)
    assert state.exists(), "the run ended before its first checkpoint"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def copy_of(seed: Path, target: Path) -> list[Path]:
    """A copy of a kind's folder; the files in it, in the order of their names."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(seed, target)
    return sorted(path for path in target.rglob("*") if path.is_file())
