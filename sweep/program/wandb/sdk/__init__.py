"""Names under which libraries look for parts of W&B."""
