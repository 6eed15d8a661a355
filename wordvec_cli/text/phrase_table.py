"""The file of phrases: a table that people can read and change, after a comment that holds the options."""

import json

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import replacing
from wordvec_cli.text.decoding import shown
from wordvec_cli.text.lines import read_text
from wordvec_cli.text.phrase_options import Figures, LearntPass, LearntPhrases, PhraseOptions, Words
from wordvec_cli.text.tokenizer import Tokenizer

FILE_START = b"# wordvec phrases "
COLUMNS = b"# pass\twords\tcount\tscore\n"


def write_phrases(learnt: LearntPhrases, path: str) -> None:
    """Write `pass<TAB>words<TAB>count<TAB>score` lines, after a comment that holds the options. Raises: OutputError"""
    options = learnt.options.to_metadata() | {"tokenizer": learnt.tokenizer.to_metadata()}
    with replacing(path) as file:
        file.write(FILE_START + json.dumps(options, sort_keys=True).encode() + b"\n" + COLUMNS)
        for number, found in enumerate(learnt.passes, 1):
            for words, (count, score) in found.phrases.items():
                file.write(b"%d\t%b\t%d\t%b\n" % (number, b" ".join(words), count, repr(float(score)).encode()))


def read_phrases(path: str) -> LearntPhrases:
    """Read what `write_phrases` has written; lines may have been removed or added since.

    Raises: InputError that names the line
    """
    header, *lines = read_text(path).split(b"\n")
    options, tokenizer = _read_header(path, header)
    passes: list[dict[Words, Figures]] = [{} for _ in range(options.n_passes)]
    for number, line in enumerate(lines, 2):
        if line and not line.startswith(b"#"):
            try:
                pass_number, words, figures = _read_row(line, options.n_passes)
            except ValueError:
                expected = f"a pass from 1 to {options.n_passes}, two words or more, count and score, tabs between them"
                raise InputError(f"{path}:{number}: {shown(line)!r} is not {expected}") from None
            passes[pass_number - 1][words] = figures
    return LearntPhrases(options, tokenizer, tuple(map(LearntPass, passes)))


def _read_header(path: str, line: bytes) -> tuple[PhraseOptions, Tokenizer]:
    try:
        if not line.startswith(FILE_START):
            raise ValueError("does not begin as it should")
        metadata = json.loads(line.removeprefix(FILE_START))
        tokenizer = Tokenizer.from_metadata(metadata.pop("tokenizer"))
        return PhraseOptions.from_metadata(metadata), tokenizer
    except (InputError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(f"{path}:1: is not a file written by wordvec phrases --save-phrases ({error})") from error


def _read_row(line: bytes, n_passes: int) -> tuple[int, Words, Figures]:
    """Raises: ValueError"""
    number, phrase, count, score = line.removesuffix(b"\r").split(b"\t")
    words = tuple(phrase.split(b" "))
    is_plain = b"_" not in number + count + score  # int() and float() take 1_000 too
    if not is_plain or not 1 <= int(number) <= n_passes or len(words) < 2 or not all(words):
        raise ValueError
    return int(number), words, Figures(int(count), float(score))
