"""Both clients are one: the same methods, with the same arguments."""

from __future__ import annotations

import inspect

from lepton.client import AsyncClient, Client


def _methods(client: type) -> dict[str, list[str]]:
    public = {name: it for name, it in vars(client).items() if not name.startswith("_") and callable(it)}
    return {name: [str(one) for one in inspect.signature(it).parameters.values()] for name, it in public.items()}


def test_the_one_that_blocks_and_the_one_that_does_not_have_the_same_methods() -> None:
    assert _methods(Client) == _methods(AsyncClient)
    assert len(_methods(Client)) > 25


def test_every_method_of_the_asynchronous_one_is_awaited() -> None:
    methods = [getattr(AsyncClient, name) for name in _methods(AsyncClient)]
    assert all(inspect.iscoroutinefunction(method) for method in methods)
