"""Receipts: what an answer was made of, so that it can be made again, bit for bit, or so that one knows why not.

receipt.py   the record itself, its id, what the answer is estimated to cost
digests.py   one digest for the tensors of a request or an answer, whatever form they came or went in
shelf.py     receipts in the lake, each written once with the request that it is for
replay.py    two receipts of the same request against each other
"""
