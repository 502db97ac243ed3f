"""The flags and configuration files of `tensorflow_model_server`."""
