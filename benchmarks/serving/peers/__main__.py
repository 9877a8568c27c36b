"""`python -m benchmarks.serving.peers`: the same model behind other servers and ours, on this machine, by one client.

Each is installed into an environment of its own under build/peers (once; minutes, gigabytes for the large ones) and
measured in passes, one server at a time. Prints the table, writes the bars, ends with 1 when one does not hold.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from typing import Any

import boto3
import numpy as np
import onnxruntime
from moto.server import ThreadedMotoServer

from benchmarks.serving import packages
from benchmarks.serving.peers import report
from benchmarks.serving.peers.contenders import (
    APPS,
    BARE,
    CONTENDERS,
    LAMBDA,
    ONNX,
    OURS,
    PACKAGE,
    ROOT,
    ROW,
    RUN,
    Contender,
)
from benchmarks.serving.peers.environments import HOME, Environment, made
from benchmarks.serving.peers.measure import Figures, measured
from benchmarks.serving.peers.report import Entry
from lepton.aws.s3 import S3ObjectStore

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.peers", description=__doc__)
    parser.add_argument("--only", nargs="*", help="these peers (ours is always asked)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each load")
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    options = parser.parse_args()
    wanted = [one for one in CONTENDERS if not options.only or one.name in (OURS, *options.only)]
    session = _models()
    right = session.run(None, {"x": np.array([ROW], np.float32)})[0][0].tolist()
    with _lake():
        entries = {entry.name: entry for entry in _entries(wanted, right, options.seconds, options.passes)}
    made_table = report.table(entries.values())
    print(made_table)
    if options.write:
        report.into_page(made_table)
    nothing = Entry("", "", "", 0, (), "left out")
    found = report.bars(dict.fromkeys((LAMBDA, RUN), nothing) | entries)
    report.write(found)
    for one in found:
        print(f"{one['bar']:48} {one['value']:>10} <= {one['bound']:<6} {'holds' if one['holds'] else 'MISSED'}")
    return 0 if all(one["holds"] for one in found) else 1


def _entries(wanted: list[Contender], right: list[float], seconds: float, passes: int) -> Iterator[Entry]:
    environments = {one.name: _environment(one) for one in wanted}
    figures: dict[str, list[Figures]] = {one.name: [] for one in wanted}
    failed = {name: environment.why for name, environment in environments.items() if environment.why}
    for _ in range(passes):
        for one in (one for one in wanted if one.name not in failed):
            expected = None if one.name in (BARE, RUN) else right
            try:
                figures[one.name].append(measured(one, environments[one.name], expected, seconds))
            except RuntimeError as error:
                sys.stderr.write(f"{error}\n")
                failed[one.name] = str(error).splitlines()[0]
    for one in wanted:
        environment, why = environments[one.name], failed.get(one.name, "")
        size = 0.0 if why else environment.megabytes()
        yield Entry(one.name, one.title, environment.versions(*one.packages), size, tuple(figures[one.name]), why)


def _environment(contender: Contender) -> Environment:
    sys.stderr.write(f"environment of {contender.name}\n")
    environment = made(contender.name, contender.requirements)
    if contender.name in (OURS, LAMBDA) and not environment.why:  # as it is now, not as it was when first installed
        again = ["-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", str(ROOT)]
        subprocess.run([environment.python, *again], check=True)
    if contender.name == "mlflow" and not environment.why:
        subprocess.run([environment.python, APPS / "mlflow_model.py", ONNX, HOME / "mlflow-mlp"], check=True)
    return environment


def _models() -> Any:
    """The model as a file and as a package; a session on it."""
    HOME.mkdir(parents=True, exist_ok=True)
    ONNX.write_bytes(packages.graph("mlp"))
    packages.write(PACKAGE, "mlp")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(ONNX), options)


@contextmanager
def _lake() -> Iterator[None]:
    """A lake with the model on an S3 of this process, told to every server by the environment."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    told = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "LAKE_BUCKET": "lake", "LANDING_BUCKET": "landing"}
    told |= {"EVENT_BUS": "lepton", "POWERTOOLS_SERVICE_NAME": "predict", "POWERTOOLS_METRICS_NAMESPACE": "Lepton"}
    environ.update(KEYS | told)
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    packages.publish(S3ObjectStore("lake", client), "mlp")
    try:
        yield
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
