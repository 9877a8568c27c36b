"""The embedded local cloud: template.yaml on this machine, without Docker and without an account.

Never deployed, and never known to the product: what runs in it finds it through AWS_ENDPOINT_URL alone.
What survives a restart, however the last one ended (Ctrl-C, kill -9): the current version of every object (etag,
content type, user metadata, version id, time), messages not yet deleted from queues, events accepted for functions but
not handled, and Batch jobs (one that ran is treated as one whose host was reclaimed). What does not: metrics, older
versions of objects, unfinished multipart uploads, environments of functions.

What is not as on AWS: IAM (every signed or unsigned caller may do everything), memory limits, layers built by pip, the
interpreter (the one that runs this, whatever Runtime says), and waiting times, which are shorter (queues.py,
async_invokes.py, jobs.py say by how much). A change of a function's code counts from the next start.

Start it with `python -m devcloud`, or from Python with `devcloud.cloud.LocalCloud`.
"""
