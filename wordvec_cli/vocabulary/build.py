"""From a corpus to a vocabulary file."""

from dataclasses import dataclass

from wordvec_cli.progress import Note, Report
from wordvec_cli.storage.files import spool_folder
from wordvec_cli.storage.output_names import check_not_compressed
from wordvec_cli.storage.sidecar import check_outputs
from wordvec_cli.text.corpus_notes import open_corpus
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary.counting import CountOptions
from wordvec_cli.vocabulary.file import VocabularyLayout, write_vocabulary
from wordvec_cli.vocabulary.notes import count_and_note


@dataclass(frozen=True)
class VocabularyOrder:
    """What to count, and where to write it.

    corpus   files and folders; - is standard input
    tmp_dir  for temporary files; None: the output's folder
    files    how the corpus is read
    """

    corpus: tuple[str, ...]
    output: str
    layout: VocabularyLayout
    tokenizer: Tokenizer
    counting: CountOptions
    tmp_dir: str | None = None
    files: FileOptions = AS_NAMED


def build_vocabulary(order: VocabularyOrder, report: Report, note: Note) -> None:
    """Count the words of a corpus and write them. Raises: InputError, OutputError"""
    check_outputs([order.output])
    check_not_compressed(order.output, ".tsv")
    folder = spool_folder(order.tmp_dir, order.output)
    corpus = open_corpus(order.corpus, order.tokenizer, folder, note, order.files)
    corpus.check_not_output(order.output)
    write_vocabulary(count_and_note(corpus, order.counting, report, note), order.output, order.layout)
