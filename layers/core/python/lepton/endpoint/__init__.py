"""Endpoint: a resolved ModelPackage, loaded, that answers.

    body ──► decoding (oip | invocations | tables | pictures) ──► InferRequest ──► Model.run ──► answers

Whatever comes in becomes one InferRequest, checked against the published signature; there is one way to run it.
Nothing is imported here: a route's module when it is first asked for; NumPy, Pillow and DuckDB by whatever needs them.
"""
