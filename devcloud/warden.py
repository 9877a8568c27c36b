"""Kills process groups when the local cloud is gone, however it went (kill -9 included).

Runs as a process of its own, `python -I -S warden.py`, in a session of its own, so that no Ctrl-C reaches it. The cloud
holds the other end of its standard input and writes `+PGID` and `-PGID` lines; at the end of the input every group
still on the list is killed, and the warden ends.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable


def watch(lines: Iterable[str]) -> None:
    """Follow the list until its end, then kill what is on it."""
    groups: set[int] = set()
    for line in lines:
        sign, group = line[0], int(line[1:])
        (groups.add if sign == "+" else groups.discard)(group)
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


if __name__ == "__main__":
    watch(sys.stdin)
