"""Where the API is: at a given URL, in a CloudFormation stack, in the running local cloud, or in LocalStack.

The one module of the command that knows boto3: it reads a stack's outputs and signs requests.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from localstack_client import config as localstack_config
from localstack_client.session import Session as LocalStackSession

from cli.failures import NotPermitted, Unreachable
from lepton.client.transport import is_loopback
from lepton.errors import InvalidRequest, LeptonError, Misconfigured, NotFound, Unavailable

Kind = Literal["url", "stack", "local", "localstack"]
STACK = "lepton"
API_OUTPUT = "ApiUrl"
_QUICK = Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=3, read_timeout=10)
_GATEWAY = re.compile(r"https?://([a-z0-9]+)\.execute-api\.[^/]+/([^/]+)")


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line says about the target."""

    api: str | None = None
    stack: str | None = None
    localstack: bool = False
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An API's root and what is known of its surroundings. `source` says where the address was found."""

    kind: Kind
    api_url: str
    source: str
    region: str | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    auth: httpx.Auth | None = None
    endpoint_url: str | None = None  # of the other services, where it is not AWS's


def resolve(choice: Choice, environment: Mapping[str, str], cwd: Path) -> Target:
    """The target: what the command line says, then the environment, then a running local cloud.

    Raises Unreachable when there is none, NotFound for an unknown stack, NotPermitted without credentials.
    """
    if choice.api:
        return _at(choice.api, "--api", choice.region)
    if choice.localstack:
        return _localstack(choice.stack or environment.get("LEPTON_STACK") or STACK, choice.region)
    if choice.stack:
        return _stack(choice.stack, "--stack", choice.region)
    return _from_environment(environment, cwd, choice.region)


def _from_environment(environment: Mapping[str, str], cwd: Path, region: str | None) -> Target:
    if url := environment.get("LEPTON_API_URL"):
        return _at(url, "LEPTON_API_URL", region)
    if stack := environment.get("LEPTON_STACK"):
        return _stack(stack, "LEPTON_STACK", region)
    if found := _endpoints_file(environment, cwd):
        return _local(found)
    if environment.get("LOCALSTACK_HOST"):
        return _localstack(STACK, region)
    raise Unreachable(
        "there is no deployment to talk to",
        hint="`make up` starts the local cloud; or name one: --api URL, --stack NAME, --localstack",
    )


class SigV4(httpx.Auth):
    """Signs each request for API Gateway (execute-api) with Signature Version 4."""

    requires_request_body = True

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._credentials = credentials
        self._region = region

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        kept = {name: request.headers[name] for name in ("Content-Type",) if name in request.headers}
        unsigned = AWSRequest(request.method, str(request.url), headers=kept, data=request.content)
        SigV4Auth(self._credentials.get_frozen_credentials(), "execute-api", self._region).add_auth(unsigned)
        request.headers.update(dict(unsigned.headers.items()))
        yield request


def _at(url: str, source: str, region: str | None) -> Target:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidRequest(f"{url!r} is not the URL of an API", pointer=source, hint="http(s)://host[:port][/stage]")
    in_host = re.search(r"\.execute-api\.([a-z0-9-]+)\.", parts.hostname)
    region = region or (in_host.group(1) if in_host else None)
    return Target("url", url, source, region, auth=_signer(url, region))


def _signer(url: str, region: str | None) -> httpx.Auth | None:
    """No signature for loopback, nor over plain HTTP. Raises NotPermitted without credentials."""
    if is_loopback(url) or not url.startswith("https:"):
        return None
    session = boto3.session.Session(region_name=region)
    with _translated("load AWS credentials"):
        credentials = session.get_credentials()
    if credentials is None or session.region_name is None:
        missing = "credentials" if credentials is None else "region"
        raise NotPermitted(
            f"no AWS {missing} to sign requests to {url} with", hint="`aws configure`, AWS_PROFILE, or --region"
        )
    return SigV4(credentials, session.region_name)


def _stack(name: str, source: str, region: str | None) -> Target:
    with _translated(f"read stack {name}"):
        client = boto3.session.Session(region_name=region).client("cloudformation", config=_QUICK)
        outputs = _outputs(client, name)
    endpoint = str(client.meta.endpoint_url)
    url = _api_url(outputs, name, endpoint)
    region = str(client.meta.region_name)
    return Target("stack", url, f"{source} {name}", region, outputs, _signer(url, region))


def _localstack(name: str, region: str | None) -> Target:
    """By localstack-client's conventions: AWS_ENDPOINT_URL, LOCALSTACK_HOST, USE_SSL, else localhost:4566."""
    try:
        endpoint = localstack_config.get_service_endpoint("cloudformation")
    except RuntimeError as error:
        raise InvalidRequest(str(error), pointer="LOCALSTACK_HOST", hint="host or host:port") from error
    region = region or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    client = LocalStackSession(region_name=region).client("cloudformation", config=_QUICK)
    with _translated(f"read stack {name} in LocalStack at {endpoint}"):
        outputs = _outputs(client, name)
    return Target("localstack", _api_url(outputs, name, str(endpoint)), f"LocalStack {endpoint}", region, outputs)


def _outputs(client: Any, name: str) -> dict[str, str]:
    stacks = client.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}


def _api_url(outputs: Mapping[str, str], name: str, endpoint: str) -> str:
    """The stack's API; in an emulator the address that AWS would give is turned into the emulator's."""
    if API_OUTPUT not in outputs:
        raise Misconfigured(f"stack {name!r} has no output {API_OUTPUT}", hint="is it a stack of Lepton's template?")
    url = outputs[API_OUTPUT]
    gateway = _GATEWAY.match(url)
    if gateway and not (urlsplit(endpoint).hostname or "").endswith(".amazonaws.com"):
        return f"{endpoint.rstrip('/')}/_aws/execute-api/{gateway.group(1)}/{gateway.group(2)}"
    return url


def _endpoints_file(environment: Mapping[str, str], cwd: Path) -> Path | None:
    """`endpoints.json` in LEPTON_STATE_DIR, or in the nearest `.lepton` of this folder and those above it."""
    if state := environment.get("LEPTON_STATE_DIR"):
        candidates = [Path(state)]
    else:
        candidates = [folder / ".lepton" for folder in (cwd, *cwd.parents)]
    return next((path for folder in candidates if (path := folder / "endpoints.json").is_file()), None)


def _local(path: Path) -> Target:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        url, pid = str(told["api_url"]), int(told["pid"])
    except (ValueError, KeyError, TypeError) as error:
        raise Misconfigured(f"cannot be read: {error!r}", pointer=str(path), hint="`make up` writes it anew") from error
    if not _alive(pid):
        raise Unreachable(
            f"the local cloud that ran as process {pid} is gone", pointer=str(path), hint="`make up` starts it again"
        )
    outputs = dict(told.get("outputs") or {})
    return Target("local", url, str(path), told.get("region"), outputs, endpoint_url=told.get("endpoint_url"))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn what botocore raises inside into one of our errors; `what` names the call."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise _ours(what, error) from error


def _ours(what: str, error: ClientError | BotoCoreError) -> LeptonError:
    if isinstance(error, NoCredentialsError):
        return NotPermitted(f"{what}: no AWS credentials", hint="`aws configure`, or AWS_PROFILE")
    if isinstance(error, NoRegionError):
        return InvalidRequest(f"{what}: no region", pointer="--region", hint="give one, or set AWS_REGION")
    if not isinstance(error, ClientError):
        return Unreachable(f"{what}: {error}", hint="is the endpoint right, and running?")
    told = error.response.get("Error", {})
    if "does not exist" in str(told.get("Message", "")):
        return NotFound(f"{what}: {told['Message']}", pointer="--stack", hint="`sam deploy` makes one")
    if "AccessDenied" in str(told.get("Code")) or "Token" in str(told.get("Code")):
        return NotPermitted(f"{what}: {told.get('Message')}", hint="are these the right credentials?")
    return Unavailable(f"{what}: {told.get('Message', error)}")
