"""JSON schemas of the Open Inference Protocol's bodies, and of the other forms that predictions are asked for in.

A model's own document narrows `InferenceRequest`, `InferenceResponse`, `Row` and `Prediction` to its signature.
"""

from __future__ import annotations

from typing import Any, get_args

from lepton.model_package.manifest import Datatype

Schema = dict[str, Any]
DATATYPES = list(get_args(Datatype))
TEXT: Schema = {"type": "string"}
PARAMETERS: Schema = {"type": "object", "additionalProperties": True}


_ROW = {"tenure": 1, "Contract": "Month-to-month"}
_REQUEST_EXAMPLE: Schema = {
    "inputs": [
        {"name": "tenure", "datatype": "FP32", "shape": [1, 1], "data": [1]},
        {"name": "Contract", "datatype": "BYTES", "shape": [1, 1], "data": ["Month-to-month"]},
    ]
}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def record(description: str, required: str, /, **properties: Schema) -> Schema:
    """An object; `required` names members with spaces between."""
    told = {"type": "object", "description": description, "properties": properties}
    return told | ({"required": required.split()} if required else {})


def listed(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_SHAPE = listed({"type": "integer", "minimum": 0}) | {"description": "The first dimension is the batch."}
_SPEC_SHAPE = listed({"type": "integer", "minimum": -1}) | {"description": "-1: of any size."}
_DATATYPE: Schema = {"type": "string", "enum": DATATYPES}
_DATA: Schema = {
    "type": "array",
    "items": {},
    "description": "Row-major, flat or nested. A missing number is null, a missing text is empty.",
}
_TENSOR: dict[str, Schema] = {
    "name": TEXT,
    "shape": _SHAPE,
    "datatype": _DATATYPE,
    "parameters": PARAMETERS,
    "data": _DATA,
}

SCHEMAS: dict[str, Schema] = {
    "Error": record(
        "Every error of the API.",
        "error request_id",
        error=TEXT | {"description": "What is wrong, for a person."},
        code=TEXT | {"description": "What is wrong, for a program."},
        pointer=TEXT | {"description": "JSON pointer (RFC 6901) or file:line into what was sent."},
        hint=TEXT | {"description": "What to do about it."},
        request_id=TEXT | {"description": "Find the log lines by it."},
    ),
    "ServerMetadata": record(
        "What answers.", "name version extensions", name=TEXT, version=TEXT, extensions=listed(TEXT)
    ),
    "Live": record("Whether it is there.", "live", live={"type": "boolean"}),
    "Ready": record("Whether it can answer.", "ready", ready={"type": "boolean"}),
    "Pong": record("Whether it can answer.", "status", status=TEXT),
    "ServedModel": record("A model with a live version.", "name version state", name=TEXT, version=TEXT, state=TEXT),
    "ServedModelList": record("Every model with a live version.", "models", models=listed(ref("ServedModel"))),
    "ModelReady": record(
        "Whether a version answers.", "name version ready", name=TEXT, version=TEXT, ready={"type": "boolean"}
    ),
    "TensorMetadata": record(
        "One input or output.",
        "name datatype shape",
        name=TEXT,
        datatype=_DATATYPE,
        shape=_SPEC_SHAPE,
        parameters=PARAMETERS | {"description": "nullable, categories, closed"},
    ),
    "ModelMetadata": record(
        "What a model takes and gives.",
        "name versions platform inputs outputs",
        name=TEXT,
        versions=listed(TEXT),
        platform=TEXT,
        inputs=listed(ref("TensorMetadata")),
        outputs=listed(ref("TensorMetadata")),
        parameters=PARAMETERS | {"description": "task, classes, version, image"},
    ),
    "InputTensor": record("One input.", "name shape datatype", **_TENSOR),
    "OutputTensor": record("One output.", "name shape datatype", **_TENSOR),
    "RequestedOutput": record("An output that is wanted.", "name", name=TEXT, parameters=PARAMETERS),
    "InferenceRequest": record(
        "A request of the Open Inference Protocol v2.",
        "inputs",
        id=TEXT | {"description": "Given back with the answer."},
        parameters=PARAMETERS,
        inputs=listed(ref("InputTensor")),
        outputs=listed(ref("RequestedOutput")) | {"description": "Without it, all of them."},
    )
    | {"examples": [_REQUEST_EXAMPLE]},
    "InferenceResponse": record(
        "An answer of the Open Inference Protocol v2.",
        "model_name model_version outputs",
        model_name=TEXT,
        model_version=TEXT,
        id=TEXT,
        parameters=PARAMETERS,
        outputs=listed(ref("OutputTensor")),
    ),
    "Row": {
        "type": "object",
        "additionalProperties": True,
        "description": "A row of a table: a value for each column.",
    },
    "Prediction": {"description": "What the model says of one row: an object, or a figure."},
    "Invocation": {
        "description": "Rows in one of MLflow's forms. Columns that the model does not use are passed over.",
        "examples": [{"dataframe_records": [_ROW]}],
        "oneOf": [
            record(
                "Columns once, then rows.",
                "dataframe_split",
                dataframe_split=record(
                    "", "columns data", columns=listed(TEXT), index=listed({}), data=listed(listed({}))
                ),
            ),
            record("A record for each row.", "dataframe_records", dataframe_records=listed(ref("Row"))),
            record("A record for each row.", "instances", instances=listed({"anyOf": [ref("Row"), {}]})),
            record("A list for each column.", "inputs", inputs={}),
        ],
    },
    "InvocationAnswer": record(
        "A prediction for each row.",
        "predictions model_name model_version",
        predictions=listed(ref("Prediction")),
        model_name=TEXT,
        model_version=TEXT,
        id=TEXT,
        ignored_columns=listed(TEXT),
        warnings=listed(TEXT),
    ),
    "OpenApi": {"type": "object", "description": "An OpenAPI 3.1 document."},
}
