"""What predict reaches of AWS: the lean object store where the environment has what it needs, boto3's elsewhere.

The bus and the links need boto3, whose import costs more than a first answer: it is imported when they are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lepton.aws.lean_s3 import Access, LeanS3
from lepton.ports import EventBus, ObjectStore

if TYPE_CHECKING:
    from lepton.aws.s3 import S3Links
    from lepton.settings import Settings


def object_store(bucket: str, environment: Mapping[str, str]) -> ObjectStore:
    """One bucket. Credentials that are not in the environment (a profile, a container's, an instance's) are boto3's."""
    access = Access.from_environment(environment)
    if access is not None:
        return LeanS3(bucket, access)
    from lepton.aws.s3 import S3ObjectStore

    return S3ObjectStore(bucket)


def event_bus(name: str) -> EventBus:
    """The named bus."""
    from lepton.aws.eventbridge import EventBridgeBus

    return EventBridgeBus(name)


def links(settings: Settings) -> S3Links:
    """Presigned forms and addresses, for as long as the settings say."""
    from lepton.aws.s3 import S3Links

    return S3Links(settings)
