"""The folder of the user's cache."""

from pathlib import Path

import pytest

from wordvec_cli.user_cache import user_cache


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {"HOME": "/home/ada"}, "/home/ada/.cache/wordvec"),
        ("linux", {"HOME": "/home/ada", "XDG_CACHE_HOME": "/fast/cache"}, "/fast/cache/wordvec"),
        ("linux", {"HOME": "/home/ada", "XDG_CACHE_HOME": "relative"}, "/home/ada/.cache/wordvec"),
        ("darwin", {"HOME": "/Users/ada", "XDG_CACHE_HOME": "/fast/cache"}, "/Users/ada/Library/Caches/wordvec"),
        ("win32", {"HOME": "/c/ada", "LOCALAPPDATA": "/c/ada/local"}, "/c/ada/local/wordvec"),
    ],
)
def test_the_users_cache_is_where_the_platform_has_it(
    platform: str, variables: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert user_cache(platform) == Path(folder)


def test_without_a_home_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, "relative")
    assert user_cache("linux") is None
