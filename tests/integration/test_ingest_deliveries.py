"""What goes back to the queue, and what does not."""

from __future__ import annotations

import json

import pytest

from lepton.dataset.arrivals import arrivals
from lepton.dataset.catalog import Catalog
from lepton.dataset.deliveries import Deliveries
from lepton.dataset.ingest import Ingest
from lepton.errors import InvalidRequest, Throttled
from lepton.memory import MemoryEventBus, MemoryObjectStore
from tests.integration.ingest_cloud import golden


class Failing(MemoryObjectStore):
    """A lake that takes receipts and fails at everything else."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def put(self, key, *args, **options):
        if not key.startswith("uploads/"):
            raise self._error
        return super().put(key, *args, **options)


def delivered(lake, monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Lepton")
    event = golden("upload_table")
    landing = MemoryObjectStore()
    landing.put(json.loads(event["Records"][0]["body"])["detail"]["object"]["key"], b"a,b\n1,2\n3,4\n")
    return Deliveries(Ingest(landing, lake, MemoryEventBus())).handle(event, None), event


def test_message_goes_back_when_the_lake_is_throttled(monkeypatch):
    lake = Failing(Throttled("slow down"))
    answer, event = delivered(lake, monkeypatch)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    assert Catalog(lake).receipt("telco-churn", "0123456789abcdef").state == "waiting"


def test_fault_of_ours_goes_back_and_is_told_in_the_receipt(monkeypatch):
    lake = Failing(ZeroDivisionError("a bug"))
    answer, _ = delivered(lake, monkeypatch)
    assert len(answer["batchItemFailures"]) == 1
    assert Catalog(lake).receipt("telco-churn", "0123456789abcdef").reason == "internal_error"


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", '{"detail": {}}', '{"Records": [{"s3": {}}]}', "nonsense"])
def test_foreign_message_is_refused_by_name(body):
    with pytest.raises(InvalidRequest, match="announces no object"):
        arrivals(body)


def test_event_bus_key_is_taken_as_it_is_and_then_decoded():
    body = {"detail": {"bucket": {"name": "b"}, "object": {"key": "shop/a+b%20c.csv"}}, "time": "2026-03-01T12:00:01Z"}
    (arrival,) = arrivals(json.dumps(body))
    assert arrival.keys == ("shop/a+b%20c.csv", "shop/a b c.csv")
    assert arrival.at == "2026-03-01T12:00:01+00:00"
