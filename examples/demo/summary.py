"""The end of the demo: what was made, how good, how long, what it would cost, where it lies, what to do next."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from examples.demo.costs import lambda_costs
from examples.demo.steps import DIGITS, TABLE, Walk


def summarise(walk: Walk) -> dict[str, Any]:
    """Print the table, and return the same figures as a value."""
    functions, prices = lambda_costs(walk.cloud.endpoint_url)
    training = sum(run["cost_usd"] or 0 for run in walk.made["runs"])
    serving = sum(one.usd for one in functions)
    console = walk.stage.console
    console.print()
    console.print(_table(walk))
    calls = sum(one.invocations for one in functions)
    console.print(
        f"AWS would have charged ${training:.6f} for {len(walk.made['runs'])} Batch jobs and ${serving:.6f} "
        f"for {calls} Lambda calls: durations measured here x the price list of {prices.region}, written down on "
        f"{prices.as_of}; storage and requests to S3 are not counted."
    )
    console.print(f"All of it took {walk.stage.elapsed:.0f} s here.", highlight=False)
    _next_commands(walk)
    return {
        "seconds": walk.stage.elapsed,
        "steps": walk.stage.durations,
        "training_usd": training,
        "lambda_usd": serving,
        "functions": [vars(one) for one in functions],
        "made": walk.made,
    }


def _table(walk: Walk) -> Table:
    made, table = walk.made, Table(title="What was made", title_justify="left")
    for heading in ("what", "how good", "how long", "on AWS", "where"):
        table.add_column(heading, overflow="fold")
    for name, receipt in ((TABLE, made["table"]), (DIGITS, made["images"]), (TABLE, made["better"])):
        good = f"{receipt['rows']:,} rows, {receipt['quarantined']} set aside"
        table.add_row(
            f"dataset {name}@{receipt['version']}", good, "", "", f"lake: datasets/{name}/{receipt['version']}/"
        )
    for run, manifest in zip(made["runs"], made["packages"], strict=True):
        measured = manifest["measurements"]
        metric = measured["primary_metric"]
        good = f"{metric} {measured['metrics'][metric]:.4f} on test rows, {measured['parity']['flips']} flips in ONNX"
        if (live := measured["live"]) is not None:
            good += f"; {live['difference']:+.4f} [{live['low']:+.4f}, {live['high']:+.4f}] over live on the same rows"
        where = f"lake: models/{manifest['model']}/{manifest['version']}/"
        cost = f"${run['cost_usd']:.6f}" if run["cost_usd"] is not None else "?"
        took = f"{manifest['trained_seconds']:.1f} s"
        table.add_row(f"model {manifest['model']}@{manifest['version']}", good, took, cost, where)
    table.add_row(*_plan_row(walk))
    return table


def _plan_row(walk: Walk) -> tuple[str, str, str, str, str]:
    plan = walk.made["plan"]
    ours = next(one for one in plan["outcomes"] if one["choice"] == "plan")
    nothing = next(one for one in plan["outcomes"] if one["choice"] == "do_nothing")
    risk = (
        f"{ours['cold_starts_per_day']:,.0f} cold starts a day (nothing done: {nothing['cold_starts_per_day']:,.0f}); "
        f"a request waits with p = {ours['breach_probability']:.1e}"
    )
    cost = f"${ours['cost_usd_per_day']:,.2f} a day (nothing done: ${nothing['cost_usd_per_day']:,.2f})"
    return f"capacity plan {plan['plan']}: {plan['action']}", risk, "", cost, str(walk.out / "capacity.svg")


def _next_commands(walk: Walk) -> None:
    console = walk.stage.console
    version = walk.made["packages"][-1]["version"]
    console.print(
        f"\nFiles and pages: {walk.out}/ (requests, capacity.svg, summary.json), the lake in {walk.cloud.state}/"
    )
    console.print("Go on with the same state:")
    for line in (
        f"make up ARGS='--state {walk.cloud.state}'              # the cloud again, in another terminal",
        f"export LEPTON_STATE_DIR={walk.cloud.state}",
        ". .venv/bin/activate",
        "lepton models list",
        f"lepton models promote {TABLE} {version}",
        f"lepton predict {DIGITS} --file {walk.out}/digit.png",
    ):
        console.print(f"  {line}", markup=False, highlight=False)
