"""Versions come and go while requests are answered; broken ones do nothing but tell."""

from __future__ import annotations

import http.client
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving_fakes import FakeServable, opened

from faceattr.errors import UserError
from serving.lifecycle import Lifecycle, Poller
from serving.repository import Repository, State
from serving.server import Server
from serving.version_folders import All, Latest, ModelSource, Specific
from serving.wire.limits import Limits
from serving.wire.request_error import RequestError


def write(folder: Path, number: int, what: str = "whole") -> None:
    (folder / str(number)).mkdir(parents=True, exist_ok=True)
    (folder / str(number) / "saved_model.pb").write_text(what)


def load(path: Path) -> Any:
    """A servable that adds its number; files say whether they are whole."""
    if (path / "saved_model.pb").read_text() != "whole":
        raise ValueError("weights are cut short\nand a second line")
    number = int(path.name)
    return FakeServable(lambda x: x + np.float32(number))


class House:
    """A repository, its lifecycle and a folder of versions of the model m."""

    def __init__(self, folder: Path, load: Any = load) -> None:
        self.folder = folder
        self.repository = Repository()
        self.changes = 0
        self.lifecycle = Lifecycle(
            self.repository, load, seconds_to_finish=5, changed=self.count_change
        )

    def count_change(self) -> None:
        self.changes += 1

    def serve(self, *numbers: int, **options: Any) -> None:
        for number in numbers:
            write(self.folder, number)
        self.lifecycle.set_sources([ModelSource("m", self.folder, **options)])

    def poll(self, *numbers: int) -> None:
        for number in numbers:
            write(self.folder, number)
        self.lifecycle.poll()

    @property
    def answering(self) -> int:
        return self.repository.find("m").number

    @property
    def states(self) -> dict[int, State]:
        return {version.number: version.state for version in self.repository.versions("m")}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_new_version_replaces_the_old_one(house: House) -> None:
    house.serve(9)
    house.poll()
    assert house.states == {9: State.AVAILABLE}
    house.poll(10)
    assert house.answering == 10
    assert house.states == {10: State.AVAILABLE, 9: State.END}


def test_tells_when_versions_were_loaded_or_unloaded_and_only_then(house: House) -> None:
    house.serve(1)
    assert house.changes == 1
    house.poll()
    write(house.folder, 2, "broken")
    house.poll()
    assert house.changes == 1
    house.poll(3)
    assert house.changes == 2
    house.lifecycle.set_sources([])
    assert house.changes == 3


def test_going_back_is_removing_the_newer_folder(house: House) -> None:
    house.serve(1, 2)
    (house.folder / "2" / "saved_model.pb").unlink()
    (house.folder / "2").rmdir()
    house.poll()
    assert house.states == {2: State.END, 1: State.AVAILABLE}


@pytest.mark.parametrize("how", ["broken", "half-copied"])
def test_a_broken_version_leaves_the_old_one_and_tells(house: House, how: str) -> None:
    house.serve(1)
    write(house.folder, 2, how)
    house.poll()
    assert house.answering == 1
    assert house.states == {2: State.END, 1: State.AVAILABLE}
    status = house.repository.versions("m", 2)[0]
    assert (status.error_code, status.error_message) == ("UNKNOWN", "weights are cut short")


def test_a_copy_that_gets_whole_is_served(house: House) -> None:
    house.serve(1)
    write(house.folder, 2, "half")
    house.poll()
    house.poll(2)
    assert house.states == {2: State.AVAILABLE, 1: State.END}
    assert house.repository.versions("m", 2)[0].error_message == ""


def test_a_broken_version_is_not_loaded_again_and_again(tmp_path: Path) -> None:
    tried = []

    def count(path: Path) -> Any:
        tried.append(path)
        return load(path)

    house = House(tmp_path, count)
    write(house.folder, 2, "broken")
    house.serve(1)
    for _ in range(5):
        house.poll()
    assert len(tried) == 1  # and never version 1, which the policy does not choose


def test_a_folder_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    def write_meanwhile(path: Path) -> Any:
        if not (path / "variables").exists():
            (path / "variables").write_text("just copied")
        return load(path)

    house = House(tmp_path, write_meanwhile)
    house.serve(1)
    assert house.states == {1: State.END}
    assert "changed while it was read" in house.repository.versions("m")[0].error_message
    house.poll()
    assert house.states == {1: State.AVAILABLE}


def test_the_old_version_stops_when_the_new_one_answers_and_not_before(tmp_path: Path) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(path: Path) -> Any:
        if path.name == "2":
            begun.set()
            assert may_end.wait(10)
        return load(path)

    house = House(tmp_path, slow)
    house.serve(1)
    write(house.folder, 2)
    thread = threading.Thread(target=house.poll)
    thread.start()
    assert begun.wait(10)
    assert house.states == {2: State.LOADING, 1: State.AVAILABLE}
    with house.repository.used("m") as (version, _):
        may_end.set()
        deadline = time.monotonic() + 10
        while house.states[1] is not State.UNLOADING and time.monotonic() < deadline:
            time.sleep(0.01)
        assert version.number == 1
        assert version.servable is not None
        assert house.answering == 2
    thread.join(10)
    assert house.states == {2: State.AVAILABLE, 1: State.END}


def test_policies(house: House) -> None:
    house.serve(1, 2, 3, policy=All())
    assert set(house.states.values()) == {State.AVAILABLE}
    house.serve(policy=Specific((1, 3)))
    assert house.states == {3: State.AVAILABLE, 2: State.END, 1: State.AVAILABLE}
    house.serve(policy=Latest(2))
    assert house.states == {3: State.AVAILABLE, 2: State.AVAILABLE, 1: State.END}


def test_labels_name_loaded_versions_only(house: House) -> None:
    house.serve(1, 2, policy=All(), labels={"stable": 1, "canary": 2})
    assert house.repository.find("m", label="stable").number == 1
    with pytest.raises(UserError, match="label 'canary' of model 'm' names version 7") as caught:
        house.serve(policy=All(), labels={"canary": 7})
    assert "--allow_version_labels_for_unavailable_models" in caught.value.for_command_line
    assert house.repository.find("m", label="canary").number == 2
    house.lifecycle.set_sources([ModelSource("m", house.folder, All(), {"canary": 7})], True)
    with pytest.raises(RequestError, match=r"Specific\(m, 7\)"):
        house.repository.find("m", label="canary")
    with pytest.raises(RequestError, match="Unrecognized servable version label: stable"):
        house.repository.find("m", label="stable")


def test_a_reload_replaces_the_whole_set_of_models(tmp_path: Path) -> None:
    house = House(tmp_path / "m")
    house.serve(1)
    write(tmp_path / "n", 4)
    write(tmp_path / "other", 5)
    sources = [ModelSource("m", tmp_path / "m"), ModelSource("n", tmp_path / "n")]
    house.lifecycle.set_sources(sources)
    assert (house.answering, house.repository.find("n").number) == (1, 4)
    house.lifecycle.set_sources([ModelSource("n", tmp_path / "other")])
    assert house.repository.names == ["n"]
    assert [version.number for version in house.repository.versions("n")] == [5]


def test_a_folder_out_of_reach_ends_nothing(house: House, tmp_path: Path) -> None:
    house.serve(1)
    house.folder.rename(tmp_path.with_name("away"))
    house.poll()
    assert house.answering == 1


def test_20_versions_under_load(tmp_path: Path) -> None:
    """No request fails, and each is answered by a version as a whole, in rising order."""
    write(tmp_path, 1)
    server = Server(Limits(), load)
    server.lifecycle.set_sources([ModelSource("m", tmp_path)])
    answers: list[list[Any]] = [[] for _ in range(4)]
    stop = threading.Event()

    def ask(into: list[Any], address: tuple[str, int]) -> None:
        connection = http.client.HTTPConnection(*address, timeout=20)
        while not stop.is_set():
            connection.request("POST", "/v1/models/m:predict", b'{"instances": [0, 0]}')
            answer = connection.getresponse()
            into.append((answer.status, json.loads(answer.read())))
        connection.close()

    with opened(server) as at:
        threads = [threading.Thread(target=ask, args=(into, at.address)) for into in answers]
        for thread in threads:
            thread.start()
        for number in range(2, 22):
            write(tmp_path, number, {7: "broken", 13: "half-copied"}.get(number, "whole"))
            server.lifecycle.poll()
            asked = [len(into) for into in answers]
            deadline = time.monotonic() + 20
            while any(len(into) == at for into, at in zip(answers, asked, strict=True)):
                assert time.monotonic() < deadline  # everybody asks each of them
                time.sleep(0.001)
        stop.set()
        for thread in threads:
            thread.join(20)
    for into in answers:
        assert {status for status, _ in into} == {200}
        numbers = [answer["predictions"] for _, answer in into]
        assert all(first == second for first, second in numbers)
        assert numbers == sorted(numbers)
        assert not {7, 13} & {int(first) for first, _ in numbers}
        assert numbers[-1] == [21.0, 21.0]


def test_what_a_poll_raises_ends_no_polling(caplog: pytest.LogCaptureFixture) -> None:
    called = []
    poller = Poller()

    def fail() -> None:
        called.append(1)
        raise [UserError("--model_config_file: no"), KeyError("a defect")][len(called) % 2]

    poller.every(0.01, fail)
    deadline = time.monotonic() + 10
    while len(called) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    poller.stop()
    assert len(called) >= 3
    assert "--model_config_file: no" in caplog.text
    assert "a defect while looking for new versions" in caplog.text


def test_a_mistake_that_stays_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    called = []
    poller = Poller()

    def fail() -> None:
        called.append(1)
        raise UserError("--model_config_file: no")

    poller.every(0.01, fail)
    deadline = time.monotonic() + 10
    while len(called) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    poller.stop()
    assert caplog.text.count("--model_config_file: no") == 1
