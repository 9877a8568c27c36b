"""Run by test_imports in a process of its own: imports one file and tells what that did, as JSON on its last line.

argv: the path of the file, and the folder whose lines must not read the environment.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path


class Watched(dict):  # type: ignore[type-arg]
    """An environment that remembers which lines of ours asked it for something."""

    readers: tuple[str, ...] = ()

    def _note(self) -> None:
        asker = sys._getframe(2).f_code.co_filename
        if asker.startswith(sys.argv[2]) and "/.venv/" not in asker:
            Watched.readers += (f"{asker}:{sys._getframe(2).f_lineno}",)

    def __getitem__(self, key):  # type: ignore[no-untyped-def]
        self._note()
        return super().__getitem__(key)

    def get(self, key, default=None):  # type: ignore[no-untyped-def]
        self._note()
        return super().get(key, default)


os.environ = Watched(os.environ)  # type: ignore[assignment]  # noqa: B003
spec = importlib.util.spec_from_file_location("handler", sys.argv[1])
assert spec
assert spec.loader
spec.loader.exec_module(importlib.util.module_from_spec(spec))
clients = sys.modules.get("lepton.aws.clients")
makers = [getattr(clients, name) for name in ("s3", "batch", "eventbridge", "cloudwatch")] if clients else []
told = {
    "modules": sorted(sys.modules),
    "readers": Watched.readers,
    "clients": sum(maker.cache_info().currsize for maker in makers),
    "threads": len(list(Path("/proc/self/task").iterdir())),
}
sys.stdout.write("\n" + json.dumps(told))
