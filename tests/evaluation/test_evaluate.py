"""evaluate() with edits, a judge and face models whose every answer is known."""

import dataclasses
import json

import numpy as np
import pytest
from known_glasses import (
    ADD,
    COLUMNS,
    EYES,
    GLASSES,
    REMOVE,
    SIZE,
    Glasses,
    Judge,
    Models,
    Outside,
    edits_of,
    faces_with_glasses,
    measure,
    subject_of,
)

from faceattr.attributes import find_attribute
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.evaluation import evaluate as room
from faceattr.evaluation.evaluate import evaluate
from faceattr.evaluation.metrics import from_json, to_json
from faceattr.evaluation.settings import EvaluationSettings
from faceattr.evaluation.subjects.edit_case import Cases
from faceattr.evaluation.subjects.evaluation_faces import EvaluationFaces
from faceattr.faces.crop import CELEBA_CROP, WHOLE_IMAGE


@pytest.fixture(scope="module")
def faces():
    return faces_with_glasses()


@pytest.fixture(scope="module")
def found(faces):
    return measure(faces, models=Models(), identity_faces=6, identity_pairs=10)


def test_metrics_are_what_json_knows_and_name_everything(found):
    metrics = json.loads(json.dumps(to_json(found.metrics), allow_nan=False))
    assert metrics == to_json(found.metrics)
    assert to_json(from_json(metrics)) == metrics
    assert metrics["format"] == 2
    assert metrics["sources"] == [{"name": "faces", "images": 40, "held_out": 24}]
    assert metrics["classifier"]["settings"]["epochs"] == 1
    assert list(metrics["classifier"]["reliability"]["faces"]) == ["Eyeglasses"]
    assert metrics["machine"]["cores"] >= 1
    assert metrics["correlations"]["columns"] == list(COLUMNS)
    (subject,) = metrics["subjects"]
    assert subject["source"] == "faces"
    assert {edit["column"] for edit in subject["edits"].values()} == {"Eyeglasses"}
    assert {edit["attribute"] for edit in subject["edits"].values()} == {"glasses"}
    directions = [edit["direction"] for edit in subject["edits"].values()]
    assert directions == ["to_positive", "to_negative"]
    assert list(subject["edits"]) == ["add_glasses", "remove_glasses"]
    assert [edit["faces"] for edit in subject["edits"].values()] == [20, 20]


def test_success_and_its_answer_to_strength(found):
    for name, edit in edits_of(found).items():
        success = edit["success"]
        assert (success["before"]["value"], success["edited"]["value"]) == (0, 1)
        assert success["edited"]["low"] < 1 == success["edited"]["high"]
        points = {each["strength"]: each["success"]["value"] for each in edit["strength_response"]}
        # 64 of 255 red on average; the judge's line is at 127.5.
        assert [points[at] for at in (0, 0.25, 1, 1.5)] == [0, 0, 1, 1], name
        assert edit["success_by_noop"]["already"]["value"] == 1


def test_an_edit_that_does_not_look_changes_as_much_where_it_is_not_needed(found):
    for edit in edits_of(found).values():
        assert edit["no_op"]["ratio"] == pytest.approx(1)


def test_leakage_tells_what_rises_and_falls_with_the_edit(found):
    add, remove = edits_of(found).values()
    changes = dict(zip(COLUMNS, add["leakage"]["changes"], strict=True))
    assert changes["Eyeglasses"] == pytest.approx(GLASSES / 255, abs=1e-6)
    assert changes["Smiling"] == pytest.approx(-GLASSES / 255, abs=1e-6)
    assert changes["Male"] == changes["Young"] == 0
    ties = np.array(to_json(found.metrics)["correlations"]["matrix"])
    assert add["leakage"]["correlations"] == pytest.approx(ties[0])
    assert remove["leakage"]["correlations"] == pytest.approx(-ties[0])


def test_locality_by_the_box_of_the_mean_face(found):
    for edit in edits_of(found).values():
        local = edit["locality"]
        assert local["region"] == "mean-face box"
        assert local["energy_inside"]["value"] == pytest.approx(1)
        assert local["mean_change_outside"]["value"] == 0
        assert local["psnr_outside"]["value"] is None, "nothing changes there"
        share = EYES.mean()
        assert local["changed_share"]["value"] == pytest.approx(share)
        assert local["mean_change"]["value"] == pytest.approx(share * GLASSES / 127.5 / 3)


def test_landmarks_of_the_source_make_the_boxes_and_tell_the_pose(faces):
    # The mean face in CelebA's aligned frame; the last face is turned, its nose beyond one eye.
    points = np.array([(69.2, 112.4), (107.5, 112.7), (87.6, 134.1), (71.0, 152.7), (106.2, 153.0)])
    landmarks = np.tile((points / (178, 218)).astype(np.float32), (40, 1, 1))
    landmarks[38, 2, 0] = 110 / 178
    known = dataclasses.replace(faces, table=dataclasses.replace(faces.table, landmarks=landmarks))
    edit = edits_of(measure(known))["add_glasses"]
    assert edit["locality"]["region"] == "landmark box"
    assert edit["locality"]["energy_inside"]["value"] == pytest.approx(1)
    assert edit["locality"]["psnr_outside"]["value"] is None
    assert [bin["success"]["count"] for bin in edit["pose"]] == [19, 0, 0, 1]
    assert edit["landmarks"] is None, "these need dlib"
    edit = edits_of(measure(known, models=Models(), identity_faces=20, identity_pairs=0))
    assert edit["add_glasses"]["landmarks"]["truth"] == "the data"
    # The nose of one face of twenty is off by 22.4 pixels of 38.3, and is one point of three.
    error = edit["add_glasses"]["landmarks"]["before"]["rest"]["value"]
    assert error == pytest.approx(22.4 / 38.3 / 3 / 20, rel=0.02)


def test_identity_is_asked_of_few_faces_and_each_once(faces):
    models = Models()
    edit = edits_of(measure(faces, models=models, identity_faces=6, identity_pairs=0))
    for each in edit.values():
        identity = each["identity"]
        assert len(identity["distances"]) == identity["mean"]["count"] == 6
        assert identity["distances"] == pytest.approx([GLASSES / 255] * 6)
        assert identity["median"] == pytest.approx(GLASSES / 255)
        assert identity["kept"]["value"] == 1
        assert identity["not_found_after"] == 0
    assert models.described == 4 * 6, "two classes, and the edits of each"


def test_identity_is_read_beside_photographs_of_one_person_and_of_two(found):
    reference = to_json(found.metrics)["identity_reference"]
    assert reference["threshold"] == 0.6
    assert reference["same"]["share"]["count"] == 10
    # Of each person here one photograph is with glasses and one without.
    assert np.mean(reference["same"]["distances"]) == pytest.approx(GLASSES / 255, abs=0.03)
    assert reference["different"]["share"]["value"] == 0


def test_realism_is_beside_that_of_unedited_faces(found):
    for edit in edits_of(found).values():
        assert edit["realism"]["count"] == 10
        assert edit["realism"]["kernel"] < edit["realism_before"]["kernel"] / 5
        assert edit["realism_inception"] is None


def test_landmarks_and_pose_in_the_aligned_frame(found):
    for edit in edits_of(found).values():
        assert edit["landmarks"]["truth"] == "aligned frame"
        assert edit["landmarks"]["before"]["eyes"]["value"] == pytest.approx(0, abs=1e-9)
        assert edit["landmarks"]["before"]["eyes"]["count"] == 6
        assert edit["pose"][0]["success"]["count"] == 20
        assert edit["pose"][0]["success"]["value"] == 1


def test_there_and_back(found):
    for edit in edits_of(found).values():
        assert edit["cycle"]["l1"]["value"] == 0
        assert edit["cycle"]["there"]["value"] == pytest.approx(
            edit["locality"]["mean_change"]["value"]
        )
        assert edit["cycle"]["psnr"]["value"] is None, "all faces are the very same again"
        assert edit["truth"] is None


def test_an_edit_is_asked_once_for_each_face(faces):
    edits = {ADD: Glasses(1), REMOVE: Glasses(-1)}
    judge = Judge()
    measure(faces, edits, judge)
    # Faces of both classes, and the way back of the other edit.
    assert [edit.seen for edit in edits.values()] == [60, 60]
    # Both classes, and for each edit the edits of both classes and five more strengths.
    assert judge.images == 40 + 2 * (40 + 5 * 20)


def test_without_face_models_their_parts_are_skipped_with_what_to_install(faces):
    evaluation = measure(faces)
    for edit in edits_of(evaluation).values():
        assert edit["identity"] is edit["landmarks"] is edit["pose"] is None
        assert edit["success"]["edited"]["value"] == 1
    reasons = {each["part"]: each for each in to_json(evaluation.metrics)["skipped"]}
    assert set(reasons) == {"identity", "landmarks", "pose", "identity_reference"}
    for part in reasons.values():
        assert "pip install dlib-bin face_recognition_models" in part["reason"]
    assert reasons["identity"]["edits"] == ["glasses: add_glasses", "glasses: remove_glasses"]


def test_a_part_with_too_few_faces_says_how_many_it_needs(faces):
    without, having = faces.held_out("Eyeglasses")
    few = dataclasses.replace(faces, sides={"Eyeglasses": (without[:9], having[:9])})
    evaluation = measure(few)
    assert edits_of(evaluation)["add_glasses"]["realism"] is None
    reasons = {each["part"]: each["reason"] for each in to_json(evaluation.metrics)["skipped"]}
    assert "at least 10 edited and 20 real" in reasons["realism"]


def test_landmarks_of_images_in_no_known_frame_are_skipped(faces):
    square = dataclasses.replace(faces, table=dataclasses.replace(faces.table, crop=WHOLE_IMAGE))
    evaluation = measure(square, models=Models(), identity_faces=3, identity_pairs=0)
    assert edits_of(evaluation)["add_glasses"]["landmarks"] is None
    reasons = {each["part"]: each["reason"] for each in to_json(evaluation.metrics)["skipped"]}
    assert "--crop" in reasons["landmarks"]


def test_a_bundle_has_no_way_back(faces):
    evaluation = measure(faces, {REMOVE: Glasses(-1)})
    assert list(edits_of(evaluation)) == ["remove_glasses"]
    assert edits_of(evaluation)["remove_glasses"]["cycle"] is None
    assert "cycle" in [each["part"] for each in to_json(evaluation.metrics)["skipped"]]


def test_inception_s_features_are_a_second_opinion(faces, monkeypatch, tmp_path):
    monkeypatch.setattr(
        room, "InceptionFeatures", lambda weights: lambda images: images[:, 12, 4:28, 0] / 255.0
    )
    weights = tmp_path / "inception.h5"
    weights.write_bytes(b"")
    edit = edits_of(measure(faces, inception_weights=str(weights)))["add_glasses"]
    assert edit["realism_inception"]["kernel"] < edit["realism_inception_before"]["kernel"] / 5


@pytest.fixture(scope="module")
def many():
    """The faces that a fresh classifier needs: 60 without glasses and 60 with, of 60 persons."""
    images = np.random.default_rng(1).integers(40, 90, (120, SIZE, SIZE, 3), np.uint8)
    images[1::2, EYES, 0] += GLASSES
    labels = np.ones((120, 4), np.int8)
    labels[::2, 0] = -1
    names, persons = tuple(f"{index}.png" for index in range(120)), np.arange(120) // 2
    table = AttributeTable(names, COLUMNS, labels, CELEBA_CROP, images=images, identities=persons)
    return EvaluationFaces(
        "faces", table, {"Eyeglasses": (np.arange(0, 120, 2), np.arange(1, 120, 2))}
    )


def test_edited_faces_are_told_from_real_ones_of_the_target(many):
    edits, asked = {ADD: Glasses(1), REMOVE: Glasses(-0.5)}, []

    def features(images):
        asked.append(len(images))
        return images[:, ::4, ::4, 0].reshape(len(images), -1)

    settings = EvaluationSettings(told_apart_faces=40, identity_pairs=0)
    pair = (subject_of(edits), many)
    evaluation = evaluate([pair], Judge(), None, settings, features)
    assert asked == [40, 40, 60] * 2, "no more than a side has, and twice as many real ones"
    add, remove = (edit["told_apart"] for edit in edits_of(evaluation).values())
    assert add["unedited"]["value"] == 1
    assert add["edited"]["value"] == pytest.approx(0.5, abs=0.15), "just so is the red put on"
    assert remove["edited"]["value"] == 1, "half of it is left"
    assert [add[name]["count"] for name in ("edited", "unedited", "real")] == [80, 80, 60]
    assert to_json(from_json(to_json(evaluation.metrics))) == to_json(evaluation.metrics)


def test_persons_of_faces_are_known_by_their_number_or_are_strangers(many):
    identities = np.where(np.arange(120) < 8, -1, many.table.identities)
    table = dataclasses.replace(many.table, identities=identities)
    cases = Cases(Judge(), None, 1, 0)
    subject = subject_of({ADD: Glasses(1), REMOVE: Glasses(-1)})
    for edit, first, second in ((ADD, 0, 1), (REMOVE, 1, 0)):
        needed, needless = cases.of(subject, edit, dataclasses.replace(many, table=table)).persons()
        np.testing.assert_array_equal(needed[4:], needless[4:])
        np.testing.assert_array_equal(needed[:4], [-1 - first - 2 * place for place in range(4)])
        np.testing.assert_array_equal(needless[:4], [-1 - second - 2 * place for place in range(4)])


def test_an_edit_that_does_nothing(faces):
    def nothing(images):
        return np.zeros(images.shape, np.float32)

    edit = edits_of(measure(faces, {ADD: nothing, REMOVE: nothing}))["add_glasses"]
    assert edit["success"]["edited"] == edit["success"]["before"]
    assert edit["no_op"]["ratio"] is None
    assert edit["locality"]["energy_inside"]["value"] is None
    assert edit["realism"] == edit["realism_before"]


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


def test_a_judge_must_know_the_attribute_and_faces_be_of_both_kinds(faces):
    judge = Judge()
    judge.columns = ("Male",)
    with pytest.raises(UserError, match="not trained on Eyeglasses"):
        measure(faces, judge=judge)
    none = dataclasses.replace(
        faces, sides={"Eyeglasses": (faces.sides["Eyeglasses"][0], np.zeros(0, int))}
    )
    with pytest.raises(UserError, match="0 faces with Eyeglasses and 20 without"):
        measure(none)


def test_settings_out_of_range_are_named():
    with pytest.raises(UserError, match="identity_faces 0"):
        EvaluationSettings(identity_faces=0)
    with pytest.raises(UserError, match=r"inception_weights gone\.h5: no such file"):
        EvaluationSettings(inception_weights="gone.h5")


def test_a_subject_may_edit_several_attributes(faces):
    smile = find_attribute("smile", COLUMNS)
    smiling = faces.table.values("Smiling")
    both = dataclasses.replace(
        faces,
        sides={**faces.sides, "Smiling": (np.flatnonzero(~smiling), np.flatnonzero(smiling))},
    )
    # Red eyes are no smile: what adds the red takes the smile away.
    made = {ADD: Glasses(1), REMOVE: Glasses(-1), smile.removing: Glasses(1)}
    outside = Outside()
    settings = EvaluationSettings(identity_pairs=0, outside_faces=15)
    evaluation = evaluate([(subject_of(made), both)], Judge(), None, settings, outside=outside)
    found = edits_of(evaluation)
    assert list(found) == ["add_glasses", "remove_glasses", "remove_smile"]
    assert [edit["column"] for edit in found.values()] == ["Eyeglasses", "Eyeglasses", "Smiling"]
    assert found["remove_smile"]["faces"] == smiling.sum()
    assert found["remove_smile"]["needless_faces"] == (~smiling).sum()
    assert outside.asked == [15, 15, 15] * 3, "of no more faces than that"
    (lines,) = found["add_glasses"]["how_far"]["judges"]
    assert lines["share"]["value"] == pytest.approx(1, abs=0.1)
    assert lines["area"]["value"] == 1
    happy, corners = found["remove_smile"]["how_far"]["judges"]
    assert (happy["judge"], corners["judge"]) == ("looks happy", "lift of the mouth's corners")
    assert -GLASSES / 255 <= happy["moved"]["value"] < -0.9 * GLASSES / 255, "some reds are full"
    assert corners["share"]["value"] is None, "it tells no real ones apart"
    assert found["remove_smile"]["cycle"] is None, "nothing puts the smile back"
    assert found["add_glasses"]["cycle"] is not None
    alone = edits_of(measure(faces))
    assert found["add_glasses"]["success"] == alone["add_glasses"]["success"]
    assert list(evaluation.metrics.classifier.reliability["faces"]) == ["Eyeglasses", "Smiling"]
    assert evaluation.metrics.of("glasses", smile.removing).faces == smiling.sum()
    with pytest.raises(KeyError):
        evaluation.metrics.of("glasses", smile.adding)


def test_metrics_of_another_format_are_not_read():
    with pytest.raises(UserError, match="format 1, this version reads 2"):
        from_json({"format": 1})
