"""Measures of rankings, their intervals and paired tests, and the tables that a pipeline keeps."""
