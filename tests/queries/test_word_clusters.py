"""Clusters of words: against scipy and scikit-learn, planted ones, and what the command prints."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.queries import word_clusters
from wordvec_cli.queries.word_clusters import AGGLOMERATIVE, KMEANS, clusters
from wordvec_cli.vectors.lengths import unit_rows


def planted(n_clusters: int = 7, n_words: int = 210, noise: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, n_clusters, n_words)
    centres = rng.normal(size=(n_clusters, 12))
    return unit_rows(centres[truth] + noise * rng.normal(size=(n_words, 12))).astype(np.float32), truth


@pytest.mark.parametrize("method", [KMEANS, AGGLOMERATIVE])
def test_planted_clusters_are_found(method: str) -> None:
    units, truth = planted()
    found = clusters(units, 7, method)
    assert adjusted_rand_score(truth, found.labels) == pytest.approx(1)
    sizes = np.bincount(found.labels)
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)


@pytest.mark.parametrize("n", [2, 5, 40])
def test_agglomerative_clusters_are_those_of_scipy(n: int) -> None:
    units, _ = planted(noise=2.0)
    expected = fcluster(linkage(units.astype(np.float64), "average", metric="cosine"), n, "maxclust")
    assert adjusted_rand_score(expected, clusters(units, n, AGGLOMERATIVE).labels) == 1


@pytest.mark.parametrize("n_scores", [10, 1 << 24])
def test_silhouettes_are_those_of_all_distances(n_scores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_clusters, "SCORES_AT_ONCE", n_scores)
    units, _ = planted(noise=1.5)
    found = clusters(units, 9)
    expected = silhouette_samples(units.astype(np.float64), found.labels, metric="cosine")
    assert found.silhouettes == pytest.approx(expected, abs=1e-6)
    means = np.array([units[found.labels == i].mean(axis=0) for i in range(9)])
    assert found.cosines == pytest.approx(np.einsum("ij,ij->i", units, unit_rows(means)[found.labels]), abs=1e-6)
    members = found.members(0)
    assert found.cosines[members].tolist() == sorted(found.cosines[members].tolist(), reverse=True)


def test_k_means_is_at_rest_and_the_same_each_time() -> None:
    units, _ = planted(noise=1.5)
    found = clusters(units, 9, seed=3)
    means = np.array([units[found.labels == i].mean(axis=0) for i in range(9)])
    assert (units @ unit_rows(means).T).argmax(axis=1).tolist() == found.labels.tolist()
    assert clusters(units, 9, seed=3).labels.tolist() == found.labels.tolist()


def test_as_many_clusters_as_words_have_one_each_and_more_are_refused() -> None:
    units, _ = planted(n_words=20)
    for method in (KMEANS, AGGLOMERATIVE):
        found = clusters(units, 20, method)
        assert sorted(found.labels.tolist()) == list(range(20))
        assert not found.silhouettes.any()
        with pytest.raises(InputError, match="21 clusters of 20 words"):
            clusters(units, 21, method)


def test_the_command_prints_words_or_clusters(vector_file: Path) -> None:
    result = run_here("cluster", vector_file, "--into", "2", "--format", "json", "--summary")
    first, second = map(json.loads, result.stdout.splitlines())
    assert first["words"] + second["words"] == 19
    topics = [{"monday", "meet", "plan"}, {"red", "paint", "mix"}]
    lines = [line.split("\t") for line in run_here("cluster", vector_file, "--into", "2").stdout.decode().splitlines()]
    assert lines[0] == ["cluster", "word", "cosine", "silhouette", "central"]
    of_cluster = {number: {line[1] for line in lines[1:] if line[0] == number} for number in "12"}
    assert sorted(any(topic <= words for topic in topics) for words in of_cluster.values()) == [True, True]
    assert b"mean silhouette" in result.stderr
