"""A model of images, from its splits to its graph. The only way from here to torch's exporter."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping
from importlib.metadata import version

import onnx
import torch

from lepton.dataset.manifest import ImageFormat
from lepton.training.algorithms import CnnParameters
from lepton.training.spec import TrainingSpec
from trainer.checkpoint import Checkpoints
from trainer.cnn import EVALUATE_BATCH, Cnn, CnnTraining, train_cnn
from trainer.dataset import Array, Splits
from trainer.graph import INSIDE, OPSET, SCORES, class_nodes, graph_bytes
from trainer.images import INPUT, image_signature
from trainer.progress import Watch
from trainer.trained import Trained


def train_images(
    spec: TrainingSpec, form: ImageFormat, splits: Splits, checkpoints: Checkpoints, watch: Watch
) -> Trained:
    """Raises Unavailable when stopped."""
    parameters = spec.parameters()
    assert isinstance(parameters, CnnParameters)  # noqa: S101  # spec and dataset were held against each other
    training = CnnTraining(form, parameters, spec.seed, spec.resources.vcpus, device_for(spec))
    net, curve = train_cnn(training, splits, checkpoints, watch)
    signature = image_signature(form, splits.classes)
    watch.say("exports the network to ONNX")
    exported = network_graph(net, form)

    def scores(inputs: Mapping[str, Array]) -> Array:
        parts = torch.from_numpy(inputs[INPUT]).split(EVALUATE_BATCH)
        with torch.no_grad():
            array: Array = torch.cat([torch.softmax(net(part), dim=1) for part in parts]).numpy()
        return array

    return Trained(
        onnx=graph_bytes([*exported.node, *class_nodes(splits.classes)], signature, exported.initializer),
        signature=signature,
        scores=scores,
        curve=curve,
        libraries={name: version(name) for name in ("numpy", "onnx", "torch", "onnxscript")},
    )


def device_for(spec: TrainingSpec) -> str:
    """A GPU when the spec asks for one and the job has one."""
    return "cuda" if spec.resources.gpus and torch.cuda.is_available() else "cpu"


def network_graph(net: Cnn, form: ImageFormat) -> onnx.GraphProto:
    """INPUT uint8 (N, H, W, C) to SCORES float32 (N, classes), without the traces of where it was exported."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # speaks of torchvision, which is not needed
    example = torch.zeros((2, form.height, form.width, form.channels), dtype=torch.uint8)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own deprecations, in its own code
        torch.onnx.export(
            net,
            (example,),
            buffer,
            dynamo=True,
            verbose=False,
            external_data=False,
            input_names=[INPUT],
            output_names=[SCORES],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            opset_version=OPSET,
        )
    graph = onnx.load_from_string(buffer.getvalue()).graph
    kept = {INPUT, SCORES}
    for node in graph.node:
        node.input[:] = [_inside(name, kept) for name in node.input]
        node.output[:] = [_inside(name, kept) for name in node.output]
        node.name, node.doc_string = "", ""
        del node.metadata_props[:]
    for tensor in graph.initializer:
        tensor.name, tensor.doc_string = _inside(tensor.name, kept), ""
        del tensor.metadata_props[:]
    return graph


def _inside(name: str, kept: set[str]) -> str:
    return name if name in kept or not name else INSIDE + "net/" + name
