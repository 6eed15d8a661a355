"""One whole, small file of each kind: made by the commands, and where they do not write it, by hand."""

import contextlib
import csv
import gzip
import json
import os
import random
import shutil
import signal
import struct
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import h5py
import numpy as np
import pyarrow
from pyarrow import parquet

from tests.conftest import TOPICS
from tests.fuzz.child import run_here
from tests.fuzz.kinds import GLOVE, RESUMED, RESUMED_FOLDER, RESUMED_GLOVE, RESUMED_GROUPS, TRAIN
from tests.reference_fasttext import Model, Quantised
from wordvec_cli.cli import run
from wordvec_cli.formats.spacy_vectors import murmur_hashes

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
    ("index-hnsw", "index {s}/native/v.safetensors --kind hnsw -o {d}/v.hnsw"),
    ("index-ivf-pq", "index {s}/native/v.safetensors --kind ivf-pq -o {d}/v.ivf-pq"),
    ("subwords", "build-vocab {s}/corpus/text.txt --train-bpe 280 -o {d}/tokenizer.json"),
    ("models", f"{TRAIN} --seeds 3 -o {{d}}"),
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
    ("static-model", "export {s}/native/v.safetensors {d} --to sentence-transformers"),
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
        "corpus-gzip": _corpus_gzip, "corpus-zip": _corpus_zip, "corpus-tar": _corpus_tar, "corpus-csv": _corpus_csv,
        "corpus-tsv": _corpus_tsv, "corpus-jsonl": _corpus_jsonl, "corpus-parquet": _corpus_parquet,
        "corpus-utf-16": _corpus_utf_16, "csv-of-pandas": _csv_of_pandas, "tsv-of-r": _tsv_of_r,
        "parquet-wide": _parquet_wide, "hdf5": _hdf5, "numberbatch": _numberbatch, "spacy": _spacy,
        "association-sets": _sets, "association-sets-json": _sets_json, "axes": _axes, "groups": _groups,
        "dictionary": _dictionary, "lexicon": _lexicon,
    }  # fmt: skip
    for kind, make in by_hand.items():
        (folder / kind).mkdir(parents=True)
        make(folder / kind)
    for kind, command in MADE:
        (folder / kind).mkdir()
        outcome = run_here(filled(command, s=folder, d=folder / kind))
        assert outcome.status == 0, (command, outcome.stderr.decode())
    stopped = {
        "checkpoint": (RESUMED, "v.safetensors"), "checkpoint-glove": (RESUMED_GLOVE, "v.safetensors"),
        "checkpoint-folder": (RESUMED_FOLDER, "models/seed-001.safetensors"),
        "checkpoint-groups": (RESUMED_GROUPS, "models/1.safetensors"),
    }  # fmt: skip
    for kind, (command, output) in stopped.items():
        _stopped(folder / kind, filled(command, s=folder, d=folder / kind), output)


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


def _rows() -> Iterator[tuple[int, str, int]]:
    """An id, a text with delimiters and quotes in it, and what it is grouped by."""
    for i, line in enumerate(_lines(60)):
        yield i, f'{" ".join(line)}, "{line[1]}"', i % 2 + 1


def _corpus_csv(folder: Path) -> None:
    with (folder / "t.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text", "day"), *_rows()])


def _corpus_tsv(folder: Path) -> None:
    lines = (f"{id}\t{text}\t{day}\n" for id, text, day in _rows())
    (folder / "t.tsv").write_text("id\ttext\tday\n" + "".join(lines), "utf-8")


def _corpus_jsonl(folder: Path) -> None:
    lines = (json.dumps({"id": id, "text": text, "day": day}) + "\n" for id, text, day in _rows())
    (folder / "t.jsonl").write_text("".join(lines))


def _corpus_parquet(folder: Path) -> None:
    ids, texts, days = zip(*_rows(), strict=True)
    table = pyarrow.table({"id": ids, "text": texts, "day": days})
    parquet.write_table(table, folder / "t.parquet", row_group_size=20)


def _corpus_utf_16(folder: Path) -> None:
    (folder / "text.txt").write_text("".join(" ".join(line) + "\n" for line in _lines(100)), "utf-16")


def _corpus_zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "text.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.txt", "inner/b.txt"):
            archive.writestr(name, "".join(" ".join(line) + "\n" for line in _lines(60)))


def _corpus_tar(folder: Path) -> None:
    _corpus_folder(folder)
    with tarfile.open(folder / "text.tar.gz", "w:gz") as archive:
        for name in ("a.txt", "inner"):
            archive.add(folder / name, name)
    (folder / "a.txt").unlink()
    shutil.rmtree(folder / "inner")


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


def _tables_of_words(folder: Path, name: str, tables: Mapping[str, Mapping[str, object]]) -> None:
    """As TOML: strings and lists of them are written there as JSON is."""
    lines = (f"[{table}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in content.items())
             for table, content in tables.items())  # fmt: skip
    (folder / name).write_text("\n".join(lines))


def _word_sets() -> dict[str, dict[str, object]]:
    first, second = TOPICS
    sets = {"X": first[:3], "Y": second[:3], "A": first[3:6], "B": second[3:6]}
    return {"days": {**sets, "about": "made up"}, "more": {**sets, "A": second[5:7], "B": first[5:7]}}


def _sets(folder: Path) -> None:
    _tables_of_words(folder, "sets.toml", _word_sets())


def _sets_json(folder: Path) -> None:
    (folder / "sets.json").write_text(json.dumps(_word_sets()))


def _axes(folder: Path) -> None:
    first, second = TOPICS
    pairs = [list(pair) for pair in zip(first[:3], second[:3], strict=True)]
    _tables_of_words(
        folder, "axes.toml", {"day": {"pairs": pairs}, "sets": {"positive": first[:3], "negative": second[:3]}}
    )


def _groups(folder: Path) -> None:
    lines = (f"{word}\t{len(word)}\t{word[:1]}\n" for word in words())
    (folder / "g.tsv").write_text("word\tlength\tfirst\n" + "".join(lines), "utf-8")


def _dictionary(folder: Path) -> None:
    (folder / "d.tsv").write_text("".join(f"{word}\t{word}\n" for word in words()), "utf-8")


def _lexicon(folder: Path) -> None:
    lines = (f"{a} {b} {c}\n" for a, b, c in zip(words(), words()[1:], words()[2:], strict=False))
    (folder / "l.txt").write_text("".join(lines), "utf-8")


def _csv_of_pandas(folder: Path) -> None:
    """As DataFrame.to_csv writes words for an index: a name without a word, numbers of columns."""
    rows = ([word, *map(repr, row)] for word, row in zip(words(), _numbers(len(words()), DIM).tolist(), strict=True))
    with (folder / "v.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["", *map(str, range(DIM))], *rows])


def _tsv_of_r(folder: Path) -> None:
    """As write.table writes them: names in quotes, one fewer than columns."""
    rows = zip(words(), _numbers(len(words()), DIM).tolist(), strict=True)
    lines = (" ".join([f'"{word}"', *map(str, row)]) + "\n" for word, row in rows)
    titles = " ".join(f'"V{i + 1}"' for i in range(DIM))
    (folder / "v.tsv").write_text(f"{titles}\n{''.join(lines)}", "utf-8")


def _parquet_wide(folder: Path) -> None:
    """As DataFrame.to_parquet writes a column for each number, compressed."""
    columns = {str(i): column for i, column in enumerate(_numbers(len(words()), DIM).T)}
    table = pyarrow.table({**columns, "__index_level_0__": words()})
    parquet.write_table(table, folder / "v.parquet", row_group_size=5)


def _hdf5(folder: Path) -> None:
    with h5py.File(folder / "v.h5", "w") as file:
        file.create_dataset("layers/embedding/vars/0", data=_numbers(len(words()), DIM), chunks=(4, DIM), compression=4)
        file["layers/dense/vars/0"] = np.ones((DIM, 2))
    _words(folder, "v.h5.words")


def _numberbatch(folder: Path) -> None:
    with h5py.File(folder / "v.h5", "w") as file:
        file["mat/axis0"] = np.arange(DIM)
        file["mat/axis1"] = np.array([word.encode() for word in words()], "S20")
        file["mat/block0_values"] = _numbers(len(words()), DIM).astype(np.float32)


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


def _spacy(folder: Path) -> None:
    """As spaCy's Vectors.to_disk and StringStore.to_disk write them."""
    hashes = murmur_hashes([word.encode() for word in words()]).tolist()
    with (folder / "vectors").open("wb") as file:
        np.save(file, _numbers(len(words()), DIM).astype(np.float32))
    pairs = (b"\xcf" + struct.pack(">Q", key) + bytes([row]) for row, key in enumerate(hashes))
    (folder / "key2row").write_bytes(b"\xde" + struct.pack(">H", len(hashes)) + b"".join(pairs))
    (folder / "strings.json").write_text(json.dumps(words()))
    (folder / "vectors.cfg").write_text('{"mode": "default"}')


def _stopped(folder: Path, arguments: list[str], output: str) -> None:
    """The checkpoint of a run that was killed."""
    folder.mkdir()
    state = folder / f"{output}.checkpoint" / "state.safetensors"
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
