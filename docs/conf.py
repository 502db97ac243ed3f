"""The documentation as a site: `make docs`.

Its pages are files of the repository where they lie, so that a link means the same there, on GitHub
and on the site.
"""

import pathlib
import tomllib

from pygments.lexers.special import TextLexer

from faceattr import command_line

command_line.import_tensorflow_quietly()  # of which some docstrings are

_ROOT = pathlib.Path(__file__).parents[1]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Added to their pages here, because GitHub would show them as code.
_CONTENTS = {
    "README": {
        "Edit": ("docs/quickstart", "docs/editing", "docs/bulk", "docs/page", "docs/best"),
        "Train": ("docs/training", "docs/settings", "docs/data", "docs/synthetic", "docs/faces"),
        "Measure": ("docs/evaluation", "docs/results", "docs/paper"),
        "Hand on": ("docs/exporting", "docs/serving", "serving/mobile/README", "docs/models"),
        "Code": ("docs/api/index", "CONTRIBUTING", "CHANGELOG", "SECURITY"),
    },
    "docs/api/index": {
        "": [
            f"docs/api/{name}" for name in ("editing", "training", "evaluating", "models", "values")
        ]
    },
    "docs/models": {
        "": [
            f"{path.parent.relative_to(_ROOT)}/README"
            for path in sorted((_ROOT / "faceattr/shipped").glob("*/README.md"))
        ]
    },
}

project = _PROJECT["name"]
release = _PROJECT["version"]
root_doc = "README"
include_patterns = [
    "*.md",
    "docs/**.md",
    "docs/*.ipynb",
    "serving/mobile/README.md",
    "faceattr/shipped/*/README.md",
]
# Folders that are not even looked into.
exclude_patterns = [".*", "build", "bundles", "data", "dist", "docs/photos", "runs", "tests", "web"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

myst_enable_extensions = ["html_image"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # make notebook
highlight_language = "sh"
smartquotes = False  # -- begins a flag

default_role = "code"  # docstrings mark it as Markdown does
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_typehints_format = "short"
napoleon_use_ivar = True

html_theme = "furo"
html_title = project
html_favicon = "../web/icon.svg"
html_extra_path = ["site"]
html_copy_source = False


def _with_contents(app, page, source):
    for caption, pages in _CONTENTS.get(page, {}).items():
        options = ":hidden:\n" + f":caption: {caption}\n" * bool(caption)
        source[0] += (
            f"\n```{{toctree}}\n{options}\n" + "".join(f"/{name}\n" for name in pages) + "```\n"
        )


def _with_code_blocks(app, what, name, thing, options, lines):
    """Fenced code of a docstring as reStructuredText has it."""
    fenced, text = False, lines.copy()
    lines.clear()
    for line in text:
        if line.startswith("```"):
            fenced = not fenced
            lines += [".. code-block:: python", ""] if fenced else [""]
        else:
            lines.append(f"   {line}" if fenced else line)


def setup(app):
    """Called by Sphinx."""
    app.add_lexer("csv", TextLexer)  # Pygments has none
    app.connect("source-read", _with_contents)
    app.connect("autodoc-process-docstring", _with_code_blocks)
