"""HTTP of the datasets: /datasets and below."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from lepton.dataset import answers
from lepton.dataset.catalog import Catalog
from lepton.dataset.manifest import UploadReceipt
from lepton.dataset.uploads import UploadDesk, UploadRequest
from lepton.http_api import json_body, parsed, resolver
from lepton.operation import told


class DatasetsApi:
    """The routes, bound to a catalog and an upload desk."""

    def __init__(self, catalog: Catalog, desk: UploadDesk) -> None:
        self.app = resolver()
        _read_routes(self.app, catalog)
        _upload_routes(self.app, catalog, desk)

    def resolve(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """The proxy answer to a proxy event."""
        return self.app.resolve(event, context)


def _upload_routes(app: APIGatewayRestResolver, catalog: Catalog, desk: UploadDesk) -> None:
    @app.post("/datasets/<name>/uploads")
    @told("A form to upload a file with", takes=UploadRequest, gives={201: answers.UploadOffer})
    def new_upload(name: str) -> tuple[dict[str, Any], int]:
        return desk.offer(name, parsed(UploadRequest, json_body(app))), 201

    @app.get("/datasets/<name>/uploads/<upload>")
    @told("What became of an upload", gives=UploadReceipt)
    def receipt(name: str, upload: str) -> dict[str, Any]:
        return catalog.receipt(name, upload).model_dump(mode="json")


def _read_routes(app: APIGatewayRestResolver, catalog: Catalog) -> None:
    @app.get("/datasets")
    @told("All datasets", gives=answers.DatasetList)
    def datasets() -> dict[str, Any]:
        return {"datasets": catalog.datasets()}

    @app.get("/datasets/<name>")
    @told("A dataset's versions, newest first", gives=answers.DatasetVersions)
    def dataset(name: str) -> dict[str, Any]:
        return catalog.dataset(name)

    @app.get("/datasets/<name>/versions/<version>")
    @told("Manifest and profile of a version", gives=answers.DatasetVersion)
    def version(name: str, version: str) -> dict[str, Any]:
        return catalog.version(name, version)

    @app.get("/datasets/<name>/versions/<version>/quarantine")
    @told("What was set aside, and why", gives=answers.Quarantine)
    def quarantine(name: str, version: str) -> dict[str, Any]:
        return catalog.quarantine(name, version)
