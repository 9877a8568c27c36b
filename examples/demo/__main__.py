"""`make demo`: start the local cloud, walk the loop, sum up. Exits non-zero if anything failed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from examples.demo.cloud import running_cloud
from examples.demo.shell import Shell
from examples.demo.stage import DemoFailed, Stage
from examples.demo.steps import STEPS, Walk
from examples.demo.summary import summarise

STATE, OUT = Path(".lepton/demo"), Path("build/demo")


def main() -> int:
    """Run every step in order; the first that fails ends the demo and is named."""
    stage = Stage(len(STEPS) + 1)
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        with stage.open(), stage.step("Start the local cloud"), running_cloud(stage, STATE) as cloud:
            stage.good(f"API {cloud.api_url}, AWS endpoint {cloud.endpoint_url}, state {STATE}")
            shell = Shell(stage, {"LEPTON_STATE_DIR": str(STATE)})
            walk = Walk(stage, shell, cloud, OUT)
            for title, step in STEPS:
                with stage.step(title):
                    step(walk)
            summary = summarise(walk)
    except DemoFailed as failure:
        stage.bad(str(failure))
        return 1
    except KeyboardInterrupt:
        stage.bad("interrupted")
        return 130
    (OUT / "summary.json").write_text(json.dumps(summary, indent=1, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main())
