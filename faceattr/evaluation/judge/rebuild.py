"""Fetches the networks of `face_api_models/` from npm again, as `faceattr.faces.rebuild` does.

python -m faceattr.evaluation.judge.rebuild
"""

from faceattr import command_line
from faceattr.evaluation.judge.face_api import MODELS
from faceattr.faces.rebuild import Origin, rebuild

PACKAGE = "@vladmandic/face-api@1.7.15"

ORIGINS = {
    "age_gender_model.bin": Origin(
        PACKAGE,
        "model/age_gender_model.bin",
        "49f92bbc0afef2342c4385e4a2b0acb6d7a727c6f0aa539499719a81acf9abaa",
    ),
    "age_gender_model-weights_manifest.json": Origin(
        PACKAGE,
        "model/age_gender_model-weights_manifest.json",
        "74b60bf3ebf981bf4e661e9cca3a185614e10b25d797118b62e2a68d3ff2569f",
    ),
    "face_expression_model.bin": Origin(
        PACKAGE,
        "model/face_expression_model.bin",
        "9a9840f2cf1f4c7eab95f197512569345c00d2426754d4608b92af30e0300f3d",
    ),
    "face_expression_model-weights_manifest.json": Origin(
        PACKAGE,
        "model/face_expression_model-weights_manifest.json",
        "5b349c17c7836da506e03422cd6461c74085d8bb2713ad4114647dc5d28174c8",
    ),
}


if __name__ == "__main__":
    command_line.run(
        "python -m faceattr.evaluation.judge.rebuild", lambda: rebuild(MODELS, ORIGINS)
    )
