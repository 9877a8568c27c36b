"""Ray Serve with ONNX Runtime: python ray_app.py PORT. MODEL names the file."""

import os
import sys
import time
from typing import Any

import numpy as np
import onnxruntime
import ray
from ray import serve
from starlette.requests import Request


@serve.deployment(ray_actor_options={"num_cpus": 0.5})
class Mlp:
    def __init__(self, path: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options)

    async def __call__(self, request: Request) -> dict[str, Any]:
        rows = np.array((await request.json())["x"], np.float32)
        (probabilities,) = self.session.run(None, {"x": rows})
        return {"probabilities": probabilities.tolist()}


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Mlp.bind(os.environ["MODEL"]), route_prefix="/predict")
    while True:
        time.sleep(3600)
