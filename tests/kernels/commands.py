"""Commands that call every kernel, for each kind of arguments that it may get.

python -m tests.kernels.commands FOLDER     runs them there, and prints the names of the kernels that were compiled, or
                                            loaded for arguments that signatures.json does not list
make signatures                             writes wordvec_cli/kernels/signatures.json anew
"""

import os
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FASTTEXT = Path(__file__).parent.parent / "data" / "fasttext"
BUILD = """
build-vocab corpus.txt -o vocab.tsv --min-count 1
build-vocab corpus.txt -o vocab.tsv --min-count 1 --threads 1
build-vocab corpus.txt.gz -o vocab.tsv --min-count 1 --tokenizer words --lowercase
build-vocab corpus.txt -o vocab.tsv --min-count 1 --memory 64M
build-vocab - -o vocab.tsv --min-count 1
build-vocab table.csv -o vocab.tsv --min-count 1 --text-column text
build-vocab table.parquet -o vocab.tsv --min-count 1 --text-column text
build-vocab corpus.txt -o vocab.tsv --min-count 1
phrases corpus.txt -o phrases.txt --min-count 1
encode corpus.txt --vocab vocab.tsv -o encoded.npy
encode corpus.txt --vocab vocab.tsv -o encoded.safetensors --missing skip
cooccur corpus.txt --vocab vocab.tsv -o pairs.safetensors
cooccur corpus.txt --vocab vocab.tsv -o pairs.bin --to glove --left-only --unknown gap --threads 1
cooccur corpus.txt --vocab vocab.tsv -o pairs.safetensors --memory 16M
train corpus.txt -o skipgram.safetensors --epochs 1 --min-count 1
train corpus.txt -o skipgram.safetensors --epochs 1 --vocab vocab.tsv --threads 1 --fixed-window
train corpus.txt -o skipgram.safetensors --epochs 1 --vocab vocab.tsv --deterministic
train corpus.txt -o hs.safetensors --epochs 1 --min-count 1 --loss hierarchical-softmax
train corpus.txt -o hs.safetensors --epochs 1 --min-count 1 --loss hierarchical-softmax --deterministic
train corpus.txt -o cbow.safetensors --epochs 1 --min-count 1 --model cbow
train corpus.txt -o cbow.safetensors --epochs 1 --min-count 1 --model cbow --cbow-sum --deterministic
train corpus.txt -o cbow.safetensors --epochs 1 --min-count 1 --model cbow --loss hierarchical-softmax
train corpus.txt -o hs.safetensors --epochs 1 --vocab vocab.tsv --model cbow --loss hierarchical-softmax --deterministic
train corpus.txt -o subwords.safetensors --epochs 1 --min-count 1 --subwords 3-6
train corpus.txt -o subwords.safetensors --epochs 1 --vocab vocab.tsv --subwords 2-3 --threads 1 --fixed-window
train corpus.txt -o subwords.safetensors --epochs 1 --min-count 1 --subwords 3-6 --model cbow
train corpus.txt -o subwords.safetensors --epochs 1 --vocab vocab.tsv --subwords 3-6 --loss hierarchical-softmax
train varied.txt -o subwords.safetensors --epochs 1 --min-count 1 --subwords 3-6 --deterministic
train varied.txt -o hs.safetensors --epochs 1 --min-count 1 --subwords 3 --loss hierarchical-softmax --deterministic
train varied.txt -o cbow.safetensors --epochs 1 --min-count 1 --subwords 3 --model cbow --deterministic
train corpus.txt -o hs.safetensors --epochs 1 --min-count 1 --subwords 3 --model cbow --loss hierarchical-softmax
train varied.txt -o hs.safetensors --epochs 1 --min-count 1 --subwords 3 --model cbow --loss hierarchical-softmax \
--deterministic
train corpus.txt -o glove.safetensors --epochs 1 --min-count 1 --model glove
train --pairs pairs.safetensors -o glove.safetensors --epochs 1 --model glove
train --pairs pairs.bin --vocab vocab.tsv -o glove.safetensors --epochs 1 --model glove
export skipgram.safetensors glove.txt --to glove
export skipgram.safetensors vectors.vec --to word2vec --decimals 4
export skipgram.safetensors vectors.bin --to word2vec-binary
export skipgram.safetensors half.safetensors --float16
export skipgram.safetensors bytes.safetensors --int8
export vectors.bin again.safetensors
export glove.txt some.safetensors --words words.txt
export vectors.bin some.safetensors --words words.txt
similar glove.txt the -k 2
similar vectors.vec the -k 2
similar vectors.bin the -k 2
similar skipgram.safetensors the -k 2
similar half.safetensors the -k 2
similar bytes.safetensors the -k 2
export skipgram.safetensors parts.safetensors --pq 10
matrix --vocab vocab.tsv --vectors glove.txt -o matrix.npy
embed --sequences encoded.npy --matrix matrix.npy -o embedded.npy --pool mean
classify train labelled.txt -o softmax.safetensors --epochs 1
classify train labelled.txt -o softmax.safetensors --epochs 1 --tokenizer words --word-ngrams 2 --threads 1
classify train labelled.txt -o ova.safetensors --epochs 1 --loss one-vs-all --word-ngrams 2
classify train labelled.txt -o subwords.safetensors --epochs 1 --word-ngrams 2 --subwords 1-3
classify train labelled.txt -o hs.safetensors --epochs 1 --loss hierarchical-softmax --init glove.txt --freeze
classify train labelled.txt -o hs.safetensors --epochs 1 --loss hierarchical-softmax --subwords 2-3
"""
FASTTEXT_MODELS = ("export {model} fasttext.safetensors", "export {model} fasttext.safetensors --words words.txt")
SUBWORDS = (
    "export {model} subwords.safetensors",
    "export subwords.safetensors fewer.bin --to fasttext --buckets 50",
)


def write_inputs(folder: Path) -> None:
    """Texts of words that follow Zipf's law, some of them beyond ASCII, long enough for compiled predictions."""
    import gzip

    import pyarrow as pa
    from pyarrow import parquet

    choose = random.Random(1)
    words = ["the", "naïve", "don't", "3.14", "mother-in-law", *(f"word{i}" for i in range(300))]
    weights = [1 / (1 + i) for i in range(len(words))]
    lines = [" ".join(choose.choices(words, weights, k=12)) for _ in range(2000)]
    text = "".join(f"{line}\n" for line in lines).encode()
    (folder / "corpus.txt").write_bytes(text)
    (folder / "corpus.txt.gz").write_bytes(gzip.compress(text))
    (folder / "table.csv").write_text("text\n" + "".join(f'"{line}"\n' for line in lines))
    parquet.write_table(pa.table({"text": lines}), folder / "table.parquet")
    (folder / "labelled.txt").write_text("".join(f"__label__{i % 3} {line}\n" for i, line in enumerate(lines)))
    (folder / "unlabelled.txt").write_bytes(text)
    (folder / "words.txt").write_text("the\nword7\n")
    # of words with few n-grams in common
    varied = ["".join(choose.choices("abcdefghijklmnopqrstuvwxyz", k=5)) for _ in words]
    lines = [" ".join(choose.choices(varied, weights, k=12)) for _ in range(2000)]
    (folder / "varied.txt").write_text("\n".join(lines))


def command_lines() -> Iterator[list[str]]:
    for line in BUILD.strip().splitlines():
        yield line.split()
    for model in ("softmax", "ova", "hs", "subwords"):
        yield ["classify", "predict", f"{model}.safetensors", "unlabelled.txt", "-k", "2"]
        yield ["classify", "test", f"{model}.safetensors", "labelled.txt"]
    for path in sorted(FASTTEXT.glob("*.bin")) + sorted(FASTTEXT.glob("*.ftz")):
        for line in FASTTEXT_MODELS:
            yield line.format(model=path).split()
    for line in SUBWORDS:
        yield line.format(model=FASTTEXT / "skipgram.bin").split()


def run_commands(folder: Path) -> list[tuple[str, list[str]]]:
    """Run all in a folder; those that failed, with their exit status."""
    from wordvec_cli.cli import run

    write_inputs(folder)
    os.chdir(folder)
    failed, streams = [], (sys.stdin, sys.stdout)
    for arguments in command_lines():
        with open("corpus.txt") as sys.stdin, open("results.txt", "w") as sys.stdout:
            status = run([*arguments, "--quiet"])
        if status:
            failed.append((str(status), arguments))
    sys.stdin, sys.stdout = streams
    return failed


class Clock:
    """Takes down which kernels are compiled for a call from Python, and how long that takes, with those they call."""

    def __init__(self) -> None:
        import time

        from numba.core import event

        self.seconds: dict[str, float] = defaultdict(float)
        clock, self.depth, self.now, self.start = self, 0, time.perf_counter, 0.0

        class Listener(event.Listener):
            def on_start(self, event: Any) -> None:
                clock.depth += 1
                if clock.depth == 1:
                    clock.start = clock.now()

            def on_end(self, event: Any) -> None:
                clock.depth -= 1
                if not clock.depth:
                    clock.seconds[name_of(event.data["dispatcher"])] += clock.now() - clock.start

        event.register("numba:compile", Listener())


def name_of(dispatcher: Any) -> str:
    return f"{dispatcher.py_func.__module__.rpartition('.')[2]}.{dispatcher.py_func.__name__}"


def signatures_of_kernels() -> dict[str, list[Any]]:
    """For which arguments this process has compiled or loaded each kernel; parts of kernels are none of them."""
    from numba.core.caching import NullCache
    from numba.core.dispatcher import Dispatcher

    from wordvec_cli.kernels import signatures

    found = {}
    for module in [name for name in sys.modules if name.startswith(f"{signatures.PACKAGE}.")]:
        for value in vars(sys.modules[module]).values():
            if isinstance(value, Dispatcher) and value.overloads and not isinstance(value._cache, NullCache):
                found[name_of(value)] = [[signatures.spelled(kind) for kind in each] for each in value.overloads]
    return found


def main() -> None:
    from wordvec_cli.kernels import ahead

    ahead._can_help = lambda: False  # or another process would compile what is to be recorded here
    clock = Clock()
    with tempfile.TemporaryDirectory() as temporary:
        failed = run_commands(Path(sys.argv[1] if len(sys.argv) > 1 else temporary).resolve())
        os.chdir("/")
    if failed:
        sys.exit(f"failed: {failed}")
    from wordvec_cli.kernels import signatures

    called = signatures_of_kernels()
    if len(sys.argv) > 1:
        known = signatures.known()
        for name in sorted(called):
            if name in clock.seconds or any(each not in known.get(name, []) for each in called[name]):
                print(name)
        return
    of_all = (name for name in called if "._" not in name)  # no others are called from Python
    slowest_first = sorted(of_all, key=lambda name: -clock.seconds[name])
    signatures.write({name: called[name] for name in slowest_first})
    for name in slowest_first:
        print(f"{clock.seconds[name]:6.2f} s  {len(called[name])} x  {name}")


if __name__ == "__main__":
    main()
