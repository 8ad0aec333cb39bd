"""A project's params, tables and models, each loaded once; a file a part, so that a stage takes few."""
