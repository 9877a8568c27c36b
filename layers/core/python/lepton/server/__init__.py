"""`lepton serve`: the endpoint behind an ASGI server, for containers, edge machines and the local cloud.

    python -m lepton.server --lake DIR        what the command becomes: nothing but the server in the process

The wire is lepton.endpoint's: here ASGI becomes an Exchange, and a Reply becomes ASGI.
"""
