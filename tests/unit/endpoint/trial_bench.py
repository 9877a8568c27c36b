"""An endpoint under a rollout: two versions whose answers cannot be mistaken for each other, in memory."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from lepton import lake
from lepton.endpoint.exchange import Exchange
from lepton.endpoint.serving import Serving
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.registry import Alias, Registry
from lepton.rollout.evidence import Evidence
from lepton.rollout.observations import Observations
from lepton.rollout.plan import Wanted
from lepton.rollout.steering import Steering
from lepton.settings import Settings
from tests.unit.endpoint.packages import AT, publish

BODY = {
    "inputs": [
        {"name": "rooms", "datatype": "FP32", "shape": [1, 1], "data": [1.0]},
        {"name": "area", "datatype": "FP32", "shape": [1, 1], "data": [0.0]},
    ]
}
# What `price` gives for BODY: 10 plus the version's bias.
PRICES = {0.0: 10.0, 1000.0: 1010.0}


class TrialBench:
    """`first` is live and answers 10, `second` passed the gate and answers 1010. `now` is the clock."""

    def __init__(self, store: MemoryObjectStore | None = None, patience: float = 5.0) -> None:
        self.store = store or MemoryObjectStore()
        self.now = 1000.0
        self.first = publish(self.store, "price")
        self.second = publish(self.store, "price", 1000.0, promote=False)
        self.registry = Registry(self.store)
        self.steering = Steering(self.registry, self.store)
        self.serving = self.another()
        self.serving.trials.patience = patience

    def another(self) -> Serving:
        """Another environment on the same lake."""
        settings = Settings(lake_bucket="lake", alias_staleness_seconds=10)
        unused = MemoryObjectStore
        return Serving(settings, self.store, landing=unused, bus=MemoryEventBus, memory_mb=1769, clock=lambda: self.now)

    def begin(self, kind: Any, percent: float, **rule: Any) -> Alias:
        wanted = Wanted(kind=kind, version=self.second, percent=percent, rule=rule)
        begun = self.steering.start("price", "live", wanted, by="ada", at=AT + timedelta(seconds=self.now))
        self.now += 10
        return begun

    def ask(self, number: int = 0, key: str | None = None, body: Any = BODY, serving: Serving | None = None) -> Any:
        """The parsed answer; `number` makes the request id."""
        headers = {"content-type": "application/json"} | ({"x-lepton-routing-key": key} if key is not None else {})
        exchange = Exchange(
            "POST",
            "/v2/models/price/infer",
            headers,
            body=json.dumps(body).encode(),
            request_id=f"request-{number}",
        )
        reply = (serving or self.serving).reply(exchange)
        return json.loads(reply.body) | {"status": reply.status}

    def version(self, number: int = 0, key: str | None = None, body: Any = BODY) -> str:
        """Who answered, held against what was answered."""
        answer = self.ask(number, key, body)
        given = answer["outputs"][0]["data"][0]
        assert given == {self.first: 10.0, self.second: 1010.0}[answer["model_version"]]
        return str(answer["model_version"])

    def seen(self) -> Observations:
        """What the lake holds, as the judge sees it, after everything counted was written."""
        for tally in self.serving.trials._tallies.values():
            tally.write(self.store)
        alias = self.registry.alias("price", "live")[0]
        assert alias.rollout is not None
        return Evidence(self.store).of(alias, alias.rollout)

    def waiting(self) -> bool:
        """Whether anything is still to be done beside the answers."""
        done = self.serving.trials._aside.hand_over(lambda: None)
        return done is None or not done.done.wait(10)

    def break_second(self) -> None:
        self.store.put(lake.package_manifest("price", self.second), b"junk")
