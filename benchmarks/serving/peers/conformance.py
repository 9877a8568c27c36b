"""`python -m benchmarks.serving.peers.conformance`: the cases asked of other servers of the protocol, side by side.

Each serves two linear models of the same weights: ours one package and its lake, MLServer by its own scikit-learn
runtime, KServe by a custom model over ONNX Runtime. Writes the table of docs/conformance.md with `--write`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.serving import packages
from benchmarks.serving.peers.environments import HOME, made
from benchmarks.serving.peers.processes import stop
from benchmarks.serving.running import await_ready, free_port, served
from cli.conformance.case import Outcome
from cli.conformance.runner import outcomes
from cli.conformance.subject import Subject
from lepton.directory import DirectoryObjectStore

APPS = Path(__file__).parent / "apps"
PAGE = Path("docs/conformance.md")
MARKS = re.compile(
    r"(<!-- made by `python -m benchmarks\.serving\.peers\.conformance` -->\n).*?(<!-- end -->)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Judged:
    """`outcomes` empty: it could not be run, and `why` says so."""

    server: str
    outcomes: tuple[Outcome, ...] = ()
    why: str = ""

    def count(self, state: str) -> int:
        return sum(one.state == state for one in self.outcomes)


def ours() -> Judged:
    with tempfile.TemporaryDirectory(prefix="lepton-conformance-") as folder:
        store = DirectoryObjectStore(Path(folder))
        for name in ("linear", "mlp"):
            packages.publish(store, name)
        with served("--lake", folder) as url:
            return _judged("Lepton", url, ("linear", "mlp"))


def mlserver() -> Judged:
    environment = made("mlserver", ("mlserver", "mlserver-sklearn", "onnxruntime"))
    if environment.why:
        return Judged("MLServer", why=environment.why)
    port, folder = free_port(), HOME / "mlserver-models"
    ports = [str(one) for one in (port, free_port(), free_port())]
    subprocess.run([environment.python, APPS / "mlserver_sklearn_models.py", folder, *ports], check=True)
    title = f"MLServer ({environment.versions('mlserver', 'mlserver-sklearn')})"
    with _running([environment.script("mlserver"), "start", str(folder)], port):
        return _judged(title, f"http://127.0.0.1:{port}", ("linear", "other"))


def kserve() -> Judged:
    environment = made("kserve", ("kserve", "onnxruntime"))
    if environment.why:
        return Judged("KServe", why=environment.why)
    port = free_port()
    for name, bias in (("linear", 0.0), ("other", 3.0)):
        (HOME / f"{name}.onnx").write_bytes(packages.graph("linear", bias))
    models = [f"{name}={HOME / name}.onnx" for name in ("linear", "other")]
    command = [str(environment.python), str(APPS / "kserve_app.py"), str(port), *models]
    with _running(command, port):
        title = f"KServe's Python server ({environment.versions('kserve')})"
        return _judged(title, f"http://127.0.0.1:{port}", ("linear", "other"))


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"OMP_NUM_THREADS": "1"}
        )
        try:
            await_ready(f"http://127.0.0.1:{port}/v2/health/ready", process, Path(log.name))
            yield
        finally:
            stop(process)


def _judged(title: str, url: str, models: tuple[str, ...]) -> Judged:
    subject = Subject(url, models)
    try:
        return Judged(title, tuple(outcomes(subject)))
    finally:
        subject.close()


def table(judged: list[Judged]) -> str:
    """Markdown: the counts, then each case that one of them fails, and what came."""
    day = datetime.now(UTC).date().isoformat()
    lines = [
        f"{len(judged[0].outcomes)} cases, {day}:",
        "",
        "| server | passed | failed | skipped |",
        "|---|---|---|---|",
    ]
    for one in judged:
        counts = " | ".join(str(one.count(state)) for state in ("passed", "failed", "skipped"))
        lines.append(f"| {one.server} | {counts if one.outcomes else f'not run: {one.why} | | '} |")
    for one in judged:
        failed = [outcome for outcome in one.outcomes if outcome.state == "failed"]
        if failed:
            lines += ["", f"**{one.server}** fails:", "", "| case | what must hold | what came |", "|---|---|---|"]
            lines += [f"| `{it.topic}/{it.name}` | {_cell(it.says)} | {_cell(it.detail)} |" for it in failed]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    short = re.sub(r"^(linear|other): ", "", " ".join(text.split()))[:110]
    short = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<uuid>", short)
    for mark in "|<>*_`":
        short = short.replace(mark, "\\" + mark)
    return short


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/conformance.md")
    write = parser.parse_args().write
    made_table = table([ours(), mlserver(), kserve()])
    print(made_table)
    if write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(MARKS.sub(lambda found: f"{found[1]}\n{made_table}\n{found[2]}", page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
