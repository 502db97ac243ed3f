"""An edit's SavedModel behind TensorFlow Serving's REST paths: `python -m serving --help`."""
