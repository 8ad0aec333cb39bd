"""The contracts between stages: one model a row type, checked on every read and write.

Tables are JSON lines in UTF-8 with "\n", sorted by id, in one file or in a folder of shards. All faults of
a table are reported at once.
"""
