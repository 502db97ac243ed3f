"""Pieces of HTML: a page that needs nothing else, its style, pictures, tables.

What is given as text is escaped here. What is called `markup` is HTML already.
"""

import base64
import html
import importlib.resources
import io
import re
from collections.abc import Sequence

import numpy as np
from PIL import Image

from faceattr.pictures.words import EN_DASH

_JPEG_QUALITY = 88
_LONGEST = 60


def style() -> str:
    """The style that all pages have in common."""
    return importlib.resources.files(__package__).joinpath("style.css").read_text("utf-8")


def page(title: str, css: str, body: Sequence[str], head: str = "", script: str = "") -> str:
    """A whole page.

    Args:
        title: of the window.
        css: the style, see `style`.
        body: markup, one below the other; what is empty is left out.
        head: markup of what else stands in the head.
        script: JavaScript that runs at the end.
    """
    lines = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        head,
        f"<title>{text(title)}</title>\n<style>{css}</style>\n</head>\n<body>",
        *body,
        f"<script>{script}</script>" if script else "",
        "</body>\n</html>\n",
    ]
    return "\n".join(line for line in lines if line)


def text(value: object) -> str:
    """Any text, safe between tags and in attributes."""
    return html.escape(str(value), quote=True)


def identifier(*names: str) -> str:
    """Names as one that may stand in a file name or an anchor; not always unique."""
    plain = (re.sub(r"[^A-Za-z0-9_]+", "-", name)[-_LONGEST:].strip("-") for name in names)
    return "-".join(name or "x" for name in plain)


def name_of(value: object) -> str:
    """Markup of a name that may be broken after its underscores, and nowhere else."""
    return text(value).replace("_", "_<wbr>")


def missing(reason: str) -> str:
    """An en dash and why there is no number."""
    return f'<span class="null">{EN_DASH}</span> <small>{text(reason)}</small>'


def face(image: np.ndarray, words: str, kind: str = "") -> str:
    """Markup of a picture of a face: uint8 [s, s, 3]."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "jpeg", quality=_JPEG_QUALITY, optimize=True)
    address = _address("jpeg", buffer.getvalue())
    return (
        f'<img class="{kind}" alt="{text(words)}" width="{image.shape[1]}" '
        f'height="{image.shape[0]}" src="{address}">'
    )


def chart(png: bytes, words: str, kind: str = "chart") -> str:
    """Markup of a figure.

    Args:
        png: the bytes of the file.
        words: what it shows, for those who do not see it.
        kind: `"chart"`, whose colours turn with the page's, or `"picture"`.
    """
    return f'<img class="{kind}" alt="{text(words)}" src="{_address("png", png)}">'


def figure(title: str, markup: str, note: str = "") -> str:
    """A card with a title, and a note below."""
    below = f"<figcaption>{text(note)}</figcaption>" if note else ""
    return f"<figure><h3>{text(title)}</h3>{markup}{below}</figure>"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """A table of markup; on a phone each row is a card, whose cells name their heading."""
    head = "".join(f"<th>{text(heading)}</th>" for heading in headings)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td data-name="{text(heading)}">{cell}</td>'
            for heading, cell in zip(headings, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="cells {kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """A list of (name, markup)."""
    lines = "".join(f"<tr><th>{text(name)}</th><td>{markup}</td></tr>" for name, markup in rows)
    return f'<table class="facts"><tbody>{lines}</tbody></table>'


def folded(title: str, markup: str) -> str:
    """What most readers pass over."""
    return f"<details><summary>{text(title)}</summary>{markup}</details>"


def _address(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
