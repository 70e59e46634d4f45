"""How Sphinx makes the site of these pages: `make docs`."""

from sphinx.application import Sphinx
from sphinx.highlighting import lexer_classes

from ticketing_core import __version__

project = "ticketing-core"
project_copyright = "the ticketing-core authors, MIT licence"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

# The source is the whole repository: pages link to the README and to files beside the docs.
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "examples/*.md"]
exclude_patterns = [".*", "benchmarks", "deploy", "requirements", "site", "src", "tests"]

# Headings get the same addresses as on GitHub, and a link to one that is missing is a warning.
myst_heading_anchors = 4
# Docstrings name things in single backticks; what has a page of its own becomes a link.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Attributes", "params_style")]

for language in ("haproxy", "mermaid", "nginx", "sql", "tsx"):
    # Pygments does not know the first two, nor everything that our blocks have of the others.
    lexer_classes[language] = lexer_classes["none"]

# A theme without fonts and scripts of other hosts.
html_theme = "furo"
html_title = f"ticketing-core {release}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
# Leads from the root of the site to its first page.
html_extra_path = ["site"]


def without_object(_: Sphinx, __: str, ___: object, ____: object, bases: list[type]) -> None:
    """Leave out the base of all classes."""
    if bases == [object]:
        bases.clear()


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-bases", without_object)
