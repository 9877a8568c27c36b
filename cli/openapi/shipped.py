"""The files that are made from the OpenAPI document: one to read, one to serve, and the client's records."""

from __future__ import annotations

import json
from functools import cache

from cli.openapi.document import api_document
from cli.openapi.records import modules

READ = "docs/openapi.json"
SERVED = "layers/core/python/lepton/endpoint/docs/openapi.json"
RECORDS = "layers/core/python/lepton/client/records"


@cache
def files() -> dict[str, str]:
    """Text by path in the repository."""
    document = api_document()
    made = {
        READ: json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        SERVED: json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n",
    }
    return made | {f"{RECORDS}/{name}.py": text for name, text in modules(document).items()}
