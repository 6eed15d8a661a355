"""What tests of clusters share; and what Ray is told in this process, which remembers it from its import on."""

from collections.abc import Iterator

import pytest

from wordvec_cli.cluster import connection


@pytest.fixture(scope="session", autouse=True)
def environment_of_ray() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**connection._ON_THIS_MACHINE, "RAY_AUTH_TOKEN": connection._TOKEN}.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def small_shards() -> Iterator[None]:
    """Cut where the command runs: several for each worker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wordvec_cli.cluster.parts.FEWEST_BYTES", 10_000)
        yield
