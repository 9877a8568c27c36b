"""Explanations: how much each input column, or each part of an image, has to do with an answer.

    linear, trees   exact, from explain.json that the trainer wrote beside the graph     linear.py, trees.py
    decision path   the questions that one tree asks of a row                            paths.py
    any other       Shapley values: all coalitions when they are few, else sampled       shapley.py
    images          occlusion or sampled Shapley values of patches, as a heat map        patches.py, heatmap.py

NumPy and a function that runs the model are all that is needed; nothing here knows a session.
"""
