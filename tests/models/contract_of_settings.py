"""The part of the contract that is told by a family's declarations, before anything is trained."""

import re

import keras
import numpy as np
import pytest

from faceattr.errors import UserError
from faceattr.options import options_of
from faceattr.runs.settings import TrainConfig, all_options
from faceattr.training.train import check_backend, new_model
from faceattr.training.watching.guards import Advice

WRONG_TYPES = {bool: (0, "yes"), int: (1.5, "3", True), float: ("0.5", True), str: (3, True)}


def out_of_range(option):
    """Values that the declaration of an option leaves out."""
    found = [*WRONG_TYPES[option.kind]]
    if not option.optional:
        found.append(None)
    if option.choices:
        found.append("no such choice")
    if option.holds is None:
        return found
    for word, number in re.findall(r"(at least|above|from|below|to) (-?[\d.]+)", option.wanted):
        end = option.kind(float(number))
        small = 1 if option.kind is int else 1e-3
        outside = {"above": end, "below": end, "to": end + small}
        found.append(outside.get(word, end - small))
    return found + ([np.nan, np.inf] if option.kind is float else [])


class SettingsContract:
    """Options, presets, terms and alarms."""

    def test_every_option_is_a_flag_and_is_refused_out_of_its_range(self, family):
        for name, option in options_of(family.options).items():
            assert name in all_options()
            assert option.help
            assert option.kind not in (int, float) or option.holds, f"{name} has no range"
            for value in out_of_range(option):
                with pytest.raises(UserError, match=f"^{name} "):
                    family.options(**{name: value})
                with pytest.raises(UserError, match=f"^{name} "):
                    TrainConfig.of(model=self.name, attr=self.attr, **{name: value})
        assert TrainConfig.of(model=self.name, attr=self.attr).options == family.options()

    def test_presets_are_settings_of_the_family(self, family):
        for settings in family.presets.values():
            config = TrainConfig.of(model=self.name, attr=self.attr, **settings)
            assert {name: config.settings()[name] for name in settings} == settings

    def test_terms_are_those_of_the_model(self, family, config, data):
        terms = family.terms(data.edits)
        names = [term.name for term in terms]
        assert len(set(names)) == len(names)
        assert set(names) == set(new_model(config, data.attributes).terms_type._fields)
        assert {term.edit for term in terms} <= {None, *data.edits}
        for alarm in family.alarms:
            assert set(alarm.terms) <= set(names)

    def test_each_player_has_a_loss_and_terms_of_its_own(self, family, config, data):
        model = new_model(config, data.attributes)
        players = [player.name for player in model.players]
        terms = family.terms(data.edits)
        assert {f"{player}_loss" for player in players} <= {term.name for term in terms}
        assert {term.group for term in terms} <= {*players, "residual"}
        owned = [id(variable) for player in model.players for variable in player.variables]
        assert len(set(owned)) == len(owned), "a variable of two players"

    def test_a_checkpoint_is_judged_by_those_terms_alone_that_are_better_lower(self, family):
        for term in family.terms():
            settings = {"model": self.name, "attr": self.attr, "best_by": term.name}
            if term.best_by:
                assert TrainConfig.of(**settings).best_by == term.name
            else:
                with pytest.raises(UserError, match=f"^best_by {term.name}: "):
                    TrainConfig.of(**settings)

    def test_an_alarm_is_told_when_all_of_its_terms_are_low(self, family):
        for alarm in family.alarms:
            silent, loud = Advice([alarm]), Advice([alarm])
            silent.look(Advice.FIRST_STEP, dict.fromkeys(alarm.terms, alarm.below))
            loud.look(Advice.FIRST_STEP, dict.fromkeys(alarm.terms, alarm.below / 2))
            assert not silent.given
            assert alarm.advice in loud.given[0]

    def test_what_the_family_does_not_train_in_is_refused(self, family, config, monkeypatch):
        for backend in ("tensorflow", "jax"):
            monkeypatch.setattr(keras.backend, "backend", lambda backend=backend: backend)
            if backend in family.backends:
                check_backend(config)
            else:
                with pytest.raises(UserError, match=f"^model {self.name} trains on "):
                    check_backend(config)
