"""Kernels for a CPU: packed float32 and bfloat16, int8; rows that do not depend on one another."""
