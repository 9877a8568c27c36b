"""The client needs httpx and nothing else of what Lepton is made of."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"boto3", "botocore", "pydantic", "numpy", "yaml", "aws_lambda_powertools"}:
            raise ImportError(name)
sys.meta_path.insert(0, Nothing())
import lepton.client
from lepton.client.inference import numpy_is_there
print(sorted(name for name in sys.modules if name.startswith("lepton") and "client" not in name))
"""


def test_it_is_imported_without_any_other_library() -> None:
    ran = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "['lepton', 'lepton.errors']"
