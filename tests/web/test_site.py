"""The page as a folder, and its server."""

import http.client
import json
import re
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from web_pages import ROOT, serving

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.errors import UserError
from serving.page import npm, server, site


def test_the_page_and_its_server_have_the_same_policy():
    text = (site.WEB / "index.html").read_text(encoding="utf-8")
    (policy,) = re.findall('http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy == server.CONTENT_POLICY


def test_the_page_asks_for_nothing_from_elsewhere():
    files = [path for path in site.WEB.rglob("*") if path.suffix in (".html", ".js", ".css")]
    assert len(files) > 20
    for path in files:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search("https?://", text), path
        assert not re.search(r"\bstyle=|\bon\w+=\"|<script>|innerHTML|\beval\(", text), path


def test_every_edit_of_the_paper_has_a_name_on_the_page():
    text = (site.WEB / "src" / "page" / "labels.js").read_text(encoding="utf-8")
    for attribute in PAPER_ATTRIBUTES:
        assert re.search(rf"^  {attribute.column}: {{$", text, re.MULTILINE)


def test_edits_are_in_the_order_of_the_paper():
    names = ["add_hat", "make_old", "remove_glasses", "add_glasses"]
    assert site.in_order(names) == ["add_glasses", "remove_glasses", "make_old", "add_hat"]


def test_no_edits(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "listed", lambda bundles: [])
    with pytest.raises(UserError, match="no bundle there or among the shipped ones; export a run"):
        site.build(tmp_path / "site", tmp_path)


def test_npm_that_is_missing_or_fails(tmp_path, monkeypatch):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(site.WEB / name, tmp_path / name)

    def fails(command, **how):
        raise subprocess.CalledProcessError(1, command, stderr="npm error code\nnpm error no way")

    monkeypatch.setattr(npm.subprocess, "run", fails)
    with pytest.raises(UserError, match="npm ci: failed \\(npm error no way\\)"):
        npm.packages(tmp_path, tmp_path / "there", development=False)
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="npm: not installed"):
        npm.packages(tmp_path, tmp_path / "there", development=False)


@pytest.fixture
def fetched_by(tmp_path, monkeypatch):
    """Puts a function, which is given the folder, in the place of npm; gives back the target."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(site.WEB / name, tmp_path / name)

    def install(fetch):
        def run(command, cwd, **how):
            (cwd / "node_modules").mkdir()
            (cwd / "node_modules" / "of").write_text(" ".join(command))
            fetch(cwd)

        monkeypatch.setattr(npm.subprocess, "run", run)
        return tmp_path / "there"

    return install


def test_npm_fetches_what_is_missing_once(tmp_path, fetched_by):
    fetched = []
    target = fetched_by(fetched.append)
    for development, times in ((False, 1), (False, 1), (True, 2), (True, 2), (False, 2)):
        modules = npm.packages(tmp_path, target, development)
        assert modules == target / "node_modules"
        assert len(fetched) == times
    assert "--omit=dev" not in (modules / "of").read_text()
    (tmp_path / "package-lock.json").write_text("{}")
    npm.packages(tmp_path, target, development=False)
    assert len(fetched) == 3
    assert "--omit=dev" in (modules / "of").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {
        "package.json",
        "package-lock.json",
        "there",
    }


@pytest.mark.parametrize("older", [False, True])
def test_two_programs_that_fetch_at_once_do_not_meet(tmp_path, fetched_by, older):
    inside = []

    def fetch(folder):
        assert not (target / "node_modules").exists() or older
        if not inside:
            inside.append(folder)  # the other program begins later and is done first
            modules = npm.packages(tmp_path, target, development=True)
            inside.append((modules / "of").stat().st_ino)

    target = fetched_by(fetch)
    if older:
        (target / "node_modules").mkdir(parents=True)
        (target / ".faceattr-lock").write_text("another")
    modules = npm.packages(tmp_path, target, development=True)
    assert (modules / "of").stat().st_ino == inside[1]


def test_npm_that_fails_leaves_nothing(tmp_path, fetched_by):
    def fails(folder):
        raise subprocess.CalledProcessError(1, "npm", stderr="npm error no way")

    target = fetched_by(fails)
    before = set(tmp_path.iterdir())
    with pytest.raises(UserError, match="npm ci: failed"):
        npm.packages(tmp_path, target, development=True)
    assert set(tmp_path.iterdir()) == before


def test_the_folder_is_whole(site_folder):
    listed = json.loads((site_folder / "bundles" / "index.json").read_text(encoding="utf-8"))
    first, second = listed["edits"][:2]
    assert (first["edit"], second["edit"]) == ("add_glasses", "remove_glasses")
    assert (site_folder / "bundles" / "add_glasses" / first["file"]).stat().st_size == first[
        "bytes"
    ]
    for folder in ("litert", "models"):
        assert "Apache License" in (site_folder / folder / "LICENSE").read_text(encoding="utf-8")
    worker = (site_folder / "sw.js").read_text(encoding="utf-8")
    names = json.loads(re.search("const SITE = (.+);", worker)[1])
    for name in (*names["shell"], *names["rest"]):
        assert (site_folder / name).exists(), name
    assert "./" in names["shell"]
    scripts = {
        f"src/{path.relative_to(site_folder / 'src')}" for path in site_folder.rglob("src/**/*.js")
    }
    assert scripts <= set(names["shell"])


def test_a_damaged_bundle_is_not_shown(tmp_path, tiny_bundles):
    shutil.copytree(tiny_bundles, tmp_path / "bundles")
    network = tmp_path / "bundles" / "add_glasses" / "add_glasses.tflite"
    network.write_bytes(network.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"add_glasses\.tflite: not the file that was exported"):
        site.build(tmp_path / "site", tmp_path / "bundles")


def test_what_the_server_answers(site_folder):
    with serving(site_folder) as served:
        connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=10)

        def answer(method, path):
            connection.request(method, path)
            got = connection.getresponse()
            return got, got.read()

        got, content = answer("GET", "/")
        assert (got.status, content) == (200, (site_folder / "index.html").read_bytes())
        assert server.CONTENT_POLICY in got.headers["Content-Security-Policy"]
        assert got.headers["Referrer-Policy"] == "no-referrer"
        runtime = next((site_folder / "litert" / "wasm").glob("*.wasm"))
        got, _ = answer("HEAD", f"/{runtime.relative_to(site_folder)}")
        assert got.headers["Content-Type"] == "application/wasm"
        for path in ("/models/", "/gone", "/../pyproject.toml", "/%2e%2e/pyproject.toml"):
            assert answer("GET", path)[0].status == 404, path
        assert answer("POST", "/")[0].status == 501


def test_the_command(tmp_path, tiny_bundles, npm_modules):
    command = [sys.executable, "-m", "serving.page", "--bundles", str(tiny_bundles)]
    out = tmp_path / "site"
    for wanted in (0, 2):
        done = subprocess.run(
            [*command, "--out", str(out)], cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == wanted, done.stderr
    assert "is there already" in done.stderr
    assert (out / "index.html").is_file()
    process = subprocess.Popen(
        [*command, "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        url = process.stdout.readline().strip()
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0
