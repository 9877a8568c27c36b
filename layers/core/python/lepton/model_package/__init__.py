"""ModelPackage: one ONNX graph plus one signature, measured at publication."""
