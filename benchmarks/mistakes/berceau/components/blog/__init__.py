"""Posts and their authors."""
