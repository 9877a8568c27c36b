"""Jobs: predictions that nobody waits for, kept in the lake under predictions/{model}/{job}/.

    job.json               JobRecord: what is asked, by which one version; written once
    request                the body of a single request that came with it
    progress.json          Progress of a whole file, compare-and-swap after each part
    part-NNNNN.…           predictions of one range of rows, written once
    rejected-NNNNN.jsonl   the rows of that range that got none, and why
    answer                 the body of the answer to a single request
    cancel.json            nobody wants it any more
    report.json            written last: where it is, everything is there

    API ──► desk ──► job.json, then a ticket under predict-in/{model}/jobs/{job}/ ──► queue ──► worker ──► report.json

The desk answers requests and runs nothing; the worker is told by the queue, and may be killed at any point: what it
is told again goes on from the last part. Nothing is imported here.
"""
