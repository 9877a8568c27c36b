"""Rows set aside: never dropped, each kept with its line, its column, a reason code and the raw text."""

from __future__ import annotations

from collections import Counter

from lepton.dataset.limits import Limits
from lepton.dataset.manifest import QuarantinedRow, QuarantineSummary


class Quarantine:
    """Collects the bad rows of one upload; of very many it keeps the first and counts all."""

    def __init__(self, source: str, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._rows: list[QuarantinedRow] = []
        self._reasons: Counter[str] = Counter()

    def add(
        self,
        reason: str,
        message: str,
        *,
        line: int = 0,
        raw: str = "",
        column: str | None = None,
        member: str | None = None,
    ) -> None:
        """Set one row (or archive member) aside."""
        self._reasons[reason] += 1
        if len(self._rows) < self._limits.recorded_rows:
            shown = raw.rstrip("\r\n")[: self._limits.raw_chars].encode("utf-8", "backslashreplace").decode()
            self._rows.append(
                QuarantinedRow(
                    source=self._source,
                    line=line,
                    member=member,
                    column=column,
                    reason=reason,
                    message=message,
                    raw=shown,
                )
            )

    @property
    def total(self) -> int:
        return self._reasons.total()

    @property
    def rows(self) -> list[QuarantinedRow]:
        """In the order of the source."""
        return sorted(self._rows, key=lambda row: (row.line, row.member or ""))

    def summary(self) -> QuarantineSummary:
        reasons = dict(sorted(self._reasons.items()))
        return QuarantineSummary(source=self._source, total=self.total, recorded=len(self._rows), reasons=reasons)

    def told(self) -> str:
        """For a message: the reasons by count, and the first row as an example."""
        counts = ", ".join(f"{count} x {reason}" for reason, count in self._reasons.most_common(5))
        first = next(iter(self.rows), None)
        return f"{counts}; the first: {first.message}" if first else counts
