"""How good vectors are: word pairs and analogies, with answers shaped as gensim's."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from wordvec_cli.api.bar import log_note
from wordvec_cli.api.face import face
from wordvec_cli.api.lookups import Lookups
from wordvec_cli.api.options import one_of
from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.asking import outcomes_of_sets
from wordvec_cli.evaluation.protocol import GENSIM, Lexicon, Protocol
from wordvec_cli.evaluation.scores import Outcomes
from wordvec_cli.evaluation.set_folders import SHIPPED, read_eval_sets
from wordvec_cli.evaluation.sets import Analogies, EvalSet, WordPairs
from wordvec_cli.queries.similarity import similarities
from wordvec_cli.storage.files import STANDARD_STREAM

if TYPE_CHECKING:
    Path = str | os.PathLike[str]
    Correlation = tuple[float, float]  # with its two-sided p-value
    Section = dict[str, Any]

SomeSet = TypeVar("SomeSet", WordPairs, Analogies)
_METHODS: dict[str, Any] = {"most_similar": "3cosadd", "most_similar_cosmul": "3cosmul"}


class Judgements(Lookups):
    """Vectors that can be scored; words outside the vocabulary count as unknown, as in gensim."""

    @face()
    def evaluate_word_pairs(
        self,
        pairs: "Path",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        subwords: bool = False,
    ) -> "tuple[Correlation, Correlation, float]":
        """Pearson's and Spearman's correlation with people's scores, each with its p-value, and the unknown pairs in %.

        pairs           a file in any layout that `wordvec evaluate` reads, or the name of a set: wordsim353, simlex999
        restrict_vocab  only the first so many words are known
        dummy4unknown   whether pairs with unknown words count, as of cosine 0
        subwords        whether unknown words get vectors made from their parts, where the model can; not so in gensim
        Raises: InputError
        """
        from scipy import stats

        eval_set = _one_set(pairs, WordPairs)
        protocol = _protocol(restrict_vocab, case_insensitive, dummy4unknown)
        outcomes = self._outcomes(eval_set, protocol)
        if subwords:
            outcomes = self._with_parts(outcomes, Lexicon(self.vocabulary, protocol))
        cosines = outcomes.values[outcomes.is_used].astype(np.float64)
        scores = np.array(eval_set.scores)[outcomes.is_used]
        correlations = (stats.pearsonr(scores, cosines), stats.spearmanr(scores, cosines))
        pearson, spearman = ((float(each.statistic), float(each.pvalue)) for each in correlations)
        return pearson, spearman, float(100 * (1 - outcomes.is_known.mean()))

    @face()
    def evaluate_word_analogies(
        self,
        analogies: "Path",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: Literal["most_similar", "most_similar_cosmul"] = "most_similar",
    ) -> "tuple[float, list[Section]]":
        """The share of right answers, and each section's "correct" and "incorrect" questions, the last one all of them.

        analogies  a file in any layout that `wordvec evaluate` reads, or the name of a set: questions-words
        The other parameters are as in `evaluate_word_pairs`. Raises: InputError
        """
        eval_set = _one_set(analogies, Analogies)
        protocol = _protocol(restrict_vocab, case_insensitive, dummy4unknown)
        outcomes = self._outcomes(
            eval_set, replace(protocol, method=one_of("similarity_function", similarity_function, _METHODS))
        )
        words = [tuple(map(str.upper, each)) for each in eval_set.words] if case_insensitive else eval_set.words
        bounds = zip(eval_set.section_names, eval_set.section_bounds(), strict=True)
        sections = [_section(name, outcomes, words, *where) for name, where in bounds]
        total = _section("Total accuracy", outcomes, words, 0, len(words))
        n_used = len(total["correct"]) + len(total["incorrect"])
        return len(total["correct"]) / n_used, [*sections, total]

    def _outcomes(self, eval_set: EvalSet, protocol: Protocol) -> Outcomes:
        ((outcomes,),) = outcomes_of_sets([self.embeddings], [eval_set], protocol, log_note)
        return outcomes

    def _with_parts(self, outcomes: Outcomes, lexicon: Lexicon) -> Outcomes:
        """What vectors make of pairs if unknown words get one that is made from their parts."""
        values, is_made = outcomes.values.copy(), np.zeros_like(outcomes.is_known)
        for i in np.flatnonzero(~outcomes.is_known).tolist():
            ids = map(lexicon.find, outcomes.eval_set.words[i])
            found = zip(ids, outcomes.eval_set.words[i], strict=True)
            first, second = (self.vectors[index] if index >= 0 else self._vector(word) for index, word in found)
            if first is not None and second is not None:
                values[i], is_made[i] = similarities("cosine", first[None], second[None])[0], True
        return replace(
            outcomes, values=values, is_known=outcomes.is_known | is_made, is_used=outcomes.is_used | is_made
        )


def _protocol(restrict_vocab: int | None, case_insensitive: bool, dummy4unknown: bool) -> Protocol:
    return replace(
        GENSIM,
        max_words=restrict_vocab,
        case="fold" if case_insensitive else "keep",
        unknown_words="wrong" if dummy4unknown else "skip",
    )


def _one_set(path: "Path", kind: type[SomeSet]) -> SomeSet:
    """The only set of a file. Raises: InputError if it is of another kind, or one of several"""
    name = os.fspath(path)
    if name not in (*SHIPPED, STANDARD_STREAM) and not os.path.exists(name):
        raise InputError(f"{name}: no such file; the sets that have a name are {', '.join(SHIPPED)}")
    (first, *others) = read_eval_sets(name)
    if others or not isinstance(first, kind):
        wanted = "word pairs" if kind is WordPairs else "analogies"
        raise InputError(f"{name}: is not one set of {wanted}; name a file that is")
    return first


def _section(name: str, outcomes: Outcomes, words: Any, start: int, end: int) -> "Section":
    section: Section = {"section": name, "correct": [], "incorrect": []}
    for i in range(start, end):
        if outcomes.is_used[i]:
            section["correct" if outcomes.values[i] > 0 else "incorrect"].append(words[i])
    return section
