"""Clusters that cannot be used, and what the user is told: one line, and what to do."""

import socket
import subprocess
import sys

import pytest

from wordvec_cli.cluster import connection
from wordvec_cli.cluster.address import Address, parsed
from wordvec_cli.cluster.connection import connected
from wordvec_cli.cluster.versions import check_same, versions, versions_there
from wordvec_cli.errors import InputError


def test_where_ray_is_missing_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'wordvec-cli\[cluster\]'"), connected(parsed("local:2")):
        pass


def test_where_nobody_listens_that_is_said() -> None:
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(InputError, match=f"127.0.0.1:{port}: nobody answers"), connected(parsed(f"127.0.0.1:{port}")):
        pass


def test_who_listens_and_does_not_answer_is_given_up_and_the_token_is_thought_of() -> None:
    pytest.importorskip("ray")
    code = (
        "import sys; from wordvec_cli.cluster import connection; from wordvec_cli.cli import run; "
        "connection.SECONDS_TO_CONNECT = 1; "
        "sys.exit(run(['build-vocab', 'c.txt', '-o', '/dev/null', '--cluster', sys.argv[1]]))"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        result = subprocess.run(
            [sys.executable, "-c", code, address], capture_output=True, text=True, timeout=120, check=False
        )
    assert result.returncode == 1
    error = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(error) == 1
    assert "no connection within 1 seconds" in error[0]
    assert "token" in error[0]
    assert "RAY_AUTH_TOKEN" in error[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Failed to connect to Ray cluster", "RAY_AUTH_TOKEN"),
        ("Token authentication is enabled but no authentication token was found", "RAY_AUTH_TOKEN"),
        ("Ray Client requires pip package `ray[client]`", "pip install 'ray[client]'"),
        ("Version mismatch: The cluster was started with Ray 2.50", "install the same versions"),
        ("Could not find any running Ray instance", "ray start --head"),
    ],
)
def test_what_ray_says_becomes_what_to_do(text: str, expected: str) -> None:
    assert expected in connection._why(Address("auto"), ConnectionError(text))


def test_workers_with_other_versions_are_named() -> None:
    check_same("10.0.0.7", versions_there())
    with pytest.raises(InputError, match=r"worker 10.0.0.7: has numpy 1.2.3 \(here .*install the same"):
        check_same("10.0.0.7", versions() | {"numpy": "1.2.3"})
    with pytest.raises(InputError, match="has wordvec none"):
        check_same("10.0.0.7", versions() | {"wordvec": "none"})
