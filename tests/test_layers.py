"""The rules of the architecture, held against the source and against a running process."""

import ast
import graphlib
import struct
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "wordvec_cli"
# Each family may import those that stand before it, and itself.
FAMILIES = [
    "errors",
    "messages",
    "progress",
    "parallel",
    "user_cache",
    "kernels",
    "storage",
    "text",
    "vocabulary",
    "vectors",
    "sequences",
    "layer",
    "formats",
    "pretrained",
    "queries",
    "evaluation",
    "show",
    "training",
    "cluster",
    "classify",
    "api",
    "cli",
]
# Each of these can be read without the other.
STRANGERS = [
    ("formats", "sequences"),
    ("formats", "queries"),
    ("queries", "sequences"),
    ("layer", "evaluation"),
    ("api", "cli"),
]
MODULES = sorted(PACKAGE.rglob("*.py"))
HOMES = {
    "numba": {"kernels"},
    "llvmlite": {"kernels"},
    "click": {"cli"},
    "tqdm": {"cli", "api"},
    "ray": {"cluster"},
    "fsspec": {"storage"},
    "matplotlib": {"show"},
    "umap": {"show"},
    "openTSNE": {"show"},
    "icu4py": {"text"},
    "rjieba": {"text"},
    "fugashi": {"text"},
    "tokenizers": {"text", "vocabulary"},
}
TOP_MODULES = {"__init__", "__main__"}
DOORS = {PACKAGE / "classify" / "__init__.py"}  # gives, lazily, what the face calls `wordvec_cli.classify`


def family(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_families(path: Path) -> set[str]:
    used = {name.split(".")[1] for name in imported(path) if name.startswith("wordvec_cli.")}
    return used & set(FAMILIES)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    if family(path) in TOP_MODULES or path in DOORS:
        return
    used = imported_families(path)
    assert {name for name in used if FAMILIES.index(name) > FAMILIES.index(family(path))} == set()
    if family(path) == "kernels":
        assert used <= {"kernels", "user_cache"}


@pytest.mark.parametrize(("one", "other"), STRANGERS)
def test_families_beside_each_other_do_not_see_each_other(one: str, other: str) -> None:
    for name, unseen in ((one, other), (other, one)):
        assert [path.name for path in (PACKAGE / name).rglob("*.py") if unseen in imported_families(path)] == []


def test_every_module_belongs_to_a_family() -> None:
    assert {family(path) for path in MODULES} - TOP_MODULES == set(FAMILIES)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


NAMES = {module_name(path) for path in MODULES}


def imported_modules(path: Path) -> set[str]:
    """The modules of ours that a file names: of `from a import b` a.b if that is one, else a."""
    used = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module in NAMES:
            places = {f"{node.module}.{alias.name}" for alias in node.names}
            used |= places & NAMES | ({node.module} if places - NAMES else set())
    return used


def test_no_files_import_each_other_in_a_circle() -> None:
    faces = {"wordvec_cli", "wordvec_cli.__main__"}  # which import what they are asked for
    graph = {name: imported_modules(path) - faces for path in MODULES if (name := module_name(path)) not in faces}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names them


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_heavy_package_is_imported_at_home(path: Path) -> None:
    packages = {name.split(".")[0] for name in imported(path)}
    for package, homes in HOMES.items():
        assert package not in packages or family(path) in homes
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


# What waits for kernels need not wait for these; scipy itself is imported by numba, which asks for its version.
HEAVY = {"gensim", "scipy.linalg", "scipy.sparse", "numpy.f2py", "numba.np.arraymath", "pandas", "torch"}
TINY_COMMANDS = {
    "train": ["train", "t.txt", "-o", "v.safetensors", "--min-count", "1"],
    "train, cbow, hierarchical softmax": [
        "train",
        "t.txt",
        "-o",
        "c.safetensors",
        "--model",
        "cbow",
        "--loss",
        "hierarchical-softmax",
        "--min-count",
        "1",
    ],
    "train, glove": ["train", "t.txt", "-o", "g.safetensors", "--model", "glove", "--min-count", "1"],
    "build-vocab": ["build-vocab", "t.txt", "-o", "vocab.tsv", "--min-count", "1"],
    "export of text": ["export", "v.txt", "e.safetensors"],
    "matrix": ["matrix", "--vocab", "vocab.tsv", "--vectors", "v.txt", "-o", "m.npy"],
    "encode": ["encode", "t.txt", "--vocab", "vocab.tsv", "-o", "i.npy"],
    "decode": ["decode", "i.npy", "--vocab", "vocab.tsv"],
    "phrases": ["phrases", "t.txt", "-o", "p.txt", "--min-count", "1"],
    "classify train": ["classify", "train", "labelled.txt", "-o", "m.safetensors", "--min-count", "1"],
}


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "t.txt").write_text("the cat sat on the mat\nthe dog sat on the cat and the mat\n" * 20)
    (folder / "labelled.txt").write_text("__label__a the cat sat\n__label__b on the mat\n" * 5)
    (folder / "v.txt").write_text("the 1 2\ncat 3 4\n")
    (folder / "vocab.tsv").write_text("the\t80\ncat\t40\nsat\t40\n")
    (folder / "i.npy").write_bytes(np_file())
    return folder


def np_file() -> bytes:
    """The numbers 2, 3 and 4 as one row of an .npy file."""
    header = b"{'descr': '<i8', 'fortran_order': False, 'shape': (1, 3), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<3q", 2, 3, 4)


@pytest.mark.parametrize("name", TINY_COMMANDS)
def test_what_has_been_compiled_waits_neither_for_gensim_nor_for_the_compiler(tiny_folder: Path, name: str) -> None:
    code = (
        f"import sys; from wordvec_cli.cli import run; status = run({TINY_COMMANDS[name]!r}); "
        f"print(status, sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    for _ in range(2):  # the first time kernels may be compiled
        result = subprocess.run([sys.executable, "-c", code], cwd=tiny_folder, capture_output=True, check=True)
    assert result.stderr.decode().splitlines()[-1] == "0 []"


def test_importing_the_package_imports_nothing_of_it() -> None:
    code = "import sys, wordvec_cli; print([name for name in sys.modules if name.startswith('wordvec_cli.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
