"""Lepton: a serverless AI backend that lives in your own AWS account."""

__version__ = "0.1.0"
