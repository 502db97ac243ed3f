"""The part of the contract about what a family is trained on."""

import numpy as np
from models.bits import assert_same_bits

from faceattr.training.data import TrainingData


class RowsContract:
    """Which faces, and what of each, in which step."""

    def test_no_held_out_face_is_trained_on(self, family, config, data):
        columns = [attribute.column for attribute in data.attributes]
        training = np.concatenate([np.concatenate(data.split.training(c)) for c in columns])
        held_out = np.concatenate([np.concatenate(data.split.held_out(c)) for c in columns])
        assert len(training)
        assert len(held_out)
        assert not set(training) & set(held_out)
        again = TrainingData.load(config).split
        for column in columns:
            assert_same_bits(again.training(column), data.split.training(column))
            assert_same_bits(again.held_out(column), data.split.held_out(column))

    def test_rows_are_a_pure_function_of_seed_and_step(self, draw):
        fields = ("indices", "labels", "edits", "mirrored", "changes")

        def drawn(draws, step):
            return [getattr(draws.rows(step), field) for field in fields]

        there_and_back = draw()
        steps = [drawn(there_and_back, step) for step in (9, 2, 9)]
        assert_same_bits(steps[0], steps[2])
        assert_same_bits(steps[1], drawn(draw(), 2))
        assert (steps[0][4] != steps[1][4]).any(), "each step is another"
        assert (drawn(draw(seed=1), 2)[0] != steps[1][0]).any(), "each seed is another"

    def test_the_shares_of_workers_are_the_batch(self, draw):
        rows = draw().rows(3)
        shares = [rows.shard(worker, 2) for worker in range(2)]
        assert len(shares[0]) == len(shares[1]) == len(rows) / 2
        for field in ("indices", "labels", "edits", "mirrored", "changes"):
            groups = [np.split(getattr(share, field), rows.groups) for share in shares]
            whole = [
                np.stack(of, axis=1).reshape(-1, *of[0].shape[1:])
                for of in zip(*groups, strict=True)
            ]
            np.testing.assert_array_equal(np.concatenate(whole), getattr(rows, field))

    def test_rows_are_training_faces_that_need_their_edit(self, draw, data):
        draws = draw()
        columns = [attribute.column for attribute in data.attributes]
        training = {i for c in columns for members in data.split.training(c) for i in members}
        may = set(draws.indices())
        assert may <= training
        for step in range(12):
            rows = draws.rows(step)
            assert set(rows.indices) <= may
            for number, column in enumerate(columns):
                known = data.table.known(column)[rows.indices]
                sign = np.where(data.table.values(column)[rows.indices], 1, -1)
                np.testing.assert_array_equal(rows.labels[:, number], known * sign)
            for labels, edit in zip(rows.labels, rows.edits, strict=True):
                if edit >= 0:
                    assert labels[edit // 2] == (-1 if data.edits[edit].adds else 1)
