"""The networks of face-api; SOURCE.md tells where they are from."""
