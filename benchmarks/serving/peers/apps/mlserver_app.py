"""A runtime for MLServer over ONNX Runtime: what its own scikit-learn runtime is for scikit-learn."""

from typing import Any

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri


class OnnxModel(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(await get_model_uri(self.settings), options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        given: dict[str, Any] = {one.name: self.decode(one, default_codec=NumpyCodec) for one in payload.inputs}
        arrays = self.session.run(None, given)
        outputs = [
            NumpyCodec.encode_output(one.name, array)
            for one, array in zip(self.session.get_outputs(), arrays, strict=True)
        ]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)
