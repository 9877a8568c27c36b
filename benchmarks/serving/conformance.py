"""`make test-conformance`: `lepton serve` with really trained and hand-made models, and every case asked of it.

Prints a row for each case, writes build/bars/test-conformance.jsonl, and ends with 1 when a case does not pass.
The models: telco churn by the trainer's own process (numbers and texts, missing ones too), pictures, and one with an
input of every datatype; so no case is left without a model that it can be asked of.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.serving import packages
from benchmarks.serving.running import served
from cli.conformance.case import Outcome
from cli.conformance.runner import outcomes
from cli.conformance.subject import Subject
from cli.screen import Screen, table
from lepton import lake
from lepton.directory import DirectoryObjectStore
from lepton.endpoint.endpoint import LIVE
from lepton.ports import ObjectStore
from lepton.registry import Registry, Verdict
from tests.integration.trainer_lake import trainer_lake
from tests.unit.endpoint import packages as shipped

BARS = Path("build/bars/test-conformance.jsonl")
MODELS = ("telco-churn", "tone", "every")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="lepton-conformance-") as folder:
        store = DirectoryObjectStore(Path(folder))
        _train(store)
        shipped.publish(store, "tone")
        packages.publish(store, "every")
        with served("--lake", folder) as url:
            subject = Subject(url, MODELS)
            found = list(outcomes(subject))
            subject.close()
    _show(found)
    BARS.parent.mkdir(parents=True, exist_ok=True)
    BARS.write_text("".join(json.dumps(_bar(one)) + "\n" for one in found))
    return 0 if all(one.state == "passed" for one in found) else 1


def _train(store: ObjectStore) -> None:
    """Telco churn, trained by the trainer's process, from its lake into ours."""
    with trainer_lake() as trained:
        spec = {"model": "telco-churn", "task": "classification", "target": "Churn", "exclude": ["customerID"]}
        run = trained.submit(trained.telco(), **spec, hyperparameters={"num_leaves": 7})
        code, printed = trained.train(run)
        version = trained.runs.state(run).version
        if code != 0 or version is None:
            raise SystemExit(f"the training failed:\n{printed}")
        prefix = lake.package_prefix("telco-churn", version)
        for entry in trained.store.list(prefix):
            blob = trained.store.get(entry.key)
            store.put(entry.key, blob.body if blob else b"")
    registry = Registry(store)
    verdict = Verdict(model="telco-churn", version=version, run=run, passed=True, checks=(), at=packages.AT)
    registry.promote("telco-churn", LIVE, registry.record(verdict).version, by="conformance", at=packages.AT)


def _show(found: list[Outcome]) -> None:
    rows = [(f"{one.topic}/{one.name}", one.state, one.says, one.detail) for one in found]
    screen = Screen(as_json=False)
    screen.answer(None, table(("case", "state", "what must hold", "what came"), rows))
    counts = Counter(one.state for one in found)
    screen.note(f"{len(found)} cases: " + ", ".join(f"{count} {state}" for state, count in sorted(counts.items())))


def _bar(one: Outcome) -> dict[str, object]:
    holds = one.state == "passed"
    return {"bar": f"conformance/{one.topic}/{one.name}", "value": one.state, "bound": "passed", "holds": holds}


if __name__ == "__main__":
    sys.exit(main())
