"""`wordvec matrix`: the matrix of an embedding layer."""

from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.options import (
    output_option,
    progress_options,
    seed_option,
    sequences_option,
    specials_option,
    vector_size_option,
)
from wordvec_cli.cli.output import check_not_for_terminal, read_vocabulary_and_tell, shown, tell_awaited
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import AS_IT_IS, VectorSource, vector_options
from wordvec_cli.messages import counted
from wordvec_cli.storage.files import STANDARD_STREAM, check_room, output_folder, replacing, shown_size, together
from wordvec_cli.vectors.native import is_native

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wordvec_cli.layer.matrix import BuiltMatrix, Layout
    from wordvec_cli.layer.row_rule import RowRule, Specials
    from wordvec_cli.vocabulary.vocabulary import Vocabulary

DEFAULT_DIM = 100
N_MISSING_SHOWN = 20
LAYOUTS: "Mapping[str, Layout]" = {
    "npy": "npy", "keras": "npy", "safetensors": "safetensors", "torch": "safetensors", "text": "text",
}  # fmt: skip


@click.command(short_help="Make the matrix of an embedding layer.")
@output_option("the matrix")
@click.option("--vocab", required=True, metavar="FILE", help="The words, from wordvec build-vocab: a row for each.")
@click.option("--vectors", metavar="FILE", help="Vectors of any format.  [default: none; all numbers are random]")
@click.option(
    "--to", "framework", type=click.Choice(list(LAYOUTS)),
    help="npy or keras: an .npy array; safetensors or torch: a .safetensors file with the tensor `weight`; text: row, "
    "word and vector, with tabs between them.  [default: what the output's name tells]",
)  # fmt: skip
@specials_option
@click.option(
    "--match", metavar="WAY,...", default="",
    help="How to look for a word that has no vector, in turn: normalise (Unicode NFC, NFKC, NFD), lowercase, "
    "capitalise, uppercase, digits (# for each, as in word2vec's News vectors), subword (fastText).  "
    "[default: none of them]",
)  # fmt: skip
@click.option(
    "--missing", type=click.Choice(["normal", "uniform", "mean", "zeros"]),
    help="What a word without a vector gets: normal: random numbers with the mean and deviation of each column of the "
    "vectors found; uniform: in -0.05 to 0.05, as Keras does; mean: of the vectors found.  [default: normal; without "
    "--vectors uniform]",
)  # fmt: skip
@seed_option
@vector_size_option
@sequences_option(required=False)
@click.option("--report", metavar="FILE", help="Write how each word was matched: `word<TAB>count<TAB>way`.")
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    output: str,
    vocab: str,
    vectors: str | None,
    framework: str | None,
    specials: "Specials | None",
    match: str,
    missing: Any,
    seed: int | None,
    vector_size: int | None,
    sequences: str | None,
    report: str | None,
    source: VectorSource,
) -> None:
    """Make the matrix of an embedding layer: a row for each special row and each word of a vocabulary, in their order.

    The rows of words are those of --vectors, or random numbers to learn from. The row of padding is zeros, that of
    unknown words the file's own vector for them, if it has one. What was found is told, with the line that loads the
    matrix into a layer of Keras or PyTorch. Of --sequences it is checked that each number has a row.

    \b
    wordvec matrix --vocab vocab.tsv --vectors glove.6B.50d.txt --match lowercase -o matrix.npy
    wordvec matrix --vocab vocab.tsv --vectors vectors.safetensors --to torch -o matrix.safetensors
    wordvec matrix --vocab vocab.tsv --vector-size 50 -o new.npy
    wordvec matrix --vocab vocab.tsv --vector-size 4 --to text -o - | head -n 5
    """
    from wordvec_cli.layer.matching import Matching
    from wordvec_cli.layer.matrix import (
        ENDINGS,
        Filling,
        matrix_of_vectors,
        random_matrix,
        wanted_words,
        write_matrix,
    )
    from wordvec_cli.layer.row_rule import RowRule, Specials
    from wordvec_cli.storage.output_names import chosen_layout
    from wordvec_cli.storage.sidecar import check_outputs

    seed = 1 if seed is None else seed
    check_outputs([path for path in (output, report) if path is not None], vocab, vectors, sequences)
    layout = chosen_layout(output, LAYOUTS[framework] if framework else None, ENDINGS)
    check_not_for_terminal(output, layout, "the numbers")
    _check_options(vectors, source, match, report, vector_size)
    words = read_vocabulary_and_tell(vocab, terminal).vocabulary
    rule = RowRule.of(words, specials or Specials())
    length = _checked_length(sequences, output, rule, vocab, terminal) if sequences else None
    if vectors is None:
        dim = vector_size or DEFAULT_DIM
        check_room({output: 4 * dim * rule.n_rows})
        built = random_matrix(rule, dim, Filling(missing or "uniform", seed))
    else:
        matching = Matching(tuple(match.split(",")) if match else ())
        wanted = None if is_native(vectors) else wanted_words(words, matching)  # a native file is mapped, not read
        found = source.open(vectors, terminal, words=wanted)
        if matching.composes and found.composed is None:
            terminal.note(f"--match subword: {vectors} has no vectors of parts of words, as fastText's models have")
        check_room({output: 4 * found.dim * rule.n_rows})
        built = matrix_of_vectors(words, found, rule, matching, Filling(missing or "normal", seed))
    with together():
        write_matrix(output, built, layout, words)
        if report and built.kinds is not None:
            _write_report(report, words, built.kinds)
    if built.kinds is not None:
        _tell_coverage(words, built.kinds, terminal)
    _tell_use(output, layout, built, length, terminal)


def _check_options(
    vectors: str | None, source: VectorSource, match: str, report: str | None, vector_size: int | None
) -> None:
    """Raises: click.UsageError if options are given that would have no effect"""
    if vectors is not None and vector_size is not None:
        raise click.UsageError("--vector-size: is that of --vectors; leave one of the two out")
    if vectors is None and (match or report or source != AS_IT_IS):
        raise click.UsageError("--vectors: is not given, so that there is nothing to match or to read; name a file")


def _checked_length(sequences: str, output: str, rule: "RowRule", vocab: str, terminal: Terminal) -> int | None:
    """The length of the lines of sequences, whose numbers are checked to be rows. Raises: InputError"""
    from wordvec_cli.layer.encoded_text import open_any
    from wordvec_cli.layer.row_rule import check_agreement

    if sequences == STANDARD_STREAM:
        tell_awaited("rows of numbers", terminal)
    stored = open_any(sequences, output_folder(output))
    if stored.note:
        terminal.note(stored.note)
    if stored.rule:
        check_agreement(sequences, stored.rule, vocab, rule)
    for lines in stored.lines():
        stored.check_range(lines, rule.n_rows, vocab)
    return stored.length


def _tell_coverage(vocabulary: "Vocabulary", kinds: "Sequence[str]", terminal: Terminal) -> None:
    """How many words, and how many tokens of the corpus, got their vectors in which way."""
    from wordvec_cli.layer.matching import coverage, most_frequent_missing

    ways = coverage(vocabulary, kinds)
    n_tokens = sum(way.n_tokens or 0 for way in ways)
    for way in ways:
        words = f"{way.kind}: {counted(way.n_words, 'word')} ({way.n_words / len(vocabulary):.1%})"
        terminal.note(
            f"{words}, {counted(way.n_tokens, 'token')} ({way.n_tokens / max(n_tokens, 1):.1%})"
            if way.n_tokens is not None
            else words
        )
    if missing := most_frequent_missing(vocabulary, kinds, N_MISSING_SHOWN):
        terminal.note(f"most frequent of the missing: {' '.join(map(shown, missing))}")


def _write_report(path: str, vocabulary: "Vocabulary", kinds: "Sequence[str]") -> None:
    with replacing(path) as file:
        for word_id, (word, kind) in enumerate(zip(vocabulary, kinds, strict=True)):
            count = b"" if vocabulary.counts is None else b"%d" % vocabulary.counts[word_id]
            file.write(b"%b\t%b\t%b\n" % (word, count, kind.encode()))


def _tell_use(output: str, layout: "Layout", built: "BuiltMatrix", length: int | None, terminal: Terminal) -> None:
    """What the matrix is, and the line that loads it into a framework's layer."""
    n_rows, dim = built.matrix.shape
    n_words, specials = built.rule.n_words, built.rule.specials
    size = shown_size(built.matrix.nbytes)
    shape = f"{counted(n_rows, 'row')} of {counted(dim, 'number')}"
    terminal.note(f"{shape}, {size}: special rows {specials}, then {counted(n_words, 'word')}")
    input_length = "the --length of wordvec encode" if length is None else length
    terminal.note(f"input_dim (num_embeddings) {n_rows}, output_dim (embedding_dim) {dim}, input_length {input_length}")
    if output != STANDARD_STREAM and layout in _LOADING:
        terminal.note(_LOADING[layout](output, built))


def _keras_line(output: str, built: "BuiltMatrix") -> str:
    masks = ", mask_zero=True" if built.rule.specials.padding == 0 else ""
    n_rows, dim = built.matrix.shape
    return (
        f"Keras: keras.layers.Embedding(input_dim={n_rows}, output_dim={dim}{masks}, weights=[numpy.load({output!r})])"
    )


def _torch_line(output: str, built: "BuiltMatrix") -> str:
    padding = built.rule.specials.padding
    masks = "" if padding is None else f", padding_idx={padding}"
    return (
        f'PyTorch: torch.nn.Embedding.from_pretrained(safetensors.torch.load_file({output!r})["weight"], '
        f"freeze=False{masks})"
    )


_LOADING = {"npy": _keras_line, "safetensors": _torch_line}
