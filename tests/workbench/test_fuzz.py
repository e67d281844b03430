"""Whatever comes over the socket is answered, never a crash, and a run goes on."""

import json
import random
import threading
import time
from typing import Any

import pytest

from pellucid.workbench.protocol import encode
from workbench.client import Page, served

KINDS = """
play pause reset step run_until speed seek edit freeze undo redo view ack explain formulas check_gradient surface warp
keep forget kept_history kept_map wall wall_stop wall_open upload paste export load_session nonsense
""".split()  # noqa: SIM905 - names
FIELDS = """
unit count condition epochs_per_second moment epoch batch parameter value frozen maps resolution output_resolution
charts links frame rows layer neuron input row parameters along span neurons name id settings epochs cell text what
size buffers kind
""".split()  # noqa: SIM905 - names
PATHS = ("data", "inputs", "network", "training", "stop", "version", "extra")


def anything(random_: random.Random, depth: int = 0) -> Any:
    """Return any JSON value."""
    simple = [
        lambda: random_.choice([None, True, False, 0, 1, -1, 2**53, -(2**31), 0.5, 1e300, -1e-300, 3]),
        lambda: random_.randint(-5, 100),
        lambda: random_.choice(
            ["", "batch", "epoch", "all", "loss", "weights", "x1", "../../etc/passwd", "\0", "é" * 50]
        ),
        lambda: [0, random_.choice(["weights", "bias"]), random_.randint(-1, 5), random_.randint(-1, 5)],
    ]
    if depth < 4:
        simple += [
            lambda: [anything(random_, depth + 1) for _ in range(random_.randint(0, 4))],
            lambda: {random_.choice(FIELDS): anything(random_, depth + 1) for _ in range(random_.randint(0, 4))},
        ]
    return random_.choice(simple)()


def settings(random_: random.Random, known: Any) -> Any:
    """Return settings with something put wrong."""
    broken = json.loads(json.dumps(known))
    for _ in range(random_.randint(1, 3)):
        section = random_.choice(PATHS)
        if isinstance(broken.get(section), dict) and broken[section] and random_.random() < 0.8:
            broken[section][random_.choice(list(broken[section]))] = anything(random_)
        else:
            broken[section] = anything(random_)
    return broken


def message(random_: random.Random, known: Any) -> str | bytes:
    """Return any message: noise, JSON of any shape, or one of ours with any fields."""
    match random_.randint(0, 9):
        case 0:
            return random_.randbytes(random_.randint(0, 200))
        case 1:
            return "".join(chr(random_.randint(1, 0x2FF)) for _ in range(random_.randint(0, 100)))
        case 2:
            return json.dumps(anything(random_))
        case 3:
            state = {"settings": settings(random_, known), "revision": anything(random_)}
            return json.dumps({"method": "update", "state": state})
        case 4:
            content = {"kind": random_.choice(KINDS), "name": "table.csv"}
            data = bytearray(encode(content, {"data": _bytes(random_)}))
            if random_.random() < 0.5 and data:
                data[random_.randrange(len(data))] = random_.randrange(256)
            return bytes(data)
    fields = {random_.choice(FIELDS): anything(random_) for _ in range(random_.randint(0, 4))}
    return json.dumps({"method": "custom", "content": {**fields, "kind": random_.choice(KINDS)}})


def _bytes(random_: random.Random) -> Any:
    import numpy as np

    texts = [
        b"a,b\n1,2\n3,4\n5,6\n7,8\n",
        b"PAR1" + random_.randbytes(50),
        random_.randbytes(60),
        b"\x1f\x8b" + b"\0" * 20,
    ]
    return np.frombuffer(random_.choice(texts), np.uint8)


def test_garbage_gets_an_answer_and_never_ends_the_session(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    count = request.config.getoption("--fuzz")
    random_ = random.Random(count)  # noqa: S311 - to be repeated
    heard: list[str] = []
    with served() as workbench, Page(workbench) as page:
        known = page.until(lambda state: "run" in state)["settings"]
        session = workbench.sessions["test-session"]
        is_over = threading.Event()

        def listen() -> None:
            while not is_over.is_set():
                try:
                    heard.append(page.hear(0.2)[0]["kind"])
                except TimeoutError:
                    continue

        page.is_drawing = False  # who hears must never wait to be heard
        listener = threading.Thread(target=listen)
        listener.start()
        try:
            for number in range(count):
                page.socket.send(message(random_, known))
                if number % 20 == 0:
                    page.send("ack")
                while len(session.commands) > 10 or len(session.questions) > 10:
                    time.sleep(0.001)  # what is refused because too many wait tests nothing
            end = time.monotonic() + 60 + count / 50
            while page.state.get("revision") != 2**40 and time.monotonic() < end:
                page.update(known, 2**40)  # again, if it was refused because too many waited
                time.sleep(0.5)
        finally:
            is_over.set()
            listener.join()
            page.is_drawing = True
        assert page.state["revision"] == 2**40
        assert heard.count("error") > count / 10
        page.send("ack")
        page.send("pause")
        page.send("reset")
        page.send("step", unit="epoch", count=2)
        end = time.monotonic() + 60
        while time.monotonic() < end:  # what was asked before may still be answered
            content, _ = page.hear(30)
            if content["kind"] == "frame" and content["epoch"] == 2:
                break
        assert content["kind"] == "frame"
        assert content["epoch"] == 2
    assert not [record for record in caplog.records if record.name == "pellucid.workbench"], caplog.text
