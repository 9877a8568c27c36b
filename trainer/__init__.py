"""What runs inside a Batch job: one training request in, one model package out, an exit code as the verdict."""
