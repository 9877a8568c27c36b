"""The `lepton` command."""

from __future__ import annotations

import typer

from cli import capacity, datasets, doctor, jobs, models, predict, replay, rollouts, runs, serve, specs, train
from cli.command import root
from cli.conformance import command as conformance

EXIT_CODES = {
    0: "ok",
    1: "a run failed or was refused",
    2: "wrong usage",
    64: "bad request",
    65: "bad data",
    66: "not found",
    69: "target unreachable",
    70: "server error",
    75: "try again",
    77: "not permitted",
    78: "the deployment is misconfigured",
}

app = typer.Typer(
    name="lepton",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Data in, one ONNX graph out, served, watched and planned: in your own AWS account, or on this machine.",
    epilog="Exit codes: " + ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
)
root(app)
doctor.register(app)
app.add_typer(datasets.app, name="datasets")
app.add_typer(specs.app, name="specs")
train.register(app)
app.add_typer(runs.app, name="runs")
models.app.add_typer(rollouts.rollout, name="rollout")
app.add_typer(models.app, name="models")
predict.register(app)
jobs.register(app)
replay.register(app)
app.add_typer(capacity.app, name="capacity")
serve.register(app)
conformance.register(app)


def run() -> None:
    """The entry point."""
    app(prog_name="lepton")
