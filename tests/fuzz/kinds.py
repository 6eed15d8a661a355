"""The kinds of files that wordvec reads, and the commands that read each.

In a command {f} is the file of that kind, {d} its folder, {s} the folder of all whole files, {o} one for results.
"""

from collections.abc import Mapping
from typing import NamedTuple

ANY_MODEL = "train {s}/corpus/text.txt --vocab {s}/vocabulary/v.tsv --vector-size 8 --epochs 1 --threads 1"
TRAIN = f"{ANY_MODEL} --sample 0"
GLOVE = f"{ANY_MODEL} --model glove"
# A run of many short epochs, so that there is one to stop in; its checkpoints are what is damaged.
RESUMED, RESUMED_GLOVE = (
    f"{each.replace('--epochs 1', '--epochs 40')} -o {{d}}/v.safetensors" for each in (TRAIN, GLOVE)
)
CLASSIFY = "classify train {s}/labelled/l.txt --threads 1 --epochs 1 --word-ngrams 2 --buckets 50 -o {o}/m.safetensors"
SCORED = "{s}/evaluation-pairs/p.tsv {s}/analogies/a.txt --bootstrap 10"

QUESTIONS = (
    "lookup {f} monday red nowhere",
    "similar {f} monday -k 3",
    "analogy {f} monday tuesday red -k 2",
    "similarity {f} monday red",
    "odd-one-out {f} monday tuesday red",
    f"evaluate {{f}} {SCORED}",
    "compare {f} {s}/native/v.safetensors --bootstrap 0",
)
WHOLE = (
    "info {f}",
    "verify {f}",
    "export {f} {o}/x.vec",
    "export {f} {o}/x.safetensors --words {s}/words/w.txt",
    "export {f} {o}/x.npz --limit 3",
    "export {f} {o}/x.safetensors --int8",
    "export {f} {o}/x.safetensors --float16",
)
STARTS = (
    "matrix --vocab {s}/vocabulary/v.tsv --vectors {f} -o {o}/E.npy",
    f"{TRAIN} --init {{f}} -o {{o}}/v.safetensors",
    f"{CLASSIFY} --init {{f}} --vector-size 8",
)
VECTORS = QUESTIONS + WHOLE + STARTS
NATIVE = (
    *VECTORS,
    f"{ANY_MODEL} --like {{f}} -o {{o}}/v.safetensors",
    "embed --matrix {f} --sequences {s}/sequences-plain/x.safetensors --pool mean -o {o}/y.npy",
    "encode {s}/corpus/text.txt --vocab {s}/vocabulary/v.tsv --matrix {f} -o {o}/x.safetensors",
)
REHASHED = (
    "lookup {f} mondays reddish --ngrams",
    "export {f} {o}/x.bin --to fasttext --buckets 30",
    "export {f} {o}/x.floret --buckets 40",
    "matrix --vocab {s}/vocabulary/v.tsv --vectors {f} --match subword -o {o}/E.npy",
)
COMPOSING = (
    *NATIVE,
    *REHASHED,
    "export {f} {o}/x.bin --to fasttext",
    "lookup {f} mondays reddish",
    f"{TRAIN} --subwords 2-3 --buckets 40 --init {{f}} -o {{o}}/v.safetensors",
)
FLORET = (
    "info {f}",
    "verify {f}",
    "lookup {f} monday nowhere",
    "lookup {f} red --ngrams",
    "similarity {f} monday red",
    "export {f} {o}/x.vec --words {s}/words/w.txt",
    "matrix --vocab {s}/vocabulary/v.tsv --vectors {f} --match subword -o {o}/E.npy",
)
INDEX = (
    "info {f}",
    "verify {f}",
    "similar {s}/native/v.safetensors monday red --index {f}",
    "analogy {s}/native/v.safetensors monday tuesday red --index {f}",
)
WITHOUT_WORDS = tuple(
    f"{command} --from glove-binary --vocab {{s}}/bare/v.txt"
    for command in (*QUESTIONS[:-1], *WHOLE)
)  # fmt: skip
VOCABULARY = (
    "info {f}",
    "encode {s}/corpus/text.txt --vocab {f} -o {o}/x.npy",
    "encode {s}/corpus/text.txt --vocab {f} --as tf-idf -o {o}/x.npz",
    "decode {s}/sequences/x.npy --vocab {f}",
    "cooccur {s}/corpus/text.txt --vocab {f} -o {o}/p.safetensors",
    "matrix --vocab {f} --vectors {s}/native/v.safetensors -o {o}/E.npy",
    "matrix --vocab {f} --vector-size 3 -o {o}/E.safetensors",
    "embed --matrix {s}/matrix/E.npy --sequences {s}/sequences/x.npy --pool sif --vocab {f} -o {o}/y.npy",
    "lookup {s}/native/v.safetensors monday nowhere --vocab {f}",
    f"{TRAIN.replace('{s}/vocabulary/v.tsv', '{f}')} -o {{o}}/v.safetensors",
)
OTHER_VOCABULARY = tuple(each for each in VOCABULARY if "sequences" not in each)  # than that of the sequences
SEQUENCES = (
    "info {f}",
    "decode {f} --vocab {s}/vocabulary/v.tsv",
    "embed --matrix {s}/matrix/E.npy --sequences {f} -o {o}/y.npy",
    "embed --matrix {s}/matrix/E.npy --sequences {f} --pool max -o {o}/y.npy",
    "matrix --vocab {s}/vocabulary/v.tsv --vector-size 4 --sequences {f} -o {o}/E.npy",
)
MATRIX = (
    "info {f}",
    "embed --matrix {f} --sequences {s}/sequences/x.npy -o {o}/y.npy",
    "embed --matrix {f} --sequences {s}/sequences/x.npy --pool mean -o {o}/y.npy",
    "encode {s}/corpus/text.txt --vocab {s}/vocabulary/v.tsv --matrix {f} -o {o}/x.npy",
)
CORPUS = (
    "build-vocab {f} -o {o}/v.tsv --tokenizer words --lowercase",
    "build-vocab {f} -o {o}/v.tsv --min-count 1",
    "phrases {f} -o {o}/joined.txt --min-count 1 --save-phrases {o}/p.tsv",
    "encode {f} --vocab {s}/vocabulary/v.tsv -o {o}/x.npy",
    "cooccur {f} --vocab {s}/vocabulary/v.tsv -o {o}/p.safetensors",
    "train {f} --vector-size 8 --epochs 1 --threads 1 --min-count 1 -o {o}/v.safetensors",
    "train {f} --model glove --vector-size 8 --epochs 2 --threads 1 -o {o}/v.safetensors",
)
CLASSIFIER = (
    *VECTORS,
    "classify predict {f} {s}/labelled/l.txt -k 2",
    "classify test {f} {s}/labelled/l.txt",
)
PAIRS = (
    "info {f}",
    "train --pairs {f} --model glove --vector-size 4 --epochs 2 --threads 1 -o {o}/v.safetensors",
    "train --pairs {f} --model glove --init {s}/native/v.safetensors --vector-size 8 --epochs 1 -o {o}/v.safetensors",
)
MATERIAL = frozenset(f"v.safetensors.checkpoint/{name}" for name in ("ids", "offsets", "pairs", "tile-sizes"))


class Kind(NamedTuple):
    """A folder of the seeds, where one file is damaged at a time.

    file       what the commands are given, relative to the folder
    commands   all that read it
    counted    whether the file says how long it is, so that a part of it cannot pass for the whole
    refused    whether a whole one is an error too
    exact      files whose every byte decides the result, which a command leaves in the folder if it can be trusted
    """

    file: str
    commands: tuple[str, ...]
    counted: bool = False
    refused: bool = False
    exact: frozenset[str] = frozenset()


KINDS: Mapping[str, Kind] = {
    "native": Kind("v.safetensors", NATIVE, True),
    "native-float16": Kind("v.safetensors", NATIVE, True),
    "native-int8": Kind("v.safetensors", NATIVE, True),
    "native-int4": Kind("v.safetensors", NATIVE, True),
    "native-pq": Kind("v.safetensors", NATIVE, True),
    "native-bits": Kind("v.safetensors", NATIVE, True),
    "index": Kind("v.index", INDEX, True),
    "native-glove": Kind("v.safetensors", NATIVE, True),
    "native-subwords": Kind("v.safetensors", COMPOSING, True),
    "native-subwords-int8": Kind("v.safetensors", COMPOSING, True),
    "classifier": Kind("m.safetensors", CLASSIFIER, True),
    "classifier-hs": Kind("m.safetensors", CLASSIFIER, True),
    "pairs": Kind("p.safetensors", PAIRS, True),
    "pairs-glove": Kind("p.bin", tuple(f"{each} --vocab {{s}}/vocabulary/v.tsv" for each in PAIRS[1:])),
    "sequences": Kind("x.npy", SEQUENCES, True),
    "sequences-ragged": Kind("x.safetensors", (*SEQUENCES[:2], *SEQUENCES[3:]), True),
    "sequences-plain": Kind("x.safetensors", SEQUENCES[:1], True),
    "sequences-text": Kind("x.txt", SEQUENCES[1:2]),
    "sequences-jsonl": Kind("x.jsonl", SEQUENCES[1:2]),
    "term-matrix": Kind("x.npz", ("info {f}",), True),
    "matrix": Kind("E.npy", MATRIX, True),
    "matrix-torch": Kind("E.safetensors", MATRIX, True),
    "vocabulary": Kind("v.tsv", VOCABULARY),
    "vocabulary-word2vec": Kind("v.txt", OTHER_VOCABULARY),
    "bare": Kind("v.txt", OTHER_VOCABULARY[1:]),
    "words": Kind("w.txt", ("export {s}/native/v.safetensors {o}/x.vec --words {f}",
                            "similar {s}/native/v.safetensors red --among {f}",
                            "compare {s}/native/v.safetensors {s}/native-int8/v.safetensors --words {f}")),
    "phrases": Kind("p.tsv", ("phrases {s}/corpus/text.txt --apply {f} -o {o}/joined.txt",)),
    "evaluation-pairs": Kind("p.tsv", ("evaluate {s}/native/v.safetensors {f} --bootstrap 10",)),
    "analogies": Kind("a.txt", ("evaluate {s}/native/v.safetensors {f} --per-section",
                                f"{TRAIN} --eval-set {{f}} -o {{o}}/v.safetensors")),
    "evaluation-folder": Kind(".", ("evaluate {s}/native/v.safetensors {d} --bootstrap 0",)),
    "labelled": Kind("l.txt", (CLASSIFY.replace("{s}/labelled/l.txt", "{f}"),
                               "classify test {s}/classifier/m.safetensors {f} --confusion",
                               "classify predict {s}/classifier/m.safetensors {f}")),
    "labelled-table": Kind("l.tsv", tuple(f"{each} --text-column text --label-column label" for each in (
        CLASSIFY.replace("{s}/labelled/l.txt", "{f}"), "classify test {s}/classifier/m.safetensors {f}"))),
    "labelled-json": Kind("l.jsonl", tuple(f"{each} --text-column text --label-column label" for each in (
        CLASSIFY.replace("{s}/labelled/l.txt", "{f}"), "classify test {s}/classifier/m.safetensors {f}"))),
    "checkpoint": Kind("v.safetensors", (f"{RESUMED} --resume",), exact=MATERIAL),
    "checkpoint-glove": Kind("v.safetensors", (f"{RESUMED_GLOVE} --resume",), exact=MATERIAL),
    "glove": Kind("v.txt", VECTORS),
    "word2vec": Kind("v.vec", VECTORS, True),
    "word2vec-binary": Kind("v.bin", VECTORS, True),
    "gzip": Kind("v.vec.gz", VECTORS, True),
    "bzip2": Kind("v.bin.bz2", VECTORS, True),
    "xz": Kind("v.safetensors.xz", VECTORS, True),
    "npy": Kind("v.npy", VECTORS, True),
    "npz": Kind("v.npz", VECTORS, True),
    "csv": Kind("v.csv", VECTORS),
    "jsonl": Kind("v.jsonl", VECTORS),
    "json": Kind("v.json", VECTORS, True),
    "parquet": Kind("v.parquet", VECTORS, True),
    "arrow": Kind("v.arrow", VECTORS, True),
    "sqlite": Kind("v.sqlite", VECTORS),
    "fifu": Kind("v.fifu", VECTORS, True),
    "gensim": Kind("v.kv", VECTORS, refused=True),
    "glove-binary": Kind("v.bin", WITHOUT_WORDS),
    "fasttext": Kind("m.bin", VECTORS),
    "fasttext-of-ours": Kind("m.bin", (*VECTORS, *REHASHED)),
    "fasttext-classifier": Kind("m.bin", VECTORS),
    "floret": Kind("v.floret", FLORET, True),
    "fasttext-quantised": Kind("m.ftz", VECTORS),
    "fasttext-oldest": Kind("m.bin", tuple(f"{each} --from fasttext" for each in (*QUESTIONS[:5], *WHOLE))),
    "foreign-safetensors": Kind("v.safetensors", VECTORS, True),
    "model2vec": Kind(".", VECTORS),
    "torch": Kind("v.pt", (*QUESTIONS[:2], *WHOLE[:3]), True),
    "corpus": Kind("text.txt", CORPUS),
    "corpus-gzip": Kind("text.txt.gz", CORPUS, True),
    "corpus-folder": Kind(".", CORPUS),
}  # fmt: skip
