"""BentoML with ONNX Runtime. MODEL names the file."""

import os

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1)
class Mlp:
    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["MODEL"], options)

    @bentoml.api
    def predict(self, x: np.ndarray) -> np.ndarray:
        probabilities: np.ndarray = self.session.run(None, {"x": x.astype(np.float32)})[0]
        return probabilities
