"""Which of the media types that can be given the caller likes best (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from lepton.errors import NotAcceptable

JSON = "application/json"
CSV = "text/csv"
JSON_LINES = "application/jsonlines"
NDJSON = "application/x-ndjson"
NPY = "application/x-npy"
BYTES = "application/octet-stream"


def chosen(accept: str | None, offered: Sequence[str]) -> str:
    """One of `offered`, the first where the caller has no preference. Raises NotAcceptable with the list."""
    if accept is None or accept in ("", "*/*") or accept == offered[0]:
        return offered[0]
    ranges = dict(_range(one) for one in accept.split(",")[:50])
    liked = [(_quality(media, ranges), -place, media) for place, media in enumerate(offered)]
    quality, _, best = max(liked)
    if quality <= 0:
        raise NotAcceptable(f"there is no answer as {accept[:200]!r}", hint="Accept: " + ", ".join(offered))
    return best


def _range(text: str) -> tuple[str, float]:
    media, *parameters = [part.strip().lower() for part in text.split(";")]
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
            return media, quality if 0 <= quality <= 1 else 0.0
    return media, 1.0


def _quality(media: str, ranges: dict[str, float]) -> float:
    """The most specific range that the media type falls into decides."""
    family = media.partition("/")[0] + "/*"
    for wanted in (media, family, "*/*"):
        if wanted in ranges:
            return ranges[wanted]
    return 0.0
