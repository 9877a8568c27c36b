"""`python -m devcloud`: found by others, stopped in every way, and what is there again afterwards."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from devcloud.http_server import HttpServer
from tests.integration.devcloud_stack import client_at, until, write_stack

ROOT = Path(__file__).parents[2]


def _command(folder: Path, *more: str) -> list[str]:
    template, state = folder / "template.yaml", folder / "state"
    ports = ["--api-port", "0", "--aws-port", "0"]
    return [sys.executable, "-m", "devcloud", "--template", str(template), "--state", str(state), *ports, *more]


@contextmanager
def _running(folder: Path, *more: str, end: int = signal.SIGTERM) -> Iterator[tuple[dict[str, Any], int]]:
    """A cloud with its endpoints and process id; it is ended by the signal `end`."""
    with (folder / "out.txt").open("wb") as out:
        process = subprocess.Popen(_command(folder, *more), cwd=ROOT, stdout=out, stderr=out)
        try:
            file = folder / "state" / "endpoints.json"
            told = until(lambda: _told(file, process.pid), 20)
            yield told, process.pid
        finally:
            process.send_signal(end)
            killer = threading.Timer(10, process.kill)
            killer.start()
            ended = process.wait()
            killer.cancel()
            assert ended == (0 if end != signal.SIGKILL else -9), (folder / "out.txt").read_text()


def _told(file: Path, pid: int) -> dict[str, Any] | None:
    told = json.loads(file.read_text()) if file.exists() else {}
    return told if told.get("pid") == pid else None


def _alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return status != "Z"


def _submit(told: dict[str, Any], code: str) -> str:
    overrides = {"command": ["python", "-c", code]}
    batch = client_at(told["endpoint_url"], "batch")
    asked = {"jobName": "j", "jobQueue": "cpu", "jobDefinition": "trainer", "containerOverrides": overrides}
    return str(batch.submit_job(**asked)["jobId"])


def test_the_endpoints_file_is_there_while_it_runs(tmp_path: Path) -> None:
    write_stack(tmp_path)
    with _running(tmp_path, end=signal.SIGINT) as (told, _):
        assert set(told) == {"api_url", "endpoint_url", "region", "outputs", "pid"}
        assert told["outputs"]["ApiUrl"] == told["api_url"]
        assert httpx.get(f"{told['api_url']}/items/x").status_code == 200
    assert not (tmp_path / "state" / "endpoints.json").exists()
    assert "stopping" in (tmp_path / "out.txt").read_text()


def test_objects_survive_kill_minus_nine_with_etag_type_and_version(tmp_path: Path) -> None:
    write_stack(tmp_path)
    with _running(tmp_path, end=signal.SIGKILL) as (told, _):
        s3, place = client_at(told["endpoint_url"], "s3"), {"Bucket": told["outputs"]["Bucket"], "Key": "ignored/ü x"}
        s3.put_object(**place, Body=b"first")
        before = s3.put_object(**place, Body=b"second", ContentType="text/csv", Metadata={"by": "me"})
        s3.put_object(Bucket=place["Bucket"], Key="ignored/gone", Body=b"x")
        s3.delete_object(Bucket=place["Bucket"], Key="ignored/gone")
    with _running(tmp_path) as (told, _):
        s3 = client_at(told["endpoint_url"], "s3")
        after = s3.get_object(**place)
        assert (after["ETag"], after["VersionId"]) == (before["ETag"], before["VersionId"])
        assert (after["Body"].read(), after["ContentType"], after["Metadata"]) == (b"second", "text/csv", {"by": "me"})
        assert [one["Key"] for one in s3.list_objects_v2(Bucket=place["Bucket"])["Contents"]] == ["ignored/ü x"]


def test_messages_that_nobody_took_survive_kill_minus_nine(tmp_path: Path) -> None:
    write_stack(tmp_path)
    with _running(tmp_path, end=signal.SIGKILL) as (told, _):
        url = told["outputs"]["DeadLettersUrl"]
        client_at(told["endpoint_url"], "sqs").send_message(QueueUrl=url, MessageBody="keep me")
    with _running(tmp_path) as (told, _):
        queue = client_at(told["endpoint_url"], "sqs")
        found = queue.receive_message(QueueUrl=told["outputs"]["DeadLettersUrl"])["Messages"]
        assert [message["Body"] for message in found] == ["keep me"]


def test_a_job_whose_cloud_was_killed_dies_with_it_and_is_tried_again(tmp_path: Path) -> None:
    write_stack(tmp_path)
    code = "import os, pathlib, time; a = os.environ['AWS_BATCH_JOB_ATTEMPT']; "
    code += (
        f"pathlib.Path({str(tmp_path)!r}, 'pid' + a).write_text(str(os.getpid())); time.sleep(60 if a == '1' else 0)"
    )
    with _running(tmp_path, end=signal.SIGKILL) as (told, _):
        job_id = _submit(told, code)
        first = int(until(lambda: (tmp_path / "pid1").exists() and (tmp_path / "pid1").read_text()))
    until(lambda: not _alive(first))
    with _running(tmp_path) as (told, _):
        batch = client_at(told["endpoint_url"], "batch")
        job = until(
            lambda: next(
                iter(j for j in batch.describe_jobs(jobs=[job_id])["jobs"] if j["status"] == "SUCCEEDED"), None
            )
        )
    assert [attempt["statusReason"][:8] for attempt in job["attempts"]] == ["Host EC2", "Essentia"]


def test_no_process_is_left_behind_by_a_kill(tmp_path: Path) -> None:
    write_stack(tmp_path)
    with _running(tmp_path, end=signal.SIGKILL) as (told, _):
        function = httpx.get(f"{told['api_url']}/items/x").json()["pid"]
        code = "import subprocess, os, pathlib, time; p = subprocess.Popen(['sleep', '60']); "
        code += f"pathlib.Path({str(tmp_path)!r}, 'pids').write_text(f'{{os.getpid()}} {{p.pid}}'); time.sleep(60)"
        _submit(told, code)
        text = until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text())
    for process in (function, *map(int, text.split())):
        until(lambda process=process: not _alive(process))


def test_fresh_begins_with_nothing(tmp_path: Path) -> None:
    write_stack(tmp_path)
    for more, expected in (([], 0), (["--fresh"], 0)):
        with _running(tmp_path, *more) as (told, _):
            s3, bucket = client_at(told["endpoint_url"], "s3"), told["outputs"]["Bucket"]
            assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == expected
            s3.put_object(Bucket=bucket, Key="ignored/x", Body=b"x")


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    write_stack(tmp_path)
    taken = HttpServer(0)
    ended = subprocess.run(
        _command(tmp_path, "--aws-port", str(taken.port)), cwd=ROOT, capture_output=True, text=True, check=False
    )
    taken.stop()
    assert ended.returncode == 78
    assert f"port {taken.port} for the AWS endpoint is not free" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_second_cloud_on_the_same_state_is_refused(tmp_path: Path) -> None:
    write_stack(tmp_path)
    with _running(tmp_path) as (_, pid):
        ended = subprocess.run(_command(tmp_path), cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 78
    assert f"process {pid}" in ended.stderr
