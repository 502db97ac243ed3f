"""Writes tests/vectors/face_api.json: what face-api's own JavaScript says of five pictures.

    python tests/evaluation/judge/make_face_api_vectors.py

Needs node and npm, which fetches the package and TensorFlow.js (300 MB) into a folder that is
removed again.
"""

import json
import pathlib
import subprocess
import tempfile

import numpy as np
from PIL import Image

from faceattr.data.sources import draw_synthetic
from faceattr.evaluation.judge.rebuild import PACKAGE

ROOT = pathlib.Path(__file__).parents[3]
PHOTO = ROOT / "docs" / "photos" / "astronaut.png"
VECTORS = ROOT / "tests" / "vectors" / "face_api.json"
# Left, top, right, bottom: the face; face and suit, wider than high; higher than wide, and odd.
BOXES = ((160, 60, 280, 180), (100, 40, 400, 260), (170, 50, 263, 190))


def pictures() -> list[np.ndarray]:
    """Three parts of the photo and two drawn faces: uint8 [h, w, 3] each."""
    photo = np.asarray(Image.open(PHOTO).convert("RGB"))
    parts = [photo[top:bottom, left:right] for left, top, right, bottom in BOXES]
    return [*parts, *draw_synthetic(2, 32, seed=3).table.images]


def asked(images: list[np.ndarray]) -> list[dict]:
    """The answers of the JavaScript."""
    program = pathlib.Path(__file__).with_name("face_api.cjs")
    with tempfile.TemporaryDirectory() as folder:
        packages = (PACKAGE, "@tensorflow/tfjs@4.22.0")
        install = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        subprocess.run([*install, "--prefix", folder, *packages], cwd=folder, check=True)
        words = json.dumps([image.tolist() for image in images])
        subprocess.run(["node", program], cwd=folder, input=words, text=True, check=True)
        return json.loads((pathlib.Path(folder) / "answers.json").read_text())


def main() -> None:
    """Drawn faces are kept as they are: the renderer may change, the answers are to these."""
    images = pictures()
    cases = []
    for place, (image, answer) in enumerate(zip(images, asked(images), strict=True)):
        of_photo = {"box": BOXES[place]} if place < len(BOXES) else {"pixels": image.tolist()}
        cases.append({**of_photo, **answer})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    VECTORS.write_text(f"[{lines}]\n")


if __name__ == "__main__":
    main()
