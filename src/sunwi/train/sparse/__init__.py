"""Training and export of the neural sparse encoder."""
