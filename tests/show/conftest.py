"""One browser for all tests of pages, which are one group, so that one process of the tests has it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.show.browser import started


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    browser = started(tmp_path_factory.mktemp("downloads"))
    yield browser
    browser.quit()
