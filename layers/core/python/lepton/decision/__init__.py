"""Decisions: a model's business rules, published beside it, versioned with it, evaluated after it has answered.

rules.py      the declarative table as it stands in a spec and in the package (decisions.json)
vocabulary.py which inputs and outputs a rule may speak of, and whether a table keeps to them
table.py      the evaluator: pure, over plain values, without anything but the standard library
examples.py   the table's own tests
"""
