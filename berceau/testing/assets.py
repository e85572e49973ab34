"""Lets Pyramid serve files of packages that pytest imported: import it for that effect.

pytest imports the packages of its plugins, Berceau among them, with a loader that pkg_resources,
which Pyramid asks for static files, doesn't know (pytest issues 5392 and 7375).
"""

import pkg_resources
from _pytest.assertion.rewrite import AssertionRewritingHook

pkg_resources.register_loader_type(AssertionRewritingHook, pkg_resources.DefaultProvider)
