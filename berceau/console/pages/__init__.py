"""The pages of the console: all ``console_view`` functions in it are registered."""
