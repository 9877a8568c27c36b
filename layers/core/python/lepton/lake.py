"""Where things lie: the names that are allowed, and the key of every object in the two buckets.

A name is `[a-z0-9][a-z0-9-]{0,62}`, a version or run digest 12 hexadecimal digits, an upload id 16. Checked here,
so that no id from outside ever becomes a path of its own making.
"""

from __future__ import annotations

import hashlib
import re

from lepton.errors import InvalidRequest

TRANSFORM_PREFIX = "predict-in/"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_DIGEST = re.compile(r"[0-9a-f]{12}")
_UPLOAD = re.compile(r"[0-9a-f]{16}")


def checked_name(value: str, what: str = "name") -> str:
    """The value itself when it is a legal name. Raises InvalidRequest."""
    if not _NAME.fullmatch(value):
        raise InvalidRequest(
            f"{value[:80]!r} is not a legal {what}",
            pointer=f"/{what}",
            hint="1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit",
        )
    return value


def checked_digest(value: str, what: str = "version") -> str:
    """The value itself when it is a short digest. Raises InvalidRequest."""
    if not _DIGEST.fullmatch(value):
        raise InvalidRequest(f"{value[:80]!r} is not a legal {what}", pointer=f"/{what}", hint="12 hexadecimal digits")
    return value


def short_digest(*parts: bytes) -> str:
    """The first 12 hexadecimal digits of SHA-256 over the length-prefixed parts (so that 'ab','c' != 'a','bc')."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:12]


# --- landing bucket ---------------------------------------------------------------------------------


def upload_key(dataset: str, upload: str, filename: str) -> str:
    """`{dataset}/{upload}/{filename}`, the filename reduced to what every store and emulator carries unchanged."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", filename.rsplit("/", 1)[-1]).strip(".-") or "upload"
    return f"{checked_name(dataset)}/{upload}/{safe[:128]}"


def upload_id(key: str) -> str:
    """The id of an upload from its key: the minted one, or a digest of the key for keys that others chose."""
    parts = key.split("/")
    if len(parts) >= 3 and _UPLOAD.fullmatch(parts[1]):
        return parts[1]
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def is_upload_id(text: str) -> bool:
    """Whether it has the form of an id that was minted for an upload."""
    return _UPLOAD.fullmatch(text) is not None


def dataset_of(key: str) -> str:
    """The dataset that an upload key belongs to: its first folder. Raises InvalidRequest."""
    return checked_name(key.split("/", 1)[0])


# --- lake bucket ------------------------------------------------------------------------------------


def dataset_prefix(name: str, version: str) -> str:
    return f"datasets/{checked_name(name)}/{checked_digest(version)}/"


def dataset_manifest(name: str, version: str) -> str:
    return dataset_prefix(name, version) + "manifest.json"


def dataset_latest(name: str) -> str:
    """Points to the version of the newest upload."""
    return f"datasets/{checked_name(name)}/latest.json"


def upload_receipt(dataset: str, upload: str) -> str:
    """What became of an upload: the place where its sender looks."""
    if not _UPLOAD.fullmatch(upload):
        raise InvalidRequest(f"{upload[:80]!r} is not an upload id", pointer="/upload")
    return f"uploads/{checked_name(dataset)}/{upload}.json"


def quarantine_prefix(name: str, source_digest: str) -> str:
    return f"quarantine/{checked_name(name)}/{checked_digest(source_digest)}/"


def training_spec(model: str) -> str:
    return f"specs/{checked_name(model)}.yaml"


def run_prefix(run: str) -> str:
    model, digest = split_run(run)
    return f"runs/{model}/{digest}/"


def run_id(model: str, digest: str) -> str:
    return f"{checked_name(model)}-{checked_digest(digest, 'run')}"


def split_run(run: str) -> tuple[str, str]:
    """`{model}-{digest}` apart. Raises InvalidRequest."""
    model, _, digest = run.rpartition("-")
    return checked_name(model, "run"), checked_digest(digest, "run")


def package_prefix(model: str, version: str) -> str:
    return f"models/{checked_name(model)}/{checked_digest(version)}/"


def package_manifest(model: str, version: str) -> str:
    return package_prefix(model, version) + "manifest.json"


def registry_alias(model: str, alias: str) -> str:
    return f"registry/{checked_name(model)}/aliases/{checked_name(alias, 'alias')}.json"


def registry_version(model: str, version: str) -> str:
    """The gate's verdict on a version, written once."""
    return f"registry/{checked_name(model)}/versions/{checked_digest(version)}.json"


def prediction_prefix(model: str, job: str) -> str:
    return f"predictions/{checked_name(model)}/{job}/"


def rollout_index() -> str:
    """Which aliases have a rollout; no model is called like this, for a name has no dot."""
    return "monitor/rollouts.json"


def rollout_seen(model: str, alias: str, generation: int) -> str:
    """What each environment saw of a rollout: {environment}.json below."""
    return f"monitor/{checked_name(model, 'model')}/rollout/{checked_name(alias, 'alias')}/{generation:d}/"


def rollout_answers(model: str, alias: str, generation: int) -> str:
    """What was answered during a rollout, request by request, for outcomes that come later."""
    return f"monitor/{checked_name(model, 'model')}/answers/{checked_name(alias, 'alias')}/{generation:d}/"


def rollout_outcomes(model: str, alias: str, generation: int) -> str:
    """Outcomes that were reported during a rollout."""
    return f"monitor/{checked_name(model, 'model')}/rollout-outcomes/{checked_name(alias, 'alias')}/{generation:d}/"


def outcome(model: str, digest: str) -> str:
    """What turned out to be true, once for each request."""
    return f"monitor/{checked_name(model, 'model')}/outcomes/{digest}.json"


def receipt(model: str, receipt: str) -> str:
    """A receipt that was asked to be kept, with its request."""
    return f"monitor/{checked_name(model, 'model')}/receipts/{receipt}.json"


def capacity_prefix(resource: str) -> str:
    return f"capacity/{checked_name(resource, 'resource')}/"
