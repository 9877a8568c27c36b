"""`python -m trainer`: the entry point of the Batch job. LEPTON_RUN and LAKE_BUCKET say what to do.

Exit codes (sysexits.h; the job definition's retry strategy reads them): 0 a package is in the lake, 64 bad spec,
65 bad data, 66 missing input, 70 a bug, 75 try again, 78 the deployment is at fault.
"""

from __future__ import annotations

import os
import sys

# Read once, when NumPy, torch and LightGBM load their thread pools. Threads that wait for work must not spin: on
# shared cores that costs more than the work. One BLAS thread, so that sums have one order on every machine.
QUIET_THREADS = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "KMP_BLOCKTIME": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_CBWR": "COMPATIBLE",
}


def main() -> int:
    """Train what the environment names; the process's exit code."""
    for name, value in QUIET_THREADS.items():
        os.environ.setdefault(name, value)
    from trainer.run import run_job

    return run_job(os.environ)


if __name__ == "__main__":
    sys.exit(main())
