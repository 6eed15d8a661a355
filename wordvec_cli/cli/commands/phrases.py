"""`wordvec phrases`: join frequent word pairs of a corpus."""

import os
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from wordvec_cli.cli.options import (
    Renamed,
    agreed_tokenizer,
    corpus_argument,
    corpus_options,
    min_count_option,
    output_option,
    spool_folder,
)
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.messages import counted
from wordvec_cli.storage.files import check_output, is_stream, replacing, together
from wordvec_cli.storage.output_names import check_not_compressed

if TYPE_CHECKING:
    from wordvec_cli.text.phrases import LearntPhrases, PhraseOptions
    from wordvec_cli.text.tokenizer import Tokenizer

LEARNING = (
    "scoring",
    "min_count",
    "threshold",
    "delimiter",
    "connector_words",
    "passes",
    "max_candidates",
    "join_punctuation",
)


@click.command(short_help="Join frequent word pairs: new_york.")
@corpus_argument
@output_option("the lines of CORPUS with their phrases joined")
@click.option(
    "--scoring", type=click.Choice(["default", "npmi"]), default="default", show_default=True,
    help="default: word2vec's score, the pairs' surplus over chance; npmi: from -1 to 1, so give a "
    "--phrase-threshold like 0.5.",
)  # fmt: skip
@min_count_option(default=5, help="Leave pairs alone that occur less often.")
@click.option(
    "--phrase-threshold",
    "threshold",
    cls=Renamed,
    old_name="--threshold",
    type=float,
    default=10.0,
    show_default=True,
    metavar="X",
    help="Join pairs with a higher score.",
)
@click.option("--delimiter", default="_", show_default=True, metavar="TEXT", help="What stands between joined words.")
@click.option(
    "--connector-words", metavar="WORDS",
    help="Words that may stand inside a phrase but not at its ends, with commas between them; "
    "english: gensim's list (of, the, and ...).",
)  # fmt: skip
@click.option(
    "--passes", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
    help="Learn so many times, each time on what was joined before: new_york, then new_york_times.",
)  # fmt: skip
@click.option(
    "--max-candidates", type=click.IntRange(min=1), default=40_000_000, show_default=True, metavar="N",
    help="Count so many words and pairs at most (about 100 bytes of memory each); beyond, rare ones are dropped.",
)  # fmt: skip
@click.option(
    "--join-punctuation", is_flag=True,
    help="Let phrases begin or end with punctuation too, as gensim does: fellow_-.  [default: leave it alone]",
)  # fmt: skip
@click.option("--save-phrases", metavar="FILE", help="Write what was learnt here, as text.")
@click.option("--apply", metavar="FILE", help="Join the phrases of this file (of --save-phrases); learn nothing.")
@corpus_options(has_threads=False)
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    corpus: tuple[str, ...],
    output: str,
    save_phrases: str | None,
    apply: str | None,
    tokenizer: "Tokenizer | None",
    tmp_dir: str | None,
    **learning: Any,
) -> None:
    """Join word pairs that come together often in CORPUS: files, folders, or - for standard input; compressed ones too.

    Pairs are scored as by gensim's Phrases, with its defaults. Writes the words of each line with a space between them,
    and a blank line for a blank one. The phrases of one corpus, saved as text, can be joined in another.

    \b
    wordvec phrases corpus.txt.gz -o joined.txt --connector-words english --passes 2 --save-phrases phrases.tsv
    zcat more.gz | wordvec phrases - --apply phrases.tsv -o - | wordvec train - -o vectors.safetensors
    """
    _check_options(output, save_phrases, apply)

    from wordvec_cli.cli.corpora import open_corpus, tell_invalid_lines
    from wordvec_cli.text.phrases import join, learn, read_phrases, write_phrases

    options = _phrase_options(**learning)
    known = read_phrases(apply) if apply else None
    used = agreed_tokenizer(tokenizer, known.tokenizer if known else None, f"{apply}: was learnt")
    text = open_corpus(corpus, used, spool_folder(tmp_dir, output), terminal)
    text.check_not_output(output)
    learnt = known or learn(text, options, terminal.report)
    if not known:
        _tell(learnt, terminal)
    if save_phrases and is_stream(output):  # whose reader may leave, with the phrases not yet written
        write_phrases(learnt, save_phrases)
    with together():
        with replacing(output) as file:
            file.writelines(join(text, learnt, terminal.report))
        if save_phrases and not is_stream(output):
            write_phrases(learnt, save_phrases)
    terminal.close()
    tell_invalid_lines(text, terminal, skipped="left blank")


def _check_options(output: str, save_phrases: str | None, apply: str | None) -> None:
    """Raises: click.UsageError, or OutputError if an output cannot be written."""
    context = click.get_current_context()
    if apply:
        given = [name for name in LEARNING if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
        if given or save_phrases:
            options = ", ".join(f"--{name.replace('_', '-')}" for name in given or ["save_phrases"])
            raise click.UsageError(f"{options}: cannot go with --apply, which learns nothing; leave one out")
    if save_phrases and (save_phrases == output or os.path.realpath(save_phrases) == os.path.realpath(output)):
        raise click.UsageError(f"--save-phrases {save_phrases}: is the output too; name another file")
    for path in (output, save_phrases):
        if path:
            check_output(path)
            check_not_compressed(path, ".txt")


def _phrase_options(*, connector_words: str | None, delimiter: str, passes: int, **others: Any) -> "PhraseOptions":
    from wordvec_cli.text.phrases import PhraseOptions

    words = frozenset(_connector_words(connector_words)) if connector_words else frozenset()
    return PhraseOptions(connector_words=words, delimiter=os.fsencode(delimiter), n_passes=passes, **others)


def _connector_words(option: str) -> list[bytes]:
    if option == "english":
        from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS

        return [word.encode() for word in ENGLISH_CONNECTOR_WORDS]
    return [os.fsencode(word.strip()) for word in option.split(",")]


def _tell(learnt: "LearntPhrases", terminal: Terminal) -> None:
    """Tell what each pass has found, and what it had to forget."""
    terminal.close()
    for number, found in enumerate(learnt.passes, 1):
        words = f"{counted(found.n_words, 'word')}, {found.n_candidates} different words and pairs"
        terminal.note(f"pass {number}: {counted(len(found.phrases), 'phrase')} ({words})")
        if found.n_punctuation:
            pairs = counted(found.n_punctuation, "pair")
            terminal.note(f"pass {number}: {pairs} with punctuation left alone; --join-punctuation joins them")
        if found.n_dropped:
            dropped = counted(found.n_dropped, "occurrence")
            terminal.note(
                f"pass {number}: more words and pairs than --max-candidates {learnt.options.max_candidates}: rare ones "
                f"({dropped}) were dropped on the way, so some counts are too low and some phrases may be missing"
            )
