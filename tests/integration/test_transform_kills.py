"""Real processes over a lake on disk: killed with SIGKILL again and again, and many rows in little memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lepton.directory import DirectoryObjectStore
from tests.unit.endpoint.packages import publish
from tests.unit.endpoint.transform_world import slowed

ROOT = Path(__file__).parents[2]
KEY = "predict-in/churn/rows.parquet"
# What Lambda would run: one delivery of the file's event, with the time that is left.
DELIVERY = """
import sys
from pathlib import Path
from lepton.directory import DirectoryObjectStore
from tests.unit.endpoint.transform_world import worker
lake, landing = (DirectoryObjectStore(Path(sys.argv[1]) / name) for name in ("lake", "landing"))
worker(lake, landing).handle([sys.argv[2]], lambda: float(sys.argv[3]))
import resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def folder_with(folder: Path, rows: int, part_rows: int | None = None) -> Path:
    """A lake with the model, and a landing bucket with so many rows, every hundredth of them unfit."""
    lake, landing = DirectoryObjectStore(folder / "lake"), DirectoryObjectStore(folder / "landing")
    version = publish(lake, "churn")
    if part_rows:
        slowed(lake, "churn", version, part_rows)
    plan = "CASE WHEN i % 100 = 7 THEN 'gold' WHEN i % 2 = 0 THEN 'pro' ELSE 'basic' END"
    select = f"SELECT (i % 90)::DOUBLE AS age, {plan} AS plan, i % 7 AS calls FROM range({rows}) t(i)"
    duckdb.sql(f"COPY ({select}) TO '{folder}/rows.parquet' (FORMAT parquet)")
    landing.put(KEY, folder / "rows.parquet")
    return folder


def started(folder: Path, key: str = KEY, left: float = 1e9) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", DELIVERY, str(folder), key, str(left)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}:{ROOT}/layers/core/python"}
    return subprocess.Popen(words, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status, and what was printed."""
    printed, _ = process.communicate(timeout=300)
    return process.returncode, printed


def files(folder: Path) -> dict[str, bytes]:
    (job,) = (folder / "lake/predictions/churn").iterdir()
    return {path.name: path.read_bytes() for path in sorted(job.iterdir())}


def parts(folder: Path) -> dict[str, bytes]:
    return {name: body for name, body in files(folder).items() if name.startswith(("part-", "rejected-"))}


def report(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(files(folder)["report.json"])
    return told


def predicted(folder: Path) -> list[int]:
    """The lines that have a prediction, in the order of the parts."""
    (job,) = (folder / "lake/predictions/churn").iterdir()
    found = duckdb.sql(f"SELECT line FROM read_parquet('{job}/part-*.parquet')").fetchall()
    return [line for (line,) in found]


@pytest.mark.slow
def test_killed_again_and_again_it_gives_the_same_bytes_as_undisturbed(tmp_path: Path) -> None:
    rows, chance = 20_000, random.Random(7)
    calm, killed = (folder_with(tmp_path / name, rows, 256) for name in ("calm", "killed"))
    assert ended(started(calm))[0] == 0
    kills = 0
    for _ in range(200):
        process = started(killed)
        begun = time.monotonic()
        while process.poll() is None and time.monotonic() - begun < 0.5 + kills * 0.01 + chance.random() * 0.3:
            time.sleep(0.005)
        process.kill()
        if ended(process)[0] == 0:
            break
        kills += 1
    assert kills > 0
    assert parts(killed) == parts(calm)
    assert (report(killed)["rows"], report(killed)["rejected"]) == (rows * 99 // 100, rows // 100)


@pytest.mark.slow
def test_two_processes_at_once_do_each_row_once(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, 20_000, 256)
    assert [ended(process)[0] for process in [started(folder) for _ in range(3)]] == [0, 0, 0]
    assert predicted(folder) == [line for line in range(1, 20_001) if (line - 1) % 100 != 7]


@pytest.mark.slow
def test_a_million_rows_take_no_more_memory_than_a_fifth_of_them(tmp_path: Path) -> None:
    """Each row once, and the larger file's peak within a fifth of the smaller one's."""
    peaks = []
    for rows in (200_000, 1_000_000):
        folder = folder_with(tmp_path / str(rows), rows)
        peaks.append(int(ended(started(folder))[1].split()[-1]))
        assert report(folder)["rows"] == rows * 99 // 100
        assert predicted(folder) == [line for line in range(1, rows + 1) if (line - 1) % 100 != 7]
    assert peaks[1] < 1.2 * peaks[0], peaks


@pytest.mark.slow
def test_a_file_that_takes_many_invocations_goes_on_by_its_tickets(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, 2_000, 256)
    key, seen = KEY, 0
    while "report.json" not in (files(folder) if seen else {}):
        assert ended(started(folder, key, left=5.0))[0] == 0
        left = sorted((folder / "landing/predict-in/churn/jobs").rglob("0*")) if seen < 20 else []
        key, seen = (str(left[-1].relative_to(folder / "landing")) if left else key), seen + 1
    assert (report(folder)["runs"], report(folder)["rows"]) == (8, 1980)
