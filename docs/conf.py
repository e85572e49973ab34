"""How the documentation becomes a site; CONTRIBUTING.md has the command.

The source is the whole repository, so that a page's links to the README or to the benchmarks lead
to the same place on the site as in the repository.
"""

import sys
from pydoc import locate

from docutils import nodes
from pygments.lexers.sql import PostgresLexer

from berceau import __version__

project = "Berceau"
version = release = __version__
root_doc = "docs/index"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
include_patterns = ["*.md", "docs/**", "benchmarks/*.md", "examples/*/README.md"]
exclude_patterns = [".*", "berceau", "build", "components", "migrations", "node_modules", "tests"]
myst_heading_anchors = 4  # GitHub gives every heading an anchor
add_module_names = False  # each page of the reference is one module
nitpick_ignore = [
    # Type variables have no place to link to.
    ("py:class", "berceau.orm.session.T"),
    ("py:class", "berceau.settings.component._Value"),
    # The type of SHARED, which stands beside Tenant among the names of berceau.orm.
    ("py:class", "berceau.tenancy.Shared"),
    # The inventory of Pyramid is on the network.
    ("py:class", "pyramid.request.Request"),
    ("py:class", "pyramid.response.Response"),
]

html_theme = "furo"
html_title = f"Berceau {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "../berceau/web/static/icon.svg"
templates_path = ["_templates"]
html_additional_pages = {"index": "front.html"}
html_copy_source = False
html_show_copyright = False
html_domain_indices = html_use_index = False
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {
        "color-brand-primary": "#0f5246",
        "color-brand-content": "#17695a",
        "color-brand-visited": "#17695a",
    },
    "dark_css_variables": {
        "color-brand-primary": "#a0e0cd",
        "color-brand-content": "#7ed0b8",
        "color-brand-visited": "#7ed0b8",
    },
}


def link_to_python(_app, _environment, node, content) -> nodes.reference | None:
    """Return a link for a name of the standard library.

    Its inventory would be fetched at every build, which has to work without a network.
    """
    target = node["reftarget"]
    module = target.rpartition(".")[0]
    if module.partition(".")[0] not in sys.stdlib_module_names or locate(target) is None:
        return None
    page = f"https://docs.python.org/3/library/{module}.html#{target}"
    return nodes.reference("", "", content, internal=False, refuri=page)


def setup(app) -> None:
    """Find what Sphinx can't, and read SQL as PostgreSQL does."""
    app.add_lexer("sql", PostgresLexer)
    app.connect("missing-reference", link_to_python)
