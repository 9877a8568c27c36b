"""The live log for people: one short line for each thing said, and none for what only machines read."""

from __future__ import annotations

import json
from typing import Any

from devcloud.live_log import LogLine

_QUIET = {"level", "location", "message", "timestamp", "service", "cold_start", "function_name", "function_memory_size",
          "function_arn", "function_request_id", "xray_trace_id", "correlation_id", "sampling_rate", "exception",
          "exception_name", "stack_trace", "at", "logger", "name"}  # fmt: skip
_RUNTIME_CHATTER = ("START RequestId", "END RequestId", "REPORT RequestId", "[WARNING]\t", "LAMBDA_WARNING")


def short_line(line: LogLine) -> str | None:
    """`12:34:56  source  message  key=value …`; None for metrics and what the runtime says of itself."""
    text = _told(line.text)
    if text is None:
        return None
    return f"{line.at.astimezone():%H:%M:%S}  {line.source:<22} {text}"


def _told(text: str) -> str | None:
    text = text.replace("\r", " ⏎ ").replace("\xa0", " ").strip()
    if not text or (text.startswith(_RUNTIME_CHATTER) and "LAMBDA_WARNING" in text):
        return None
    if not text.startswith("{"):
        return text
    try:
        record = json.loads(text)
    except ValueError:
        return text
    if "_aws" in record:
        return None
    return _record(record)


def _record(record: dict[str, Any]) -> str:
    level = str(record.get("level", "INFO"))
    mark = "" if level in ("INFO", "DEBUG") else f"{level} "
    message = record.get("message", "")
    said = message if isinstance(message, str) else json.dumps(message)
    more = " ".join(f"{key}={_brief(value)}" for key, value in record.items() if key not in _QUIET)
    wrong = f" {record['exception'].strip().splitlines()[-1]}" if isinstance(record.get("exception"), str) else ""
    return f"{mark}{said}{wrong}  {more}".rstrip()


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
