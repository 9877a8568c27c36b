"""The steps of the demo, in order. Each does one thing as a user would, and checks what it then says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examples.demo import requests
from examples.demo.cloud import RunningCloud
from examples.demo.shell import Shell
from examples.demo.stage import DemoFailed, Stage

DATA = Path("examples/data")
SPECS = Path("examples/specs")
FIRST_TABLE = DATA / "telco-churn/telco-churn-first-export.csv"
BETTER_TABLE = DATA / "telco-churn/telco-churn.csv"
IMAGES = DATA / "mnist-digits/mnist-digits.zip"
TRAFFIC = DATA / "llm-traffic/llm-requests-10min.csv"
TABLE, DIGITS, RESOURCE = "telco-churn", "mnist-digits", "llm-traffic"
# The bound that docs/architecture.md states for a moved alias, and how long a poll of ours may add to it.
STALENESS_SECONDS, POLL_SECONDS = 10.0, 0.5
ENDED = {"published", "refused", "failed", "cancelled"}


@dataclass
class Walk:
    """What the demo has made so far; `made` holds the answers that the summary is built from."""

    stage: Stage
    shell: Shell
    cloud: RunningCloud
    out: Path
    made: dict[str, Any] = field(default_factory=dict)

    def until(self, what: str, seconds: float, ask: Callable[[], Any]) -> Any:
        """Ask again and again until the answer is not None. Raises DemoFailed when time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = ask()
            if answer is not None:
                return answer
            time.sleep(POLL_SECONDS)
        raise DemoFailed(f"{what} did not happen within {seconds:.0f} s")


def push_specs(walk: Walk) -> None:
    """Two declarative specs: from now on each new dataset version trains by itself."""
    for model in (TABLE, DIGITS):
        walk.shell.lepton("specs", "push", "-f", str(SPECS / f"{model}.yaml"), quiet=True)
    walk.stage.good("two training specs wait for their datasets")


def upload(walk: Walk) -> None:
    """The table by curl and the presigned form, the images by the CLI, which does the same."""
    ask = walk.out / "upload.json"
    ask.write_text(json.dumps({"filename": FIRST_TABLE.name, "bytes": FIRST_TABLE.stat().st_size}))
    ticket = walk.shell.curl(f"{walk.cloud.api_url}/datasets/{TABLE}/uploads", body=ask, expected=201, show=300)
    walk.shell.form(ticket["url"], ticket["fields"], FIRST_TABLE)
    images = walk.shell.lepton("datasets", "push", DIGITS, str(IMAGES), quiet=True)
    receipt = walk.until("ingest of the table", 60, lambda: _receipt(walk, ticket["upload"]))
    walk.stage.check(receipt["state"] == "ready", f"{TABLE}@{receipt['version']}: {receipt['rows']:,} rows")
    walk.stage.check(images["state"] == "ready", f"{DIGITS}@{images['version']}: {images['rows']:,} images")
    walk.made |= {"table": receipt, "images": images}


def _receipt(walk: Walk, upload_id: str) -> dict[str, Any] | None:
    receipt = walk.shell.peek(f"{walk.cloud.api_url}/datasets/{TABLE}/uploads/{upload_id}")
    return None if receipt["state"] == "waiting" else receipt


def show_datasets(walk: Walk) -> None:
    """What ingest set aside, with line and reason, and what it made of the rest."""
    version = walk.made["table"]["version"]
    aside = walk.shell.lepton("datasets", "quarantine", f"{TABLE}@{version}", quiet=True)
    for row in aside["rows"]:
        walk.stage.say(f"line {row['line']}: {row['reason']}: {row['message']}")
    walk.stage.check(len(aside["rows"]) == 7, "7 damaged lines in quarantine, each with its number and reason")
    shown = walk.shell.lepton("datasets", "show", f"{TABLE}@{version}", quiet=True)
    manifest = shown["manifest"]
    walk.stage.say(
        f"splits {manifest['splits']}, {len(manifest['columns'])} typed columns, {manifest['parts'][0]['key']}"
    )
    walk.made["dataset"] = manifest


def follow_training(walk: Walk) -> None:
    """Nobody started these: `Dataset Ready` did. The lines on the left are the jobs' own."""
    for model in (TABLE, DIGITS):
        run = walk.until(f"training of {model}", 150, lambda model=model: _ended(walk, model, 1))  # type: ignore[misc]
        _published(walk, run)
    for model in (TABLE, DIGITS):
        _package(walk, model)


def _ended(walk: Walk, model: str, count: int) -> dict[str, Any] | None:
    runs = walk.shell.peek(f"{walk.cloud.api_url}/training-runs?model={model}")["runs"]
    ended = [run for run in runs if run["state"] in ENDED]
    return ended[0] if len(ended) >= count else None


def _published(walk: Walk, run: dict[str, Any]) -> None:
    if run["state"] != "published":
        raise DemoFailed(f"run {run['run']} is {run['state']}: {run['reason']} {run['log_tail']}")
    walk.stage.good(f"run {run['run']} published {run['model']}@{run['version']}")
    walk.made.setdefault("runs", []).append(run)


def _package(walk: Walk, model: str) -> None:
    version = walk.shell.lepton("models", "show", model, quiet=True)["aliases"][0]["version"]
    shown = walk.shell.lepton("models", "show", model, version, quiet=True)
    manifest, verdict = shown["manifest"], shown["verdict"]
    for check in verdict["checks"]:
        walk.stage.say(f"gate {check['check']}: {_figure(check['figure'])} (bound {_figure(check['bound'])})")
    walk.stage.check(verdict["passed"], f"{model}@{version} is live: {_figures(manifest)}")
    walk.made.setdefault("packages", []).append(manifest)


def _figure(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _figures(manifest: dict[str, Any]) -> str:
    measured = manifest["measurements"]
    metric = measured["primary_metric"]
    return f"{metric} {measured['metrics'][metric]:.4f}, {measured['size_bytes'] / 1e3:,.0f} kB of ONNX"


def predict(walk: Walk) -> None:
    """The Open Inference Protocol for both models, and a raw PNG as the body."""
    api, table = walk.cloud.api_url, walk.made["packages"][0]
    customer, png, digit = walk.out / "customer.json", walk.out / "digit.png", walk.out / "digit.json"
    requests.customer_request(BETTER_TABLE, table["signature"], 2_600, customer)
    truth = requests.digit_png(IMAGES, png)
    requests.digit_request(png, digit)
    answer = walk.shell.curl(f"{api}/v2/models/{TABLE}/infer", body=customer)
    walk.stage.check(answer["model_version"] == table["version"], "the answer names its model and version")
    walk.shell.curl(f"{api}/v2/models/{DIGITS}/infer", body=digit, show=400)
    seen = walk.shell.curl(f"{api}/models/{DIGITS}/invocations", body=png, content_type="image/png")
    label = seen["predictions"][0]["label"]
    walk.stage.check(label == truth, f"the raw PNG of a {truth} is read as {label} by {DIGITS}@{seen['model_version']}")


def better_data(walk: Walk) -> None:
    """A second, better version of the table: retraining runs by itself and `live` moves with no restart."""
    before = walk.made["packages"][0]["version"]
    walk.made["better"] = walk.shell.lepton("datasets", "push", TABLE, str(BETTER_TABLE), quiet=True)
    run = walk.until("retraining", 120, lambda: _ended(walk, TABLE, 2))
    _published(walk, run)
    _package(walk, TABLE)
    seconds = _served(walk, run["version"])
    walk.stage.check(
        seconds <= STALENESS_SECONDS, f"live moved {before} -> {run['version']}, served {seconds:.1f} s later"
    )


def roll_back(walk: Walk) -> None:
    """One command; the running function follows within the stated staleness bound."""
    first = walk.made["packages"][0]["version"]
    alias = walk.shell.lepton("models", "rollback", TABLE, quiet=True)
    walk.stage.check(alias["version"] == first, f"generation {alias['generation']} of live is {alias['version']} again")
    seconds = _served(walk, first)
    walk.made["rollback_seconds"] = seconds
    walk.stage.check(seconds <= STALENESS_SECONDS, f"served {seconds:.1f} s later (bound {STALENESS_SECONDS:.0f} s)")


def _served(walk: Walk, version: str) -> float:
    began = time.monotonic()

    def ask() -> float | None:
        answer = walk.shell.peek(f"{walk.cloud.api_url}/v2/models/{TABLE}/infer", walk.out / "customer.json")
        return time.monotonic() - began if answer["model_version"] == version else None

    return float(walk.until(f"serving of {version}", STALENESS_SECONDS + 5, ask))


def capacity(walk: Walk) -> None:
    """Fourteen days of real traffic in, a plan with dollars and risk out, and a picture of it."""
    chart = walk.out / "capacity.svg"
    words = ["capacity", "advise", RESOURCE, "--from", str(TRAFFIC), "--service-seconds", "0.06"]
    plan = walk.shell.lepton(*words, "--memory-mb", "1024", "--chart", str(chart), quiet=True)
    for reason in plan["reasons"]:
        walk.stage.say(reason)
    walk.stage.check(chart.read_text().lstrip().startswith("<"), f"chart: {chart}")
    walk.made["plan"] = plan


STEPS: tuple[tuple[str, Callable[[Walk], None]], ...] = (
    ("Say what to train", push_specs),
    ("Upload a dirty table and a zip of images", upload),
    ("Look at what ingest made of them", show_datasets),
    ("Training starts by itself", follow_training),
    ("Predict over HTTP", predict),
    ("Upload better data: retrained and live, no restart", better_data),
    ("Roll back", roll_back),
    ("Plan capacity from real traffic", capacity),
)
