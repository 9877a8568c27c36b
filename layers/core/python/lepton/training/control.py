"""What the control of training works with: the ports, and the stores over them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lepton.ports import EventBus, JobQueue, ObjectStore
from lepton.registry import Registry
from lepton.rollout.watch import RolloutWatch
from lepton.settings import Settings
from lepton.training.datasets import DatasetShelf
from lepton.training.plan import TrainingLimits
from lepton.training.prices import PriceList, stored_prices
from lepton.training.run import RunStore
from lepton.training.specs import SpecStore


@dataclass(frozen=True)
class Control:
    """One for each process: see the wiring in functions/train_trigger/handler.py."""

    lake: ObjectStore
    jobs: JobQueue
    bus: EventBus
    limits: TrainingLimits
    prices: PriceList

    @classmethod
    def of(cls, told: Settings, lake: ObjectStore, jobs: JobQueue, bus: EventBus) -> Control:
        return cls(lake, jobs, bus, TrainingLimits.of(told), stored_prices())

    @cached_property
    def runs(self) -> RunStore:
        return RunStore(self.lake)

    @cached_property
    def specs(self) -> SpecStore:
        return SpecStore(self.lake)

    @cached_property
    def datasets(self) -> DatasetShelf:
        return DatasetShelf(self.lake)

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.lake)

    @cached_property
    def rollouts(self) -> RolloutWatch:
        return RolloutWatch(self.lake, self.bus)
