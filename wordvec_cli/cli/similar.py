"""`wordvec similar`: the nearest neighbours of words."""

import json
from collections.abc import Iterator, Sequence

import click

from wordvec_cli.cli.missing import EXIT_MISSING, MissingWords
from wordvec_cli.cli.options import progress_options
from wordvec_cli.cli.output import as_text, asked_words, write_stdout
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options

QUERIES_PER_PRODUCT = 256


@click.command(short_help="List the nearest neighbours of words.")
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("-k", "k", type=click.IntRange(min=1), default=10, show_default=True, help="Neighbours for each word.")
@click.option(
    "--format",
    "layout",
    type=click.Choice(["tsv", "json"]),
    default="tsv",
    show_default=True,
    help="tsv: query, neighbour, cosine; json: an object for each query.",
)
@click.option(
    "--vocab", metavar="FILE",
    help="A fuller vocabulary, to tell why a word is missing; or the words of a vector file that holds none.",
)  # fmt: skip
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    vectors: str,
    words: tuple[str, ...],
    k: int,
    layout: str,
    vocab: str | None,
    source: VectorSource,
) -> int:
    """List the words whose vectors have the highest cosine with that of each WORD, best first.

    Words are read from standard input, one a line, if none are given.

    \b
    wordvec similar vectors.safetensors king queen -k 5
    cut -f1 words.tsv | wordvec similar vectors.safetensors --format json
    """
    embeddings = source.open(vectors, terminal, vocab, is_again=True)
    missing_words = MissingWords(embeddings, terminal, vocab)
    for batch in asked_words(words):
        for start in range(0, len(batch), QUERIES_PER_PRODUCT):
            write_stdout(_answers(batch[start : start + QUERIES_PER_PRODUCT], k, layout, missing_words))
    return EXIT_MISSING if missing_words.n_missing else 0


def _answers(words: Sequence[bytes], k: int, layout: str, missing_words: MissingWords) -> Iterator[bytes]:
    import numpy as np

    from wordvec_cli.query import nearest

    embeddings = missing_words.embeddings
    found: list[tuple[bytes, Sequence[float], frozenset[int]]] = []
    for word in words:
        word_id = embeddings.vocabulary.find(word)
        vector = embeddings.row(word_id) if word_id is not None else embeddings.compose(word)
        if vector is None:
            missing_words.tell(word)
        elif not any(vector):
            missing_words.terminal.note(f"{as_text(word)!r} has a vector of zeros: no direction, no neighbours")
        else:
            found.append((word, vector, frozenset() if word_id is None else frozenset([word_id])))
    if not found:
        return
    queries = np.array([vector for _, vector, _ in found], dtype=np.float32)
    neighbours = nearest(embeddings, queries, k, [itself for _, _, itself in found])
    for (word, _, _), row in zip(found, neighbours, strict=True):
        pairs = [(embeddings.vocabulary.word(neighbour.word_id), neighbour.cosine) for neighbour in row]
        yield from _LAYOUTS[layout](word, pairs)


def _tsv(query: bytes, pairs: Sequence[tuple[bytes, float]]) -> Iterator[bytes]:
    for word, cosine in pairs:
        yield b"%s\t%s\t%.6f\n" % (query, word, cosine)


def _json(query: bytes, pairs: Sequence[tuple[bytes, float]]) -> Iterator[bytes]:
    neighbours = [{"word": as_text(word), "cosine": round(cosine, 6)} for word, cosine in pairs]
    yield json.dumps({"query": as_text(query), "neighbours": neighbours}).encode() + b"\n"


_LAYOUTS = {"tsv": _tsv, "json": _json}
