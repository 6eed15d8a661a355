"""Phrases: word pairs that come together more often than chance, found by gensim's scores and joined in the text.

The text streams through as pieces: the words of a line, or of a part of one where a line is longer than a block.
Words are bytes; gensim's `Phrases` scores them as it scores strings.
"""

import json
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.storage.files import replacing
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.decoding import as_bytes, as_text, shown
from wordvec_cli.text.lines import read_text
from wordvec_cli.text.tokenizer import Tokenizer

Words = tuple[bytes, ...]

FILE_START = b"# wordvec phrases "
BETWEEN_WORDS = b" "  # of a pair that is counted
MOST_PASSES = 1000  # far more than find anything new; a table of many more is a damaged one
COLUMNS = b"# pass\twords\tcount\tscore\n"


class Piece(NamedTuple):
    """Words of one line, all of it or a part, and whether the line ends with them."""

    words: list[bytes]
    ends_line: bool


class Figures(NamedTuple):
    """How often a phrase was seen, and its score."""

    n_occurrences: int
    score: float


@dataclass(frozen=True)
class PhraseOptions:
    """What makes a phrase; the defaults are gensim's.

    scoring          "default" (Mikolov et al. 2013, equation 6) or "npmi" (Bouma 2009)
    min_count        pairs that occur less often are no phrases
    threshold        a phrase has a higher score
    connector_words  may stand inside a phrase, not at its ends, and are not counted
    max_candidates   words and pairs that are counted at most (gensim's max_vocab_size); rare ones are dropped beyond
    n_passes         each pass learns on the output of those before
    join_punctuation whether a phrase may begin or end with a word without letters and digits, as gensim's may
    Raises: OptionError if a value makes no sense.
    """

    scoring: str = "default"
    min_count: int = 5
    threshold: float = 10.0
    delimiter: bytes = b"_"
    connector_words: frozenset[bytes] = frozenset()
    max_candidates: int = 40_000_000
    n_passes: int = 1
    join_punctuation: bool = False

    def __post_init__(self) -> None:
        if self.scoring not in ("default", "npmi"):
            raise OptionError(f"--scoring: {self.scoring!r} is not one of default, npmi")
        if min(self.min_count, self.max_candidates, self.n_passes) < 1:
            raise OptionError("--min-count, --max-candidates, --passes: are 1 at least")
        if self.n_passes > MOST_PASSES:
            raise OptionError(f"--passes {self.n_passes}: is more than {MOST_PASSES}; choose fewer")
        if self.scoring == "npmi" and not -1 <= self.threshold <= 1:
            raise OptionError(
                f"--phrase-threshold {self.threshold:g}: npmi scores lie between -1 and 1; choose one, such as 0.5"
            )
        if self.scoring == "default" and not 0 < self.threshold < math.inf:
            raise OptionError(f"--phrase-threshold {self.threshold:g}: has to be positive for the default scoring")
        for option, word in [
            ("--delimiter", self.delimiter),
            *(("--connector-words", w) for w in self.connector_words),
        ]:
            if word.split() != [word]:
                raise OptionError(f"{option}: {shown(word)!r} is empty or holds white space; choose another")

    def to_metadata(self) -> dict[str, object]:
        """For JSON; `from_metadata` takes it back."""
        words = sorted(map(as_text, self.connector_words))
        return vars(self) | {"delimiter": as_text(self.delimiter), "connector_words": words}

    @staticmethod
    def from_metadata(metadata: Mapping[str, object]) -> "PhraseOptions":
        """What `to_metadata` gave. Raises: InputError, TypeError, KeyError, AttributeError or OverflowError"""
        values: dict[str, object] = dict(metadata)
        for name, types in _JSON_TYPES.items():
            if name in values and type(values[name]) not in types:  # JSON's true would pass for a number
                raise TypeError(f"{name} is {values[name]!r}")
        if "threshold" in values:
            values["threshold"] = float(values["threshold"])  # type: ignore[arg-type]
        connector_words = frozenset(map(as_bytes, map(str, values.pop("connector_words"))))  # type: ignore[call-overload]
        delimiter = as_bytes(str(values.pop("delimiter")))
        return PhraseOptions(delimiter=delimiter, connector_words=connector_words, **values)  # type: ignore[arg-type]


_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "min_count": (int,),
    "max_candidates": (int,),
    "n_passes": (int,),
    "threshold": (int, float),
    "join_punctuation": (bool,),
}


@dataclass(frozen=True)
class LearntPass:
    """What one pass over a corpus has found.

    n_words, n_candidates  words of the text as it was in this pass; different words and pairs that were counted
    n_dropped              occurrences of rare ones that were forgotten because there were more than max_candidates
    n_punctuation          pairs that score as phrases but are left alone, as one of their words is punctuation
    """

    phrases: Mapping[Words, Figures]
    n_words: int = 0
    n_candidates: int = 0
    n_dropped: int = 0
    n_punctuation: int = 0


@dataclass(frozen=True)
class LearntPhrases:
    """The phrases of each pass, and how they were found."""

    options: PhraseOptions
    tokenizer: Tokenizer
    passes: tuple[LearntPass, ...]


def learn(corpus: Corpus, options: PhraseOptions, report: Report = silent) -> LearntPhrases:
    """Find the phrases of a corpus, reading it once for each pass.

    Raises: InputError
    """
    passes: list[LearntPass] = []
    for number in range(1, options.n_passes + 1):
        candidates = _Candidates(options)
        for piece in _joined(_pieces(corpus, f"pass {number} of {options.n_passes}", report), options, passes):
            candidates.add(piece)
        passes.append(candidates.learnt())
    return LearntPhrases(options, corpus.tokenizer, tuple(passes))


def join(corpus: Corpus, learnt: LearntPhrases, report: Report = silent) -> Iterator[bytes]:
    """The text of a corpus with its phrases joined, line by line as it was, in parts to be written one after another.

    Raises: InputError
    """
    starts_line = True
    for words, ends_line in _joined(_pieces(corpus, "join", report), learnt.options, learnt.passes):
        before = b"" if starts_line or not words else b" "
        yield before + b" ".join(words) + (b"\n" if ends_line else b"")
        starts_line = ends_line or (starts_line and not words)


# ---------------------------------------------------------------- text as pieces


def _pieces(corpus: Corpus, stage: str, report: Report) -> Iterator[Piece]:
    """The words of a corpus. Raises: InputError if a token holds white space, which no text of words can hold."""
    tokenizer = corpus.tokenizer
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
                f"--token-pattern: matches {shown(word)!r}, and who reads the joined text will cut it at its white "
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
        from gensim.utils import prune_vocab

        self._n_dropped += prune_vocab(self._counts, self._too_rare)
        self._too_rare += 1

    def learnt(self) -> LearntPass:
        """The phrases among what was counted, with gensim's scores, best first."""
        scorer, phrases, n_punctuation = self._scorer(), {}, 0
        for candidate, count in self._frequent_pairs():
            first, last = candidate[0], candidate[-1]
            _, score = scorer.score_candidate(first, last, list(candidate[1:-1]))
            if score is None:
                continue
            if not self._options.join_punctuation and (is_punctuation(first) or is_punctuation(last)):
                n_punctuation += 1
            else:
                phrases[candidate] = Figures(count, score)
        ordered = dict(sorted(phrases.items(), key=lambda item: (-item[1].score, item[0])))
        return LearntPass(ordered, self._n_words, len(self._counts), self._n_dropped, n_punctuation)

    def _scorer(self) -> Any:
        from gensim.models.phrases import Phrases

        options = self._options
        scorer = Phrases(
            min_count=options.min_count, threshold=options.threshold, delimiter=BETWEEN_WORDS,
            scoring=options.scoring, connector_words=options.connector_words,
        )  # fmt: skip
        scorer.vocab, scorer.corpus_word_count = self._counts, self._n_words
        return scorer

    def _frequent_pairs(self) -> Iterator[tuple[Words, int]]:
        for key, count in self._counts.items():
            if BETWEEN_WORDS in key and count >= self._options.min_count:
                yield tuple(key.split(BETWEEN_WORDS)), count


def is_punctuation(word: bytes) -> bool:
    """Whether a word has no letter, digit or combining mark; what is not UTF-8 is no punctuation."""
    try:
        text = word.decode()
    except UnicodeDecodeError:
        return False
    return not any(character.isalnum() or unicodedata.category(character)[0] == "M" for character in text)


def _with_connector_words(words: Sequence[bytes], connector_words: frozenset[bytes]) -> tuple[list[Words], list[bytes]]:
    """Each two words with the connector words between them; and what a next word would be paired with."""
    places = [i for i, word in enumerate(words) if word not in connector_words]
    candidates = [tuple(words[first : second + 1]) for first, second in pairwise(places)]
    return candidates, list(words[places[-1] :]) if places else []


# ---------------------------------------------------------------- the file of phrases


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
        raise InputError(f"{path}:1: is no file that wordvec phrases --save-phrases has written ({error})") from error


def _read_row(line: bytes, n_passes: int) -> tuple[int, Words, Figures]:
    """Raises: ValueError"""
    number, phrase, count, score = line.removesuffix(b"\r").split(b"\t")
    words = tuple(phrase.split(b" "))
    is_plain = b"_" not in number + count + score  # int() and float() take 1_000 too
    if not is_plain or not 1 <= int(number) <= n_passes or len(words) < 2 or not all(words):
        raise ValueError
    return int(number), words, Figures(int(count), float(score))
