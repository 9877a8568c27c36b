"""KServe's own server with models over ONNX Runtime, as its documentation has custom models.

python kserve_app.py PORT NAME=FILE.onnx...
"""

import sys
from typing import Any

import onnxruntime
from kserve import InferOutput, InferResponse, Model, ModelServer
from kserve.utils.utils import generate_uuid


class OnnxModel(Model):
    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        self.path = path
        self.ready = False

    def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(self.path, options)
        self.ready = True
        return True

    async def get_input_types(self) -> list[dict[str, Any]]:
        return [_told(one) for one in self.session.get_inputs()]

    async def get_output_types(self) -> list[dict[str, Any]]:
        return [_told(one) for one in self.session.get_outputs()]

    async def predict(self, payload: Any, headers: Any = None, response_headers: Any = None) -> InferResponse:  # noqa: ARG002
        arrays = self.session.run(None, {one.name: one.as_numpy() for one in payload.inputs})
        outputs = []
        for one, array in zip(self.session.get_outputs(), arrays, strict=True):
            output = InferOutput(one.name, list(array.shape), "FP32")
            output.set_data_from_numpy(array, binary_data=False)
            outputs.append(output)
        return InferResponse(payload.id or generate_uuid(), self.name, outputs)


def _told(one: Any) -> dict[str, Any]:
    return {
        "name": one.name,
        "datatype": "FP32",
        "shape": [size if isinstance(size, int) else -1 for size in one.shape],
    }


if __name__ == "__main__":
    port = int(sys.argv[1])
    models = [OnnxModel(*word.split("=", 1)) for word in sys.argv[2:]]
    for model in models:
        model.load()
    ModelServer(http_port=port, enable_grpc=False, workers=1).start(models)
