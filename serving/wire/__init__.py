"""What goes over the wire: requests to arrays and back, without a socket or a model."""
