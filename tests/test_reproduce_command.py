import pytest
import warm_start
from commands import assert_one_line_error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fig3", "--quick"], "fig3"),
        ([], "NAME"),
        (["fig6"], "--data celeba needs --data_dir"),
        (["fig6", "--data_dir", "nowhere"], "--data_dir nowhere: no such folder"),
        (["fig6", "--quick", "--steps", "0"], "--steps 0"),
        (["fig6", "--quick", "--data_dir", "nowhere"], "--data_dir nowhere: no such folder"),
        (["fig5", "--data_dir", "."], "fig5 needs --other_dir"),
    ],
)
def test_mistakes_are_one_line(arguments, message, tmp_path):
    done = warm_start.run(["reproduce.py", *arguments, "--out", tmp_path / "out"])

    assert_one_line_error(done, message)
    assert not list(tmp_path.glob("out/runs/*"))
