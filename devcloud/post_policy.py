"""What S3 checks of a presigned POST and moto does not: signature, expiry, conditions, length.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SECRET = "local"  # noqa: S105  # the key that every process in the local cloud is given
_FREE = {"policy", "x-amz-signature", "file", "awsaccesskeyid", "signature"}


@dataclass(frozen=True)
class Refusal:
    """An S3 error; `more` are further elements of its XML."""

    status: int
    code: str
    message: str
    more: Mapping[str, str] | None = None


def refusal(bucket: str, form: Mapping[str, str], size: int, now: datetime) -> Refusal | None:
    """Why S3 would not take this form, or None. `size`: bytes of the file."""
    fields = {name.lower(): value for name, value in form.items()} | {"bucket": bucket}
    encoded = fields.get("policy")
    if encoded is None:
        return Refusal(403, "AccessDenied", "Access Denied")
    try:
        policy = json.loads(base64.b64decode(encoded, validate=True))
        expires = datetime.fromisoformat(str(policy["expiration"]).replace("Z", "+00:00"))
        conditions = list(policy["conditions"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        return Refusal(400, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON.")
    if "x-amz-signature" not in fields:
        return Refusal(
            400,
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        )
    if not _signed(fields, encoded):
        return Refusal(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
    if now >= (expires if expires.tzinfo else expires.replace(tzinfo=UTC)):
        return Refusal(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
    return _unmet(conditions, fields, size)


def _unmet(conditions: list[Any], fields: Mapping[str, str], size: int) -> Refusal | None:
    named = set()
    for condition in conditions:
        parts = _parts(condition)
        if parts[0] == "content-length-range":
            low, high = int(parts[1]), int(parts[2])
            if size < low:
                return _length("EntityTooSmall", "smaller", size, {"MinSizeAllowed": str(low)})
            if size > high:
                return _length("EntityTooLarge", "larger", size, {"MaxSizeAllowed": str(high)})
            continue
        name = str(parts[1]).removeprefix("$").lower()
        named.add(name)
        value = fields.get(name, "")
        if not (value == parts[2] if parts[0] == "eq" else value.startswith(str(parts[2]))):
            told = json.dumps([parts[0], f"${name}", parts[2]])
            return Refusal(403, "AccessDenied", f"Invalid according to Policy: Policy Condition failed: {told}")
    extra = [name for name in fields if name not in named | _FREE | {"bucket"} and not name.startswith("x-ignore-")]
    if extra:
        return Refusal(403, "AccessDenied", f"Invalid according to Policy: Extra input fields: {', '.join(extra)}")
    return None


def _parts(condition: Any) -> list[Any]:
    if isinstance(condition, Mapping):
        name, value = next(iter(condition.items()))
        return ["eq", f"${name}", value]
    return [str(condition[0]).lower(), *condition[1:]]


def _length(code: str, than: str, size: int, bound: Mapping[str, str]) -> Refusal:
    bounds = {"EntityTooSmall": "minimum", "EntityTooLarge": "maximum"}
    message = f"Your proposed upload is {than} than the {bounds[code]} allowed size"
    if code == "EntityTooLarge":
        message = "Your proposed upload exceeds the maximum allowed size"
    return Refusal(400, code, message, {"ProposedSize": str(size), **bound})


def _signed(fields: Mapping[str, str], policy: str) -> bool:
    """Whether the SigV4 signature fits; forms signed with keys that are not ours are let through."""
    scope = fields.get("x-amz-credential", "").split("/")
    if len(scope) != 5 or scope[0] != SECRET:
        return True
    key = f"AWS4{SECRET}".encode()
    for part in scope[1:]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, fields.get("x-amz-signature", ""))
