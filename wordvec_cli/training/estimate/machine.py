"""What the machine has for this process: memory that is free, and memory that is in use."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

UNMEASURED_BYTES = 80_000_000  # of Python, numpy and kernels, where the system does not tell (measured on Linux)


@dataclass(frozen=True)
class MemoryUse:
    """Anonymous memory of this process: what no file stands behind, so that only swapping could make room for it.

    peak_bytes  since the process began
    """

    now_bytes: int
    peak_bytes: int


def memory_in_use(root: Path = Path("/")) -> MemoryUse:
    """Measured where there is a /proc, else a constant."""
    sizes = _sizes(root / "proc/self/status")
    now = sizes.get("RssAnon", UNMEASURED_BYTES)
    # The system keeps the peak of all resident pages; those of files are libraries, of which none goes again.
    return MemoryUse(now, max(now, sizes.get("VmHWM", 0) - sizes.get("RssFile", 0)))


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes that this process can still take without swapping; None if the system does not tell.

    On Linux the least of what the machine has left, what the control groups allow and what `ulimit` does; on macOS
    all memory there is, as it does not tell what is free.

    root  below which /proc and /sys lie
    """
    free = [*_free_on_linux(root), *_left_of_limits(root)]
    if sys.platform == "darwin":
        free.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    if sys.platform == "win32":
        free += _free_on_windows()
    return max(min(free), 0) if free else None


def _free_on_linux(root: Path) -> Iterator[int]:
    sizes = _sizes(root / "proc/meminfo")
    if "MemAvailable" in sizes:
        yield sizes["MemAvailable"]
    for group in _control_groups(root):
        yield from group.free()


def _sizes(path: Path) -> dict[str, int]:
    """The sizes in a file of /proc, in bytes by name; none if there is no such file."""
    sizes = {}
    with suppress(OSError):
        for line in path.read_text(errors="replace").splitlines():
            match line.split():
                case [name, number, "kB"]:
                    sizes[name.removesuffix(":")] = int(number) * 1024
    return sizes


# ---------------------------------------------------------------- control groups


@dataclass(frozen=True)
class _Group:
    """The folder of a control group, and how its files are called."""

    folder: Path
    limit: str
    use: str
    cached: tuple[str, ...]  # of memory.stat: pages of files, which give way

    def free(self) -> Iterator[int]:
        with suppress(OSError, ValueError):  # ValueError: the limit is "max"
            limit, use = (int((self.folder / name).read_text()) for name in (self.limit, self.use))
            lines = (self.folder / "memory.stat").read_text().splitlines()
            cached = sum(int(number) for name, number in map(str.split, lines) if name in self.cached)
            yield limit - use + cached


def _control_groups(root: Path) -> Iterator[_Group]:
    """The groups that this process is in, and those around them: each may set a limit. Source: cgroups(7)."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    mounted = root / "sys/fs/cgroup"
    for _, controllers, path in (line.split(":", 2) for line in lines):
        inner = PurePosixPath(path.lstrip("/"))
        for folder in (inner, *inner.parents):
            if not controllers:  # version 2, which is beside version 1 in `unified`
                for base in (mounted, mounted / "unified"):
                    yield _Group(base / folder, "memory.max", "memory.current", ("inactive_file", "active_file"))
            elif "memory" in controllers.split(","):
                cached = ("total_inactive_file", "total_active_file")
                yield _Group(mounted / "memory" / folder, "memory.limit_in_bytes", "memory.usage_in_bytes", cached)


# ---------------------------------------------------------------- other limits


def _left_of_limits(root: Path) -> Iterator[int]:
    """What `ulimit -v` and `ulimit -d` leave."""
    if sys.platform == "win32":
        return
    import resource

    sizes = _sizes(root / "proc/self/status")
    for limit, use in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        soft, _ = resource.getrlimit(limit)
        if soft != resource.RLIM_INFINITY:
            yield soft - sizes.get(use, 0)


def _free_on_windows() -> Iterator[int]:
    import ctypes

    class MemoryStatus(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API."""

        _fields_ = [
            ("length", ctypes.c_ulong), ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in (
                "physical", "free_physical", "page_file", "free_page_file", "virtual", "free_virtual", "extended",
            )),
        ]  # fmt: skip

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):  # type: ignore[attr-defined, unused-ignore]
        yield int(status.free_physical)
