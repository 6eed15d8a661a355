"""What makes phrases of the pairs that were counted: gensim's scores, of counts alone."""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from wordvec_cli.text.phrase_options import Figures, LearntPass, PhraseOptions, Words
from wordvec_cli.text.word_filter import WordFilter


class Pair(NamedTuple):
    """Two words, with connector words between them, and how often they, the first and the last were seen."""

    words: Words
    n_pair: int
    n_first: int
    n_last: int


class Totals(NamedTuple):
    """As in `LearntPass`."""

    n_words: int
    n_candidates: int
    n_dropped: int = 0


def learnt_pass(pairs: Iterable[Pair], totals: Totals, options: PhraseOptions) -> LearntPass:
    """The phrases among pairs that occur often enough, best first."""
    phrases, n_punctuation = {}, 0
    filtered: Counter[str] = Counter()
    word_filter = options.word_filter if options.word_filter.is_used else None
    for pair in pairs:
        if not (pair.n_first and pair.n_last):  # dropped as rare
            continue
        score = _score(pair, totals, options)
        if score <= options.threshold:
            continue
        ends = pair.words[0], pair.words[-1]
        if word_filter and (reason := _why_left_out(ends, word_filter)):  # first: no other option joins such a pair
            filtered[reason] += 1
        elif not options.join_punctuation and any(map(is_punctuation, ends)):
            n_punctuation += 1
        else:
            phrases[pair.words] = Figures(pair.n_pair, score)
    ordered = dict(sorted(phrases.items(), key=lambda item: (-item[1].score, item[0])))
    return LearntPass(ordered, *totals, n_punctuation, dict(filtered))


def _why_left_out(ends: Words, word_filter: WordFilter) -> str | None:
    return next(filter(None, map(word_filter.reason, ends)), None)


def _score(pair: Pair, totals: Totals, options: PhraseOptions) -> float:
    """How much more often the words come together than chance has it.

    Source: gensim, models/phrases.py: `original_scorer` (Mikolov et al. 2013, equation 6), `npmi_scorer` (Bouma 2009)
    """
    if options.scoring == "default":
        return (pair.n_pair - options.min_count) / float(pair.n_first * pair.n_last) * totals.n_candidates
    n_words = float(totals.n_words)
    first, last, both = pair.n_first / n_words, pair.n_last / n_words, pair.n_pair / n_words
    return math.log(both / (first * last)) / -math.log(both)


def is_punctuation(word: bytes) -> bool:
    """Whether a word has no letter, digit or combining mark; what is not valid UTF-8 is not punctuation."""
    try:
        text = word.decode()
    except UnicodeDecodeError:
        return False
    return not any(character.isalnum() or unicodedata.category(character)[0] == "M" for character in text)
