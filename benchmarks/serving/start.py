"""`python -m benchmarks.serving.start`: from the start of a process to its first correct answer, in CPU milliseconds.

The predict function's real handler answers one request for telco churn (200 trees) as protocol JSON; alias, manifest
and graph come from moto's S3 server. Beside it, in turns and as often: the floor that anything on NumPy and
onnxruntime's Python binding stands on (imports, session, one run of the same row), and the floor of ONNX Runtime's
C library through ctypes. CPU time is the whole process's, its imports and its end included; what is told is the median.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from benchmarks.serving import bars, subjects
from cli.screen import Screen, table
from lepton.aws.clients import CONFIG
from lepton.aws.s3 import S3ObjectStore

ROUNDS = 15
logging.getLogger("werkzeug").setLevel(logging.ERROR)
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
BARE = "import sys; print('[]')"
FLOOR = """
import json, sys
import numpy, onnxruntime
row = json.loads(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
given = {one["name"]: numpy.array([one["data"]], object if one["datatype"] == "BYTES" else "f4")
         for one in row["inputs"]}
print(json.dumps(session.run(["probabilities"], given)[0].reshape(-1).tolist()))
"""
CTYPES = """
import json, struct, sys
from lepton.endpoint.buffers import Tensor
from lepton.endpoint.session import Session
row = json.loads(sys.argv[2])
with open(sys.argv[1], "rb") as file:
    session = Session(file.read(), 1)
given = {one["name"]: Tensor(one["datatype"], (1, 1), one["data"] if one["datatype"] == "BYTES"
                             else struct.pack("<f", *one["data"])) for one in row["inputs"]}
(found,) = session.run(["probabilities"], given)
print(json.dumps(struct.unpack("<2f", found.data)))
"""
OURS = """
import json, runpy, sys
handler = runpy.run_path("functions/predict/handler.py")
class Context:
    aws_request_id = "request-1"
event = {"httpMethod": "POST", "path": "/v2/models/churn/infer", "headers": {"Content-Type": "application/json"},
         "body": sys.argv[2], "isBase64Encoded": False, "requestContext": {"requestId": "request-1"}}
answer = handler["on_http"](event, Context())
outputs = json.loads(answer["body"])["outputs"]
print(json.dumps(next(one["data"] for one in outputs if one["name"] == "probabilities")))
"""
WAYS = {"python": BARE, "numpy + onnxruntime": FLOOR, "libonnxruntime by ctypes": CTYPES, "predict": OURS}


def main() -> int:
    graph, signature, _ = subjects.churn()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        _publish(endpoint, graph, signature)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            path.write_bytes(graph)
            found = _measured(path, {"AWS_ENDPOINT_URL": endpoint, **KEYS, "LAKE_BUCKET": "lake"}, Path(folder))
    finally:
        server.stop()
    floor, native, ours = (found[way] for way in list(WAYS)[1:])
    rows = [(way, f"{found[way]:.1f}", f"{found[way] / floor:.2f}", f"{found[way] / native:.2f}") for way in WAYS]
    Screen(as_json=False).answer(found, table(("process", "CPU ms", "of the floor", "of ctypes"), rows))
    return bars.write([bars.at_most("start, of numpy + onnxruntime", ours / floor, 1.15)])


def _publish(endpoint: str, graph: bytes, signature: subjects.Signature) -> None:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, config=CONFIG, **keys)
    client.create_bucket(Bucket="lake")
    subjects.publish(S3ObjectStore("lake", client), "churn", graph, signature)


def _measured(path: Path, environment: Mapping[str, str], scratch: Path) -> dict[str, float]:
    """CPU milliseconds of each way, in turns."""
    request, spent, right = subjects.churn_request().decode(), {way: [] for way in WAYS}, None
    for number in range(ROUNDS):
        for way, code in WAYS.items():
            temporary = scratch / f"{number}"
            temporary.mkdir(exist_ok=True)
            milliseconds, told = _ran(code, [str(path), request], {**environment, "TMPDIR": str(temporary)})
            spent[way].append(milliseconds)
            if way == "numpy + onnxruntime":
                right = right or told
            elif way != "python" and right is not None:
                assert max(abs(one - other) for one, other in zip(told, right, strict=True)) < 1e-6, way
    return {way: statistics.median(times) for way, times in spent.items()}


def _ran(code: str, arguments: list[str], environment: Mapping[str, str]) -> tuple[float, list[float]]:
    whole = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1", **environment}
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], env=whole, stdout=subprocess.PIPE)
    assert process.stdout is not None
    written = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, written
    return (used.ru_utime + used.ru_stime) * 1000, json.loads(written.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
