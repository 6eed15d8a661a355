"""Whether a text is of a language that is written without spaces between words: to tell why its words are so rare."""

import re

from wordvec_cli.text.corpus import Corpus

SAMPLE_BYTES = 1 << 16
REMEDY = (
    "the text has no spaces between words, so that whole phrases are taken for words; segment it first (--tokenizer "
    "jieba for Chinese, mecab for Japanese, icu for these and for Thai, Khmer, Lao and Burmese), or train on "
    "characters: --token-pattern '\\w'"
)
# Characters of scripts without spaces, and how many a token has on the mean where the text has been segmented, at most.
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"), 4),  # Chinese, Japanese
    (re.compile("[\u0e00-\u109f\u1780-\u17ff]"), 12),  # Thai, Lao, Tibetan, Burmese, Khmer
)


def lacks_spaces(corpus: Corpus) -> bool:
    """Whether the tokens at the beginning of a corpus are mostly of such a script, and too long for words of it."""
    lines = next(corpus.blocks(SAMPLE_BYTES)).text.split(b"\n")
    tokens = [token.decode("utf-8", "ignore") for line in lines for token in corpus.tokenizer.of_blocks.tokens(line)]
    return any(_are_phrases(tokens, script, longest) for script, longest in _SCRIPTS)


def _are_phrases(tokens: list[str], script: re.Pattern[str], longest: float) -> bool:
    of_script = [token for token in tokens if script.search(token)]
    n_characters = sum(map(len, of_script))
    return n_characters > longest * len(of_script) and 2 * n_characters > sum(map(len, tokens))
