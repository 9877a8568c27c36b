"""The ONNX graph of a model: columns or an image in, a label with probabilities or a number out.

table   inputs ─► impute, scale, flag, one-hot (from a FeaturePlan) ─► features ─► model ─► scores ─► head
image   input  ─► normalise, network (exported by torch) ─► scores ─► head
head    classification: softmax ─► probabilities (N, C), arg max ─► class name ─► label (N,)
        regression: prediction (N,)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from lepton.model_package.manifest import Signature
from trainer.dataset import Array
from trainer.features import FeaturePlan

OPSET, ML_OPSET, IR_VERSION = 18, 3, 10
# Names inside the graph begin so, that no column's name is like them.
INSIDE = "lepton/"
FEATURES, SCORES = INSIDE + "features", INSIDE + "scores"
_TYPES = {"FP32": TensorProto.FLOAT, "BYTES": TensorProto.STRING, "UINT8": TensorProto.UINT8}

Nodes = list[onnx.NodeProto]


def constant(name: str, value: Array) -> onnx.NodeProto:
    """A node that gives this array."""
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value, name))


def text_constant(name: str, values: Sequence[str]) -> onnx.NodeProto:
    """A node that gives these strings, shape (n,)."""
    tensor = helper.make_tensor(name, TensorProto.STRING, [len(values)], [value.encode() for value in values])
    return helper.make_node("Constant", [], [name], value=tensor)


def feature_nodes(plan: FeaturePlan) -> Nodes:
    """The plan as nodes that end in FEATURES, float32 (N, F)."""
    nodes: Nodes = []
    blocks: list[str] = []
    if plan.numbers:
        nodes += _number_nodes(plan)
        blocks.append(INSIDE + "numbers")
    if plan.flagged:
        nodes += [
            helper.make_node("Concat", list(plan.flagged), [INSIDE + "flaggable"], axis=1),
            helper.make_node("IsNaN", [INSIDE + "flaggable"], [INSIDE + "missing"]),
            helper.make_node("Cast", [INSIDE + "missing"], [INSIDE + "flags"], to=TensorProto.FLOAT),
        ]
        blocks.append(INSIDE + "flags")
    if plan.texts:
        nodes += _text_nodes(plan)
        blocks.append(INSIDE + "categories")
    return [*nodes, helper.make_node("Concat", blocks, [FEATURES], axis=1)]


def _number_nodes(plan: FeaturePlan) -> Nodes:
    raw, filled, done = INSIDE + "raw", INSIDE + "filled", INSIDE + "numbers"
    nodes = [
        helper.make_node("Concat", [column.name for column in plan.numbers], [raw], axis=1),
        helper.make_node(
            "Imputer",
            [raw],
            [filled if plan.scaled else done],
            domain="ai.onnx.ml",
            imputed_value_floats=[column.fill for column in plan.numbers],
            replaced_value_float=float("nan"),
        ),
    ]
    if plan.scaled:
        nodes.append(
            helper.make_node(
                "Scaler",
                [filled],
                [done],
                domain="ai.onnx.ml",
                offset=[column.offset for column in plan.numbers],
                scale=[column.scale for column in plan.numbers],
            )
        )
    return nodes


def _text_nodes(plan: FeaturePlan) -> Nodes:
    nodes: Nodes = []
    for index, column in enumerate(plan.texts):
        nodes.append(
            helper.make_node(
                "OneHotEncoder",
                [column.name],
                [f"{INSIDE}category/{index}"],  # (N, 1, categories)
                domain="ai.onnx.ml",
                cats_strings=list(column.categories),
                zeros=1,
            )
        )
    width = sum(len(column.categories) for column in plan.texts)
    parts = [node.output[0] for node in nodes]
    return [
        *nodes,
        helper.make_node("Concat", parts, [INSIDE + "stacked"], axis=2),
        constant(INSIDE + "width", np.array([-1, width], dtype=np.int64)),
        helper.make_node("Reshape", [INSIDE + "stacked", INSIDE + "width"], [INSIDE + "categories"]),
    ]


def linear_nodes(weights: Array, bias: Array) -> Nodes:
    """FEATURES (N, F) to SCORES (N, K) = FEATURES · weights (F, K) + bias (K,), in float32."""
    return [
        constant(INSIDE + "weights", weights.astype(np.float32)),
        constant(INSIDE + "bias", bias.astype(np.float32)),
        helper.make_node("Gemm", [FEATURES, INSIDE + "weights", INSIDE + "bias"], [SCORES]),
    ]


def class_nodes(classes: Sequence[str]) -> Nodes:
    """SCORES (N, C) to `probabilities` and `label`; of equal probabilities the first class wins."""
    return [
        helper.make_node("Softmax", [SCORES], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], [INSIDE + "best"], axis=1, keepdims=0),
        text_constant(INSIDE + "classes", classes),
        helper.make_node("Gather", [INSIDE + "classes", INSIDE + "best"], ["label"]),
    ]


def number_nodes() -> Nodes:
    """SCORES (N, 1) to `prediction` (N,)."""
    return [
        constant(INSIDE + "flat", np.array([-1], dtype=np.int64)),
        helper.make_node("Reshape", [SCORES, INSIDE + "flat"], ["prediction"]),
    ]


def graph_bytes(nodes: Nodes, signature: Signature, weights: Sequence[TensorProto] = ()) -> bytes:
    """The finished model: checked, and the same bytes for the same content."""

    def info(spec_name: str, datatype: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
        sizes = ["batch" if size == -1 else size for size in shape]
        return helper.make_tensor_value_info(spec_name, _TYPES[datatype], sizes)

    graph = helper.make_graph(
        nodes,
        "lepton",
        [info(spec.name, spec.datatype, spec.shape) for spec in signature.inputs],
        [info(spec.name, spec.datatype, spec.shape) for spec in signature.outputs],
        initializer=list(weights),
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="lepton")
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))
