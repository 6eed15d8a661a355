"""What splitting at spaces makes of a text: phrases, where words stand without spaces; or words that end in marks.

To tell why words are so rare, or why there are so many forms of them.
"""

import re

from wordvec_cli.errors import InputError
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
_MARKED = re.compile(r"\w[.,;:!?]+[\"'\u2019\u201d\u00bb)\]]*$")
FEWEST_TOKENS, LEAST_MARKED = 500, 0.04  # from which on there is something to say; English prose has 0.09


def marked_tokens(corpus: Corpus) -> list[str]:
    """The tokens at the beginning of a corpus that end in a mark, if it is split at white space and many do."""
    if corpus.tokenizer.kind != "whitespace":
        return []
    tokens = _tokens_at_beginning(corpus)
    marked = [token for token in tokens if _MARKED.search(token)]
    return marked if len(tokens) >= FEWEST_TOKENS and len(marked) >= LEAST_MARKED * len(tokens) else []


def lacks_spaces(corpus: Corpus) -> bool:
    """Whether the tokens at the beginning of a corpus are mostly of such a script, and too long for words of it."""
    tokens = _tokens_at_beginning(corpus)
    return any(_are_phrases(tokens, script, longest) for script, longest in _SCRIPTS)


def _tokens_at_beginning(corpus: Corpus) -> list[str]:
    """None where the corpus cannot be read from here, as one of a cluster, which its workers read."""
    try:
        block = next(corpus.blocks(SAMPLE_BYTES), None)
    except InputError:
        return []
    lines = [] if block is None else block.text.split(b"\n")
    return [token.decode("utf-8", "ignore") for line in lines for token in corpus.tokenizer.of_blocks.tokens(line)]


def _are_phrases(tokens: list[str], script: re.Pattern[str], longest: float) -> bool:
    of_script = [token for token in tokens if script.search(token)]
    n_characters = sum(map(len, of_script))
    return n_characters > longest * len(of_script) and 2 * n_characters > sum(map(len, tokens))
