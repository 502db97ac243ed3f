"""What evaluate() shows of faces beside what it counts."""

import numpy as np
import pytest
from known_glasses import ADD, EYES, REMOVE, Models, edits_of, faces_with_glasses, measure


@pytest.fixture(scope="module")
def faces():
    return faces_with_glasses()


@pytest.fixture(scope="module")
def found(faces):
    return measure(faces, models=Models(), identity_faces=6, identity_pairs=10)


def test_pictures_are_of_all_faces(faces, found):
    whole = found.pictures["glasses", ADD]
    assert len(whole.images) == len(whole.needless_images) == 20
    assert np.array_equal(whole.images, faces.table.images[faces.held_out("Eyeglasses")[0]])
    assert np.array_equal(whole.needless_edited[:, ~EYES], whole.needless_images[:, ~EYES])
    of_all = found.by_face["glasses", ADD].success.after
    after = of_all[whole.worst]
    assert (np.diff(after) >= 0).all()
    assert after[0] == of_all.min()


def test_pictures_are_of_those_that_are_shown_where_all_are_too_many(faces, monkeypatch):
    monkeypatch.setattr("faceattr.evaluation.pictures._SHOWN", 3)
    whole = measure(faces).pictures["glasses", ADD]
    some = measure(faces, pictures=1).pictures["glasses", ADD]
    assert len(whole.images) == 20
    assert len(some.needless_images) == 3
    assert 3 <= len(some.images) <= 6
    for name in ("images", "edited", "residual"):
        for chosen in ("random", "worst"):
            kept, of_all = (
                getattr(pictures, name)[getattr(pictures, chosen)] for pictures in (some, whole)
            )
            assert np.array_equal(kept, of_all), (name, chosen)


def test_what_removes_is_worst_where_most_is_left(found):
    pictures = found.pictures["glasses", REMOVE]
    after = found.by_face["glasses", REMOVE].success.after
    assert after[pictures.worst[0]] == after.max()


def test_values_of_each_face_are_those_that_the_means_are_of(found):
    values = found.by_face["glasses", ADD]
    edit = edits_of(found)["add_glasses"]
    for name in ("mean_change", "changed_share"):
        assert getattr(values.locality, name).mean() == pytest.approx(
            edit["locality"][name]["value"]
        )
    assert values.success.reached.mean() == edit["success"]["edited"]["value"]
    assert values.cycle.l1.shape == values.pose.yaw.shape == (20,)
