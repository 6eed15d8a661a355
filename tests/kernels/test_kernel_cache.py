"""Compiled kernels: where they are kept, and that no stale ones are ever found."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from wordvec_cli.kernels import compiled

KERNELS = Path(compiled.__file__).parent
PACKAGE = KERNELS.parent


def test_an_edit_of_any_kernel_file_is_another_folder(tmp_path: Path) -> None:
    shutil.copytree(KERNELS, tmp_path / "kernels", ignore=shutil.ignore_patterns("__pycache__"))
    seen = {compiled.fingerprint(tmp_path / "kernels")}
    assert seen == {compiled.fingerprint()}
    files = sorted((tmp_path / "kernels").glob("*.py"))
    for path in files:
        path.write_text(path.read_text() + "# edited\n")
        seen.add(compiled.fingerprint(tmp_path / "kernels"))
    assert len(seen) == 1 + len(files)


def test_kernels_that_nobody_has_used_for_long_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("kernels-new", "kernels-used", "kernels-old", "others-old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    for name in ("kernels-new", "kernels-old", "others-old"):
        os.utime(tmp_path / name, (0, 0))
    compiled.mark_used(tmp_path / "kernels-new")
    assert sorted(os.listdir(tmp_path)) == ["kernels-new", "kernels-used", "others-old"]


def test_an_upgrade_removes_the_kernels_of_the_version_before_and_of_no_other_installation(tmp_path: Path) -> None:
    for name in ("kernels-before", "kernels-after", "kernels-elsewhere", "others"):
        (tmp_path / name).mkdir()
    compiled.mark_used(tmp_path / "kernels-elsewhere", tmp_path / "elsewhere")
    compiled.mark_used(tmp_path / "kernels-before", tmp_path / "here")
    assert (tmp_path / "kernels-elsewhere").exists()
    compiled.mark_used(tmp_path / "kernels-after", tmp_path / "here")
    assert sorted(os.listdir(tmp_path)) == ["kernels-after", "kernels-elsewhere", "others"]


def test_a_folder_in_use_stays_however_old_it_is(tmp_path: Path) -> None:
    for name in ("kernels-one", "kernels-other"):  # of two versions, each of them used now and then
        (tmp_path / name).mkdir()
    for name in ("kernels-one", "kernels-other", "kernels-one"):
        recent = time.time() - compiled.SECONDS_UNUSED + 60
        for folder in tmp_path.iterdir():
            os.utime(folder, (recent, recent))
        compiled.mark_used(tmp_path / name, tmp_path / f"installation of {name}")
        assert time.time() - (tmp_path / name).stat().st_mtime < 60
    assert sorted(os.listdir(tmp_path)) == ["kernels-one", "kernels-other"]


def test_two_processes_that_compile_at_once_never_take_each_others_code(tmp_path: Path) -> None:
    one, other = (compiled.FilesNamedByKey(str(tmp_path), "kernel", "stamp") for _ in range(2))
    one._load_index = other._load_index = dict  # neither sees what the other has written  # type: ignore[method-assign]
    one.save(("float32",), "code for float32")
    other.save(("float64",), "code for float64")
    later = compiled.FilesNamedByKey(str(tmp_path), "kernel", "stamp")
    assert later.load(("float64",)) == "code for float64"
    assert later.load(("float32",)) is None  # to be compiled again
    later.save(("float32",), "code for float32")
    assert later.load(("float32",)) == "code for float32"
    assert later.load(("float64",)) == "code for float64"


def test_kernels_are_kept_under_the_names_of_what_they_are_compiled_for() -> None:
    from numba.core import caching

    assert caching.IndexDataCacheFile is compiled.FilesNamedByKey


def where_kept(folder: Path, **variables: str) -> tuple[str, str]:
    """The folder that an installation chooses into whose own folder nobody can write, and what it warns of."""
    install = folder / "install"
    shutil.copytree(KERNELS, install / "wordvec_cli" / "kernels", ignore=shutil.ignore_patterns("__pycache__"))
    (install / "wordvec_cli" / "__init__.py").touch()
    shutil.copy(PACKAGE / "user_cache.py", install / "wordvec_cli")
    (install / "wordvec_cli" / "kernels" / "__pycache__").touch()  # which stops even root
    known = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    result = subprocess.run(
        [sys.executable, "-c", "import numba, wordvec_cli.kernels; print(numba.config.CACHE_DIR)"],
        env=known | {"PYTHONPATH": str(install)} | variables, cwd=folder, capture_output=True, check=True, text=True,
    )  # fmt: skip
    return result.stdout.strip(), result.stderr


def test_a_read_only_installation_keeps_its_kernels_in_the_home_folder(tmp_path: Path) -> None:
    own = tmp_path / ".cache" / "wordvec" / f"kernels-{compiled.fingerprint()}"
    assert where_kept(tmp_path, HOME=str(tmp_path)) == (str(own), "")
    assert own.is_dir()


def test_numbas_own_variable_wins(tmp_path: Path) -> None:
    kept = where_kept(tmp_path, HOME=str(tmp_path), NUMBA_CACHE_DIR=str(tmp_path / "numba"))
    assert kept == (str(tmp_path / "numba" / f"kernels-{compiled.fingerprint()}"), "")
    assert not (tmp_path / ".cache").exists()


def test_where_nothing_can_be_written_the_folder_goes_with_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder, warning = where_kept(tmp_path, HOME=str(tmp_path / "file"), TMPDIR=str(tmp_path))
    assert Path(folder).parent == tmp_path
    assert "compiled code cannot be kept" in warning
    assert not Path(folder).exists()


def test_kernels_are_kept_where_they_belong_when_numba_was_imported_first(tmp_path: Path) -> None:
    code = (
        "import numba, numpy\n"
        "from wordvec_cli.kernels.vector_text import count_lines\n"
        "count_lines(numpy.zeros(3, 'u1')); count_lines(numpy.zeros(3, 'i1')); print(numba.config.CACHE_DIR)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment | {"XDG_CACHE_HOME": str(tmp_path)}, check=True,
        capture_output=True, text=True, cwd=KERNELS.parents[1],
    )  # fmt: skip
    assert result.stdout == f"{tmp_path / 'wordvec' / f'kernels-{compiled.fingerprint()}'}\n"
