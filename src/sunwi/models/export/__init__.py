"""Encoders and rerankers in the forms that other programs serve: ONNX, sentence-transformers, PyLate."""
