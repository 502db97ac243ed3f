"""Checks a running server against TensorFlow Serving's REST contract."""
