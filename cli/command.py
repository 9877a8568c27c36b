"""One way to make a command: its own parameters, and after them those that every command has.

A command is a function whose first parameter is the Session. Expected errors end here: shown once, with the exit
code of their class. The common options may also stand before the command's name (`lepton --json runs list`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

import lepton
from cli.failures import exit_code
from cli.session import opened
from cli.target import Choice
from lepton.errors import LeptonError

_PANEL = "Target and output"


def _option(*names: str, help: str, metavar: str | None = None) -> Any:  # typer's word
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel=_PANEL)


Api = Annotated[str | None, _option("--api", metavar="URL", help="The API's root URL.")]
Stack = Annotated[str | None, _option("--stack", metavar="NAME", help="The CloudFormation stack to talk to.")]
Local = Annotated[bool, _option("--localstack", help="The stack in LocalStack (LOCALSTACK_HOST).")]
Region = Annotated[str | None, _option("--region", metavar="REGION", help="The stack's AWS region.")]
Json = Annotated[bool, _option("--json", help="One JSON value on standard output.")]
_COMMON: dict[str, Any] = {"api": Api, "stack": Stack, "localstack": Local, "region": Region, "as_json": Json}
_FLAGS = ("localstack", "as_json")


def command(app: typer.Typer, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as the command `name` of `app`; the function itself stays as it is."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        def run(context: typer.Context, **given: Any) -> None:
            common: dict[str, Any] = {key: given.pop(key) or (context.obj or {}).get(key) for key in _COMMON}
            as_json = bool(common.pop("as_json"))
            with opened(as_json=as_json, choice=Choice(**common)) as session:
                try:
                    function(session, **given)
                except LeptonError as error:
                    session.screen.failed(error)
                    raise typer.Exit(exit_code(error)) from error

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        _describe(run, function.__name__, function.__doc__, own)
        app.command(name)(run)
        return function

    return register


def root(app: typer.Typer) -> None:
    """Let the common options stand before the command too, and add `--version`."""

    def callback(context: typer.Context, **given: Any) -> None:
        context.obj = {key: given[key] for key in _COMMON}

    version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")]
    own = [inspect.Parameter("version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=version)]
    _describe(callback, "root", None, own)
    app.callback()(callback)


def _describe(run: Any, name: str, doc: str | None, own: list[inspect.Parameter]) -> None:
    """Give `run` the name, the help and the parameters that typer shall see: context, its own, the common ones."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    context = inspect.Parameter("context", keyword, annotation=typer.Context)
    common = [
        inspect.Parameter(key, keyword, default=False if key in _FLAGS else None, annotation=annotation)
        for key, annotation in _COMMON.items()
    ]
    run.__name__, run.__doc__, run.__annotations__ = name, doc, {}
    run.__signature__ = inspect.Signature([context, *(one.replace(kind=keyword) for one in own), *common])


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lepton {lepton.__version__}")
        raise typer.Exit
