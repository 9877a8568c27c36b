"""HTTP of the datasets: /datasets and below."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from lepton.dataset.catalog import Catalog
from lepton.dataset.uploads import UploadDesk, UploadRequest
from lepton.http_api import json_body, parsed, resolver


class DatasetsApi:
    """The routes, bound to a catalog and an upload desk."""

    def __init__(self, catalog: Catalog, desk: UploadDesk) -> None:
        self._app = resolver()
        _read_routes(self._app, catalog)
        _upload_routes(self._app, catalog, desk)

    def resolve(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """The proxy answer to a proxy event."""
        return self._app.resolve(event, context)


def _upload_routes(app: APIGatewayRestResolver, catalog: Catalog, desk: UploadDesk) -> None:
    @app.post("/datasets/<name>/uploads")
    def new_upload(name: str) -> tuple[dict[str, Any], int]:
        return desk.offer(name, parsed(UploadRequest, json_body(app))), 201

    @app.get("/datasets/<name>/uploads/<upload>")
    def receipt(name: str, upload: str) -> dict[str, Any]:
        return catalog.receipt(name, upload).model_dump(mode="json")


def _read_routes(app: APIGatewayRestResolver, catalog: Catalog) -> None:
    @app.get("/datasets")
    def datasets() -> dict[str, Any]:
        return {"datasets": catalog.datasets()}

    @app.get("/datasets/<name>")
    def dataset(name: str) -> dict[str, Any]:
        return catalog.dataset(name)

    @app.get("/datasets/<name>/versions/<version>")
    def version(name: str, version: str) -> dict[str, Any]:
        return catalog.version(name, version)

    @app.get("/datasets/<name>/versions/<version>/quarantine")
    def quarantine(name: str, version: str) -> dict[str, Any]:
        return catalog.quarantine(name, version)
