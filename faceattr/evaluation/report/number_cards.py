"""The numbers of one edit, as cards of a report."""

from faceattr.evaluation.report.html import Numbers, estimate, mark
from faceattr.evaluation.report.shown import ShownEdit
from faceattr.pictures.html import facts, figure, missing, table, text
from faceattr.pictures.words import Unit, faces, number

# PSNR is drawn on a line between these, in dB.
_PSNR = (15.0, 50.0)


def number_cards(shown: ShownEdit) -> str:
    """Markup of a card for each group of numbers; one that is missing says why."""
    edit = shown.edit
    cards = [
        ("Classed as the target after the edit", _by_kind(edit)),
        ("How much it changes, and where", _locality(edit)),
        ("There and back", _cycle(edit["cycle"], shown.reason("cycle"))),
        ("Landmarks", _landmarks(shown)),
    ]
    # Where it is missing, its figure says why.
    if edit["identity"] is not None:
        cards.append(("Identity", _identity(edit["identity"])))
    # Photographs have no counterfactual.
    if edit["truth"] is not None:
        cards.append(("Against the truth", _truth(edit["truth"])))
    return "".join(figure(title, markup) for title, markup in cards)


def _by_kind(edit: Numbers) -> str:
    by_kind = edit["success_by_noop"]
    return facts(
        [
            (words, estimate(by_kind[kind], "%") + mark(by_kind[kind]))
            for kind, words in (
                ("lacking", "of faces that lacked it"),
                ("already", "of faces that already were so"),
            )
        ]
    )


def _locality(edit: Numbers) -> str:
    found = edit["locality"]
    psnr = found["psnr_outside"]
    region = found["region"]
    rows = [
        ("mean |r|, of [-1, 1]", estimate(found["mean_change"])),
        ("the same inside", estimate(found["mean_change_inside"])),
        ("the same outside", estimate(found["mean_change_outside"])),
        ("pixels that change by > 0.1", estimate(found["changed_share"], "%")),
        (
            "r² that lies inside",
            estimate(found["energy_inside"], "%") + mark(found["energy_inside"]),
        ),
        ("PSNR outside", estimate(psnr, "dB", "nothing changes outside") + mark(psnr, *_PSNR)),
        ("SSIM outside", estimate(found["ssim_outside"])),
        ("mean |r| where not needed", estimate(edit["no_op"]["needless"])),
        ("change at strength 0", f"<b>{edit['change_at_zero']}</b> <small>of 255 levels</small>"),
        ("inside is", text(region)),
    ]
    return facts(rows)


def _cycle(found: Numbers | None, reason: str) -> str:
    if found is None:
        return missing(reason)
    return facts(
        [
            ("mean difference when back", estimate(found["l1"])),
            ("after the edit alone", estimate(found["there"])),
            ("PSNR when back", estimate(found["psnr"], "dB")),
        ]
    )


def _identity(found: Numbers) -> str:
    return facts(
        [
            ("still the same person", estimate(found["kept"], "%") + mark(found["kept"])),
            ("mean distance", estimate(found["mean"])),
            ("median distance", f"<b>{number(found['median'])}</b>"),
            (
                "no face found",
                f"<b>{found['not_found_before']}</b> <small>before</small> "
                f"<b>{found['not_found_after']}</b> <small>after the edit, of "
                f"{faces(len(found['distances']))}</small>",
            ),
        ]
    )


def _landmarks(shown: ShownEdit) -> str:
    found = shown.edit["landmarks"]
    if found is None:
        return missing(shown.reason("landmarks"))
    rows = [
        [text(name), estimate(errors["eyes"]), estimate(errors["rest"])]
        for name, errors in _landmark_sets(shown).items()
    ]
    return table(["faces", "eyes", "rest"], rows, "small") + (
        f"<figcaption>Mean error, in distances between the eyes; the truth: "
        f"{text(found['truth'])}.</figcaption>"
    )


def _landmark_sets(shown: ShownEdit) -> dict[str, Numbers]:
    """The rows of Table 2 where glasses are removed; else before and after."""
    found = shown.edit["landmarks"]
    if (shown.subject["column"], shown.edit["direction"]) != ("Eyeglasses", "to_negative"):
        return {"before the edit": found["before"], "after the edit": found["after"]}
    sets = {"D1, with glasses": found["before"], "D1 manipulated": found["after"]}
    for opposite in shown.subject["edits"].values():
        if opposite["direction"] == "to_positive" and opposite["landmarks"] is not None:
            return {"D0, without glasses": opposite["landmarks"]["before"], **sets}
    return sets


def _truth(found: Numbers) -> str:
    units: dict[str, Unit] = {"psnr": "dB", "ssim": "", "landmark_shift": ""}
    words = {"psnr": "PSNR", "ssim": "SSIM", "landmark_shift": "landmark shift"}
    rows = [
        [words[name], *(estimate(found[name][side], unit) for side in ("edited", "unedited"))]
        for name, unit in units.items()
        if found[name] is not None
    ]
    return table(["to the truth", "edited", "unedited"], rows, "small")
