"""FastAPI with ONNX Runtime, as its tutorials have it: a pydantic model in, a dict out. MODEL names the file."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL"], options)
app = FastAPI()


class Rows(BaseModel):
    x: list[list[float]]


@app.post("/predict")
async def predict(rows: Rows) -> dict[str, list[list[float]]]:
    (probabilities,) = session.run(None, {"x": np.array(rows.x, np.float32)})
    return {"probabilities": probabilities.tolist()}
