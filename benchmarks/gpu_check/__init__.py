"""What a GPU does, compared with the CPU: `make gpu-check`."""
