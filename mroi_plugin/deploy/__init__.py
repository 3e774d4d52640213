"""ONNX files and checkpoint converters."""
