"""Reading a set from a file, in the layouts in which sets are shared."""

import itertools
import math
import os
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.sets import Analogies, EvalSet, WordPairs
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.text.decoding import as_text
from wordvec_cli.text.lines import may_be_title, number, read_text

COMMENTS = ("#", "//")
SYNTACTIC = "gram"  # Google's syntactic sections have names that begin with it
MSR_TAG = re.compile(r"[A-Z]+\$?_[A-Z]+\$?")  # JJ_JJR
SET_LINES = "a line is two words and a score, or four words under a line ': section'"


class _Line(NamedTuple):
    """A line that is not a comment, and where it stands, for messages."""

    where: str
    text: str

    def wrong(self, what: str) -> InputError:
        return InputError(f"{self.where}: {self.text.strip()!r} is not a {what}; {SET_LINES}")


def read_eval_set(path: str) -> EvalSet:
    """Read word pairs with scores, or analogies, as the content has it; the set is named as the file.

    Pairs: two words and a score between tabs, commas, semicolons or spaces; but for spaces, a part of speech may stand
    before the score and anything after it; the first line may name the columns.
    Analogies: four words, below lines `: section`; five words of which the fourth is a tag (MSR); `x.questions` of
    three words, with `x.answers` of tag and word beside it (MSR); a word, a tab and its answers with slashes between
    them, where each line is asked with each other line as the example (BATS).
    Lines that start with # or // are comments; blank lines may stand before the first and after the last.
    Raises: InputError that names the line
    """
    name = "stdin" if path == STANDARD_STREAM else os.path.basename(path).split(".")[0]
    lines = _read_lines(path)
    if path.endswith(".questions") and os.path.exists(answers := path.removesuffix("questions") + "answers"):
        return _tagged(name, _with_answers(lines, _read_lines(answers)))
    for layout, fits in _READERS.items():
        if fits(lines):
            return layout(name, lines)
    return _word_pairs(name, lines)


def _read_lines(path: str) -> list[_Line]:
    """The lines that are not comments, without blank ones at both ends. Raises: InputError if none is left"""
    content = read_text(path)
    where = "standard input" if path == STANDARD_STREAM else path
    if b"\0" in content:
        raise InputError(f"{where}: holds NUL bytes; turn it into UTF-8: iconv -f UTF-16 -t UTF-8")
    numbered = enumerate(as_text(content).rstrip().split("\n"), 1)
    unmarked = (_Line(f"{where}:{number}", line) for number, line in numbered if not line.startswith(COMMENTS))
    lines = list(itertools.dropwhile(lambda line: not line.text.strip(), unmarked))
    if not lines:
        raise InputError(f"{where}: holds no questions; write two words and a score, or four words, on a line")
    return lines


# ---------------------------------------------------------------- word pairs


def _word_pairs(name: str, lines: Sequence[_Line]) -> WordPairs:
    title = lines[0] if _is_title(lines) else None
    lines = lines[title is not None :]
    score_column = _score_column(lines[0])
    pairs = []
    for line in lines:
        if (pair := _pair(line, score_column)) is None:
            raise line.wrong("pair of words with a score")
        pairs.append(pair)
    words = tuple((first, second) for first, second, _ in pairs)
    return WordPairs(name, words, tuple(pair[2] for pair in pairs), title and f"{title.where}: {title.text.strip()!r}")


def _is_title(lines: Sequence[_Line]) -> bool:
    """Whether the first line names the columns: a word stands where the others have their score."""
    if len(lines) < 2 or _pair(lines[0]) is not None:
        return False
    titles = _columns(lines[0])
    score = titles[min(_score_column(lines[1]), len(titles) - 1)]
    return 3 <= len(titles) == len(_columns(lines[1])) and all(titles[:2]) and may_be_title(score)


def _pair(line: _Line, score_column: int | None = None) -> tuple[str, str, float] | None:
    """Two words and a finite score, None if the line is something else."""
    columns = _columns(line)
    try:
        score = number(columns[_score_column(line) if score_column is None else score_column])
    except (ValueError, IndexError):
        return None
    is_whole = len(columns) == 3 or _separator(line) is not None
    is_right = is_whole and all(columns[:2]) and math.isfinite(score)
    return (columns[0], columns[1], score) if is_right else None


def _score_column(line: _Line) -> int:
    """The third column, or the fourth where the third is a part of speech (SimLex-999, SimVerb)."""
    columns = _columns(line)
    try:
        number(columns[2])
    except ValueError:
        return 3
    except IndexError:
        pass
    return 2


def _columns(line: _Line) -> list[str]:
    return [column.strip() for column in line.text.split(_separator(line))]


def _separator(line: _Line) -> str | None:
    return next((mark for mark in "\t,;" if mark in line.text), None)


# ---------------------------------------------------------------- analogies


def _in_sections(name: str, lines: Sequence[_Line]) -> Analogies:
    words: list[tuple[str, ...]] = []
    section_names, section_starts = [], []
    if not _is_section(lines[0]):
        section_names, section_starts = [name], [0]
    for line in lines:
        if _is_section(line):
            section_names.append(line.text[1:].strip())
            section_starts.append(len(words))
        elif len(question := tuple(line.text.split())) == 4:
            words.append(question)
        else:
            raise line.wrong("question of four words")
    if not words:
        raise InputError(f"{lines[0].where}: the sections hold no questions; {SET_LINES}")
    return Analogies(name, tuple(words), tuple(section_names), tuple(section_starts), groups_of(section_names))


def groups_of(section_names: Sequence[str]) -> tuple[str, ...]:
    """Google's: its sections are syntactic or semantic."""
    is_syntactic = [name.startswith(SYNTACTIC) for name in section_names]
    if not any(is_syntactic):
        return ()
    return tuple("syntactic" if each else "semantic" for each in is_syntactic)


def _with_answers(questions: Sequence[_Line], answers: Sequence[_Line]) -> list[_Line]:
    """The lines of MSR's two files joined, the tag before the answer."""
    if len(questions) != len(answers):
        raise InputError(
            f"{answers[-1].where}: there are {len(answers)} answers to {len(questions)} questions; "
            "each line of one file belongs to one of the other"
        )
    return [
        question._replace(text=f"{question.text} {answer.text}")
        for question, answer in zip(questions, answers, strict=True)
    ]


def _tagged(name: str, lines: Sequence[_Line]) -> Analogies:
    """MSR's questions, by tag: `good better rough JJ_JJR rougher`."""
    sections: dict[str, list[tuple[str, ...]]] = {}
    for line in lines:
        columns = line.text.split()
        if len(columns) != 5 or not MSR_TAG.fullmatch(columns[3]):
            raise InputError(f"{line.where}: {line.text.strip()!r} is not three words, a tag and an answer")
        sections.setdefault(columns[3], []).append((*columns[:3], columns[4]))
    return _of_sections(name, sections)


def _of_answers(name: str, lines: Sequence[_Line]) -> Analogies:
    """BATS: each line is asked with each other as the example, whose first answer is taken."""
    entries = []
    for line in lines:
        columns = _columns(line)
        if len(columns) != 2 or not all(columns):
            raise InputError(f"{line.where}: {line.text.strip()!r} is not a word, a tab and its answers: a<TAB>b/c")
        entries.append((columns[0], tuple(answer for answer in columns[1].split("/") if answer)))
    words = [
        (example, examples_answers[0], word, *answers)
        for example, examples_answers in entries
        for word, answers in entries
        if word != example
    ]
    if not words:
        raise InputError(f"{lines[0].where}: one word with its answers is not a question; add a second line")
    return _of_sections(name, {name: words})


def _of_sections(name: str, sections: dict[str, list[tuple[str, ...]]]) -> Analogies:
    starts: list[int] = []
    words: list[tuple[str, ...]] = []
    for questions in sections.values():
        starts.append(len(words))
        words += questions
    return Analogies(name, tuple(words), tuple(sections), tuple(starts))


def _is_section(line: _Line) -> bool:
    return line.text.startswith(":")


def _is_four_words(lines: Sequence[_Line]) -> bool:
    return _is_section(lines[0]) or (len(lines[0].text.split()) == 4 and not any(map(_pair, lines)))


def _is_tagged(lines: Sequence[_Line]) -> bool:
    return len(columns := lines[0].text.split()) == 5 and MSR_TAG.fullmatch(columns[3]) is not None


def _is_of_answers(lines: Sequence[_Line]) -> bool:
    return len(lines[0].text.strip().split("\t")) == 2 and not any(map(_pair, lines))


_READERS: dict[Callable[[str, Sequence[_Line]], Analogies], Callable[[Sequence[_Line]], bool]] = {
    _in_sections: _is_four_words,
    _tagged: _is_tagged,
    _of_answers: _is_of_answers,
}
