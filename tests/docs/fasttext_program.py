"""The program `fasttext` on top of the Python package, which has the library and no program: what main.cc prints.

    python -m tests.docs.fasttext_program nn model.bin 10

Prints the same as the program, but that `analogies` ends where its input does, and that rows of `print-ngrams` are the
n-grams' own: there the program adds them to memory that it never set.
Source: facebookresearch/fastText, main.cc, args.cc (parseArgs, dump), meter.cc (writeGeneralMetrics) and vector.cc.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import fasttext

ARGUMENTS = (
    *("dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket", "minn", "maxn"),
    *("lrUpdateRate", "t"),
)
PROMPTING = {"nn", "analogies"}
SHORT = {"skipgram": "sg", "supervised": "sup"}
Pairs = Iterable[tuple[float, str]]


def main(arguments: list[str]) -> None:
    fasttext.FastText.eprint = lambda *_: None
    command, *others = arguments
    if command in {"supervised", "skipgram", "cbow"}:
        train(command, dict(zip(others[::2], others[1::2], strict=True)))
    elif command == "quantize":
        quantize(dict(zip(others[::2], others[1::2], strict=True)))
    else:
        for line in COMMANDS[command](fasttext.load_model(others[0]), *others[1:]):
            print(line, end="" if command in PROMPTING else "\n", flush=True)


def train(command: str, options: dict[str, str]) -> None:
    names = {name.removeprefix("-"): number(value) for name, value in options.items()}
    output = names.pop("output")
    if command == "supervised":
        model = fasttext.train_supervised(**names)
    else:
        model = fasttext.train_unsupervised(model=command, **names)
    model.save_model(f"{output}.bin")


def quantize(options: dict[str, str]) -> None:
    model = fasttext.load_model(f"{options['-output']}.bin")
    model.quantize()
    model.save_model(f"{options['-output']}.ftz")


def number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def vector(numbers: Iterable[float]) -> str:
    return "".join(f"{each:.5g} " for each in numbers)


def words() -> Iterator[str]:
    return (word for line in sys.stdin for word in line.split())


def answers(pairs: Pairs, prompt: str) -> str:
    return "".join(f"{word} {score:.6g}\n" for score, word in pairs) + prompt


def print_word_vectors(model: Any) -> Iterator[str]:
    return (f"{word} {vector(model.get_word_vector(word))}" for word in words())


def print_sentence_vectors(model: Any) -> Iterator[str]:
    return (vector(model.get_sentence_vector(line.rstrip("\n"))) for line in sys.stdin)


def print_ngrams(model: Any, word: str) -> Iterator[str]:
    names, rows = model.get_subwords(word)
    return (f"{name} {vector(model.get_input_vector(row))}" for name, row in zip(names, rows, strict=True))


def nn(model: Any, k: str = "10") -> Iterator[str]:
    prompt = "Query word? "
    print(prompt, end="")
    return (answers(model.f.getNN(word, int(k), "strict"), prompt) for word in words())


def analogies(model: Any, k: str = "10") -> Iterator[str]:
    prompt = "Query triplet (A - B + C)? "
    print(prompt, end="")
    asked = words()
    for three in zip(asked, asked, asked, strict=False):
        yield answers(model.f.getAnalogies(*three, int(k), "strict"), prompt)


def dump(model: Any, what: str) -> Iterator[str]:
    if what == "dict":
        names, counts = model.f.getVocab("strict")
        is_supervised = model.f.getArgs().model.name == "supervised"
        labels, label_counts = model.f.getLabels("strict") if is_supervised else ([], [])
        yield str(len(names) + len(labels))
        yield from (f"{name} {count} word" for name, count in zip(names, counts, strict=True))
        yield from (f"{name} {count} label" for name, count in zip(labels, label_counts, strict=True))
    else:
        for name in ARGUMENTS:
            value = getattr(model.f.getArgs(), name)
            yield f"{name} {SHORT.get(value.name, value.name) if hasattr(value, 'name') else value}"


def test(model: Any, path: str, k: str = "1", threshold: str = "0") -> Iterator[str]:
    n, precision, recall = model.test(path, int(k), float(threshold))
    return iter([f"N\t{n}", f"P@{k}\t{precision:.3g}", f"R@{k}\t{recall:.3g}"])


def test_label(model: Any, path: str, k: str = "1", threshold: str = "0") -> Iterator[str]:
    scores = model.test_label(path, int(k), float(threshold))
    for label in model.get_labels():
        f1, precision, recall = (scores[label][name] for name in ("f1score", "precision", "recall"))
        yield f"F1-Score : {f1:.6f}  Precision : {precision:.6f}  Recall : {recall:.6f}   {label}"
    n, precision, recall = model.test(path, int(k), float(threshold))
    yield from (f"N\t{n}", f"P@{k}\t{precision:.3f}", f"R@{k}\t{recall:.3f}")


def predictions(model: Any, path: str, k: str, threshold: str) -> Iterator[Sequence[tuple[float, str]]]:
    with open(path) if path != "-" else sys.stdin as lines:
        for line in lines:
            yield model.f.predict(line, int(k), float(threshold), "strict")


def predict(model: Any, path: str, k: str = "1", threshold: str = "0") -> Iterator[str]:
    return (" ".join(label for _, label in line) for line in predictions(model, path, k, threshold))


def predict_prob(model: Any, path: str, k: str = "1", threshold: str = "0") -> Iterator[str]:
    return (" ".join(f"{label} {p:.6g}" for p, label in line) for line in predictions(model, path, k, threshold))


COMMANDS: dict[str, Callable[..., Iterator[str]]] = {
    "print-word-vectors": print_word_vectors, "print-sentence-vectors": print_sentence_vectors,
    "print-ngrams": print_ngrams, "nn": nn, "analogies": analogies, "dump": dump, "test": test,
    "test-label": test_label, "predict": predict, "predict-prob": predict_prob,
}  # fmt: skip

if __name__ == "__main__":
    main(sys.argv[1:])
