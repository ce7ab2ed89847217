"""How the explorer's page is served: at which address, and what its server gives to nobody."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
import tiny
from packaging.requirements import Requirement

import wae_tf
from wae_tf.bin import explore
from wae_tf.explorer import Shelf

pytest.importorskip("gradio", reason="needs gradio: pip install 'wae_tf[explore]'")

from wae_tf.explorer import serving
from wae_tf.explorer.page import build_page
from wae_tf.explorer.uploads import MAX_BYTES

ROOT = pathlib.Path(__file__).parents[1]
SECRET = "what nobody may read"


@contextlib.contextmanager
def listener(host="127.0.0.1"):
    """Holds a port, and yields its number."""
    with socket.socket() as held:
        held.bind((host, 0))
        held.listen()
        yield held.getsockname()[1]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Returns the directory of a small entry."""
    directory = tmp_path_factory.mktemp("entries") / "small"
    wae_tf.save_entry(directory, wae_tf.build_model(tiny.config()), tiny.config())
    return str(directory)


@pytest.fixture(scope="module")
def address(small):
    """Returns the address of a page that is served to other machines too: of its list only."""
    page = build_page(Shelf([small]), small)
    yield serving.serve(page, port=7860, block=False)
    page.close(verbose=False)


def ask(url, data=None, headers=()):
    """Returns status and content of an answer."""
    request = urllib.request.Request(url, data, dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def call(address, function, *values):
    """Calls a function of the page past its buttons; `function` is a predicate of its config."""
    config = json.loads(ask(f"{address}/config")[1])
    (dependency,) = [d for d in config["dependencies"] if function(d, config)]
    body = {"fn_index": dependency["id"], "session_hash": "visitor", "data": list(values)}
    headers = {"Content-Type": "application/json"}
    return ask(f"{address}/gradio_api/run/predict", json.dumps(body).encode(), headers)


@pytest.mark.parametrize(
    "host, local",
    [
        *((host, True) for host in ("127.0.0.1", "localhost", "::1", "127.1.2.3")),
        *((host, False) for host in ("0.0.0.0", "::", "192.168.0.7", "example.org")),
    ],
)
def test_only_the_loopback_is_local(host, local):
    assert serving.is_local(host) is local


def test_a_port_in_use_is_passed_over():
    with listener() as port:
        assert port < serving.free_port("127.0.0.1", port) < port + 100


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(OSError, match=r"`host` must be an address of this machine.*'192.0.2.1'"):
        serving.free_port("192.0.2.1", 7860)


def test_the_next_port_is_said_and_others_are_warned_of(small, capsys, monkeypatch):
    monkeypatch.setattr(serving, "free_port", lambda host, port: port + 1)
    launched = {}

    class Page:
        def queue(self, **_):
            pass

        def launch(self, **options):
            launched.update(options)

    assert serving.serve(Page(), "0.0.0.0", 7000, block=False) == "http://0.0.0.0:7001"
    said = capsys.readouterr()
    assert "Port 7000 is in use; taking 7001." in said.out
    assert "Warning: whoever can reach 0.0.0.0:7001 can use this page" in said.err
    assert launched["server_port"] == 7001 and launched["share"] is False


@pytest.mark.parametrize(
    "where",
    [
        "gradio_api/file={path}",
        "gradio_api/file={folder}/uploads/../secret.txt",
        "gradio_api/file={folder}%2Fsecret.txt",
        "gradio_api/file=%2e%2e/{path}",
        "gradio_api/file=/tmp/gradio/../..{path}",
        "gradio_api/file=file://{path}",
        "file={path}",
        "gradio_api/stream/{path}",
        "static/..{path}",
        "static/%2e%2e{path}",
        "static//{path}",
        "assets/../../../../../../../../../..{path}",
        "assets/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..{path}",
        "svelte/../../../../../../../../../..{path}",
        "theme.css/..{path}",
        "gradio_api/custom_component/1/client/component/..%2f..{path}",
        "{path}",
        "..{path}",
    ],
)
def test_files_of_the_machine_cannot_be_read(address, tmp_path, monkeypatch, where):
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    url = f"{address}/{where.format(path=path, folder=tmp_path)}"
    _, content = ask(url)
    assert SECRET.encode() not in content
    monkeypatch.chdir(tmp_path)
    status, content = ask(f"{address}/gradio_api/file=secret.txt")
    assert status == 403 and SECRET.encode() not in content


def test_the_source_and_the_models_are_not_served(address, small):
    for path in (ROOT / "setup.cfg", f"{small}/entry.json", sys.executable, "/proc/self/environ"):
        assert ask(f"{address}/gradio_api/file={path}")[0] == 403


@pytest.mark.parametrize(
    "path", ["proxy=http://127.0.0.1:1/", "file=http://127.0.0.1:1/a", "file=https:/a"]
)
def test_the_server_fetches_nothing_for_anybody(address, path):
    assert ask(f"{address}/gradio_api/{path}") == (403, b"Not of this page.")


def takes_a_file(dependency, config):
    kinds = {part["id"]: part["type"] for part in config["components"]}
    return "file" in [kinds[i] for i in dependency["inputs"]]


def test_a_path_is_not_taken_for_an_upload(address, tmp_path):
    (tmp_path / "secret.png").write_text(SECRET)
    file = {"path": str(tmp_path / "secret.png"), "meta": {"_type": "gradio.FileData"}}
    status, content = call(address, takes_a_file, None, file, 1.0, 0.5, 0.5, False)
    assert status == 500 and SECRET.encode() not in content


def test_paths_are_no_models_where_others_can_reach_the_page(small):
    shelf = Shelf([small])
    assert shelf.get(small) is shelf.get(small)
    for name in ("/etc", "hf://user/name", "other.keras"):
        with pytest.raises(ValueError, match=r"must be one of the list.*Received: model="):
            shelf.get(name)


def test_an_upload_over_the_limit_is_refused_by_the_server(address):
    def send(size):
        body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        body += bytes(size) + b"\r\n--x--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        return ask(f"{address}/gradio_api/upload", body, headers)[0]

    assert send(1000) == 200
    assert send(MAX_BYTES + 1000) == 413


def test_an_unforeseen_error_is_logged_and_not_shown(caplog):
    from wae_tf.explorer.session import _words

    assert "/etc" not in _words(PermissionError(13, "Permission denied", "/etc/shadow"))
    assert _words(ConnectionError("The hub <must> answer")) == "The hub &lt;must&gt; answer"
    assert "secret" not in _words(RuntimeError("secret"))
    assert "secret" in caplog.text


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--model=image_folder"], "must have weights"),
        (["--model=no_such_model"], "no_such_model"),
        (["--model=/no/such.keras"], "must be there"),
        (["--model=hf://digits"], "hf://user/name"),
        (["--host=192.0.2.1"], "must be an address of this machine"),
    ],
)
def test_the_program_says_what_is_wrong(run_program, arguments, words):
    assert words in run_program(explore, *arguments)


def test_the_program_names_the_extra(run_program, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert run_program(explore).endswith("`pip install 'wae_tf[explore]'`")


def started(command, **environment):
    """Runs a program until it has said where its page is; returns the process and the address."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment}
    # Ignored, if tests run in the background.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, env=environment
    )
    signal.signal(signal.SIGINT, before)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if match := re.search(r"http://[\d.]+:\d+", line):
            return process, match.group(), "".join(lines)
    raise AssertionError(f"ended: {''.join(lines)}")


def ended(process, how):
    process.send_signal(how)
    try:
        return process.wait(60)
    finally:
        process.kill()


@pytest.mark.slow
def test_the_program_serves_at_the_next_free_port(small):
    with listener() as port:
        command = ["-m", "wae_tf.bin.explore", f"--model={small}", f"--port={port}"]
        process, address, said = started(command)
        try:
            assert f"Port {port} is in use; taking " in said
            assert ask(address)[0] == 200
        finally:
            assert ended(process, signal.SIGINT) == 0


@pytest.mark.slow
def test_the_space_starts(small):
    with listener() as port:
        pass
    settings = {"GRADIO_SERVER_PORT": str(port), "MODELS": f"{small} mnist_wae_mmd_2d"}
    process, address, _ = started([str(ROOT / "spaces" / "app.py")], **settings)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                config = json.loads(ask(f"{address}/config")[1])
                break
            time.sleep(0.1)
        choices = [p["props"]["choices"] for p in config["components"] if p["type"] == "dropdown"]
        assert [small, small] in choices[0] and ["mnist_wae_mmd_2d"] * 2 in choices[0]
        assert config["enable_queue"] and not config.get("analytics_enabled", False)
    finally:
        ended(process, signal.SIGTERM)


def test_what_a_space_installs_is_what_the_page_needs():
    (line,) = (ROOT / "spaces" / "requirements.txt").read_text("utf-8").splitlines()
    wanted = Requirement(line)
    assert wanted.name == "wae_tf" and wanted.extras == {"explore", "hub"}
    assert wanted.specifier.contains(wae_tf.__version__)
    card = (ROOT / "spaces" / "README.md").read_text("utf-8")
    assert "sdk: gradio" in card and "app_file: app.py" in card
