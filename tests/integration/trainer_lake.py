"""A lake on a moto server with small real datasets in the documented form, and the trainer as a real process on it."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import duckdb
from moto.server import ThreadedMotoServer

from lepton import lake
from lepton.aws.s3 import S3ObjectStore
from lepton.dataset.manifest import Column, DatasetManifest, ImageFormat, Part, Source
from lepton.model_package.manifest import ModelManifest
from lepton.ports import ObjectStore
from lepton.training.plan import run_of
from lepton.training.run import RunState, RunStore, TrainingRequest
from lepton.training.spec import spec_from

ROOT = Path(__file__).parents[2]
DATA = ROOT / "examples" / "data"
AT = datetime(2026, 1, 1, tzinfo=UTC)
NUMBERS = {"SeniorCitizen": "BIGINT", "tenure": "BIGINT", "MonthlyCharges": "DOUBLE", "TotalCharges": "DOUBLE"}
SPLIT = "CASE WHEN h < 7 THEN 'train' WHEN h < 8 THEN 'validation' ELSE 'test' END"


class TrainerLake:
    """One bucket; `submit` writes a request, `train` runs the process, `state` and `package` read what it made."""

    def __init__(self, endpoint: str) -> None:
        self.environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "LAKE_BUCKET": "lake",
        }
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        client: Any = boto3.client("s3", endpoint_url=endpoint, **keys)
        client.create_bucket(Bucket="lake")
        self.store: ObjectStore = S3ObjectStore("lake", client)
        self.runs = RunStore(self.store)

    def submit(self, dataset: DatasetManifest, **spec: Any) -> str:
        checked = spec_from({"dataset": dataset.name, "resources": {"vcpus": 1}} | spec)
        request = TrainingRequest(
            run=run_of(checked, dataset.version),
            spec=checked,
            dataset=dataset.name,
            dataset_version=dataset.version,
            submitted_at=AT,
        )
        self.runs.create(request)
        return request.run

    def start(self, run: str, attempt: int = 1) -> subprocess.Popen[str]:
        environment = os.environ | self.environment
        environment |= {"LEPTON_RUN": run, "AWS_BATCH_JOB_ATTEMPT": str(attempt), "LEPTON_USD_PER_HOUR": "0.1"}
        return subprocess.Popen(
            [sys.executable, "-m", "trainer"],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def train(self, run: str, attempt: int = 1) -> tuple[int, str]:
        """Exit code and what it printed."""
        process = self.start(run, attempt)
        printed, _ = process.communicate(timeout=120)
        return process.returncode, printed

    def package(self, state: RunState) -> tuple[ModelManifest, bytes]:
        assert state.version is not None
        prefix = lake.package_prefix(state.model, state.version)
        manifest, graph = self.store.get(prefix + "manifest.json"), self.store.get(prefix + "model.onnx")
        assert manifest is not None
        assert graph is not None
        return ModelManifest.model_validate_json(manifest.body), graph.body

    def telco(self, name: str = "telco", where: str = "true") -> DatasetManifest:
        """Telco churn, the rows that hold in SQL, as one part."""
        return _write_table(self.store, name, where)

    def digits(self, name: str, each: int) -> DatasetManifest:
        """The first `each` digits of every class, as one shard."""
        return _write_digits(self.store, name, each)


@contextmanager
def trainer_lake() -> Iterator[TrainerLake]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield TrainerLake(f"http://{host}:{port}")
    finally:
        server.stop()


def _write_table(store: ObjectStore, name: str, where: str) -> DatasetManifest:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as db:
        file = Path(folder) / "part.parquet"
        db.execute(f"CREATE TABLE raw AS FROM read_csv('{DATA}/telco-churn/telco-churn.csv', all_varchar = true)")
        names = [row[0] for row in db.execute("DESCRIBE raw").fetchall()]
        typed = ", ".join(f'TRY_CAST("{n}" AS {NUMBERS[n]}) AS "{n}"' if n in NUMBERS else f'"{n}"' for n in names)
        db.execute(
            f"CREATE TABLE t AS SELECT {typed}, {SPLIT} AS _split, line AS _line FROM (SELECT *, rowid + 2 AS line, "
            f"md5_number_lower(customerID) % 10 AS h FROM raw) WHERE {where} ORDER BY line"
        )
        db.execute(f"COPY t TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        counts = dict(db.execute("SELECT _split, count(*) FROM t GROUP BY 1").fetchall())
        columns = tuple(_column(db, n) for n in names)
        body = file.read_bytes()
    return _write(store, name, "part-00000.parquet", body, {"kind": "table", "columns": columns, "splits": counts})


def _column(db: Any, name: str) -> Column:
    kind = {"BIGINT": "int64", "DOUBLE": "float64"}.get(NUMBERS.get(name, ""), "string")
    values = [row[0] for row in db.execute(f'SELECT DISTINCT "{name}" FROM t').fetchall()]
    known = sorted(value for value in values if value is not None)
    few = kind == "string" and len(known) <= 100
    return Column(name=name, type=kind, nullable=None in values, categories=tuple(known) if few else None)  # type: ignore[arg-type]


def _write_digits(store: ObjectStore, name: str, each: int) -> DatasetManifest:
    members: dict[str, bytes] = {}
    with zipfile.ZipFile(DATA / "mnist-digits" / "mnist-digits.zip") as archive:
        for digit in "0123456789":
            files = sorted(file for file in archive.namelist() if file.startswith(f"digits/{digit}/"))
            for file in files[:each]:
                body = archive.read(file)
                digest = hashlib.sha256(body).hexdigest()[:16]
                place = int(digest, 16) % 10
                split = "train" if place < 7 else "validation" if place < 8 else "test"
                members[f"{split}/{digit}/{digest}.png"] = body
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as shard:
        for member in sorted(members):
            info = tarfile.TarInfo(member)
            info.size = len(members[member])
            shard.addfile(info, io.BytesIO(members[member]))
    counts = {split: sum(m.startswith(split) for m in members) for split in ("train", "validation", "test")}
    facts = {"kind": "images", "splits": counts, "classes": tuple("0123456789")}
    facts["image"] = ImageFormat(height=28, width=28, channels=1)
    return _write(store, name, "shard-00000.tar", buffer.getvalue(), facts)


def _write(store: ObjectStore, name: str, part: str, body: bytes, facts: dict[str, Any]) -> DatasetManifest:
    rows, digest = sum(facts["splits"].values()), hashlib.sha256(body).hexdigest()
    manifest = DatasetManifest(
        name=name,
        version=digest[:12],
        rows=rows,
        quarantined=0,
        quarantine=None,
        parts=(Part(key=part, bytes=len(body), rows=rows, sha256=digest),),
        profile=lake.dataset_prefix(name, digest[:12]) + "profile.json",
        source=Source(bucket="landing", key=f"{name}/x", etag="x", bytes=len(body), upload="0" * 16),
        created_at=AT.isoformat(),
        **facts,
    )
    prefix = lake.dataset_prefix(name, manifest.version)
    store.put(prefix + part, body)
    store.put(prefix + "manifest.json", manifest.model_dump_json().encode())
    return manifest
