"""Which requests a canary answers: decided by a hash of the routing key, the same in every environment.

Monotone: the hash gives each key one place in [0, 100), and the canary answers the keys below its percentage. A key
that is in stays in while the percentage grows, because its place does not depend on the percentage. The salt belongs
to the rollout, so that the next canary meets other keys first.
"""

from __future__ import annotations

import hashlib


def place(salt: str, key: str) -> float:
    """Where the key stands, in [0, 100): 48 bits of SHA-256 over salt and key, uniform over keys."""
    digest = hashlib.sha256(f"{salt}\0{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") * 100.0 / (1 << 48)


def chosen(salt: str, key: str, percent: float) -> bool:
    """Whether the canary answers this key."""
    return place(salt, key) < percent
