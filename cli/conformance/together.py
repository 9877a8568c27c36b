"""Many requests at once: each gets its own answer, from its own model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from cli.conformance.answer import Outputs, same
from cli.conformance.case import Case, Spared, hold, shown
from cli.conformance.request import Request, of_row
from cli.conformance.subject import Model, Subject

TOPIC = "together"
AT_ONCE, REQUESTS = 8, 64
Work = tuple[Model, Request, Outputs]


def _all_at_once(work: list[Work]) -> None:
    """Each of the requests many times over, interleaved, under an id of its own. Raises Unmet."""

    def one(number: int) -> None:
        model, request, wanted = work[number % len(work)]
        identity = f"request-{number}"
        body, found = model.outcome(request | {"id": identity})
        told = (body.get("model_name"), body.get("id"))
        hold(told == (model.name, identity), f"{model.name} {identity} is answered as {shown(told)}")
        same(found, wanted, f"{model.name} among others")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(REQUESTS)))


def _one_model(subject: Subject) -> None:
    model = subject.model
    rows = 3 if model.batches else 1
    requests = [of_row(model.request(rows), row) for row in range(rows)] if rows > 1 else [model.request()]
    _all_at_once([(model, request, model.outcome(request)[1]) for request in requests])


def _two_models(subject: Subject) -> None:
    if len(subject.names) < 2:
        raise Spared("one model is known")
    models = [subject.named(name) for name in subject.names[:4]]
    _all_at_once([(model, model.request(), model.outcome(model.request())[1]) for model in models])


def _same_id(subject: Subject) -> None:
    """A cache by id or by body would be seen here: two models, the same id, one after the other."""
    if len(subject.names) < 2:
        raise Spared("one model is known")
    for model in [subject.named(name) for name in subject.names[:2]] * 2:
        body, _ = model.outcome(model.request() | {"id": "the-same"})
        hold(body.get("model_name") == model.name, f"{model.name} is answered by {shown(body.get('model_name'))}")


def _other_rows(subject: Subject) -> None:
    """The answer belongs to the body, not to the id."""
    model = subject.model
    request = model.request(rows=3)
    for row in (0, 1, 2, 1):
        alone = of_row(request, row)
        wanted = model.outcome(alone)[1]
        same(model.outcome(alone | {"id": "the-same"})[1], wanted, f"row {row} under an id that was used before")


def _alive(subject: Subject) -> None:
    subject.model.outcome(subject.model.request())
    answer = subject.send("GET", "/v2/health/live")
    hold(answer.status_code == 200, f"status {answer.status_code} after all of this")


CASES = tuple(
    Case(TOPIC, name, says, ask, each=False)
    for name, says, ask in (
        ("one-model", f"{REQUESTS} requests, {AT_ONCE} at once, each with its own id and answer", _one_model),
        ("two-models", "the same of several models, interleaved: each answers for itself", _two_models),
        ("same-id", "two models asked under one id answer for themselves", _same_id),
        ("id-is-no-key", "an id that was used before gets the answer to what is asked now", _other_rows),
        ("alive", "after all of this the server answers still", _alive),
    )
)
