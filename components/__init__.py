"""The components of this project: each folder is one feature, found by Berceau on its own."""
