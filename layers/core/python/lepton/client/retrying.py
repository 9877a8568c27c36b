"""When a call is tried again, and how long it waits before: pure, for a client that blocks and one that does not."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

AGAIN = frozenset({429, 502, 503, 504})
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
ATTEMPTS = 5
# Nobody waits longer than this between two tries, whatever Retry-After says, seconds.
PATIENCE = 30.0


def attempts(method: str, repeatable: bool | None) -> int:
    """How often a call may be sent: once, when sending it twice could do it twice. None: as the method has it."""
    return ATTEMPTS if (method in REPEATABLE if repeatable is None else repeatable) else 1


def wait_before(attempt: int, retry_after: str | None, now: datetime) -> float:
    """Seconds before try `attempt` + 1: what Retry-After says (seconds, or an HTTP date), else 0.2 s doubling."""
    if retry_after is None:
        return min(0.2 * 2.0 ** (attempt - 1), PATIENCE)
    try:
        asked = float(retry_after)
    except ValueError:
        try:
            asked = (parsedate_to_datetime(retry_after) - now).total_seconds()
        except (ValueError, TypeError):
            asked = 1.0
    return min(max(asked, 0.0), PATIENCE)


def wait_after_break(attempt: int) -> float:
    """Seconds before the next try after a connection that broke."""
    return 0.05 * 2.0**attempt
