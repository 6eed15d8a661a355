"""`build_vocab`: the words of a corpus with their counts."""

import os
from typing import TYPE_CHECKING, Literal, Unpack

from wordvec_cli.api.bar import Shown, log_note, reporting
from wordvec_cli.api.corpora import AnyPath, Texts, folder_for, sources_of
from wordvec_cli.api.face import face
from wordvec_cli.api.options import CorpusOptions, files_of, optional, size_of, threads_of, tokenizer_of
from wordvec_cli.api.words import Words
from wordvec_cli.text.corpus_notes import open_corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.word_filter import WordFilter
from wordvec_cli.text.word_filter import stop_words as stop_words_of
from wordvec_cli.training.options import typed
from wordvec_cli.vocabulary.counting import CountedWords, CountOptions
from wordvec_cli.vocabulary.file import write_vocabulary
from wordvec_cli.vocabulary.notes import count_and_note

if TYPE_CHECKING:
    from wordvec_cli.text.corpus import CorpusStatistics


class CountedVocabulary(Words):
    """The words of a corpus, the most frequent first, equal counts in byte order: `vocab["king"]` is a count.

    tokenizer   what made the words
    statistics  of the corpus: its lines and tokens
    """

    def __init__(self, counted: CountedWords) -> None:
        super().__init__(counted.vocabulary())
        self._counted = counted

    def __getitem__(self, word: str) -> int:
        """How often a word occurs. Raises: KeyError"""
        return self.get_vecattr(word, "count")

    def __repr__(self) -> str:
        return f"<CountedVocabulary: {len(self):,} words of {self.statistics.n_tokens:,} tokens>"

    @property
    def tokenizer(self) -> Tokenizer:
        return self._counted.corpus.tokenizer

    @property
    def statistics(self) -> "CorpusStatistics":
        return self._counted.statistics

    def save(self, path: AnyPath, format: Literal["tsv", "word2vec"] = "tsv") -> None:
        """Write `word<TAB>count` lines, or what word2vec.c reads, and beside it FILE.json, which says how it was made.

        Raises: OutputError
        """
        write_vocabulary(self._counted, os.fspath(path), format)


@face(options=CorpusOptions)
def build_vocab(  # noqa: PLR0913
    corpus: Texts,
    *,
    min_count: int = 5,
    max_vocab: int | None = None,
    stop_words: AnyPath | None = None,
    drop_numbers: bool = False,
    keep_pattern: str | None = None,
    drop_pattern: str | None = None,
    threads: int | None = None,
    memory: int | str = 1_000_000_000,
    tmp_dir: AnyPath | None = None,
    progress: Shown = False,
    **options: Unpack[CorpusOptions],
) -> CountedVocabulary:
    """Count the words of a corpus: exactly, in bounded memory.

    corpus     a path (file or folder), Path objects, or an iterable of texts or of token lists
    min_count  leave out words that occur less often
    max_vocab  keep only the most frequent words
    stop_words  a language ("en") or a file of words to leave out, in any case
    drop_numbers  leave out words that have digits and no letters
    keep_pattern, drop_pattern  regular expressions that a word has to match, or not to match, as a whole
    threads    None: the usable CPUs
    memory     in bytes, or such as "1GB"; beyond it, temporary files go to tmp_dir
    progress   True shows a bar; a function is called with each Progress
    options    as in `CorpusOptions` and `TokenizerOptions`
    Raises: InputError
    """
    folder = folder_for(tmp_dir)
    counting = CountOptions(
        typed("min_count", min_count, int),
        optional("max_vocab", max_vocab, int),
        size_of("memory", memory),
        threads_of(threads),
        _filter(stop_words, drop_numbers, keep_pattern, drop_pattern),
    )
    its_tokenizer, files = tokenizer_of(options) or Tokenizer(), files_of(options)
    text = open_corpus(sources_of(corpus, folder), its_tokenizer, folder, log_note, files)
    with reporting(progress) as report:
        return CountedVocabulary(count_and_note(text, counting, report, log_note))


def _filter(stopped: AnyPath | None, drop_numbers: bool, keep: str | None, drop: str | None) -> WordFilter:
    """Raises: InputError, OptionError"""
    patterns = optional("keep_pattern", keep, str), optional("drop_pattern", drop, str)
    words = None if stopped is None else stop_words_of(os.fspath(stopped))
    return WordFilter(words, typed("drop_numbers", drop_numbers, bool), *patterns)
