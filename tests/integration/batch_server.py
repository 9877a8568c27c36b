"""AWS Batch's wire over a MemoryJobQueue: the four calls that we make, on a real HTTP server in a thread.

It checks what Batch checks of them: known queue and definition, legal name, resource requirements as text.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lepton.memory import MemoryJobQueue
from lepton.ports import JobRequest, JobStatus

QUEUES, DEFINITION = ("lepton-cpu", "lepton-gpu"), "lepton-trainer"


class Refused(Exception):
    """Answered as Batch's ClientException."""


class BatchServer:
    """`lost` answers of SubmitJob are dropped after the job was taken, as a broken connection does."""

    def __init__(self) -> None:
        self.forget()
        handler = type("Handler", (_Handler,), {"batch": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def forget(self) -> None:
        """Empty again, for the next test."""
        self.jobs = MemoryJobQueue()
        self.submissions: list[dict[str, Any]] = []
        self.lost = 0

    def __enter__(self) -> BatchServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def submitjob(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", asked["jobName"]):
            raise Refused("illegal job name")
        if asked["jobQueue"] not in QUEUES or asked["jobDefinition"] != DEFINITION:
            raise Refused(f"JobQueue {asked['jobQueue']} or definition {asked['jobDefinition']} not found.")
        overrides = asked["containerOverrides"]
        needs = {need["type"]: int(need["value"]) for need in overrides["resourceRequirements"]}
        self.submissions.append(asked)
        request = JobRequest(
            name=asked["jobName"] + "#" * len(self.submissions),  # Batch itself takes a name as often as it is given
            queue=asked["jobQueue"],
            definition=asked["jobDefinition"],
            command=tuple(overrides.get("command", ())),
            environment={pair["name"]: pair["value"] for pair in overrides["environment"]},
            vcpus=needs["VCPU"],
            memory_mib=needs["MEMORY"],
            gpus=needs.get("GPU", 0),
            timeout=asked["timeout"]["attemptDurationSeconds"],
            tags=asked["tags"],
        )
        return {"jobName": asked["jobName"], "jobId": self.jobs.submit(request), "jobArn": "arn:aws:batch:::job/1"}

    def listjobs(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["jobQueue"] not in QUEUES:
            raise Refused(f"JobQueue {asked['jobQueue']} not found.")
        [wanted] = asked["filters"]
        assert wanted["name"] == "JOB_NAME"
        found = [
            {"jobId": job_id, "jobName": request.name.rstrip("#")}
            for job_id, request in reversed(self.jobs.submitted.items())
            if request.name.rstrip("#").lower() in [name.lower() for name in wanted["values"]]
        ]
        return {"jobSummaryList": found}

    def describejobs(self, asked: dict[str, Any]) -> dict[str, Any]:
        known = [self.jobs.statuses[job_id] for job_id in asked["jobs"] if job_id in self.jobs.statuses]
        return {"jobs": [self._detail(status) for status in known]}

    def terminatejob(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["jobId"] in self.jobs.statuses:
            self.jobs.terminate(asked["jobId"], asked["reason"])
        return {}

    def _detail(self, status: JobStatus) -> dict[str, Any]:
        name = self.jobs.submitted[status.job_id].name.rstrip("#")
        told = {"jobId": status.job_id, "jobName": name, "status": status.status, "createdAt": 1_772_366_400_000}
        attempts = [] if status.exit_code is None else [{"container": {"exitCode": status.exit_code}}]
        return told | {"attempts": attempts} | ({"statusReason": status.reason} if status.reason else {})


class _Handler(BaseHTTPRequestHandler):
    batch: BatchServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.path.removeprefix("/v1/")
        call: Callable[[dict[str, Any]], dict[str, Any]] = getattr(self.batch, operation)
        try:
            status, answer = 200, call(body)
        except Refused as error:
            status, answer = 400, {"message": str(error), "code": "ClientException"}
        if operation == "submitjob" and self.batch.lost:
            self.batch.lost -= 1
            self.close_connection = True
            return
        self._answer(status, json.dumps(answer).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 400:
            self.send_header("x-amzn-errortype", "ClientException")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return None
