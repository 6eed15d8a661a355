"""What feeds an embedding layer: `encode` makes ids of texts, `embedding_matrix` the rows that the ids stand for.

`row_ids` names the rows that `encode` makes.
"""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from wordvec_cli.api.bar import Shown, log_note, reporting
from wordvec_cli.api.corpora import AnyPath, Texts, folder_for, sources_of
from wordvec_cli.api.face import face
from wordvec_cli.api.opening import load
from wordvec_cli.api.options import CorpusOptions, FileKeywords, files_of, threads_of, tokenizer_of
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
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_notes import open_corpus
from wordvec_cli.text.decoding import as_bytes, as_text
from wordvec_cli.text.lines import whole_lines
from wordvec_cli.text.row_ids import RowIds
from wordvec_cli.text.tokenizer import Tokenizer, agreed_tokenizer
from wordvec_cli.training.options import typed
from wordvec_cli.vectors.embeddings import recorded
from wordvec_cli.vocabulary.file import VocabularyFile
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


class EncodeOptions(CorpusOptions, total=False):
    """How texts become rows, as the options of `wordvec encode` of these names.

    padding, truncating  where a shorter text is filled up and a longer one is cut: "pre" (the default) or "post"
    value      the id that fills up; by default the row of padding
    dtype      of the ids, by default "int32"
    missing    "keep": words that the vocabulary lacks get the row of unknown words; "skip": they are left out; by
               default they are kept if there is such a row
    weighting  "one-hot", "binary", "count" or "tf-idf": a sparse matrix with a column for each row instead (--as)
    specials   the special rows, by default "pad,unk"
    threads    by default the usable CPUs
    tmp_dir    for temporary files
    """

    padding: Side
    truncating: Side
    value: int
    dtype: str
    missing: UnknownWords
    weighting: Weighting
    specials: AnySpecials
    threads: int
    tmp_dir: AnyPath


@face(options=EncodeOptions, renamed=[("vocab", "vocabulary")])
def encode(
    texts: Texts,
    vocabulary: AnyVocabulary,
    *,
    length: int | str | None = "max",
    progress: Shown = False,
    **options: Unpack[EncodeOptions],
) -> Any:
    """Texts as ids of the rows of an embedding matrix: 0 is padding, 1 an unknown word, then come the words.

    texts       a path (file or folder), Path objects, or an iterable of texts or of token lists
    vocabulary  from build_vocab, Vectors, a vocabulary file, or a list of words
    length      of all rows: a number, "max" (the longest text's) or "p99" (enough for 99 % of the texts)
    options     as in `EncodeOptions`, `CorpusOptions` and `TokenizerOptions`; the tokenizer is by default that of the
                vocabulary
    Returns (n_texts, length) ids; with length=None a list of arrays; with a weighting a scipy.sparse.csr_array
    Raises: InputError, OptionError
    """
    file, name = _known(vocabulary)
    tokenizer = agreed_tokenizer(tokenizer_of(options), file.tokenizer, f"{name}: was built")
    rows_options = _row_options(length, options)
    rows = Rows.of_file(file, _specials(options.get("specials")), name)
    folder = folder_for(options.get("tmp_dir"))
    corpus = open_corpus(sources_of(texts, folder), tokenizer, folder, log_note, files_of(options))
    with reporting(progress) as report:
        if rows_options.weighting is not None:
            return encode_terms(corpus, rows, rows_options, report, log_note).to_scipy()
        encoded = encode_corpus(corpus, rows, rows_options, report, log_note)
        ids = encoded.array()
    return ids if length is not None else _split(ids, encoded.length_array())


@face(options=FileKeywords)
def row_ids(texts: Texts, id_column: str, **options: Unpack[FileKeywords]) -> list[str]:
    """What stands in a column of tables, row by row: the names of the rows that `encode` makes of another column.

    texts    files or folders of tables (CSV, TSV, JSON lines, Parquet), as for `encode`
    options  corpus_format, encoding, include, exclude
    Returns an empty text for a row that has none; line ends within one are blanks
    Raises: InputError, OptionError
    """
    folder, column = folder_for(None), typed("id_column", id_column, str)
    corpus = Corpus.open(sources_of(texts, folder), Tokenizer(), folder, files_of({**options, "text_column": column}))
    return [as_text(line) for lines in whole_lines(RowIds(corpus, column).pieces()) for line in lines]


def _row_options(length: int | str | None, given: EncodeOptions) -> RowOptions:
    if "weighting" in given:
        length = None  # of which a matrix of terms has none
    return RowOptions(
        None if length is None else str(length),
        given.get("padding"),
        given.get("truncating"),
        given.get("value"),
        given.get("dtype"),
        given.get("missing"),
        given.get("weighting"),
        threads_of(given.get("threads")),
    )


@face(renamed=[("vocab", "vocabulary")])
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
    file, name = _known(vocabulary)
    rows = Rows.of_file(file, _specials(specials), name)
    if vectors is None:
        built = random_matrix(rows, vector_size, Filling(missing or "uniform", seed))
    else:
        opened = vectors if isinstance(vectors, Vectors) else load(vectors)
        ways = Matching((match,) if isinstance(match, str) else tuple(match))
        built = matrix_of_vectors(rows, opened.embeddings, ways, Filling(missing or "normal", seed))
    matched = None if built.kinds is None else list(built.kinds)
    return EmbeddingMatrix(built.matrix, list(rows.rule.specials.names), matched)


def _known(vocabulary: AnyVocabulary) -> tuple[VocabularyFile, str]:
    """The words and what is known of them, as of a file, and what messages call them."""
    if isinstance(vocabulary, CountedVocabulary):
        return VocabularyFile(vocabulary.vocabulary, vocabulary.tokenizer, None), "the vocabulary"
    if isinstance(vocabulary, Vectors):
        table = recorded(vocabulary.embeddings.metadata, "tokenizer")
        tokenizer = Tokenizer.from_metadata(table) if table else None
        return VocabularyFile(vocabulary.vocabulary, tokenizer, None), "the vectors"
    if isinstance(vocabulary, Words):
        return VocabularyFile(vocabulary.vocabulary, None, None), "the vocabulary"
    if isinstance(vocabulary, str | os.PathLike):
        path = os.fspath(vocabulary)
        return read_and_note(path, log_note), path
    return VocabularyFile(Vocabulary.from_words(map(as_bytes, vocabulary)), None, None), "the vocabulary"


def _specials(given: AnySpecials) -> Specials | None:
    if given is None:
        return None
    return Specials.parse(given) if isinstance(given, str) else Specials(tuple(given))


def _split(ids: "NDArray[Any]", lengths: "NDArray[np.int64]") -> "list[NDArray[Any]]":
    import numpy as np

    return np.split(ids, np.cumsum(lengths)[:-1])
