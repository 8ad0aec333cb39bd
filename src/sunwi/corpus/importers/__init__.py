"""Formats of `sunwi import`: one a file, defining IMPORTER; its reader's parameters are the command's."""
