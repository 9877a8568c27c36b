"""How large an upload may be. A function's memory and disk are finite; over a limit the sender is told which."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, unless the name says otherwise."""

    upload: int = 1_000_000_000
    # On disk beside the upload, its staged rows and DuckDB's file: the function's /tmp must hold all four.
    unpacked: int = 1_000_000_000
    # All members of a zip of images; they are read one by one, only the shards lie on disk.
    archive: int = 2_000_000_000
    columns: int = 2_000
    line_chars: int = 4_000_000
    cell_chars: int = 1_000_000
    members: int = 500_000
    member: int = 100_000_000
    pixels: int = 50_000_000
    # Of more bad rows than this only the count is kept; so many characters of each are shown.
    recorded_rows: int = 50_000
    raw_chars: int = 4_000
    rows_per_part: int = 1_000_000
    shard: int = 128_000_000
