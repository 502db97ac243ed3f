import dataclasses
import io
import re

import numpy as np
import pytest
from html_page import HtmlPage
from made_up_evaluation import (
    a_realism,
    an_estimate,
    estimate,
    made_up_evaluation,
    noise_pictures,
    realism,
)
from PIL import Image

from faceattr.attributes import find_attribute
from faceattr.evaluation.judge.scores import ColumnScore
from faceattr.evaluation.measures.no_op import NoOp
from faceattr.evaluation.measures.told_apart import ToldApart
from faceattr.evaluation.report.html import TIMES
from faceattr.evaluation.report.report import report_page, write_report
from faceattr.evaluation.report.shown import anchors, shown_edits
from faceattr.evaluation.report.success_cells import Company, success_cells
from faceattr.pictures.html import identifier
from faceattr.pictures.words import EN_DASH

ADDRESSES = ("src", "href", "srcset", "data", "action", "poster")


pytestmark = pytest.mark.usefixtures("coarse_figures")


def changed(change):
    """The page of an evaluation, whose metrics.json is changed first."""
    evaluation = made_up_evaluation(
        change=lambda metrics: change(metrics, metrics["subjects"][0]["edits"]["add_glasses"])
    )
    return HtmlPage(report_page(evaluation)[0])


@pytest.fixture(scope="module")
def made():
    return report_page(made_up_evaluation())


@pytest.fixture(scope="module")
def page(made):
    return HtmlPage(made[0])


ADD = "glasses-add_glasses"
ADDING = find_attribute("glasses", ["Eyeglasses"]).adding


def test_the_page_is_well_formed_and_needs_nothing_else(made, page):
    text, _ = made
    for _, attributes in page.tags:
        for name in ADDRESSES:
            address = attributes.get(name, "#")
            assert address.startswith(("#", "data:image/")), address
    anchors_there = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for link in page.all("a"):
        assert link["href"].removeprefix("#") in anchors_there
    style = re.sub(r"data:image/[^\"]*", "", text)
    for outside in ("://", "url(", "@import", "<link", "<script"):
        assert outside not in style
    assert all(image["alt"] for image in page.all("img"))
    assert "prefers-color-scheme:dark" in text
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )


def test_the_page_shows_every_number_of_an_edit_with_its_interval_and_count(page):
    evaluation = made_up_evaluation()
    success = vars(evaluation.metrics.of("glasses", ADDING).success.edited)
    words = page.part(ADD)
    percents = [f"{100 * success[name]:.0f}" for name in ("value", "low", "high")]
    assert f"{percents[0]}% {percents[1]} to {percents[2]}%, 81 faces" in words
    for shown in (
        "31.7 dB 31.1 to 32.3 dB, 81 faces",
        "83% 80 to 86%, 81 faces",
        "29.3 dB 28.8 to 29.8 dB, 81 faces",
        "0.041 0.037 to 0.045, 81 faces",
        "mean |r| where not needed 0.013 0.01 to 0.016, 79 faces",
        "told apart 83% 78 to 88%, 160 faces unedited 74%, real ones 51%",
        "unedited from real 74% 68 to 80%, 160 faces",
        "no-op ratio 0.32",
        "how far 42% age 42% of the way (32 to 52%), -7.5 of -18 years, AUC 0.89",
        "age, years 42% 32 to 52%, 81 faces 45.2 37.7 27.2 0.89 0.85 to 0.93, 81 faces",
        "No face was seen 3 times",
        f"realism 2.00{TIMES} of two real halves' distance; unedited 2.58{TIMES}, 40 faces",
        "89% of 61 faces with it 99% of 1,149 faces without",
        "before the edit 0.09",
        "landmark box",
        "12 of 81 faces, drawn by seed 7, not chosen",
        "Worst, chosen",
    ):
        assert shown in words, shown


def test_the_page_tells_how_it_was_measured(page):
    words = page.part("method")
    for shown in (
        "8,070 faces, 1,210 held out",
        "seed 7",
        "some processor",
        "CPU cores 2",
        "TensorFlow 2.21.0",
        "1,234 s",
        "2030-05-04T13:02:01Z",
        "steps 4000",
        "epochs 8",
        "do not publish",
    ):
        assert shown in words, shown


COMPANY = {
    "judge": ColumnScore(61, 1149, 0.98, 0.94, 0.894, 0.991, 0.02),
    "adds": True,
    "no_op": NoOp(an_estimate(0.04), an_estimate(0.01), 0.25),
    "how_far": "no outside judge reads it",
    "realism": a_realism(),
    "told_apart": ToldApart(*map(an_estimate, (0.83, 0.74, 0.51))),
    "images": np.zeros((2, 8, 8, 3), np.uint8),
    "edited": np.zeros((2, 8, 8, 3), np.uint8),
}


@pytest.mark.parametrize(
    ("missing", "nothing"),
    [
        ("judge", None),
        ("no_op", None),
        ("how_far", None),
        ("how_far", ""),
        ("realism", None),
        ("realism", ""),
        ("told_apart", None),
        ("told_apart", ""),
        ("images", np.zeros((0, 8, 8, 3), np.uint8)),
        ("edited", np.zeros((0, 8, 8, 3), np.uint8)),
    ],
    ids=str,
)
def test_there_is_no_success_without_what_it_is_read_beside(missing, nothing):
    with pytest.raises(ValueError, match="not shown without"):
        Company(**(COMPANY | {missing: nothing}))
    success = made_up_evaluation().metrics.of("glasses", ADDING).success
    shown = dict(success_cells(success, Company(**COMPANY)))
    assert list(shown) == [
        "random faces",
        "how far",
        "told apart",
        "success",
        "judge's recall",
        "no-op ratio",
        "realism",
    ]
    assert shown["random faces"].count("<img") == 4


def test_an_evaluation_without_random_faces_or_a_judge_makes_no_report():
    evaluation = made_up_evaluation()
    pictures = evaluation.pictures["glasses", ADDING]
    evaluation.pictures["glasses", ADDING] = dataclasses.replace(
        pictures, random=np.zeros(0, np.int64)
    )
    with pytest.raises(ValueError, match="without images"):
        report_page(evaluation)
    evaluation = made_up_evaluation(change=lambda metrics: metrics["classifier"].update(scores={}))
    with pytest.raises(ValueError, match="without judge"):
        report_page(evaluation)


def test_wherever_success_is_its_company_is_too(page):
    for anchor in ("summary", ADD, "glasses-remove_glasses"):
        words = page.part(anchor)
        for heading in (
            "how far",
            "told apart",
            "success",
            "judge's recall",
            "no-op ratio",
            "realism",
        ):
            assert heading in words, (anchor, heading)
    assert "random faces" in page.part("summary")


@pytest.mark.parametrize(
    ("direction", "recall"), [("add_glasses", 0.894), ("remove_glasses", 0.991)]
)
def test_the_ceiling_is_the_judges_recall_of_what_the_edit_aims_at(direction, recall):
    [company] = [
        shown.company for shown in shown_edits(made_up_evaluation()) if shown.name == direction
    ]
    assert company.ceiling == recall
    assert f"judge's recall {100 * recall:.0f}%" in company.line
    assert "no-op ratio 0.32" in company.line
    assert f"2.00{TIMES} of two real halves" in company.line


def test_a_part_that_was_skipped_says_why_in_its_place_and_on_top():
    def skip(metrics, edit):
        for part in ("how_far", "told_apart", "identity", "realism", "pose", "landmarks", "cycle"):
            edit[part] = None
            metrics["skipped"].append(
                {"part": part, "reason": f"no {part} here", "edits": ["glasses: add_glasses"]}
            )
        metrics["skipped"].append(
            {"part": "identity_reference", "reason": "who is who", "edits": []}
        )
        edit["realism_before"] = None
        metrics["identity_reference"] = None
        metrics["subjects"][0]["edits"]["remove_glasses"]["cycle"] = None

    page = changed(skip)
    for part in ("how_far", "told_apart", "identity", "realism", "pose", "landmarks", "cycle"):
        assert f"{EN_DASH} no {part} here" in page.part(ADD), part
        skipped = f"{part.replace('_', ' ')} (glasses: add_glasses): no {part} here"
        assert skipped in page.part("skipped")
        assert f"no {part} here" not in page.part("glasses-remove_glasses"), "of another edit"
    assert f"There and back {EN_DASH} not measured" in page.part("glasses-remove_glasses")
    assert "identity reference : who is who" in page.part("skipped")


def test_without_anything_skipped_there_is_no_warning(page):
    assert page.part("skipped") == ""


def test_numbers_that_are_missing_are_dashes_and_never_nan():
    def empty(metrics, edit):
        nothing = {"value": None, "low": None, "high": None, "count": 0, "confidence": 0.95}
        edit["locality"]["psnr_outside"] = nothing
        edit["locality"]["energy_inside"] = nothing
        edit["success_by_noop"]["already"] = nothing
        edit["no_op"]["ratio"] = None
        edit["leakage"]["follows_data"] = None
        edit["leakage"]["correlations"][1] = None
        edit["strength_response"][2]["probability"] = None
        edit["identity"]["distances"][0] = None
        metrics["classifier"]["scores"]["celeba"]["Male"]["recall_positive"] = None

    page = changed(empty)
    words = page.part(ADD)
    assert f"PSNR outside {EN_DASH} nothing changes outside" in words
    assert f"no-op ratio {EN_DASH} nothing changes at all" in words
    assert f"{EN_DASH} fewer than three other attributes" in page.part("leakage")
    assert not re.search(r"\b(nan|None|inf)\b", page.words)


def test_the_kernel_distance_stands_in_for_the_frechet_distance():
    def few(_, edit):
        edit["realism"] = edit["realism_before"] = realism(None)

    words = changed(few).part(ADD)
    assert "realism 0.034 kernel distance; two real halves 4.0e-04 ± 0.002" in words
    assert "the Frechet distance of 128 features needs 129 images" in words


def test_table_2_has_the_faces_without_glasses_as_well(page):
    words = page.part("glasses-remove_glasses")
    for row in ("D0, without glasses", "D1, with glasses", "D1 manipulated"):
        assert row in words
    assert "D0" not in page.part(ADD)


def test_drawn_faces_are_shown_beside_the_truth():
    pictures = noise_pictures()
    truth = 255 - pictures.images

    def drawn(metrics):
        sides = {"edited": estimate(24.5, 0.5), "unedited": estimate(20.25, 0.5)}
        edit = metrics["subjects"][0]["edits"]["add_glasses"]
        edit["truth"] = {"psnr": sides, "ssim": sides, "landmark_shift": None}

    shown = {("glasses", "add_glasses"): dataclasses.replace(pictures, truth=truth)}
    page = HtmlPage(report_page(made_up_evaluation(pictures=shown, change=drawn))[0])
    assert "true counterfactual" in page.part(ADD)
    assert "PSNR 24.5 dB 24.0 to 25.0 dB, 81 faces" in page.part(ADD)
    assert "landmark shift" not in page.words
    cards = [image for image in page.all("img") if image["alt"] == "true counterfactual"]
    assert len(cards) == 12 + 6
    assert "true counterfactual" not in page.part("glasses-remove_glasses")


def decoded(address):
    import base64

    data = base64.b64decode(address.partition("base64,")[2])
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_the_faces_are_those_that_the_seed_drew_and_the_worst_as_they_are():
    """Flat faces, so that a JPEG keeps their colour: face k is k * 10, its edit brighter."""
    grey = np.arange(20, dtype=np.uint8) * 10
    images = np.broadcast_to(grey[:, None, None, None], (20, 16, 16, 3)).copy()
    pictures = dataclasses.replace(
        noise_pictures(),
        images=images,
        edited=images + 50,
        residual=np.full((20, 16, 16, 3), 50 / 127.5, np.float32),
        random=np.array([7, 3, 19, 0]),
        worst=np.array([5]),
        needless_images=images[:2],
        needless_edited=images[:2] + 20,
    )
    evaluation = made_up_evaluation(pictures={("glasses", "add_glasses"): pictures})
    text, _ = report_page(evaluation)
    section = text.partition(f'id="{ADD}"')[2].partition("</section>")[0]
    shown = [
        (image["alt"], round(decoded(image["src"]).mean(), 0))
        for image in HtmlPage(section[section.index(">") + 1 :].replace("</section>", "")).all(
            "img"
        )
        if image["alt"] in ("input", "residual", "edited")
    ]
    wanted = []
    for place in (7, 3, 19, 0, 5):
        wanted += [("input", 10.0 * place), ("residual", 178.0), ("edited", 10.0 * place + 50)]
    wanted += [("input", 0), ("edited", 20), ("input", 10), ("edited", 30)]
    assert [words for words, _ in shown] == [words for words, _ in wanted]
    np.testing.assert_allclose(
        [value for _, value in shown], [value for _, value in wanted], atol=2
    )


EVIL = "</style><script>alert(1)</script><img src=x onerror=alert(1)>'\"&amp;$\\frac{$../.."


def test_what_users_named_is_escaped_everywhere(tmp_path):
    def spoil(metrics):
        metrics["skipped"] = [{"part": EVIL, "reason": EVIL, "edits": [EVIL]}]
        metrics["machine"][EVIL] = EVIL
        [subject] = metrics["subjects"]
        subject["notes"] = [EVIL]
        subject["method"] = EVIL
        subject["settings"][EVIL] = EVIL
        for edit in subject["edits"].values():
            edit["locality"]["region"] = edit["landmarks"]["truth"] = EVIL
            edit["realism"]["note"] = EVIL

    evaluation = made_up_evaluation(
        edits=((EVIL, EVIL, (EVIL, f"remove_{EVIL}")),),
        columns=(EVIL, "Male", "Young"),
        source=EVIL,
        change=spoil,
    )
    write_report(evaluation, tmp_path / "report")
    text = (tmp_path / "report" / "report.html").read_text("utf-8")
    page = HtmlPage(text)
    assert all("onerror" not in attributes for _, attributes in page.tags)
    assert not page.all("script")
    assert {image["src"][:11] for image in page.all("img")} == {"data:image/"}
    assert text.count("</style>") == 1
    assert page.words.count(EVIL) >= 20
    for path in (tmp_path / "report" / "figures").iterdir():
        assert re.fullmatch(r"[A-Za-z0-9_-]+\.png", path.name)
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_names_that_look_alike_get_files_of_their_own():
    names = [("a b", "add"), ("a/b", "add"), ("A-B", "add"), ("..", "add"), ("é", "add")]
    found = anchors(names)
    assert len({anchor.casefold() for anchor in found}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", anchor) for anchor in found)
    assert len(identifier("x" * 5000, "add")) < 200


def test_the_leakage_has_the_most_moved_attribute_first_and_names_the_largest():
    def leak(_, edit):
        edit["leakage"]["columns"] = ["Eyeglasses", "Male", "Smiling", "Young"]
        edit["leakage"]["changes"] = [0.9, -0.41, 0.01, 0.2]
        edit["leakage"]["errors"] = [0.01, 0.02, 0.03, 0.04]
        edit["leakage"]["correlations"] = [1.0, 0.2, None, 0.1]

    words = changed(leak).part("leakage")
    assert "Male -0.41 ± 0.04 , Young +0.20 ± 0.08 , Smiling +0.01" in words
    assert "Eyeglasses +0.90" not in words


def test_edits_of_one_name_are_told_apart_at_the_top():
    edits = ("add_glasses", "remove_glasses")
    same = (("ours", "Eyeglasses", edits), ("other", "Eyeglasses", edits))

    page, _ = report_page(made_up_evaluation(same))

    nav = page[page.index("<nav>") : page.index("</nav>")]
    assert "add_glasses of ours" in nav
    assert "add_glasses of other" in nav
