"""Other servers with the same models on the same machine: how they keep the protocol, and what they cost."""
