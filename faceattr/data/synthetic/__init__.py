"""Faces drawn by program: a data set with true counterfactuals, landmarks and region masks."""

from faceattr.data.synthetic.attributes import COLUMNS, flip, labels
from faceattr.data.synthetic.celeba import write_celeba
from faceattr.data.synthetic.group import GroupScene, group_scene
from faceattr.data.synthetic.landmarks import landmarks, landmarks68
from faceattr.data.synthetic.parameters import FaceParameters
from faceattr.data.synthetic.renderer import region_mask, render
from faceattr.data.synthetic.sampling import sample_parameters

__all__ = [
    "COLUMNS",
    "FaceParameters",
    "GroupScene",
    "flip",
    "group_scene",
    "labels",
    "landmarks",
    "landmarks68",
    "region_mask",
    "render",
    "sample_parameters",
    "write_celeba",
]
