"""Requests to one signature wait in a queue and run together."""
