"""The `lepton` command: the HTTP API of a deployment, or of the local cloud, at a terminal."""
