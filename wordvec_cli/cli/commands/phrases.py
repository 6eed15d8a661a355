"""`wordvec phrases`: join frequent word pairs of a corpus."""

import os
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from wordvec_cli.cli.corpus_options import WORD_FILTERS, corpus_argument, corpus_options, filter_options
from wordvec_cli.cli.help import long_name
from wordvec_cli.cli.option_types import Renamed
from wordvec_cli.cli.options import combined, min_count_option, output_option
from wordvec_cli.cli.terminal import Terminal

if TYPE_CHECKING:
    from wordvec_cli.text.file_options import FileOptions
    from wordvec_cli.text.phrase_options import PhraseOptions
    from wordvec_cli.text.tokenizer import Tokenizer

learning_options = combined(
    click.option(
        "--scoring", type=click.Choice(["default", "npmi"]), default="default", show_default=True,
        help="default: word2vec's score, how far a pair exceeds chance; npmi: from -1 to 1, so set "
        "--phrase-threshold to "
        "about 0.5.",
    ),
    min_count_option(default=5, help="Do not join pairs that occur less often."),
    click.option(
        "--phrase-threshold", "threshold", cls=Renamed, old_name="--threshold", type=float, default=10.0,
        show_default=True, metavar="X", help="Join pairs whose score is higher.",
    ),
    click.option(
        "--delimiter", default="_", show_default=True, metavar="TEXT", help="Text put between joined words."
    ),
    click.option(
        "--connector-words", metavar="WORDS",
        help="Words that may be inside a phrase but not at its ends, separated by commas; "
        "english: gensim's list (of, the, and ...).",
    ),
    click.option(
        "--passes", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
        help="Learn N times, each time on the text joined before: new_york, then new_york_times.",
    ),
    click.option(
        "--max-candidates", type=click.IntRange(min=1), default=40_000_000, show_default=True, metavar="N",
        help="Count at most N words and pairs (about 100 bytes of memory each); beyond that, rare ones are dropped.",
    ),
    click.option(
        "--join-punctuation", is_flag=True,
        help="Also join phrases that begin or end with punctuation, as gensim does: fellow_-.",
    ),
)  # fmt: skip


@click.command(short_help="Join frequent word pairs: new_york.")
@corpus_argument
@output_option("the lines of CORPUS with their phrases joined")
@learning_options
@filter_options
@click.option("--save-phrases", metavar="FILE", help="Also write the phrases that were learnt to this file, as text.")
@click.option(
    "--apply", metavar="FILE", help="Join the phrases in this file, written by --save-phrases, and learn none."
)
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
    files: "FileOptions",
    **learning: Any,
) -> None:
    """Join word pairs that often come together in CORPUS: files, folders, or - for standard input; compressed ones too.

    Pairs are scored as by gensim's Phrases, with its defaults. Writes the words of each line with a space between them,
    and a blank line for a blank one. Phrases saved from one corpus can be joined in another.
    Words that --stop-words and the like leave out stay in the text, but begin and end no phrase.

    \b
    wordvec phrases corpus.txt.gz -o joined.txt --connector-words english --passes 2 --save-phrases phrases.tsv
    zcat more.gz | wordvec phrases - --apply phrases.tsv -o - | wordvec train - -o vectors.safetensors
    """
    _check_options(output, save_phrases, apply)

    from wordvec_cli.text.phrase_files import PhrasesOrder, write_joined

    what = corpus, output, _phrase_options(**learning), apply, save_phrases
    order = PhrasesOrder(*what, tokenizer, tmp_dir, files)
    write_joined(order, terminal.report, terminal.note)


def _check_options(output: str, save_phrases: str | None, apply: str | None) -> None:
    """Raises: click.UsageError"""
    context = click.get_current_context()
    if apply:
        given = [each for each in _learning(context) if _is_given(each, context)]
        if given or save_phrases:
            options = ", ".join(long_name(each) for each in given) or "--save-phrases"
            raise click.UsageError(f"{options}: cannot go with --apply, which learns nothing; leave one out")
    if save_phrases and (save_phrases == output or os.path.realpath(save_phrases) == os.path.realpath(output)):
        raise click.UsageError(f"--save-phrases {save_phrases}: is the output too; name another file")


def _learning(context: click.Context) -> list[click.Option]:
    """The options of learning phrases."""
    names = {option.name for option in combined(learning_options, WORD_FILTERS)(click.Command("none")).params}
    return [each for each in context.command.params if each.name in names and isinstance(each, click.Option)]


def _is_given(option: click.Option, context: click.Context) -> bool:
    return context.get_parameter_source(option.name or "") is not ParameterSource.DEFAULT


def _phrase_options(*, connector_words: str | None, delimiter: str, passes: int, **others: Any) -> "PhraseOptions":
    from wordvec_cli.text import phrase_files
    from wordvec_cli.text.phrase_options import PhraseOptions

    words = phrase_files.connector_words(connector_words) if connector_words else frozenset()
    return PhraseOptions(connector_words=words, delimiter=os.fsencode(delimiter), n_passes=passes, **others)
