"""The OpenAPI document of every route, and the client's records: made from the code by `python -m cli.reference`."""
