"""Builds the page: a folder of static files, which any web server can serve."""

from __future__ import annotations

import hashlib
import json
import pathlib
import re
import shutil
from collections.abc import Sequence

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.bundles.finding import BUNDLES, find_bundle, listed
from faceattr.bundles.loading import load
from faceattr.bundles.manifest import MANIFEST_NAME
from faceattr.command_line import quiet_native_code
from faceattr.errors import UserError
from faceattr.faces.network import MODELS
from faceattr.files import write_text

from .npm import packages

_ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = _ROOT / "web"
"""The page's sources."""

NPM = _ROOT / ".npm"
"""Where npm puts what it fetches. An sdist leaves out all that lies in `build`."""

# An installed package may have it already.
_LITERT = _ROOT / "litert"

_SAMPLE = _ROOT / "docs" / "photos" / "astronaut.png"
# Of LiteRT.js: how its two modules are joined.
_PARTS = (
    re.compile(r'^import \{ createWasmLib \} from "@litertjs/wasm-utils";$', re.MULTILINE),
    re.compile(r"^export \{\s*createWasmLib\s*\};$", re.MULTILINE),
)
# For browsers with relaxed SIMD, and for those without.
_RUNTIMES = ("litert_wasm_internal", "litert_wasm_compat_internal")
_FORMAT = 1
# The line of the service worker that is filled in.
_UNFILLED = "const SITE = {version: '', shell: [], rest: []};"
# What is asked for later, if at all; the rest is the first view.
_LATER = ("litert/", "models/", "bundles/")
_ALSO_FIRST = "bundles/index.json"


def build(out: pathlib.Path, bundles: pathlib.Path = BUNDLES) -> list[str]:
    """Fills an empty or new folder.

    Args:
        out: the folder.
        bundles: where edits are looked for before they are among the shipped ones.

    Returns:
        the names of the edits that the page has.

    Raises:
        UserError: if there is no edit, a bundle is damaged, or npm cannot fetch LiteRT.js.
    """
    names = in_order(listed(bundles))
    if not names:
        raise UserError(
            f"--bundles {bundles}: no bundle there or among the shipped ones; export a run first"
        )
    litert = _LITERT
    if not litert.is_dir():
        litert = packages(WEB, NPM, development=False) / "@litertjs"
    for name in ("index.html", "style.css", "site.webmanifest", "icon.svg", "src"):
        _copy(WEB / name, out / name)
    _copy(_SAMPLE, out / "photos" / _SAMPLE.name)
    _add_litert(litert, out / "litert")
    for network in MODELS.glob("*.tflite"):
        _copy(network, out / "models" / network.name)
    _copy(MODELS / "LICENSE", out / "models" / "LICENSE")
    _add_bundles([find_bundle(name, bundles) for name in names], out / "bundles")
    _add_service_worker(out)
    return names


def in_order(names: Sequence[str]) -> list[str]:
    """Names of edits, the paper's first and in its order."""
    known = [edit.name for attribute in PAPER_ATTRIBUTES for edit in attribute.edits]
    return sorted(names, key=lambda name: (known.index(name) if name in known else 99, name))


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def _add_litert(source: pathlib.Path, out: pathlib.Path) -> None:
    core, loader = (source / name for name in ("core", "wasm-utils"))
    out.mkdir(parents=True)
    # The strict content policy has no place for an import map, so the one import is put in.
    texts = [(of / "dist" / "index.js").read_text(encoding="utf-8") for of in (core, loader)]
    imports, exports = (pattern.findall(text) for pattern, text in zip(_PARTS, texts, strict=True))
    if not len(imports) == len(exports) == 1:
        raise UserError(f"{core}: does not import @litertjs/wasm-utils; is it another version?")
    main, loading = (_without_map(text) for text in texts)
    whole = main.replace(imports[0], loading.replace(exports[0], ""))
    write_text(out / "index.js", whole)
    for runtime in _RUNTIMES:
        for suffix in (".js", ".wasm"):
            _copy(core / "wasm" / (runtime + suffix), out / "wasm" / (runtime + suffix))
    # The packages are under the same licence as the networks, and have no text of it.
    _copy(MODELS / "LICENSE", out / "LICENSE")


def _without_map(script: str) -> str:
    return script[: script.rindex("//# sourceMappingURL")]


def _add_bundles(folders: Sequence[pathlib.Path], out: pathlib.Path) -> None:
    edits = []
    for folder in folders:
        with quiet_native_code():
            manifest, _ = load(folder)
        network = folder / manifest.tflite_name
        for path in (network, folder / MANIFEST_NAME, folder / "README.md"):
            if path.is_file():
                _copy(path, out / manifest.edit.name / path.name)
        edits.append(
            {
                "edit": manifest.edit.name,
                "column": manifest.edit.column,
                "adds": manifest.edit.adds,
                "size": manifest.image_size,
                "points": manifest.crop.points,
                "file": network.name,
                "bytes": network.stat().st_size,
                "sha256": manifest.files[network.name],
            }
        )
    write_text(out / "index.json", json.dumps({"format": _FORMAT, "edits": edits}) + "\n")


def _add_service_worker(out: pathlib.Path) -> None:
    """Writes `sw.js`, which knows all files and changes whenever one of them does."""
    files = sorted(path for path in out.rglob("*") if path.is_file())
    names = [path.relative_to(out).as_posix() for path in files]
    digest = hashlib.sha256()
    for name, path in zip(names, files, strict=True):
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    later = [name for name in names if name.startswith(_LATER) and name != _ALSO_FIRST]
    # Neither texts for people, nor runtimes: of these a page says which one it uses.
    asked = (".js", ".tflite")
    rest = [name for name in later if name.endswith(asked) and "/wasm/" not in name]
    site = {
        "version": digest.hexdigest()[:16],
        "shell": ["./", *(name for name in names if name not in later and name != "index.html")],
        "rest": rest,
    }
    text = (WEB / "sw.js").read_text(encoding="utf-8")
    assert _UNFILLED in text, "the service worker has no line to fill in"
    write_text(out / "sw.js", text.replace(_UNFILLED, f"const SITE = {json.dumps(site)};"))
