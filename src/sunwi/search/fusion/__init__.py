"""Fusion of several retrievers' scores; one method a file."""
