"""The Pyramid side of Berceau: pages, units of work and the components' views."""
