"""What a job left in the lake, onto this machine: its parts put together again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from lepton.client.failures import Unreachable
from lepton.client.transport import is_loopback
from lepton.errors import NotFound

_BLOCK = 1 << 20


def written(result: Any, out: Path) -> list[Path]:
    """Write a job's result; the files that were written. Parquet in several parts becomes a folder."""
    parts = result.get("predictions") if isinstance(result, dict) and "expires_in" in result else None
    if parts is None and isinstance(result, dict) and "expires_in" in result:
        return [_one(result["url"], out)]
    if parts is None:
        out.write_text(json.dumps(result, ensure_ascii=False) + "\n", encoding="utf-8")
        return [out]
    if not parts:
        raise NotFound("no row was predicted", pointer=str(out))
    if parts[0]["key"].endswith(".parquet") and len(parts) > 1:
        out.mkdir(parents=True, exist_ok=True)
        return [_one(part["url"], out / part["key"].rsplit("/", 1)[-1]) for part in parts]
    return [_joined(parts, out)]


def _joined(parts: list[dict[str, str]], out: Path) -> Path:
    """One file of all parts; of CSV, only the first one's header."""
    with out.open("wb") as file:
        for number, part in enumerate(parts):
            headed = number > 0 and part["key"].endswith(".csv")
            for block in _blocks(part["url"]):
                file.write(block.split(b"\n", 1)[1] if headed else block)
                headed = False
    return out


def _one(url: str, out: Path) -> Path:
    with out.open("wb") as file:
        file.writelines(_blocks(url))
    return out


def _blocks(url: str) -> Iterator[bytes]:
    try:
        with httpx.stream("GET", url, timeout=60.0, trust_env=not is_loopback(url)) as answer:
            if not answer.is_success:
                raise Unreachable(f"the store answered {answer.status_code}", hint="ask for the result again")
            yield from answer.iter_bytes(_BLOCK)
    except httpx.TransportError as error:
        raise Unreachable(f"the download broke off: {error}", hint="ask for the result again") from error
