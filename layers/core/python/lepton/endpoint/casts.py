"""Which declared datatype may be sent for which of the signature's."""

from __future__ import annotations

from lepton.endpoint.buffers import FLOATS, INTEGERS


def castable(declared: str, wanted: str) -> bool:
    """Whether a tensor declared as one may be sent for the other."""
    if declared == wanted:
        return True
    if wanted in FLOATS:
        return declared in FLOATS or declared in INTEGERS or declared == "BOOL"
    return wanted in INTEGERS and (declared in INTEGERS or declared == "BOOL")
