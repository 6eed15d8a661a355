"""What feeds an embedding layer: `encode` makes ids of texts, `embedding_matrix` the rows that the ids stand for."""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from wordvec_cli.api.bar import Shown, log_note, reporting
from wordvec_cli.api.corpora import AnyPath, Texts, folder_for, sources_of
from wordvec_cli.api.opening import load
from wordvec_cli.api.options import TOKENIZER_OPTIONS, TokenizerOptions, check_names, tokenizer_of
from wordvec_cli.api.vectors import Vectors
from wordvec_cli.api.vocabulary import CountedVocabulary
from wordvec_cli.api.words import Words
from wordvec_cli.layer.encode import encode_corpus, encode_terms
from wordvec_cli.layer.matching import Matching
from wordvec_cli.layer.matrix import DEFAULT_DIM
from wordvec_cli.layer.matrix_rows import Filling, Missing, matrix_of_vectors, random_matrix
from wordvec_cli.layer.padding import Side
from wordvec_cli.layer.row_options import RowOptions, UnknownWords
from wordvec_cli.layer.row_rule import Specials
from wordvec_cli.layer.rows import Rows
from wordvec_cli.layer.term_matrices import Weighting
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.text.corpus_notes import open_corpus
from wordvec_cli.text.decoding import as_bytes
from wordvec_cli.text.tokenizer import Tokenizer, agreed_tokenizer
from wordvec_cli.vectors.embeddings import recorded
from wordvec_cli.vocabulary.notes import read_and_note
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AnyVocabulary = Words | AnyPath | Iterable[str]  # build_vocab's, Vectors, a file, or words in an order of your own
AnySpecials = str | Sequence[str] | None


class EmbeddingMatrix(NamedTuple):
    """The rows of an embedding layer.

    matrix   (n_rows, vector_size) float32: the special rows, then a row for each word
    special  the names of the special rows, such as pad and unk
    matched  of each word how its vector was found: exact, lowercase ..., missing; None if all numbers are random
    """

    matrix: "NDArray[np.float32]"
    special: list[str]
    matched: list[str] | None


def encode(  # noqa: PLR0913
    texts: Texts,
    vocabulary: AnyVocabulary,
    *,
    length: int | str | None = "max",
    padding: Side = "pre",
    truncating: Side = "pre",
    value: int | None = None,
    dtype: str = "int32",
    unknown: UnknownWords | None = None,
    weighting: Weighting | None = None,
    specials: AnySpecials = None,
    threads: int | None = None,
    tmp_dir: AnyPath | None = None,
    progress: Shown = False,
    **tokenizer: Unpack[TokenizerOptions],
) -> Any:
    """Texts as ids of the rows of an embedding matrix: 0 is padding, 1 an unknown word, then come the words.

    texts       a path (file or folder), Path objects, or an iterable of texts or of token lists
    vocabulary  from build_vocab, Vectors, a vocabulary file, or a list of words
    length      of all rows: a number, "max" (the longest text's) or "p99" (enough for 99 % of the texts)
    padding, truncating  where a shorter text is filled up and a longer one is cut: "pre" or "post"
    value       the id that fills up; None: the row of padding
    unknown     "keep": unknown words get their row; "skip": they are left out; None: keep, if there is such a row
    weighting   "one-hot", "binary", "count" or "tf-idf": a sparse matrix with a column for each row instead
    specials    the special rows, by default "pad,unk"
    tokenizer   as in `TokenizerOptions`; by default that of the vocabulary
    Returns (n_texts, length) ids; with length=None a list of arrays; with a weighting a scipy.sparse.csr_array
    Raises: InputError
    """
    check_names("encode", tokenizer, TOKENIZER_OPTIONS)
    words, its_tokenizer, name = _known(vocabulary)
    chosen = agreed_tokenizer(tokenizer_of(tokenizer), its_tokenizer, f"{name}: was built")
    n_threads = threads or usable_cpus()
    if weighting is not None:
        options = RowOptions(unknown=unknown, weighting=weighting, n_threads=n_threads)
    else:
        rows_length = None if length is None else str(length)
        options = RowOptions(rows_length, padding, truncating, value, dtype, unknown, n_threads=n_threads)
    folder, rows = folder_for(tmp_dir), Rows.of(words, _specials(specials), name)
    corpus = open_corpus(sources_of(texts, folder), chosen, folder, log_note)
    with reporting(progress) as report:
        if weighting is not None:
            return encode_terms(corpus, rows, options, report, log_note).to_scipy()
        encoded = encode_corpus(corpus, rows, options, report, log_note)
        ids = encoded.array()
    return ids if length is not None else _split(ids, encoded.length_array())


def embedding_matrix(  # noqa: PLR0913
    vocabulary: AnyVocabulary,
    vectors: Vectors | AnyPath | None = None,
    *,
    match: Sequence[str] = (),
    missing: Missing | None = None,
    vector_size: int = DEFAULT_DIM,
    specials: AnySpecials = None,
    seed: int = 1,
) -> EmbeddingMatrix:
    """The matrix of an embedding layer: a row for each id that `encode` gives with the same vocabulary.

    vectors      Vectors, or a file of them in any format; None: random numbers, to be learned
    match        ways to look for a word that the vectors lack, in turn: lowercase, capitalise, normalise, subword ...
    missing      what such a word gets: "normal" (numbers like the vectors'), "uniform", "mean" or "zeros"
    vector_size  of a matrix without vectors
    Raises: InputError, OptionError
    """
    words, _, name = _known(vocabulary)
    rows = Rows.of(words, _specials(specials), name)
    if vectors is None:
        built = random_matrix(rows, vector_size, Filling(missing or "uniform", seed))
    else:
        opened = vectors if isinstance(vectors, Vectors) else load(vectors)
        ways = Matching((match,) if isinstance(match, str) else tuple(match))
        built = matrix_of_vectors(rows, opened.embeddings, ways, Filling(missing or "normal", seed))
    matched = None if built.kinds is None else list(built.kinds)
    return EmbeddingMatrix(built.matrix, list(rows.rule.specials.names), matched)


def _known(vocabulary: AnyVocabulary) -> tuple[Vocabulary, Tokenizer | None, str]:
    """The words, the tokenizer that made them if that is known, and what messages call them."""
    if isinstance(vocabulary, CountedVocabulary):
        return vocabulary.vocabulary, vocabulary.tokenizer, "the vocabulary"
    if isinstance(vocabulary, Vectors):
        table = recorded(vocabulary.embeddings.metadata, "tokenizer")
        return vocabulary.vocabulary, Tokenizer.from_metadata(table) if table else None, "the vectors"
    if isinstance(vocabulary, Words):
        return vocabulary.vocabulary, None, "the vocabulary"
    if isinstance(vocabulary, str | os.PathLike):
        path = os.fspath(vocabulary)
        file = read_and_note(path, log_note)
        return file.vocabulary, file.tokenizer, path
    return Vocabulary.from_words(map(as_bytes, vocabulary)), None, "the vocabulary"


def _specials(given: AnySpecials) -> Specials | None:
    if given is None:
        return None
    return Specials.parse(given) if isinstance(given, str) else Specials(tuple(given))


def _split(ids: "NDArray[Any]", lengths: "NDArray[np.int64]") -> "list[NDArray[Any]]":
    import numpy as np

    return np.split(ids, np.cumsum(lengths)[:-1])
