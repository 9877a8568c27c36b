"""Batch's queue and hosts: jobs as processes of this machine, a few at a time, with the events of their states.

A job's container is a process with the environment that its definition and submission give, and Batch's own. Its
files are a folder of its own under the system's temporary directory. Jobs survive a restart: one that ran is treated
as Batch treats one whose host was reclaimed, so its retry strategy decides.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lepton
from devcloud.environments import aws_variables
from devcloud.identities import arn_of
from devcloud.job_files import JobFiles
from devcloud.job_records import FINISHED, HOST_LOST, Detail, ended, started
from devcloud.live_log import LiveLog
from devcloud.processes import Child, Processes
from devcloud.s3_events import envelope
from devcloud.scratch import new_folder


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """`root`: where `python -m trainer` is found. `folder`: where jobs are kept (None: nowhere). `at_once`: jobs
    running at a time. `grace`: seconds from SIGTERM to SIGKILL. `retry_delay`: seconds before another attempt.
    """

    endpoint: str
    root: Path
    folder: Path | None = None
    at_once: int = 1
    grace: float = 30.0
    retry_delay: float = 1.0


class Jobs:
    """All jobs by id. `publish(event)` is told of every change of state."""

    def __init__(
        self, settings: JobSettings, *, processes: Processes, log: LiveLog, publish: Callable[[dict[str, Any]], None]
    ) -> None:
        self._settings = settings
        self._processes = processes
        self._log = log
        self._publish = publish
        self._files = JobFiles(settings.folder)
        self._jobs: dict[str, Detail] = {}
        self._children: dict[str, Child] = {}
        self._runnable: queue.Queue[str | None] = queue.Queue()
        self._lock = threading.RLock()
        self._closing = False
        self._hosts = [
            threading.Thread(target=self._host, daemon=True, name=f"host-{n}") for n in range(settings.at_once)
        ]

    def start(self) -> None:
        """Take up what an earlier cloud left, and begin to run jobs."""
        for job in self._files.left():
            self._jobs[job["jobId"]] = job
            if job["status"] in ("STARTING", "RUNNING"):
                self._conclude(job, None, HOST_LOST)
            elif job["status"] not in FINISHED:
                self._runnable.put(job["jobId"])
        for host in self._hosts:
            host.start()

    def close(self) -> None:
        """Stop taking jobs; those that run are left to be killed, and are taken up at the next start."""
        self._closing = True
        for _ in self._hosts:
            self._runnable.put(None)

    def submit(self, job: Detail) -> None:
        with self._lock:
            self._jobs[job["jobId"]] = job
        self._moved(job, "SUBMITTED")
        self._moved(job, "PENDING")
        self._moved(job, "RUNNABLE")
        self._runnable.put(job["jobId"])

    def get(self, job_id: str) -> Detail | None:
        """By id or ARN; a copy."""
        job = self._jobs.get(job_id.rsplit("/", 1)[-1])
        with self._lock:
            copied: Detail | None = json.loads(json.dumps(job)) if job else None
        return copied

    def all(self) -> list[Detail]:
        """Newest first; copies."""
        found = [self.get(job_id) for job_id in list(self._jobs)]
        return sorted((job for job in found if job), key=lambda job: -int(job["createdAt"]))

    def cancel(self, job_id: str, reason: str) -> None:
        """Stop it unless it has begun to start."""
        with self._lock:
            job = self._jobs[job_id.rsplit("/", 1)[-1]]
            if job["status"] in ("SUBMITTED", "PENDING", "RUNNABLE"):
                job["isCancelled"] = True
                job["statusReason"] = reason
                self._moved(job, "FAILED")

    def terminate(self, job_id: str, reason: str) -> None:
        """Stop it, whatever it does: SIGTERM to what runs, SIGKILL half a minute later."""
        self.cancel(job_id, reason)
        with self._lock:
            job = self._jobs[job_id.rsplit("/", 1)[-1]]
            if job["status"] in FINISHED or job["isTerminated"]:
                return
            job["isTerminated"] = True
            job["terminationReason"] = reason
            child = self._children.get(job["jobId"])
        if child is not None:
            self._stop(child)

    # --- hosts --------------------------------------------------------------------------------------

    def _host(self) -> None:
        while True:
            job_id = self._runnable.get()
            if job_id is None or self._closing:
                return
            job = self._jobs[job_id]
            with self._lock:
                if job["status"] != "RUNNABLE":
                    continue
                self._moved(job, "STARTING")
            try:
                self._run(job)
            except Exception as error:  # noqa: BLE001  # a host goes on to the next job
                self._log.say("cloud", job["jobName"], f"could not run: {type(error).__name__}: {error}")
                self._conclude(job, None, "Task failed to start", f"CannotStartContainerError: {error}")

    def _run(self, job: Detail) -> None:
        exits: queue.Queue[int] = queue.Queue()
        with new_folder(job["jobName"]) as scratch:
            with self._lock:
                started(job)
                child = self._processes.start(
                    _command(job),
                    environment=self._variables(job, scratch),
                    folder=Path(scratch),
                    on_line=lambda text: self._log.say("job", job["jobName"], text),
                    on_exit=exits.put,
                )
                self._children[job["jobId"]] = child
                self._moved(job, "RUNNING")
            if job["isTerminated"]:
                self._stop(child)
            code, late = self._awaited(job, exits, child)
        self._children.pop(job["jobId"], None)
        if self._closing:
            return
        status_reason = "Job attempt duration exceeded timeout" if late else "Essential container in task exited"
        self._conclude(job, code if code >= 0 else 128 - code, status_reason)

    def _awaited(self, job: Detail, exits: queue.Queue[int], child: Child) -> tuple[int, bool]:
        """The exit code, and whether the time was up before."""
        limit = (job.get("timeout") or {}).get("attemptDurationSeconds")
        try:
            return exits.get(timeout=limit), False
        except queue.Empty:
            self._stop(child)
            return exits.get(), True

    def _conclude(self, job: Detail, code: int | None, status_reason: str, reason: str | None = None) -> None:
        with self._lock:
            late = status_reason.startswith("Job attempt duration")
            told = str(job.pop("terminationReason", None) or status_reason) if job["isTerminated"] else status_reason
            again = ended(job, exit_code=code, status_reason=told, reason=reason)
            if again and not late:
                self._moved(job, "RUNNABLE")
                self._later(job["jobId"])
            else:
                self._moved(job, "SUCCEEDED" if code == 0 and not late and not job["isTerminated"] else "FAILED")

    def _later(self, job_id: str) -> None:
        """On AWS a second attempt waits for a host, too: what it failed of may have passed by then."""
        timer = threading.Timer(self._settings.retry_delay, self._runnable.put, [job_id])
        timer.daemon = True
        timer.start()

    def _stop(self, child: Child) -> None:
        child.signal(signal.SIGTERM)
        timer = threading.Timer(self._settings.grace, child.kill)
        timer.daemon = True
        timer.start()

    def _moved(self, job: Detail, status: str) -> None:
        with self._lock:
            job["status"] = status
            self._files.keep(job)
            told = json.loads(json.dumps(job))
        reason = f": {job['statusReason']}" if status == "FAILED" and "statusReason" in job else ""
        if status in ("RUNNABLE", "RUNNING", "SUCCEEDED", "FAILED"):
            self._log.say("cloud", job["jobName"], f"job is {status}{reason}")
        self._publish(envelope("Batch Job State Change", "aws.batch", [job["jobArn"]], told))

    def _variables(self, job: Detail, scratch: str) -> dict[str, str]:
        given = {one["name"]: one["value"] for one in job["container"]["environment"]}
        package = Path(str(lepton.__path__[0])).parent
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": scratch,
            "PYTHONPATH": os.pathsep.join([os.fspath(self._settings.root), os.fspath(package)]),
            "PYTHONUNBUFFERED": "1",
            **given,
            "TMPDIR": scratch,
            "AWS_BATCH_JOB_ID": job["jobId"],
            "AWS_BATCH_JOB_ATTEMPT": str(len(job["attempts"]) + 1),
            "AWS_BATCH_JQ_NAME": job["jobQueue"].rsplit("/", 1)[-1],
            "AWS_BATCH_CE_NAME": arn_of("AWS::Batch::ComputeEnvironment", "local").rsplit("/", 1)[-1],
            **aws_variables(self._settings.endpoint),
        }


def _command(job: Detail) -> list[str]:
    """The container's command; its `python` is the interpreter that runs the cloud."""
    command = job["container"]["command"] or ["python", "-m", "trainer"]
    return [sys.executable, *command[1:]] if command[0] in ("python", "python3") else list(command)
