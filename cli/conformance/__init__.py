"""Conformance: what the Open Inference Protocol v2 (REST) promises, as cases that any server can be asked.

    case      what a case is, and how its outcome is told
    subject   the server under test: its address, what it says of itself, its models
    tensors   values of every datatype, as JSON and as bytes
    request   a valid request made from a model's own metadata, and edits of it
    answer    what must hold of every answer
    service, metadata, prediction, refusals, bodies, errors, binary, together      the cases, a table for each topic

Nothing here knows which server it talks to: an address is all that is given.
"""
