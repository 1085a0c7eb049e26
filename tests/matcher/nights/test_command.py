"""From file to file, as others run it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.bench.nights import mixed
from tests.matcher.nights.make import GOOD

COMMAND = [sys.executable, "-m", "matcher"]


def test_the_command_solves_a_file_and_judges_the_result(tmp_path: Path) -> None:
    """F and M may not share a night, so q comes when p is gone; a wrong result is told."""
    instance, result = tmp_path / "instance.json", tmp_path / "result.json"
    instance.write_text(json.dumps(GOOD))

    done = subprocess.run([*COMMAND, "plan", instance, "--seconds", "30"], capture_output=True, check=True)
    result.write_bytes(done.stdout)
    judged = subprocess.run([*COMMAND, "check", instance, result], capture_output=True, text=True, check=False)

    answer = json.loads(done.stdout)
    assert (answer["status"], answer["value"], answer["bound"]) == ("optimal", 3.5, 3.5)
    assert answer["assignments"] == [
        {"request": "p", "place": "a", "start": 0},
        {"request": "q", "place": "a", "start": 2},
    ]
    assert (judged.returncode, judged.stdout) == (0, "allowed, value 3.5\n")
    result.write_text(json.dumps(answer | {"assignments": answer["assignments"][1:]}))
    wrong = subprocess.run([*COMMAND, "check", instance, result], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (1, "p: is mandatory and not placed\n")


def test_who_stops_it_gets_the_best_so_far(tmp_path: Path) -> None:
    """SIGTERM long before its time is over: a whole answer, at once."""
    instance = tmp_path / "instance.json"
    instance.write_bytes(msgspec.json.encode(mixed(1, requests=400, places=25, nights=28)))
    running = subprocess.Popen([*COMMAND, "plan", instance, "--seconds", "600"], stdout=subprocess.PIPE)
    assert running.stdout is not None
    ready(running.pid)

    running.send_signal(signal.SIGTERM)
    written, _ = running.communicate(timeout=60)

    assert running.returncode == 0
    assert json.loads(written)["status"] in {"feasible", "timeout", "optimal"}


def ready(pid: int) -> None:
    """Until it listens to SIGTERM (SigCgt, a mask of signals)."""
    while True:
        caught = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "SigCgt" in line)
        if int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
            return


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file or directory"),
        ("", "the file is empty"),
        (json.dumps(GOOD | {"nights": -1}), "nights: is -1"),
    ],
)
def test_a_file_that_cannot_be_is_one_line_that_names_it(tmp_path: Path, content: str | None, message: str) -> None:
    instance = tmp_path / "instance.json"
    if content is not None:
        instance.write_text(content)

    done = subprocess.run([*COMMAND, "plan", instance], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{instance}: {message}\n")
