"""What a client has learned of the models that it asks: their metadata, until another version answers."""

from __future__ import annotations

from lepton.client.inference import version_of
from lepton.client.records.serving import ModelMetadata


class Known:
    """`extensions` of the server: None until it was asked."""

    def __init__(self) -> None:
        self.extensions: tuple[str, ...] | None = None
        self._metadata: dict[tuple[str, str | None], ModelMetadata] = {}

    def of(self, model: str, version: str | None) -> ModelMetadata | None:
        return self._metadata.get((model, version))

    def keep(self, model: str, version: str | None, metadata: ModelMetadata) -> ModelMetadata:
        self._metadata[model, version] = metadata
        return metadata

    def seen(self, model: str, version: str | None, answering: str) -> None:
        """Forget the metadata of a version that answers no more."""
        held = self._metadata.get((model, version))
        if held is not None and version_of(held) not in (None, answering):
            del self._metadata[model, version]
