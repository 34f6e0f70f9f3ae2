"""Scenarios as files: what is wrong is told with line, key and cure, all of it at once."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smpp.scenario import Scenario
from adapters.smpp.scenario_file import load_scenario, read_scenario, shipped_files
from adapters.smpp.scenario_values import Span
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.yamlfile.problem import ConfigError

EVERYTHING_WRONG = """\
about: A bad file
begins: tomorrow
binds:
  - {status: RSOMETHING}
  - {kind: transceiver, delay: 2s..1s}
submits:
  - {to: 336, status: 0x58}
  - {to: ["336*"], until: 5s, from: 10s}
  - {share: 2}
  - {answr: none}
  - {tlvs: sms, congestion: 101}
throttle:
  - {rate: 0}
  - {kind: bucket}
ids: {answer: octal}
receipts:
  - {states: {DELIVERED: 1}}
  - {states: {UNDELIV: 0.6, EXPIRED: 0.6}}
  - {body: "id:{identity}"}
links:
  - {do: stall}
  - {do: down, since: bind, for: 5s}
  - {do: outbind}
  - {do: cut, to: "here:2775"}
incoming:
  - {text: STOP}
  - {text: STOP, reply: {}, number: "33612345678"}
"""


def complaints(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_scenario(text, "day.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_everything_wrong_is_told_at_once() -> None:
    assert complaints(EVERYTHING_WRONG) == [
        "day.yaml:2: begins: expected 'start', 'bind' or 'submit' (when its time begins)",
        "day.yaml:4: binds[0].status: expected a command_status: a name such as RTHROTTLED, or a number such as 0x58",
        "day.yaml:5: binds[1].delay: the first duration must not be longer than the second",
        'day.yaml:7: submits[0].to: expected a pattern such as "336*", or a list of them; put numbers in quotes',
        "day.yaml:8: submits[1]: until must be later than from",
        "day.yaml:9: submits[2].share: must be 1.0 or less (of those that fit, this share at random, 0 to 1)",
        "day.yaml:10: submits[3].answr: unknown key: did you mean answer?",
        "day.yaml:11: submits[4].tlvs[0]: expected one of sar_msg_ref_num, message_payload, or a tag such as 0x0424",
        "day.yaml:11: submits[4].congestion: must be 100 or less (congestion_state in the answer)",
        "day.yaml:13: throttle[0].rate: must be more than 0.0 (parts a second)",
        "day.yaml:14: throttle[1].rate: required, and missing: add it (parts a second)",
        "day.yaml:15: ids.answer: expected decimal, hex, HEX (each also padded, as in decimal:10), digits20, uuid or "
        "UUID",
        "day.yaml:17: receipts[0].states.DELIVERED: expected one of SCHEDULED, ENROUTE, DELIVRD, EXPIRED, DELETED, "
        "UNDELIV, ACCEPTD, UNKNOWN, REJECTD, SKIPPED",
        "day.yaml:18: receipts[1]: the shares of states add up to more than 1",
        "day.yaml:19: receipts[2].body: a receipt's text knows {id}, {dlvrd}, {submitted}, {done}, {state}, {error}, "
        "{text}, {to}, {sender}; a brace by itself is doubled",
        "day.yaml:21: links[0]: stall needs `for`: how long it lasts",
        "day.yaml:22: links[1]: down concerns the whole SMSC: it cannot count from a bind",
        "day.yaml:23: links[2]: outbind, and nothing else, needs `to`: the host:port of a client that listens",
        "day.yaml:24: links[3]: outbind, and nothing else, needs `to`: the host:port of a client that listens",
        "day.yaml:26: incoming[0]: say who writes (number) and to which sender (to), or what it replies to (reply)",
        "day.yaml:27: incoming[1]: a reply comes once, from who was written to: no number, to, system_id, every, times",
    ]


@pytest.mark.parametrize("section", ["binds", "submits", "receipts", "queries", "cancels"])
def test_a_rule_that_never_applies_is_told(section: str) -> None:
    text = f"{section}:\n  - {{share: 0.5}}\n  - {{}}\n  - {{share: 0.5}}\n"
    assert complaints(text) == [f"day.yaml:1: {section}: [2] never applies: [1] always does; put what is special first"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- a list", "day.yaml:1: expected keys and values, such as `key: value`"),
        ("begins: [", "day.yaml:1: not valid YAML"),
        ("begins: bind\nbegins: start", "day.yaml:2: begins: written twice, first on line 1: keep one"),
        ("binds: 5", "day.yaml:1: binds: expected a list, such as [one, two] (what becomes of a bind)"),
        ("smsc: {name: this name is too long}", "day.yaml:1: smsc.name: "),
        (
            "receipts: [{delay: soon}]",
            "day.yaml:1: receipts[0].delay: expected a duration such as 50ms, 2s, 10m, 6h or 3d",
        ),
    ],
)
def test_clear_complaints(text: str, complaint: str) -> None:
    (found,) = complaints(text)
    assert found.startswith(complaint)


def test_durations() -> None:
    scenario = read_scenario("receipts: [{delay: 50ms..2m, every: 3d}]\nlinks: [{do: cut, after: 1.5}]", "")
    assert scenario.receipts[0].delay == Span(0.05, 120.0)
    assert (scenario.receipts[0].every, scenario.links[0].after) == (259_200.0, 1.5)


def test_an_empty_file_is_a_good_day() -> None:
    assert read_scenario("", "") == Scenario()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_scenario(str(tmp_path / "no.yaml"))
    assert "cannot be read: No such file or directory; give the path of a file, or one of " in str(caught.value)


def test_a_file_wins_over_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(shipped_files()).stem
    assert load_scenario(name).about
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("about: mine\n")
    assert load_scenario(name).about == "mine"


def test_the_command_line_says_who_is_let_in() -> None:
    options = SimulatorOptions(system_id="a", password="b", name="c", first_id=5, seed=7)
    scenario = read_scenario("seed: 3\nsmsc: {system_id: z, receipt_window: 4}\nids: {answer: hex}", "")
    assert scenario.under(SimulatorOptions()) == scenario
    said = scenario.under(options)
    assert (said.smsc.system_id, said.smsc.password, said.smsc.name, said.smsc.receipt_window) == ("a", "b", "c", 4)
    assert (said.seed, said.ids.first, said.ids.answer.base) == (7, 5, "hex")


#: Pieces from which files are made that may be scenarios.
WORDS = st.sampled_from(
    [
        *Scenario.model_fields,
        *("status", "delay", "to", "{", "}", "[", "]", ":", "-", "\n", "  ", ",", "&a", "*a", "!!str", "1", "0x58"),
        *("2s", "1s..2s", "~", "é", "\t", '"', "'", "|", ">", "#", "?", "%", "\x00", "\ud800", "9" * 400),
    ]
)


@given(st.lists(WORDS, max_size=60).map(" ".join) | st.text(max_size=200))
def test_no_file_is_too_strange(text: str) -> None:
    with suppress(ConfigError):
        assert read_scenario(text, "day.yaml")
