"""The pages' calls of the API, compiled against the types of its document. See `make types`."""
