"""What those who run the server need: who may ask, what is counted, what is logged."""
