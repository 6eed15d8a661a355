"""The rules of the architecture, held against the source and against a running process."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "wordvec_cli"
# Each may import what stands before it.
LAYERS = [
    "errors",
    "messages",
    "json_text",
    "csv_text",
    "progress",
    "parallel",
    "kernels",
    "decimals",
    "streams",
    "claims",
    "outputs",
    "file_kinds",
    "files",
    "output_names",
    "lines",
    "sidecar",
    "store",
    "words",
    "word_hashes",
    "tokenizer",
    "corpus_files",
    "corpus",
    "vocabulary",
    "numpy_files",
    "specials",
    "misspelling",
    "spacing",
    "spilling",
    "counting",
    "vocabulary_layout",
    "vocabulary_file",
    "sequences",
    "cooccurrence",
    "padding",
    "term_matrices",
    "phrases",
    "packing",
    "embeddings",
    "sequence_files",
    "sequence_text",
    "text_rows",
    "pairs_file",
    "matching",
    "embedding_matrix",
    "embedding_layer",
    "label_layout",
    "labelled",
    "classifier",
    "prediction",
    "label_scores",
    "formats",
    "soundness",
    "metrics",
    "query",
    "evaluation_sets",
    "analogies",
    "resampling",
    "evaluation",
    "comparison",
    "training",
    "cli",
]
MODULES = sorted(PACKAGE.rglob("*.py"))
ONLY_HOME = {"numba": "kernels", "llvmlite": "kernels", "click": "cli", "tqdm": "cli"}
TOP_MODULES = {"__init__", "__main__"}


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    if layer(path) in TOP_MODULES:
        return
    used = {name.split(".")[1] for name in imported(path) if name.startswith("wordvec_cli.")} - {"__version__"}
    assert {name for name in used if LAYERS.index(name) > LAYERS.index(layer(path))} == set()
    if layer(path) == "kernels":
        assert used <= {"kernels"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_heavy_package_has_one_home(path: Path) -> None:
    packages = {name.split(".")[0] for name in imported(path)}
    for package, home in ONLY_HOME.items():
        assert package not in packages or layer(path) == home
    assert "pickle" not in packages


@pytest.mark.parametrize("command", ["lookup", "info"])
def test_reading_vectors_imports_neither_numpy_nor_numba_nor_gensim(vector_file: Path, command: str) -> None:
    words = ["monday", "red"] if command == "lookup" else []
    code = (
        "import sys; from wordvec_cli.cli import run; "
        f"status = run({[command, str(vector_file), *words]!r}); "
        "print(status, sorted({'numpy', 'numba', 'gensim', 'scipy', 'tqdm'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stderr.decode().splitlines()[-1] == "0 []"
    assert result.stdout


def test_importing_the_package_imports_nothing_of_it() -> None:
    code = "import sys, wordvec_cli; print([name for name in sys.modules if name.startswith('wordvec_cli.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
