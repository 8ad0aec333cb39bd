"""Measures of rankings: a family a file, defining MEASURE: how they are found and where they are shown."""
