"""Arrays that are written to disk a part at a time."""

import os
from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.errors import OutputError
from wordvec_cli.storage.spool import Spool


def test_parts_come_back_as_one_array_and_more_may_follow(tmp_path: Path) -> None:
    spool = Spool(tmp_path, np.int32)
    assert len(spool) == 0
    assert spool.whole().tolist() == []
    for part in (np.arange(3), np.empty(0, np.int64), np.arange(10)[::3], np.ones((2, 2), np.int8)):
        spool.append(part)
    first = spool.whole()
    assert (first.dtype, len(first), len(spool)) == (np.int32, 11, 11)
    assert first.tolist() == [0, 1, 2, 0, 3, 6, 9, 1, 1, 1, 1]
    assert not first.flags.writeable
    spool.append(np.array([7]))
    assert spool.whole().tolist() == [*first.tolist(), 7]
    assert os.listdir(tmp_path) == []


def test_a_map_outlives_its_spool_and_a_named_file_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path, np.float64, "numbers")
    spool.append(np.array([0.5, 2.0]))
    array = spool.whole()
    del spool
    assert array.tolist() == [0.5, 2.0]
    assert np.fromfile(tmp_path / "numbers").tolist() == [0.5, 2.0]


def test_records_are_kept_whole(tmp_path: Path) -> None:
    records = np.array([(1, 0.5), (2, 1.5)], [("id", "<i4"), ("weight", "<f8")])
    spool = Spool(tmp_path, records.dtype)
    spool.append(records[::-1])
    assert spool.whole().tolist() == records[::-1].tolist()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_a_full_disk_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("wordvec_cli.storage.spool.temporary_file", lambda folder: open("/dev/full", "wb"))
    spool = Spool(tmp_path, np.int8)
    spool.append(np.zeros(3))
    with pytest.raises(OutputError, match=r"\(temporary files\): no space left on device"):
        spool.whole()
