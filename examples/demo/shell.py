"""Runs what a user would type: `lepton …` and `curl …`, in processes of their own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from examples.demo.stage import DemoFailed, Stage

# REST calls that answer in well under a second; training is followed by state, not by one long call.
SECONDS = 120


@dataclass(frozen=True)
class Shell:
    """`environment` points the `lepton` command at the demo's own cloud."""

    stage: Stage
    environment: Mapping[str, str]

    def lepton(self, *words: str, quiet: bool = False) -> Any:
        """`lepton … --json`, its answer parsed. Raises DemoFailed with what the command said."""
        self.stage.command("lepton " + shlex.join(words))
        done = subprocess.run(
            [sys.executable, "-m", "cli", "--json", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env={**os.environ, **self.environment},
        )
        if done.returncode:
            raise DemoFailed(f"lepton {words[0]} ended with {done.returncode}: {done.stderr or done.stdout}")
        answer = json.loads(done.stdout)
        if not quiet:
            self.stage.json(answer)
        return answer

    def curl(
        self,
        url: str,
        *,
        body: Path | None = None,
        content_type: str = "application/json",
        expected: int = 200,
        show: int = 900,
    ) -> Any:
        """A GET, or a POST of a file. Where there is no curl, the same request is sent by Python, and said so."""
        words = ["curl", "-sS", url]
        if body is not None:
            words += ["-H", f"Content-Type: {content_type}", "--data-binary", f"@{body}"]
        self.stage.command(shlex.join(words))
        if shutil.which("curl"):
            status, text = _by_curl(words)
        else:
            self.stage.say("(curl is not installed here: sent by Python)")
            status, text = _by_python(url, body, content_type)
        answer = json.loads(text)
        self.stage.json(answer, show)
        if status != expected:
            raise DemoFailed(f"{url} answered {status}, not {expected}")
        return answer

    def form(self, url: str, fields: Mapping[str, str], file: Path) -> None:
        """Send a presigned form with the file as its last part, as a browser would. Raises DemoFailed."""
        words = ["curl", "-sS", url]
        for name, value in fields.items():
            words += ["-F", f"{name}={value}"]
        words += ["-F", f"file=@{file}"]
        self.stage.command(f"curl -sS {url} -F key={fields['key']} … -F file=@{file}")
        if shutil.which("curl"):
            status, text = _by_curl(words)
        else:
            self.stage.say("(curl is not installed here: sent by Python)")
            answer = httpx.post(url, data=dict(fields), files={"file": (file.name, file.read_bytes())})
            status, text = answer.status_code, answer.text
        if status not in {200, 201, 204}:
            raise DemoFailed(f"the upload was answered {status}: {text}")

    def peek(self, url: str, body: Path | None = None) -> Any:
        """Ask without showing it: for polls. Raises DemoFailed unless the answer is 200."""
        status, text = _by_python(url, body, "application/json")
        if status != 200:
            raise DemoFailed(f"{url} answered {status}: {text}")
        return json.loads(text)


def _by_curl(words: Sequence[str]) -> tuple[int, str]:
    done = subprocess.run(
        [*words, "--noproxy", "*", "-w", "\n%{http_code}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if done.returncode:
        raise DemoFailed(f"curl ended with {done.returncode}: {done.stderr}")
    text, _, status = done.stdout.rpartition("\n")
    return int(status), text


def _by_python(url: str, body: Path | None, content_type: str) -> tuple[int, str]:
    method, data = ("GET", None) if body is None else ("POST", body.read_bytes())
    with httpx.Client(trust_env=False, timeout=SECONDS) as client:
        answer = client.request(method, url, content=data, headers={"Content-Type": content_type})
    return answer.status_code, answer.text
