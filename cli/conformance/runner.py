"""All cases, one after the other, against one server."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Sequence

from cli.conformance import binary, bodies, errors, metadata, prediction, refusals, service, together
from cli.conformance.case import Case, Outcome, Spared, State, Unmet
from cli.conformance.subject import Subject

CASES: tuple[Case, ...] = (
    *service.CASES,
    *metadata.CASES,
    *prediction.CASES,
    *refusals.CASES,
    *bodies.CASES,
    *errors.CASES,
    *binary.CASES,
    *together.CASES,
)
MODELS = 6  # of a server that has many, so many are asked
_STRANGE = (ValueError, KeyError, IndexError, TypeError, AttributeError, struct.error)


def outcomes(subject: Subject, cases: Sequence[Case] = CASES) -> Iterator[Outcome]:
    """Each case's outcome, as it is known. Raises InvalidRequest when no model is known."""
    models = subject.names[:MODELS]
    for case in cases:
        started = time.perf_counter()
        state, detail = _of_each(case, subject, models) if case.each else _asked(case, subject)
        yield Outcome(case.topic, case.name, case.says, state, detail, (time.perf_counter() - started) * 1000)


def _of_each(case: Case, subject: Subject, models: Sequence[str]) -> tuple[State, str]:
    """Failed when it fails for one of the models, passed when it holds for some and the others cannot be asked."""
    found = []
    for name in models:
        state, detail = _asked(case, subject.about(name))
        if state == "failed":
            return state, f"{name}: {detail}" if len(models) > 1 else detail
        found.append((state, detail))
    return next((one for one in found if one[0] == "passed"), found[0])


def _asked(case: Case, subject: Subject) -> tuple[State, str]:
    if case.needs is not None and case.needs not in subject.extensions:
        return "skipped", f"the server does not list {case.needs}"
    try:
        case.ask(subject)
    except Spared as spared:
        return "skipped", spared.message
    except Unmet as unmet:
        return "failed", unmet.message
    except _STRANGE as error:  # an answer of a form that nobody thought of is the server's, not ours
        return "failed", f"its answer cannot be read: {type(error).__name__} {error}"
    return "passed", ""
