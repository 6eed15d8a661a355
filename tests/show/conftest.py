"""One browser for all tests of pages, which are one group, so that one process of the tests has it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.show.browser import open_browser


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    browser = open_browser(tmp_path_factory.mktemp("downloads"))
    if browser is None:
        pytest.skip("needs a browser, its driver and selenium: on Debian, apt install chromium chromium-driver")
    yield browser
    browser.quit()
