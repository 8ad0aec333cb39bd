"""Models in the forms that search servers run."""
