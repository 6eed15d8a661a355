"""Sets to judge vectors by: word pairs with people's scores, and analogies."""

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class WordPairs:
    """Pairs of words and how similar people find them; `scores` in any unit, as only their ranks count.

    title  the first line, if it names the columns, and where it stands; None: every line is a pair
    """

    measure: ClassVar[str] = "spearman"  # rank correlation with people's scores

    name: str
    words: tuple[tuple[str, ...], ...]
    scores: tuple[float, ...]
    title: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Analogies:
    """Questions a : b = c : d, in sections.

    words           of each question a, b, c and every d that is a right answer
    section_starts  the first question of each section
    section_groups  the group of each section, such as "semantic"; empty: there are no groups
    """

    measure: ClassVar[str] = "accuracy"  # the share of right answers

    name: str
    words: tuple[tuple[str, ...], ...]
    section_names: tuple[str, ...]
    section_starts: tuple[int, ...]
    section_groups: tuple[str, ...] = ()

    def section_bounds(self) -> list[tuple[int, int]]:
        """The first question of each section, and the one after its last."""
        return list(zip(self.section_starts, (*self.section_starts[1:], len(self.words)), strict=True))


EvalSet = WordPairs | Analogies
