"""The suite can be imported, and most of it runs, on systems that are not POSIX."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.posix import needed

TESTS = Path(__file__).parent
MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
NAMES = re.compile(r"(?:signal\.SIG(?:HUP|KILL|QUIT|USR\d|ALRM)|os\.(?:fork|mkfifo|geteuid|sched_getaffinity))$")


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are run when a module is imported: not those in functions, but for decorators and defaults."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        children = [*getattr(node, "decorator_list", []), *node.args.defaults, *node.args.kw_defaults]
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        if child is not None:
            yield child
            yield from at_import(child)


def not_everywhere(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return not MODULES.isdisjoint(alias.name for alias in node.names)
    return isinstance(node, ast.Attribute) and NAMES.match(ast.unparse(node)) is not None


def test_importing_tests_needs_nothing_that_only_posix_has() -> None:
    """They take it from tests/posix.py, which has something in its place elsewhere."""
    for path in TESTS.rglob("*.py"):
        if path.name != "posix.py":
            nodes = at_import(ast.parse(path.read_text("utf-8")))
            assert [ast.unparse(node) for node in nodes if not_everywhere(node)] == [], path.name


def test_what_a_test_needs_is_read_off_its_source() -> None:
    def pipes() -> None:
        "os.mkfifo"

    def plain() -> None:
        "os.remove"

    assert (needed(pipes), needed(plain)) == ("mkfifo", None)
