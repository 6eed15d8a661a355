"""What a worker does, without a cluster around it."""

from pathlib import Path

import numpy as np

from wordvec_cli.cluster.parts import cut, listed
from wordvec_cli.cluster.worker import Worker
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.replicas import Rounds, slices, trainer_elsewhere
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def test_a_replica_that_is_alone_is_made_equal_to_itself(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_text("a b c a\nb a\n" * 500)
    vocabulary = Vocabulary.from_words([b"a", b"b", b"c"], [1500, 1000, 500])
    config, rounds = Word2VecConfig(vector_size=4, epochs=1, sample=0), Rounds(1, 3000)
    worker = Worker(str(tmp_path), 1)
    worker.begin_encoding(vocabulary, Tokenizer())
    for shard in cut(listed([str(path)], tmp_path).files):
        assert worker.encode(shard).n_known == 3000
    trainer = trainer_elsewhere(vocabulary, config, 3000)
    trainer.initialise()
    worker.begin_replica(config, rounds)
    worker.set_replica(*trainer.parameters.values())
    loss = worker.train_replica(0, 0, [0], 1.0)
    assert loss.n_terms > 0
    (changes,) = [worker._replica.changes(part) for part in slices(1)]
    assert worker.changes(1, 0) is None  # it keeps what it is to combine itself
    done, merged = worker.combine(0, (0, 0, 1.0), None)
    worker.take(merged)
    assert done is None
    assert worker.n_taken() == 1
    inputs, outputs = worker.replica()
    before = np.concatenate(list(trainer.parameters.values()))
    np.testing.assert_allclose(
        np.concatenate([inputs, outputs])[changes.places], before[changes.places] + changes.values, rtol=1e-6
    )
    worker.close()
    assert not worker.folder.exists()
