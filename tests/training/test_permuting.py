"""Documents shuffled among periods: what is trained is as `train` makes it, of any model, and p is a plain twin's."""

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.progress import ignore, silent
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.text.corpus import CorpusStatistics
from wordvec_cli.training import permuting
from wordvec_cli.training.models import configured
from wordvec_cli.training.period_texts import PeriodOrder, PeriodTexts, encoded
from wordvec_cli.training.permuting import Shuffled, p_values
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WORDS, N_LINES = 40, (150, 100, 120)
OPTIONS = ["--vector-size", "6", "--epochs", "2", "--threads", "1", "--text-column", "text", "--corpus-format", "csv"]
COLUMNS = ["--text-column", "text", "--corpus-format", "csv"]
MODELS = {
    "skipgram": [],
    "cbow": ["--model", "cbow"],
    "subwords": ["--subwords", "3-4", "--buckets", "100"],
    "glove": ["--model", "glove", "--window", "3"],
}


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Tables of three periods, whose rows are of books; an author has books in more than one of them."""
    folder, rng = tmp_path_factory.mktemp("periods"), np.random.default_rng(1)
    paths = [folder / f"{name}.csv" for name in "abc"]
    for path, n in zip(paths, N_LINES, strict=True):
        with path.open("w", newline="") as file:
            lines = [" ".join(f"word{i}" for i in rng.zipf(1.5, 8) % N_WORDS) for _ in range(n)]
            csv.writer(file).writerows([("text", "book"), *((line, f"book {i // 10}") for i, line in enumerate(lines))])
    return paths


def trained(path: Path, output: Path, *options: str | Path) -> Path:
    result = run_here("train", path, "-o", output, *OPTIONS, *options)
    assert result.returncode == 0, result.stderr
    return output


def texts_of(corpora: list[Path], like: Path, folder: Path, **options: str) -> PeriodTexts:
    return encoded(PeriodOrder(tuple(map(str, corpora)), str(like), **options), folder, silent, ignore)


@pytest.mark.parametrize("model", MODELS)
def test_periods_are_trained_on_as_the_first_was_with_one_vocabulary(
    corpora: list[Path], tmp_path: Path, model: str
) -> None:
    """Where the documents are, each is the training that `train` makes with the words of all."""
    like = trained(corpora[0], tmp_path / "a.safetensors", *MODELS[model])
    text = texts_of(corpora, like, tmp_path)
    assert np.bincount(text.periods).tolist() == list(N_LINES)
    found = Shuffled(text.sequences, text.periods, tmp_path, text.vocabulary, text.config).trained(0, 7)
    words = tmp_path / "words.tsv"
    assert run_here("build-vocab", *corpora, "-o", words, "--min-count", "5", *COLUMNS).returncode == 0
    for i, path in enumerate(corpora):
        options = ["--vocab", words, "--seed", str(7 + i), *MODELS[model]]
        expected = load(str(trained(path, tmp_path / "one.safetensors", *options)))
        assert list(expected.vocabulary) == list(text.vocabulary)
        assert np.asarray(expected.matrix[:], np.float32).tobytes() == found[i].tobytes()


def test_words_that_were_given_stay_the_words(corpora: list[Path], tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("word1\t90\nword2\t80\nword3\t20\n")
    like = trained(corpora[0], tmp_path / "a.safetensors", "--vocab", tmp_path / "words.txt")
    text = texts_of(corpora, like, tmp_path)
    assert list(text.vocabulary) == [b"word1", b"word2", b"word3"]
    assert text.sequences.n_sentences == sum(N_LINES)


def sequences_of(n_lines: int) -> Sequences:
    statistics = CorpusStatistics(0, n_lines, n_lines, 0, 0)
    return Sequences(np.zeros(n_lines, np.int32), np.arange(n_lines + 1), n_lines, statistics, "")


class Masks(Shuffled):
    """Which lines each period has, in the place of their vectors."""

    def _vectors(self, are_taken: np.ndarray, seed: int) -> np.ndarray:
        return np.append(are_taken, seed)


def test_documents_are_shuffled_whole_and_periods_keep_their_number(corpora: list[Path], tmp_path: Path) -> None:
    """A book of one period is never one with that of another, though they are called the same."""
    drawn = ["--bootstrap", "2", "--document-column", "book"]
    assert run_here("train", corpora[0], "-o", tmp_path / "models", *OPTIONS, *drawn).returncode == 0
    like = tmp_path / "models" / "bootstrap-001.safetensors"
    recorded = texts_of(corpora, like, tmp_path)
    named = texts_of(corpora, trained(corpora[0], tmp_path / "a.safetensors"), tmp_path, document_column="book")
    for text in (recorded, named):
        assert np.bincount(text.periods).tolist() == [15, 10, 12]
        shuffled = Masks(text.sequences, text.periods, tmp_path, text.vocabulary, text.config, text.documents)
        masks = np.array(shuffled.trained(3, 1))[:, :-1].astype(bool)
        assert (masks.sum(axis=0) == 1).all()
        assert masks.sum(axis=1).tolist() == list(N_LINES)
        assert all(len({*row}) == 1 for mask in masks for row in mask.reshape(-1, 10))
        assert masks.tolist() != np.array(shuffled.trained(0, 1))[:, :-1].astype(bool).tolist()


def test_each_shuffling_has_seeds_of_its_own() -> None:
    vocabulary, config = Vocabulary.from_words([b"a"], [9]), configured({}, {})
    shuffled = Masks(sequences_of(9), np.repeat([0, 1, 2], 3), Path("."), vocabulary, config)
    found = [shuffled.trained(number, 5) for number in range(4)]
    assert [int(period[-1]) for periods in found for period in periods] == list(range(5, 17))
    assert np.array(found[0])[:, :-1].tolist() == np.repeat(np.eye(3, dtype=int), 3, axis=1).tolist()


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({}, "does not say how it was trained"),
        (
            {"configuration": '{"model": "glove", "symmetric": true, "min_count": 5}'},
            "does not say --window, --distance-weighting, --unknown, as its pairs were counted elsewhere",
        ),
        *(
            (
                {"configuration": '{"min_count": 5}', "corpus_files": files},
                "says that its corpus was read in a way that",
            )
            for files in ('{"text_column": 5}', '{"include": [1]}', '{"corpus_format": "pdf"}', '{"encoding": [2]}')
        ),
    ],
)
def test_a_training_that_cannot_be_repeated_is_refused(
    corpora: list[Path], tmp_path: Path, metadata: dict[str, str], message: str
) -> None:
    path = tmp_path / "v.safetensors"
    save(str(path), Vocabulary.from_words([b"a"]), np.ones((1, 2), np.float32), metadata)
    with pytest.raises(InputError, match=f"^{path}: {message}"):
        texts_of(corpora, path, tmp_path)


def test_what_is_not_repeated_of_a_training_is_named(corpora: list[Path], tmp_path: Path) -> None:
    first = trained(corpora[0], tmp_path / "first.safetensors")
    like, notes = trained(corpora[0], tmp_path / "a.safetensors", "--init", first), list[str]()
    encoded(PeriodOrder(tuple(map(str, corpora)), str(like)), tmp_path, silent, lambda text, **_: notes.append(text))
    assert f"{like}: --init of it is not repeated; all periods are trained without" in notes
    (tmp_path / "empty.csv").write_text("text,book\n")
    with pytest.raises(InputError, match=r"empty\.csv: holds no lines; name the texts of all periods with --corpus"):
        texts_of([*corpora, tmp_path / "empty.csv"], first, tmp_path)


@pytest.mark.parametrize("alike", [3, 200])
def test_p_values_are_shares_of_shufflings_of_each_word_and_of_all_words_and_periods(
    alike: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changes are in units of the spread of words near in frequency: the rarer, the wider, as in any training."""
    monkeypatch.setattr(permuting, "ALIKE", alike)
    rng, n, order = np.random.default_rng(3), 50, np.array([4, 2, 0, 1, 3])
    widths = np.array([3.0, 4.0, 2.0, 5.0, 1.0])
    changes = rng.normal(size=(n, 2, 5)) * widths * [[[1.0], [2.0]]]
    changes[0, 1, 3] = 99
    found = p_values(changes, order)
    places, width = order.argsort(), min(alike, 5)
    scaled = np.empty_like(changes)
    for word, place in enumerate(places.tolist()):
        start = min(max(place - width // 2, 0), 5 - width)
        variances = changes[:, :, order[start : start + width]].var(axis=0, ddof=1).mean(axis=1)
        scaled[:, :, word] = (changes - changes.mean(axis=0))[:, :, word] / np.sqrt(variances)
    for period in range(2):
        for word in range(5):
            alone = (1 + sum(each[period, word] >= changes[0, period, word] for each in changes[1:])) / n
            above = (1 + sum(each.max() >= scaled[0, period, word] for each in scaled[1:])) / n
            assert found.p_value[period, word] == alone
            assert found.adjusted[period, word] == max(alone, above)
    slopes = [[np.polyfit(range(3), [0, *each[:, word]], 1)[0] for word in range(5)] for each in changes]
    expected = [(1 + sum(each[word] >= slopes[0][word] for each in slopes[1:])) / n for word in range(5)]
    assert found.trend is not None
    assert found.trend.tolist() == expected
    assert (found.adjusted[1, 3], p_values(changes[:, :1], order).trend) == (1 / n, None)


def test_slopes_that_are_equal_are_as_great_though_they_were_summed_up_otherwise() -> None:
    """Shares of ten neighbours in four periods, whose slopes are counted as whole numbers."""
    tenths = np.array(list(itertools.product(range(11), repeat=3)))
    changes = 1 - tenths[:, :, None] / 10
    exact = -(tenths @ [-1, 1, 3])  # of a slope, but for a number that all have in common
    for observed in range(0, len(tenths), 97):
        order = np.r_[observed, np.delete(np.arange(len(tenths)), observed)]
        found = p_values(changes[order], np.array([0])).trend
        assert found is not None
        assert found[0] == (exact >= exact[observed]).sum() / len(tenths)


def test_words_that_never_change_differently_have_no_spread_to_tell_of() -> None:
    """Eleven times a tenth have a mean that is not one in the last bit."""
    changes = np.full((11, 1, 3), 0.1)
    assert p_values(changes, np.arange(3)).adjusted.tolist() == [[1, 1, 1]]
