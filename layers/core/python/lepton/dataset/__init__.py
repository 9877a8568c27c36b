"""Dataset: an upload becomes an immutable, content-addressed version in the lake.

arrivals      what the queue delivers: which object was written
ingest        the whole way of one upload: fetch, recognise, read, publish, tell
recognition   what a file is, from its content
text, delimited, header, json_lines, columnar      readers: a file into rows of text cells with their lines
staging, column_types, table, table_profile        rows into typed, split Parquet parts
image_archive, pixels, image_set                   a zip of class folders into shards
quarantine    rows set aside, each with line and reason
prepared, publication                              what is to be written, and the order in which it is
catalog, uploads, routes                           what HTTP asks for
"""
