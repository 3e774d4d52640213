"""A trained network as an ONNX file, checked against torch."""
