"""The HTTP API as the command sees it: the client's transport, with the command's own advice."""

from __future__ import annotations

from lepton.client.transport import Transport


class Api(Transport):
    """Retries, errors and decoding are the client's: see `lepton.client`."""

    where = "is it running? `make up` starts the local cloud, `lepton doctor` looks closer"
