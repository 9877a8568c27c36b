"""Endpoint: a resolved ModelPackage, loaded, that answers.

    body ──► decoding (oip | invocations | tables | pictures) ──► InferRequest ──► Model.run ──► answers

Whatever comes in becomes one InferRequest, checked against the published signature; there is one way to run it.
Nothing is imported here: NumPy and onnxruntime are paid for when the endpoint is wired, Pillow and DuckDB when used.
"""
