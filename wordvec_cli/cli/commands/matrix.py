"""`wordvec matrix`: the matrix of an embedding layer."""

from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.options import (
    combined,
    output_option,
    progress_options,
    seed_option,
    sequences_option,
    specials_option,
    to_option,
    vector_size_option,
    vocab_option,
)
from wordvec_cli.cli.output import check_not_for_terminal, tell_awaited
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import AS_IT_IS, Part, VectorSource, vector_options
from wordvec_cli.messages import counted
from wordvec_cli.storage.files import STANDARD_STREAM, shown_size

if TYPE_CHECKING:
    from wordvec_cli.layer.matrix import MadeMatrix, MatrixOrder
    from wordvec_cli.layer.matrix_rows import BuiltMatrix

_LAYOUTS = {"npy": "npy", "keras": "npy", "safetensors": "safetensors", "torch": "safetensors", "text": "text"}

_matching_options = combined(
    click.option(
        "--match", metavar="WAY,...", default="",
        help="How to look for a word that has no vector, in turn: normalise (Unicode NFC, NFKC, NFD), lowercase, "
        "capitalise, uppercase, digits (# for each, as in word2vec's News vectors), subword (fastText).  "
        "[default: only the word itself]",
    ),
    click.option(
        "--missing", type=click.Choice(["normal", "uniform", "mean", "zeros"]),
        help="What a word without a vector gets: normal: random numbers with the mean and deviation of each column of "
        "the vectors found; uniform: in -0.05 to 0.05, as Keras does; mean: of the vectors found.  [default: normal; "
        "without --vectors uniform]",
    ),
    click.option(
        "--report", "match_report", metavar="FILE",
        help="Write how each word was matched: `word<TAB>count<TAB>way`.",
    ),
)  # fmt: skip


@click.command(short_help="Make the matrix of an embedding layer.")
@output_option("the matrix")
@vocab_option("The words, from wordvec build-vocab: a row for each.", required=True)
@click.option("--vectors", metavar="FILE", help="Vectors of any format.  [default: none; all numbers are random]")
@to_option(
    list(_LAYOUTS), name="framework",
    help="npy or keras: an .npy array; safetensors or torch: a .safetensors file with the tensor `weight`; text: row, "
    "word and vector, with tabs between them.  [default: by the output's name]",
)  # fmt: skip
@specials_option
@_matching_options
@seed_option
@vector_size_option
@sequences_option(required=False)
@vector_options
@progress_options
@click.pass_obj
def command(terminal: Terminal, /, source: VectorSource, **given: Any) -> None:
    """Make the matrix of an embedding layer: a row for each special row and each word of a vocabulary, in their order.

    The rows of words are those of --vectors, or random numbers to learn from. The row of padding is zeros, that of
    unknown words the file's own vector for them, if it has one. Notes say what was found, and show the line that loads
    the matrix into a layer of Keras or PyTorch. With --sequences, each number there is checked to have a row.

    \b
    wordvec matrix --vocab vocab.tsv --vectors glove.6B.50d.txt --match lowercase -o matrix.npy
    wordvec matrix --vocab vocab.tsv --vectors vectors.safetensors --to torch -o matrix.safetensors
    wordvec matrix --vocab vocab.tsv --vector-size 50 -o new.npy
    wordvec matrix --vocab vocab.tsv --vector-size 4 --to text -o - | head -n 5
    """
    from wordvec_cli.layer.matrix import make_matrix

    order = _order(given, source, terminal).settled()
    check_not_for_terminal(order.output, str(order.layout), "the numbers")
    if order.sequences == STANDARD_STREAM:
        tell_awaited("rows of numbers", terminal)
    _tell_use(order.output, make_matrix(order, terminal.note), terminal)


def _order(given: dict[str, Any], source: VectorSource, terminal: Terminal) -> "MatrixOrder":
    """Raises: click.UsageError if options are given that would have no effect"""
    from wordvec_cli.layer.matching import Matching
    from wordvec_cli.layer.matrix import MatrixOrder

    vectors, match, framework = given["vectors"], given.pop("match"), given.pop("framework")
    if vectors is None and source != AS_IT_IS:
        raise click.UsageError("--vectors: is not given, so that there is nothing to read; name a file")
    seed = given.pop("seed")
    return MatrixOrder(
        layout=_LAYOUTS[framework] if framework else None,  # type: ignore[arg-type]
        match=Matching(tuple(match.split(",")) if match else ()),
        read_vectors=lambda words: source.open(vectors, terminal, part=Part(words)),
        seed=1 if seed is None else seed,
        dim=given.pop("vector_size"),
        **given,
    )


def _tell_use(output: str, made: "MadeMatrix", terminal: Terminal) -> None:
    """What the matrix is, and the line that loads it into a framework's layer."""
    matrix, rule = made.built.matrix, made.built.rows.rule
    shape = f"{counted(len(matrix), 'row')} of {counted(matrix.shape[1], 'number')}, {shown_size(matrix.nbytes)}"
    terminal.note(f"{shape}: special rows {rule.specials}, then {counted(rule.n_words, 'word')}")
    length = "the --length of wordvec encode" if made.length is None else made.length
    terminal.note(
        f"input_dim (num_embeddings) {len(matrix)}, output_dim (embedding_dim) {matrix.shape[1]}, input_length {length}"
    )
    if output != STANDARD_STREAM and made.layout in _LOADING:
        terminal.note(_LOADING[made.layout](output, made.built))


def _keras_line(output: str, built: "BuiltMatrix") -> str:
    masks = ", mask_zero=True" if built.rows.rule.specials.padding == 0 else ""
    n_rows, dim = built.matrix.shape
    return (
        f"Keras: keras.layers.Embedding(input_dim={n_rows}, output_dim={dim}{masks}, weights=[numpy.load({output!r})])"
    )


def _torch_line(output: str, built: "BuiltMatrix") -> str:
    padding = built.rows.rule.specials.padding
    masks = "" if padding is None else f", padding_idx={padding}"
    return (
        f'PyTorch: torch.nn.Embedding.from_pretrained(safetensors.torch.load_file({output!r})["weight"], '
        f"freeze=False{masks})"
    )


_LOADING = {"npy": _keras_line, "safetensors": _torch_line}
