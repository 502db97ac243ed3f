"""TensorFlow Serving's gRPC API, by its public message classes."""
