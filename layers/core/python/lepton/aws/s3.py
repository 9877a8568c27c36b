"""ObjectStore on Amazon S3, with conditional writes, and presigned uploads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lepton.aws import clients
from lepton.aws.clients import translated
from lepton.errors import Conflict, NotFound
from lepton.ports import Blob, Entry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from lepton.settings import Settings

_CHUNK = 1 << 20


class S3ObjectStore:
    """One bucket. Keys are used as they are; objects up to 5 GB are written with one PUT (so that it is atomic)."""

    def __init__(self, bucket: str, client: S3Client | None = None) -> None:
        self.bucket = bucket
        self._s3 = client or clients.s3()

    def get(self, key: str, *, unless_etag: str | None = None) -> Blob | None:
        condition: dict[str, Any] = {"IfNoneMatch": unless_etag} if unless_etag else {}
        with translated(f"read s3://{self.bucket}/{key}"):
            try:
                answer = self._s3.get_object(Bucket=self.bucket, Key=key, **condition)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 304:
                    return None
                raise
            return Blob(answer["Body"].read(), answer["ETag"], answer["LastModified"].astimezone(UTC))

    def put(
        self,
        key: str,
        body: bytes | Path,
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_etag: str | None = None,
    ) -> str:
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if if_absent else {}
        if if_etag is not None:
            condition["IfMatch"] = if_etag
        try:
            with translated(f"write s3://{self.bucket}/{key}"):
                if isinstance(body, Path):
                    with body.open("rb") as stream:
                        return self._put(key, stream, content_type, condition)
                return self._put(key, body, content_type, condition)
        except NotFound as error:
            if if_etag is None:
                raise
            raise Conflict(f"object {key!r} is gone, not at {if_etag}") from error

    def _put(self, key: str, body: Any, content_type: str, condition: dict[str, Any]) -> str:
        answer = self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, **condition)
        return answer["ETag"]

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        with translated(f"list s3://{self.bucket}/{prefix}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, StartAfter=after
            )
            for page in pages:
                for item in page.get("Contents", []):
                    yield Entry(item["Key"], item["ETag"], item["Size"], item["LastModified"].astimezone(UTC))

    def fetch(self, key: str, to: Path) -> Entry:
        temporary = to.with_name(f".{to.name}.{os.getpid()}.part")
        with translated(f"read s3://{self.bucket}/{key}"):
            try:
                answer = self._s3.get_object(Bucket=self.bucket, Key=key)
                with temporary.open("wb") as out:
                    for chunk in answer["Body"].iter_chunks(_CHUNK):
                        out.write(chunk)
            except (ClientError, BotoCoreError):
                temporary.unlink(missing_ok=True)
                raise
        temporary.replace(to)
        return Entry(key, answer["ETag"], answer["ContentLength"], answer["LastModified"].astimezone(UTC))


def presign_upload(
    bucket: str, key: str, *, max_bytes: int, seconds: int, now: datetime, client: S3Client | None = None
) -> dict[str, Any]:
    """A presigned POST (SigV4) for exactly this key, at most `max_bytes` long, valid for `seconds`.

    Returns {"url", "fields", "expires_at"}: send `fields` and then `file` as multipart/form-data to `url`.
    """
    with translated(f"presign s3://{bucket}/{key}"):
        form = (client or clients.s3()).generate_presigned_post(
            bucket, key, Conditions=[["content-length-range", 1, max_bytes]], ExpiresIn=seconds
        )
    expires = datetime.fromtimestamp(now.timestamp() + seconds, UTC)
    return {"url": form["url"], "fields": form["fields"], "expires_at": expires.isoformat()}


class S3Links:
    """Forms that put one object into the landing bucket, addresses that give one of the lake, for `upload_seconds`."""

    def __init__(self, settings: Settings, client: S3Client | None = None) -> None:
        self._settings = settings
        self._s3 = client
        self.max_bytes = settings.upload_max_bytes

    def upload(self, key: str, now: datetime) -> dict[str, Any]:
        """See `presign_upload`."""
        it = self._settings
        bounds = {"max_bytes": self.max_bytes, "seconds": it.upload_seconds}
        return presign_upload(it.landing_bucket, key, **bounds, now=now, client=self._s3)

    def download(self, key: str) -> str:
        """An address that gives the object to whoever has it."""
        it = self._settings
        with translated(f"presign s3://{it.lake_bucket}/{key}"):
            return (self._s3 or clients.s3()).generate_presigned_url(
                "get_object", Params={"Bucket": it.lake_bucket, "Key": key}, ExpiresIn=it.upload_seconds
            )
