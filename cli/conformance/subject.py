"""The server under test: its address, what it says of itself, and its models, each found out when first needed."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from cli.conformance.answer import Outputs, body_of, outputs_of
from cli.conformance.case import Spared, Unmet, hold, shown
from cli.conformance.request import Request, valid
from cli.conformance.tensors import STYLES, Tensor, told
from cli.failures import Unreachable
from lepton.errors import InvalidRequest

JSON = "application/json"
_HERE = ("localhost", "127.0.0.1", "::1")  # no proxy stands before this machine


class Subject:
    """`models` are the names to ask; none: the server is asked which it has. `samples`: a request for a model that
    takes no values made up from its metadata."""

    def __init__(
        self,
        base: str,
        models: Sequence[str] = (),
        *,
        auth: httpx.Auth | None = None,
        samples: Mapping[str, Request] | None = None,
        seconds: float = 30.0,
    ) -> None:
        self.base = base.rstrip("/")
        self._named = tuple(models)
        self._samples = samples or {}
        self._models: dict[str, Model] = {}
        self._about = ""
        # A connection for each request: what a server does to one after a fault must not be the next case's.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(
            auth=auth, timeout=seconds, trust_env=urlsplit(base).hostname not in _HERE, limits=limits
        )

    def close(self) -> None:
        self._http.close()

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """One request; a body that is not bytes goes as JSON. Raises Unmet when there is no answer."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {"content-type": JSON} if body is not None else {}
        given |= {name.lower(): value for name, value in (headers or {}).items()}
        try:
            return self._http.request(method, self.base + path, content=content, headers=given)
        except httpx.TransportError as error:
            raise Unmet(f"no answer to {method} {path[:60]}: {type(error).__name__} {error}") from error

    def reach(self) -> None:
        """Raises Unreachable."""
        try:
            self._http.get(self.base + "/v2")
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unreachable(f"cannot reach {self.base}: {error}", pointer="URL") from error

    @cached_property
    def server(self) -> dict[str, Any]:
        """The server's metadata, {} where there is none."""
        try:
            return body_of(self.send("GET", "/v2"))
        except Unmet:
            return {}

    @property
    def extensions(self) -> tuple[str, ...]:
        listed = self.server.get("extensions")
        return tuple(str(one) for one in listed) if isinstance(listed, list) else ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The models to ask. Raises InvalidRequest when none were given and the server does not list its own."""
        found = self._named or self._listed("GET", "/v2/models") or self._listed("POST", "/v2/repository/index")
        if not found:
            raise InvalidRequest(
                "the server does not list its models", pointer="--model", hint="name one: --model NAME"
            )
        return found

    @property
    def model(self) -> Model:
        """The model that is asked: the first, unless `about` chose another. Raises InvalidRequest."""
        return self.named(self._about or self.names[0])

    def about(self, name: str) -> Subject:
        """The same server, `model` being this one."""
        other = copy.copy(self)
        other._about = name
        return other

    def named(self, name: str) -> Model:
        if name not in self._models:
            self._models[name] = Model(self, name, self._samples.get(name))
        return self._models[name]

    def _listed(self, method: str, path: str) -> tuple[str, ...]:
        try:
            answer = self.send(method, path, {} if method == "POST" else None)
            listed = answer.json() if answer.status_code == 200 else []
        except (Unmet, ValueError):
            return ()
        entries = listed.get("models", []) if isinstance(listed, dict) else listed
        names = (one.get("name") if isinstance(one, dict) else one for one in entries if isinstance(one, dict | str))
        return tuple(dict.fromkeys(str(name) for name in names if name))


class Model:
    """One model of the server: what its metadata says, and a request that it answers."""

    def __init__(self, subject: Subject, name: str, sample: Request | None) -> None:
        self.subject = subject
        self.name = name
        self.path = "/v2/models/" + quote(name, safe="")
        self._sample = sample

    @cached_property
    def metadata(self) -> dict[str, Any]:
        return body_of(self.subject.send("GET", self.path))

    @cached_property
    def inputs(self) -> tuple[Tensor, ...]:
        return self._tensors("inputs")

    @cached_property
    def outputs(self) -> tuple[Tensor, ...]:
        return self._tensors("outputs")

    @cached_property
    def style(self) -> tuple[str, int]:
        """The first style of made-up values that the model answers. Raises Unmet with its first refusal."""
        first = ""
        for style, free in STYLES:
            answer = self.infer(valid(self.inputs, 1, style, free))
            if answer.status_code == 200:
                return style, free
            first = first or f"{answer.status_code} {shown(answer.text, 200)}"
        raise Unmet(f"no request made from the metadata of {self.name!r} is answered with 200: {first}")

    @cached_property
    def version(self) -> str:
        """A version that the server names. Raises Spared when it names none."""
        listed = self.metadata.get("versions")
        given = self.outcome(self.request())[0].get("model_version")
        known = [str(one) for one in listed] if isinstance(listed, list) else []
        if isinstance(given, str) and (given in known or not known):
            return given
        if not known:
            raise Spared("the server has no versions")
        return known[0]

    @property
    def batches(self) -> bool:
        """Whether every input's first dimension may vary."""
        return all(tensor.shape and tensor.shape[0] == -1 for tensor in self.inputs)

    def request(self, rows: int = 1) -> Request:
        """A request that is answered. Raises Unmet; Spared when it cannot have so many rows."""
        if rows > 1 and (self._sample is not None or not self.batches):
            raise Spared("the model's batch is of one size")
        return dict(self._sample) if self._sample is not None else valid(self.inputs, rows, *self.style)

    def infer(self, body: Any, headers: Mapping[str, str] | None = None, version: str | None = None) -> httpx.Response:
        where = f"/versions/{quote(version, safe='')}" if version is not None else ""
        return self.subject.send("POST", f"{self.path}{where}/infer", body, headers)

    def outcome(self, request: Request, version: str | None = None) -> tuple[dict[str, Any], Outputs]:
        """The whole answer and its outputs, checked in themselves. Raises Unmet."""
        body = body_of(self.infer(request, version=version))
        return body, outputs_of(body)

    def _tensors(self, member: str) -> tuple[Tensor, ...]:
        listed = self.metadata.get(member)
        hold(isinstance(listed, list) and bool(listed), f"the metadata of {self.name!r} tells no {member}")
        try:
            return tuple(told(one) for one in listed or [])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unmet(f"the metadata of {self.name!r} tells {member} as {shown(listed)}") from error
