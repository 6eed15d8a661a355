"""What comes before the trainings of a folder: the text of all, and what each is of."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.sequences.documents import Documents
from wordvec_cli.sequences.groups import Groups
from wordvec_cli.sequences.samples import bootstrap, share_files, write_sample
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.training.folder_order import Member
from wordvec_cli.training.planning import Counted
from wordvec_cli.training.prepare import Preparation
from wordvec_cli.training.prepared_run import PreparedRun
from wordvec_cli.training.tiles import Tiles
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from wordvec_cli.sequences.samples import Times


class TextPreparation(Preparation):
    """Counts and encodes the text for all trainings: it is their material, also where they then count pairs."""

    def _folder_of_ids(self, folder: Path) -> Path | None:
        return folder

    def _material(self, text: Corpus, sequences: Sequences, vocabulary: Vocabulary, folder: Path) -> Sequences:
        return sequences


@dataclass(frozen=True)
class MemberPreparation(Preparation):
    """Takes what one training is of from the text that is encoded.

    text_folder  where that is in files
    """

    text_run: PreparedRun | None = None
    text_folder: Path | None = None
    member: Member | None = None
    groups: Groups | None = None
    documents: Documents | None = None

    def run(self, folder: Path) -> PreparedRun:
        assert self.text_run
        sequences, vocabulary = self._lines(folder), self.text_run.vocabulary
        material: Sequences | Tiles = sequences
        if self.order.is_of_pairs:
            material = self._tiles(sequences, vocabulary, folder)
        fingerprint = sequences.corpus_fingerprint
        return PreparedRun(material, vocabulary, self.inputs.table, self.text_run.sources, fingerprint)

    def _lines(self, folder: Path) -> Sequences:
        assert self.text_run and self.text_folder and self.member
        sequences, is_of_ids = self.text_run.sequences, not self.order.is_of_pairs
        if self.groups is None and self.member.bootstrap is None:
            return share_files(self.text_folder, folder) if is_of_ids else sequences
        return write_sample(sequences, self._times(sequences.n_sentences), folder, is_of_ids)

    def _times(self, n_lines: int) -> "Times":
        """How often each line is taken."""
        assert self.member
        lines = slice(None) if self.groups is None else np.flatnonzero(self.groups.times(self.member.number))
        times = np.zeros(n_lines, np.uint16)
        if self.member.bootstrap is None:
            times[lines] = 1
        elif self.documents is None:
            times[lines] = bootstrap(len(times[lines]), self.member.seed)
        else:
            times[lines] = self.documents.of(lines).times(len(times[lines]), self.member.seed)
        return times

    def _tiles(self, sequences: Sequences, vocabulary: Vocabulary, folder: Path) -> Tiles:
        counter = self._pair_counter(sequences, vocabulary)
        plan = self.planner.plan(Counted.of_sequences(vocabulary, sequences), is_encoded=True)
        self.planner.check_fits(self.planner.with_pairs(plan, counter))
        return self._laid_out(counter.count(self.report), vocabulary, folder)
