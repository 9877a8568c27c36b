"""Two linear models for MLServer's own scikit-learn runtime, with the metadata that it serves.

python mlserver_sklearn_models.py FOLDER HTTP_PORT GRPC_PORT METRICS_PORT
"""

import json
import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.linear_model import LinearRegression

WEIGHTS = np.array([[1.0], [2.0], [-1.0], [0.5]], np.float32)


def main(root: Path, http: int, grpc: int, metrics: int) -> None:
    rows = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    for name, bias in (("linear", 0.0), ("other", 3.0)):
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        joblib.dump(LinearRegression().fit(rows, rows @ WEIGHTS + bias), folder / "model.joblib")
        settings = {
            "name": name,
            "implementation": "mlserver_sklearn.SKLearnModel",
            "platform": "sklearn",
            "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}],
            "outputs": [{"name": "predict", "datatype": "FP32", "shape": [-1, 1]}],
            "parameters": {"uri": "./model.joblib", "version": "v1"},
        }
        (folder / "model-settings.json").write_text(json.dumps(settings))
    server = {"host": "127.0.0.1", "http_port": http, "grpc_port": grpc, "metrics_port": metrics}
    (root / "settings.json").write_text(json.dumps(server | {"debug": False, "parallel_workers": 0}))


main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
