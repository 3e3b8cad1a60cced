import socket
from pathlib import Path

from altui.sandbox import ports


def test_ports_differ_and_are_kept_for_the_next_start(tmp_path: Path):
    first = ports.choose(tmp_path / "ports.json")
    assert len(set(first.values())) == len(ports.NAMES)
    assert ports.choose(tmp_path / "ports.json") == first


def test_a_port_that_somebody_took_is_chosen_anew(tmp_path: Path):
    first = ports.choose(tmp_path / "ports.json")
    with socket.create_server(("127.0.0.1", first["postgres"])):
        second = ports.choose(tmp_path / "ports.json")
    assert second["postgres"] != first["postgres"]
    assert second["github"] == first["github"]
