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
RESUMED_FOLDER = f"{TRAIN.replace('--epochs 1', '--epochs 40')} --seeds 2 -o {{d}}/models"
RESUMED_GROUPS = (
    f"{TRAIN.replace('{s}/corpus/text.txt', '{s}/corpus-csv/t.csv').replace('--epochs 1', '--epochs 40')}"
    " --text-column text --by day -o {d}/models"
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
MEASURES = (
    "axis {f} --pair monday red --pair tuesday blue friday green",
    "associate {f} --sets {s}/association-sets/sets.toml --permutations 20",
    "change {f} {s}/native/v.safetensors -k 3 --min-count 1 --most 2",
    "cluster {f} --into 3",
    "stability {f} --also {s}/native/v.safetensors -k 3",
    "induce {f} {s}/corpus/text.txt --word red",
    "contexts {s}/corpus/text.txt monday --typical-by {f} --most 3",
)
SHOWN = (
    "map {f} -o {o}/m.html --clusters 2",
    "plot words {f} monday red blue -k 2 --format json",
    "plot axes {f} --x monday:red --y tuesday:blue friday green --format tsv",
    "plot heatmap {f} monday red --format csv",
    "plot neighbours {f} monday -k 3 --format json",
)
MADE_OF_THEM = (
    "transform {f} {o}/x.safetensors normalise centre abtt:1",
    "align {f} {s}/native/v.safetensors -o {o}/x.safetensors",
)
STARTS = (
    "matrix --vocab {s}/vocabulary/v.tsv --vectors {f} -o {o}/E.npy",
    f"{TRAIN} --init {{f}} -o {{o}}/v.safetensors",
    f"{CLASSIFY} --init {{f}} --vector-size 8",
)
VECTORS = QUESTIONS + WHOLE + STARTS
NATIVE = (
    *VECTORS,
    *MEASURES,
    *SHOWN,
    *MADE_OF_THEM,
    "plot training {f} --format tsv",
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
AS_TABLE = (
    *(f"{each} --text-column text" for each in CORPUS),
    "train {f} --text-column text --by day --vector-size 8 --epochs 1 --threads 1 --min-count 1 --sample 0"
    " -o {o}/models",
    "train {f} --text-column text --bootstrap 2 --document-column day --vector-size 8 --epochs 1 --threads 1"
    " --min-count 1 --sample 0 -o {o}/models",
    "contexts {f} monday --text-column text --most 3",
    "induce {s}/native/v.safetensors {f} --text-column text --word red",
)
MODELS = (
    "lookup {d}/seed-001.safetensors monday",
    "similar {d} monday red -k 3",
    "similarity {d} monday red",
    "analogy {d} monday tuesday red -k 2",
    "evaluate {d} {s}/evaluation-pairs/p.tsv --bootstrap 10",
    "compare {d} {s}/native/v.safetensors {s}/evaluation-pairs/p.tsv",
    "axis {d} --axes {s}/axes/axes.toml friday",
    "associate {d} --sets {s}/association-sets/sets.toml --permutations 20",
    "change {d} {s}/native/v.safetensors -k 3 --min-count 1",
    "stability {d} -k 3",
    "stability {d} monday red -k 3 --format json",
    "plot axis {d} --pair monday red friday --format tsv",
)
SUBWORDS = (
    "build-vocab {s}/corpus/text.txt --tokenizer tokenizers:{f} -o {o}/v.tsv",
    "encode {s}/corpus/text.txt --tokenizer tokenizers:{f} --vocab {f} -o {o}/x.npy",
    "train {s}/corpus/text.txt --tokenizer tokenizers:{f} --vector-size 4 --epochs 1 --threads 1 -o {o}/v.safetensors",
    "matrix --vocab {f} --vector-size 3 -o {o}/E.npy",
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
    sealed     whether a library trusts the content, which a checksum has to hold for
    exact      files whose every byte decides the result, which a command leaves in the folder if it can be trusted
    """

    file: str
    commands: tuple[str, ...]
    counted: bool = False
    refused: bool = False
    sealed: bool = False
    exact: frozenset[str] = frozenset()


KINDS: Mapping[str, Kind] = {
    "native": Kind("v.safetensors", NATIVE, True),
    "native-float16": Kind("v.safetensors", NATIVE, True),
    "native-int8": Kind("v.safetensors", NATIVE, True),
    "native-int4": Kind("v.safetensors", NATIVE, True),
    "native-pq": Kind("v.safetensors", NATIVE, True),
    "native-bits": Kind("v.safetensors", NATIVE, True),
    "index": Kind("v.index", INDEX, True),
    "index-hnsw": Kind("v.hnsw", INDEX, True, sealed=True),
    "index-ivf-pq": Kind("v.ivf-pq", INDEX, True, sealed=True),
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
    "subwords": Kind("tokenizer.json", SUBWORDS, True),
    "association-sets": Kind("sets.toml", ("associate {s}/native/v.safetensors --sets {f} --permutations 20",
                                           "associate {s}/native/v.safetensors --sets {f} --measure sc-weat",
                                           "associate {s}/models --sets {f} --measure rnd --format json")),
    "association-sets-json": Kind("sets.json", ("associate {s}/native/v.safetensors --sets {f} --permutations 20",)),
    "axes": Kind("axes.toml", ("axis {s}/native/v.safetensors --axes {f} friday green",
                               "axis {s}/models --axes {f} friday green --format json",
                               "plot axis {s}/native/v.safetensors --axes {f} friday --format tsv")),
    "groups": Kind("g.tsv", ("map {s}/native/v.safetensors --groups {f} -o {o}/m.html",)),
    "dictionary": Kind("d.tsv", ("align {s}/native/v.safetensors {s}/native-glove/v.safetensors --dictionary {f}"
                                 " -o {o}/x.safetensors",
                                 "align {s}/native/v.safetensors {s}/native-glove/v.safetensors --test {f}"
                                 " -o {o}/x.safetensors")),
    "lexicon": Kind("l.txt", ("transform {s}/native/v.safetensors {o}/x.safetensors retrofit:{f}",)),
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
    "checkpoint-folder": Kind("models", (f"{RESUMED_FOLDER} --resume",)),
    "checkpoint-groups": Kind("models", (f"{RESUMED_GROUPS} --resume",)),
    "models": Kind(".", MODELS),
    "glove": Kind("v.txt", VECTORS),
    "word2vec": Kind("v.vec", VECTORS, True),
    "word2vec-binary": Kind("v.bin", VECTORS, True),
    "gzip": Kind("v.vec.gz", VECTORS, True),
    "bzip2": Kind("v.bin.bz2", VECTORS, True),
    "xz": Kind("v.safetensors.xz", VECTORS, True),
    "npy": Kind("v.npy", VECTORS, True),
    "npz": Kind("v.npz", VECTORS, True),
    "csv": Kind("v.csv", VECTORS),
    "csv-of-pandas": Kind("v.csv", VECTORS),
    "tsv-of-r": Kind("v.tsv", VECTORS),
    "jsonl": Kind("v.jsonl", VECTORS),
    "json": Kind("v.json", VECTORS, True),
    "parquet": Kind("v.parquet", VECTORS, True),
    "parquet-wide": Kind("v.parquet", VECTORS, True),
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
    "static-model": Kind(".", VECTORS),
    "spacy": Kind(".", VECTORS),
    "hdf5": Kind("v.h5", (*QUESTIONS[:2], *WHOLE[:3])),
    "numberbatch": Kind("v.h5", (*QUESTIONS[:2], *WHOLE[:3])),
    "torch": Kind("v.pt", (*QUESTIONS[:2], *WHOLE[:3]), True),
    "corpus": Kind("text.txt", CORPUS),
    "corpus-gzip": Kind("text.txt.gz", CORPUS, True),
    "corpus-folder": Kind(".", CORPUS),
    "corpus-zip": Kind("text.zip", CORPUS, True),
    "corpus-tar": Kind("text.tar.gz", CORPUS, True),
    "corpus-csv": Kind("t.csv", AS_TABLE),
    "corpus-tsv": Kind("t.tsv", AS_TABLE),
    "corpus-jsonl": Kind("t.jsonl", AS_TABLE),
    "corpus-parquet": Kind("t.parquet", AS_TABLE, True),
    "corpus-utf-16": Kind("text.txt", tuple(f"{each} --encoding utf-16" for each in CORPUS)),
}  # fmt: skip
