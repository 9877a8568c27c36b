"""Real requests made from the shipped data: a customer as protocol tensors, a digit as its PNG and as a tensor."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from typing import Any


def customer_request(table: Path, signature: dict[str, Any], row: int, to: Path) -> str:
    """Write row `row` of the CSV as an Open Inference Protocol request; the row's true label is returned."""
    with table.open(newline="") as stream:
        values = list(csv.DictReader(stream))[row]
    inputs = [_tensor(one, values[one["name"]]) for one in signature["inputs"]]
    to.write_text(json.dumps({"id": f"customer-{values['customerID']}", "inputs": inputs}))
    return values["Churn"]


def _tensor(spec: dict[str, Any], cell: str) -> dict[str, Any]:
    text = spec["datatype"] == "BYTES"
    value: Any = cell if text else (float(cell) if cell.strip() else None)
    return {"name": spec["name"], "datatype": spec["datatype"], "shape": [1, 1], "data": [value]}


def digit_png(images: Path, to: Path) -> str:
    """Write one PNG of the zip to a file; its class (the folder's name) is returned."""
    with zipfile.ZipFile(images) as archive:
        name = sorted(one for one in archive.namelist() if one.endswith(".png"))[3_141]
        to.write_bytes(archive.read(name))
    return name.split("/")[-2]


def digit_request(png: Path, to: Path) -> None:
    """Write the PNG's pixels as an Open Inference Protocol request: UINT8, shape [1, height, width, 1]."""
    from PIL import Image

    with Image.open(png) as image:
        gray = image.convert("L")
        shape = [1, gray.height, gray.width, 1]
        data = list(gray.tobytes())
    tensor = {"name": "image", "datatype": "UINT8", "shape": shape, "data": data}
    to.write_text(json.dumps({"id": png.stem, "inputs": [tensor]}))
