"""The rules of the architecture, held against the source and against a running process."""

import ast
import graphlib
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
    "kernels",
    "storage",
    "text",
    "vocabulary",
    "vectors",
    "sequences",
    "layer",
    "formats",
    "queries",
    "evaluation",
    "training",
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
HOMES = {"numba": {"kernels"}, "llvmlite": {"kernels"}, "click": {"cli"}, "tqdm": {"cli", "api"}}
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
        assert used <= {"kernels"}


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


def test_importing_the_package_imports_nothing_of_it() -> None:
    code = "import sys, wordvec_cli; print([name for name in sys.modules if name.startswith('wordvec_cli.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
