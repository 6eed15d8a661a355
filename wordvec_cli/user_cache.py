"""The user's cache: where the platform has programs keep what they can make again."""

import os
import sys
from pathlib import Path


def user_cache(platform: str = sys.platform) -> Path | None:
    """The folder for what is ours there; None where the user has no home."""
    match platform:
        case "win32":
            base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
        case "darwin":
            base = "~/Library/Caches"
        case _:
            base = os.environ.get("XDG_CACHE_HOME", "")
            base = base if os.path.isabs(base) else "~/.cache"  # as the XDG specification says
    folder = Path(os.path.expanduser(base))
    return folder / "wordvec" if folder.is_absolute() else None
