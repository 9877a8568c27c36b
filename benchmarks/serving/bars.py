"""What `make bench-serving` writes: one JSON line for each bar, {"bar", "value", "bound", "holds"}."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

BARS = Path("build/bars/bench-serving.jsonl")
Bar = dict[str, object]


def at_most(name: str, value: float, bound: float) -> Bar:
    return {"bar": f"serving/{name}", "value": round(value, 4), "bound": bound, "holds": value <= bound}


def write(bars: Iterable[Bar]) -> int:
    """Added to what other benchmarks of the word wrote. 0 when all of them hold."""
    told = list(bars)
    BARS.parent.mkdir(parents=True, exist_ok=True)
    with BARS.open("a") as out:
        out.writelines(json.dumps(bar) + "\n" for bar in told)
    for bar in told:
        print(f"{'holds' if bar['holds'] else 'FAILS'}  {bar['bar']}: {bar['value']} (bound {bar['bound']})")
    return 0 if all(bar["holds"] for bar in told) else 1
