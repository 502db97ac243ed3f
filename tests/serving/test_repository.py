"""States and look-ups of versions."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from serving.repository import ModelVersion, Repository, State
from serving.wire.request_error import RequestError


def version(number: int, state: State = State.AVAILABLE) -> ModelVersion:
    servable: Any = object()
    return ModelVersion("m", number, Path(str(number)), state, servable=servable)


@pytest.fixture
def repository() -> Repository:
    repository = Repository()
    repository.set_model("m")
    repository.set_labels("m", {"stable": 9, "next": 11})
    for one in (version(10), version(9), version(11, State.LOADING)):
        repository.add(one)
    return repository


def test_the_highest_loaded_number_answers(repository: Repository) -> None:
    assert repository.find("m").number == 10
    assert repository.find("m", 9).number == 9
    assert repository.find("m", label="stable").number == 9
    assert [one.number for one in repository.versions("m")] == [11, 10, 9]
    assert [one.number for one in repository.versions("m", label="next")] == [11]


@pytest.mark.parametrize(
    ("look_up", "status", "message"),
    [
        (lambda r: r.find("x"), 404, "Servable not found for request: Latest(x)"),
        (lambda r: r.find("m", 7), 404, "Servable not found for request: Specific(m, 7)"),
        (lambda r: r.find("m", 11), 404, "Servable not found for request: Specific(m, 11)"),
        (lambda r: r.find("m", None, "next"), 404, "Specific(m, 11)"),
        (lambda r: r.find("m", None, "l"), 400, "Unrecognized servable version label: l"),
        (lambda r: r.versions("x"), 404, "Could not find any versions of model x"),
        (lambda r: r.versions("m", 7), 404, "Could not find version 7 of model m"),
        (lambda r: r.versions("m", None, "l"), 400, "Unrecognized servable version label: l"),
    ],
)
def test_what_is_not_there(repository: Repository, look_up: Any, status: int, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        look_up(repository)
    assert caught.value.http_status == status
    assert message in str(caught.value)


def test_a_version_stays_until_what_it_has_begun_is_done(repository: Repository) -> None:
    with repository.used("m") as (used, servable):
        assert used.number == 10
        unloading = threading.Thread(target=used.unload, args=(10,))
        unloading.start()
        unloading.join(0.05)
        assert used.state is State.UNLOADING
        assert used.servable is servable
        with repository.used("m") as (other, _):  # who comes now gets what is left
            assert other.number == 9
    unloading.join(10)
    assert (used.state, used.servable) == (State.END, None)
    with pytest.raises(RequestError, match=r"Specific\(m, 10\)"), repository.used("m", 10):
        pass


def test_ready_means_that_every_model_has_a_version_that_answers(repository: Repository) -> None:
    assert repository.is_ready
    repository.set_model("n")
    assert not repository.is_ready
    repository.remove_model("n")
    assert repository.is_ready
    assert not Repository().is_ready
