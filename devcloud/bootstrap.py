"""What an execution environment starts with: `python -I -S bootstrap.py FOLDERS HANDLER`.

The interpreter is isolated, so that only the standard library is importable; FOLDERS (a JSON list, the function's own
code first) are put before it, and AWS's runtime client takes over.
"""

from __future__ import annotations

import json
import sys

if __name__ == "__main__":
    _, folders, handler = sys.argv
    sys.path[:0] = json.loads(folders)
    sys.argv = ["awslambdaric", handler]
    from awslambdaric.__main__ import main

    main(sys.argv)
