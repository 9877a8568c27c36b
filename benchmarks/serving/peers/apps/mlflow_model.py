"""The model as MLflow keeps it: python mlflow_model.py FILE.onnx FOLDER."""

import shutil
import sys
from pathlib import Path

import mlflow
import onnx

folder = Path(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
mlflow.onnx.save_model(onnx.load(sys.argv[1]), str(folder))
