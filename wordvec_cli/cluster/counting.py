"""Words counted by the workers of a cluster: the counts are those of one machine."""

from dataclasses import replace
from typing import Any

from wordvec_cli.cluster.members import Cluster, ClusterOptions, Sharing, WorkerLostError, cluster
from wordvec_cli.cluster.text import ClusterText, open_text
from wordvec_cli.cluster.worker import ShardFacts
from wordvec_cli.progress import Note, Progress, Report
from wordvec_cli.storage.files import spool_folder
from wordvec_cli.storage.output_names import check_not_compressed
from wordvec_cli.storage.sidecar import check_outputs
from wordvec_cli.text.corpus_notes import note_left_out
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary.build import VocabularyOrder
from wordvec_cli.vocabulary.counting import CountedWords, CountOptions, WordCounter, chosen_words
from wordvec_cli.vocabulary.file import write_vocabulary
from wordvec_cli.vocabulary.notes import note_counted
from wordvec_cli.vocabulary.spilling import Spill


def build_vocabulary(order: VocabularyOrder, options: ClusterOptions, report: Report, note: Note) -> None:
    """As `vocabulary.build`, by a cluster. Raises: InputError, OutputError"""
    check_outputs([order.output])
    check_not_compressed(order.output, ".tsv")
    with cluster(options, note) as workers:
        build_by(workers, order, report, note)


def build_by(workers: Cluster, order: VocabularyOrder, report: Report, note: Note) -> None:
    """Raises: InputError, OutputError"""
    workers.note = note
    folder = spool_folder(order.tmp_dir, order.output)
    text = open_text(workers, order.corpus, order.tokenizer, folder, order.files)
    note_left_out(text, note)
    text.check_not_output(order.output)
    words = count(text, order.counting, report)
    note_counted(words, text, note)
    write_vocabulary(words, order.output, order.layout)


def count(text: ClusterText, options: CountOptions, report: Report) -> CountedWords:
    """Count the words of a corpus exactly. Raises: InputError, OutputError"""
    workers, tokenizer = text.cluster, text.tokenizer
    workers.on_all("begin_counting", tokenizer, options)
    text.begin_fingerprint()
    shared = Sharing(workers, "count", text.shards)

    def tell() -> None:
        done = sum(facts.size_bytes for _, facts in shared.results)
        report(Progress("counting words", done, text.size_bytes, "B"))

    while True:
        shared.run(tell)
        spill = Spill(text.spool_folder)
        counter = WordCounter(Tokenizer(), replace(options, n_threads=1), spill)  # of words: none is split again
        try:
            for member in workers.members:
                _gather(workers, member, counter)
            break
        except WorkerLostError:
            shared.take_back()
    found: list[tuple[Any, ShardFacts]] = shared.results
    counter.n_lines = sum(facts.n_lines for _, facts in found)
    text.take_facts(found)
    return chosen_words(text, options, spill, [counter])


def _gather(workers: Cluster, member: Any, counter: WordCounter) -> None:
    """Add what a worker has counted. Raises: WorkerLostError"""
    workers.result(workers.work(member, "begin_giving"))
    while (words := workers.result(workers.work(member, "next_table"))) is not None:
        counter.add(*words)
