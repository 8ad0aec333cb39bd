"""A sparse encoder for other programs: ONNX, int8 ONNX, TorchScript, and OpenSearch's ML Commons."""
