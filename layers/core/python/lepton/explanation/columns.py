"""Columns of a request and of the reference as features, in float32 and in the graph's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lepton.explanation.explainer import Encoding, Explainer, NumberEncoding, TextEncoding
from lepton.model_package.manifest import Signature, TensorSpec

Array = NDArray[Any]


def features(encoding: Encoding, columns: Mapping[str, Array]) -> Array:
    """Columns of shape (N, 1) to features, float32 (N, F)."""
    return np.concatenate(
        [
            *(_number(number, columns[number.name]) for number in encoding.numbers),
            *(np.isnan(columns[n.name]).astype(np.float32) for n in encoding.numbers if n.flagged),
            *(_one_hot(text, columns[text.name]) for text in encoding.texts),
        ],
        axis=1,
    )


def column_of_feature(encoding: Encoding) -> tuple[str, ...]:
    """The column that each feature is made of, in the features' order."""
    return (
        *(number.name for number in encoding.numbers),
        *(number.name for number in encoding.numbers if number.flagged),
        *(text.name for text in encoding.texts for _ in text.categories),
    )


def feature_names(encoding: Encoding) -> tuple[str, ...]:
    """Each feature in words."""
    return (
        *(number.name for number in encoding.numbers),
        *(f"{number.name} is missing" for number in encoding.numbers if number.flagged),
        *(f"{text.name} = {value}" for text in encoding.texts for value in text.categories),
    )


def reference_columns(explainer: Explainer | None, signature: Signature) -> dict[str, Array]:
    """The reference rows, (R, 1) for each input; without an explainer one row of nothing."""
    if explainer is None:
        return {spec.name: blank(spec) for spec in signature.inputs}
    made: dict[str, Array] = {}
    for spec in signature.inputs:
        values = explainer.reference[spec.name]
        if spec.datatype == "BYTES":
            made[spec.name] = np.array(values, dtype=object).reshape(-1, 1)
        else:
            known = [np.nan if value is None else value for value in values]
            made[spec.name] = np.array(known, dtype=np.float32).reshape(-1, 1)
    return made


def blank(spec: TensorSpec) -> Array:
    """One row about which nothing is known: missing where that is allowed, else zero or the first category."""
    sizes = (1, *(1 if size == -1 else size for size in spec.shape[1:]))
    if spec.datatype == "BYTES":
        return np.full(sizes, "" if spec.nullable else (spec.categories or ("",))[0], dtype=object)
    kind = {"BOOL": "bool"}.get(spec.datatype, spec.datatype.lower().replace("fp", "float"))
    return np.full(sizes, np.nan if spec.nullable and kind.startswith("float") else 0, dtype=kind)


def _number(number: NumberEncoding, values: Array) -> Array:
    filled = np.where(np.isnan(values), np.float32(number.fill), values.astype(np.float32))
    made: Array = (filled - np.float32(number.offset)) * np.float32(number.scale)
    return made


def _one_hot(text: TextEncoding, values: Array) -> Array:
    made: Array = (values == np.array(text.categories, dtype=object)[None, :]).astype(np.float32)
    return made
