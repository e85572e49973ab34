"""Lint: what is wrong with components that `invoke build` can see without running them."""
