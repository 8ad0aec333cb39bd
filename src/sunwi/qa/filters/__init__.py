"""Quality filters: one rule a file, defining FILTER: when it judges, and each of its reasons with its words.

`qa.parse` comes before them, on given text; `qa.duplicates` after them, on what they pass.
"""
