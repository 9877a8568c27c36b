"""Jobs on disk: one JSON file for each, written at every change of state, dropped a week after the last."""

from __future__ import annotations

import json
import time
from pathlib import Path

from devcloud.job_records import Detail

_KEPT_SECONDS = 7 * 24 * 3600


class JobFiles:
    """The jobs of one state directory; with no folder, none are kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def keep(self, job: Detail) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{job['jobId']}.part"
        unfinished.write_text(json.dumps(job))
        unfinished.replace(self._folder / f"{job['jobId']}.json")

    def left(self) -> list[Detail]:
        """What an earlier cloud knew, oldest first."""
        if self._folder is None or not self._folder.is_dir():
            return []
        jobs: list[Detail] = []
        for kept in self._folder.glob("*.json"):
            if time.time() - kept.stat().st_mtime > _KEPT_SECONDS:
                kept.unlink()
            else:
                jobs.append(json.loads(kept.read_text()))
        return sorted(jobs, key=lambda job: int(job["createdAt"]))
