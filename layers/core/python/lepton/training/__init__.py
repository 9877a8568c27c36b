"""Training: from a spec to a run, from a finished job to a verdict."""
