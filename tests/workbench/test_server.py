"""Who is let in, what is sent along, who finds a session again."""

import http.client
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pellucid.workbench.limits import MOST_SESSIONS
from pellucid.workbench.server import FILES, NO_PAGE, STATIC, Workbench
from workbench.client import Page, served


def get(workbench: Workbench, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", workbench.port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, data


def test_the_page_needs_its_token_and_its_host() -> None:
    with served() as workbench:
        is_built = (STATIC / "index.html").is_file()
        status, headers, data = get(workbench, f"/?token={workbench.token}")
        assert status == (200 if is_built else 503)
        assert is_built or data.decode() == NO_PAGE
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert get(workbench, "/")[0] == 403
        assert get(workbench, "/?token=wrong")[0] == 403
        for host in ("evil.example", f"evil.example:{workbench.port}", "127.0.0.1:1", ""):
            assert get(workbench, f"/?token={workbench.token}", Host=host)[0] == 403
        for origin in ("http://evil.example", "null"):
            assert get(workbench, f"/?token={workbench.token}", Origin=origin)[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/..%2fserver.py",
        "/static/%2e%2e/server.py",
        "/etc/passwd",
        "/static//etc/passwd",
        "/static/server.py",
        "/static/",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_other_file_is_opened(path: str) -> None:
    with served() as workbench:
        assert get(workbench, f"{path}?token={workbench.token}")[0] == 404


def test_built_files_are_known() -> None:
    assert set(FILES) >= {path.name for path in STATIC.glob("*") if path.suffix in (".js", ".css", ".html", ".svg")}


def test_the_socket_is_for_own_pages_only() -> None:
    with served() as workbench:
        refused = (ConnectionClosed, InvalidStatus)
        for origin in ("http://evil.example", "null", f"https://127.0.0.1:{workbench.port}", "http://127.0.0.1:1"):
            with pytest.raises(refused), Page(workbench, origin=origin) as page:
                page.hear()
        for session in ("short", "a" * 65, "../../etc", "a b c d e f g h"):
            with pytest.raises(refused), Page(workbench, session.replace(" ", "%20")) as page:
                page.hear()
        right, workbench.token = workbench.token, "wrong"
        with Page.__new__(Page) as page:
            workbench.token = right
            page.__init__(workbench)  # type: ignore[misc]
            page.until(lambda state: "run" in state)


def test_a_reloaded_page_finds_its_run_and_a_closed_one_s_ends() -> None:
    with served(grace=0.5) as workbench:
        with Page(workbench, "session-1") as page:
            assert page.until(lambda state: "run" in state)["run"]["fresh"]
            page.send("step", unit="epoch", count=5)
            page.wait("frame", epoch=5)
            number = page.state["run"]["id"]
            trainer = workbench.sessions["session-1"].trainer
        with Page(workbench, "session-1") as page:
            state = page.until(lambda state: "run" in state)
            assert (state["run"]["id"], state["run"]["epoch"], state["run"]["fresh"]) == (number, 5, False)
            content, buffers = page.wait("frame")
            assert content["reset"]
            assert len(buffers["history"]) == 6
            page.send("play")
            page.until(lambda state: state["run"]["playing"])
            assert trainer.is_alive()
        end = time.monotonic() + 10
        while workbench.sessions and time.monotonic() < end:
            time.sleep(0.05)
        assert not workbench.sessions
        trainer.join(5)
        assert not trainer.is_alive()


def test_a_page_of_an_earlier_server_learns_that_its_token_is_another() -> None:
    with served() as workbench:
        with Page(Workbench(workbench.port)) as page, pytest.raises(ConnectionClosed, match="4403"):
            page.hear()
        assert not workbench.sessions


def test_a_session_stays_with_the_page_that_has_it() -> None:
    with served() as workbench, Page(workbench) as first:
        first.until(lambda state: "run" in state)
        with Page(workbench) as second:
            assert "is a copy of another, which keeps its run" in second.wait("error")[0]["message"]
            with pytest.raises(ConnectionClosed, match="4409"):
                second.hear()
        first.send("step", unit="epoch", count=1)
        first.wait("frame", epoch=1)
        assert len(workbench.sessions) == 1


def test_sessions_are_limited() -> None:
    with served() as workbench:
        pages = [Page(workbench, f"session-{number}") for number in range(MOST_SESSIONS)]
        for page in pages:
            page.until(lambda state: "run" in state)
        with Page(workbench, "one-too-many") as page:
            assert "At most" in page.wait("error")[0]["message"]
        pages[0].__exit__()
        time.sleep(0.3)
        with Page(workbench, "one-too-many") as page:  # a place is free at once
            page.until(lambda state: "run" in state)
        for page in pages[1:]:
            page.__exit__()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_server_leaves_nothing_behind(tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "pellucid.cli", "workbench", "--no-open"]
    program = "import sys; from pellucid.cli import main; sys.argv = ['pellucid', 'workbench', '--no-open']; main()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        process.send_signal(how)
        assert process.wait(20) in (-how, 0, 130, 128 + how)
    assert not list(tmp_path.iterdir())
