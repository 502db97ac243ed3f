"""The networks that find faces; SOURCE.md tells where they are from."""
