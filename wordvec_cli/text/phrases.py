"""Phrases: word pairs that come together more often than chance, found by gensim's scores and joined in the text.

The text streams through as pieces: the words of a line, or of a part of one where a line is longer than a block.
Words are bytes. A large text goes through as numbers, with the same result: see `phrase_ids`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.decoding import shown
from wordvec_cli.text.phrase_options import Figures, LearntPass, LearntPhrases, PhraseOptions, Words
from wordvec_cli.text.phrase_scores import Pair, Totals, learnt_pass

SMALL_BYTES = 1_000_000  # of text, up to which it is done before the kernels for larger ones are loaded
BETWEEN_WORDS = b" "  # of a pair that is counted


class Piece(NamedTuple):
    """Words of one line, all of it or a part, and whether the line ends with them."""

    words: list[bytes]
    ends_line: bool


def learn(corpus: Corpus, options: PhraseOptions, report: Report = silent) -> LearntPhrases:
    """Find the phrases of a corpus, reading it once for each pass.

    Raises: InputError
    """
    passes: list[LearntPass] = []
    for number in range(1, options.n_passes + 1):
        stage = f"pass {number} of {options.n_passes}"
        passes.append(
            _learnt_by_ids(corpus, options, passes, stage, report) or _learnt(corpus, options, passes, stage, report)
        )
    return LearntPhrases(options, corpus.tokenizer, tuple(passes))


def _learnt(corpus: Corpus, options: PhraseOptions, passes: list[LearntPass], stage: str, report: Report) -> LearntPass:
    candidates = _Candidates(options)
    for piece in _joined(_pieces(corpus, stage, report), options, passes):
        candidates.add(piece)
    return candidates.learnt()


def _learnt_by_ids(
    corpus: Corpus, options: PhraseOptions, passes: list[LearntPass], stage: str, report: Report
) -> LearntPass | None:
    """None if that cannot be, or rare pairs must be dropped on the way."""
    if not _goes_by_ids(corpus, options):
        return None
    from wordvec_cli.text import phrase_ids

    return phrase_ids.learnt_of(corpus, options, passes, stage, report)


def _goes_by_ids(corpus: Corpus, options: PhraseOptions) -> bool:
    is_large = corpus.size_bytes > SMALL_BYTES
    return is_large and corpus.tokenizer.of_blocks.splits_at_white_space and not options.connector_words


def join(corpus: Corpus, learnt: LearntPhrases, report: Report = silent) -> Iterator[bytes]:
    """The text of a corpus with its phrases joined, line by line as it was, in parts to be written one after another.

    Raises: InputError
    """
    if _goes_by_ids(corpus, learnt.options):
        from wordvec_cli.text import phrase_ids

        yield from phrase_ids.join(corpus, learnt, report)
        return
    starts_line = True
    for words, ends_line in _joined(_pieces(corpus, "join", report), learnt.options, learnt.passes):
        before = b"" if starts_line or not words else b" "
        yield before + b" ".join(words) + (b"\n" if ends_line else b"")
        starts_line = ends_line or (starts_line and not words)


# ---------------------------------------------------------------- text as pieces


def _pieces(corpus: Corpus, stage: str, report: Report) -> Iterator[Piece]:
    """The words of a corpus. Raises: InputError if a token holds white space, which no text of words can hold."""
    tokenizer = corpus.tokenizer.of_blocks
    tokens = bytes.split if tokenizer.keeps_chunks else tokenizer.tokens
    for block in corpus.blocks():
        report(Progress(stage, block.stored_done, corpus.size_bytes, "B"))
        *lines, rest = block.text.split(b"\n")
        for line in lines:
            words = tokens(line)
            if tokenizer.kind == "pattern":
                _check_words(words)
            yield Piece(words, True)
        if rest:
            yield Piece(tokens(rest), False)


def _check_words(words: Sequence[bytes]) -> None:
    for word in words:
        if word.split() != [word]:
            raise InputError(
                f"--token-pattern: matches {shown(word)!r}, and readers of the joined text will cut it at its white "
                "space; choose a pattern that matches none"
            )


def _joined(pieces: Iterable[Piece], options: PhraseOptions, passes: Iterable[LearntPass]) -> Iterator[Piece]:
    """The pieces as they come out of the passes, one after the other."""
    for learnt in passes:
        pieces = map(_Joiner(options, learnt.phrases).join, pieces)
    return iter(pieces)


class _Joiner:
    """Joins the phrases of one pass from left to right: of two that overlap the first one, as gensim does."""

    def __init__(self, options: PhraseOptions, phrases: Mapping[Words, Figures]) -> None:
        self._connector_words = options.connector_words
        self._join_words = options.delimiter.join
        self._phrases = frozenset(phrases)
        self._ends = frozenset((phrase[0], phrase[-1]) for phrase in phrases)
        self._open: list[bytes] = []  # a word that may begin a phrase, and connector words after it

    def join(self, piece: Piece) -> Piece:
        words = [*self._open, *piece.words]
        self._open = []
        content = words
        if self._connector_words:
            content = [word for word in words if word not in self._connector_words]
        is_whole = piece.ends_line and self._ends.isdisjoint(pairwise(content))
        joined = words if is_whole else self._joined_words(words)
        if piece.ends_line:
            joined += self._open
            self._open = []
        return Piece(joined, piece.ends_line)

    def _joined_words(self, words: Iterable[bytes]) -> list[bytes]:
        """The words but for those at the end that may yet become a phrase."""
        joined: list[bytes] = []
        candidate: list[bytes] = []
        for word in words:
            if word in self._connector_words:
                (candidate or joined).append(word)
            elif candidate and (*candidate, word) in self._phrases:
                joined.append(self._join_words((*candidate, word)))
                candidate = []
            else:
                joined += candidate
                candidate = [word]
        self._open = candidate
        return joined


# ---------------------------------------------------------------- learning


class _Candidates:
    """Counts words and the pairs that may be phrases, in one table as gensim's Phrases does, so that both are pruned.

    A pair's key has a space between its words, which no word holds: gensim's has the delimiter there, and so counts the
    pair new york and the word new_york as one.
    """

    def __init__(self, options: PhraseOptions) -> None:
        self._options = options
        self._counts: Counter[bytes] = Counter()
        self._n_words = self._n_dropped = 0
        self._too_rare = 1
        self._open: list[bytes] = []

    def add(self, piece: Piece) -> None:
        connector_words = self._options.connector_words
        words = [*self._open, *piece.words]
        self._n_words += len(piece.words)
        if connector_words:
            self._counts.update([word for word in piece.words if word not in connector_words])
            candidates, self._open = _with_connector_words(words, connector_words)
            self._counts.update(map(BETWEEN_WORDS.join, candidates))
        else:
            self._counts.update(piece.words)
            self._counts.update(map(BETWEEN_WORDS.join, pairwise(words)))
            self._open = words[-1:]
        if piece.ends_line:
            self._open = []
        if len(self._counts) > self._options.max_candidates:
            self._prune()

    def _prune(self) -> None:
        """Source: gensim, utils.py, `prune_vocab`"""
        rare = [key for key, count in self._counts.items() if count < self._too_rare]
        for key in rare:
            self._n_dropped += self._counts.pop(key)
        self._too_rare += 1

    def learnt(self) -> LearntPass:
        """The phrases among what was counted."""
        totals = Totals(self._n_words, len(self._counts), self._n_dropped)
        return learnt_pass(self._frequent_pairs(), totals, self._options)

    def _frequent_pairs(self) -> Iterator[Pair]:
        for key, count in self._counts.items():
            if BETWEEN_WORDS in key and count >= self._options.min_count:
                words = tuple(key.split(BETWEEN_WORDS))
                yield Pair(words, count, self._counts[words[0]], self._counts[words[-1]])


def _with_connector_words(words: Sequence[bytes], connector_words: frozenset[bytes]) -> tuple[list[Words], list[bytes]]:
    """Each two words with the connector words between them; and what a next word would be paired with."""
    places = [i for i, word in enumerate(words) if word not in connector_words]
    candidates = [tuple(words[first : second + 1]) for first, second in pairwise(places)]
    return candidates, list(words[places[-1] :]) if places else []
