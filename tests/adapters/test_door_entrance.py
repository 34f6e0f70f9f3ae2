"""Who is let in at the door, what guessing costs, and how fast a guest may go."""

from typing import Any

import pytest

from adapters.smpp import codes
from adapters.smpp.door_allowance import Allowance
from adapters.smpp.door_entrance import FIRST, FORGIVEN, MOST, Penalties, Unwelcome, Welcome, judge, may_stay
from adapters.smpp.door_options import SmppLogin
from adapters.smpp.pdu import Pdu

A = ("192.0.2.7", "erp")


def login(**more: Any) -> SmppLogin:
    return SmppLogin.model_validate({"system_id": "erp", "password": "secret", "action": "INFO", **more})


def verdict(peer: str = "127.0.0.1", binds: int = 0, said: tuple[str, str] = ("erp", "secret"), **more: Any) -> Any:
    bind = Pdu(codes.BIND_TRANSCEIVER, body={"system_id": said[0], "password": said[1]})
    guests = {"other": login(system_id="other", password="autre"), "ent": login(**more)}
    return judge(bind, peer, guests, {"ent": binds})


def test_who_is_known_comes_in() -> None:
    assert verdict() == Welcome("ent", login())


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"said": ("nobody", "secret")}, Unwelcome(codes.RINVPASWD, "unknown system_id")),
        ({"said": ("erp", "SECRET")}, Unwelcome(codes.RINVPASWD, "wrong password", "ent")),
        ({"said": ("erp", "")}, Unwelcome(codes.RINVPASWD, "wrong password", "ent")),
        ({"said": ("erp", "secret\xff")}, Unwelcome(codes.RINVPASWD, "wrong password", "ent")),
        ({"said": ("erp", "autre")}, Unwelcome(codes.RINVPASWD, "wrong password", "ent")),
        ({"peer": "192.0.2.7"}, Unwelcome(codes.RBINDFAIL, "address not allowed")),
        ({"peer": "192.0.2.7", "said": ("erp", "guess")}, Unwelcome(codes.RBINDFAIL, "address not allowed")),
        ({"ips": ["192.0.2.7"]}, Unwelcome(codes.RBINDFAIL, "address not allowed", "ent")),
        ({"binds": 4}, Unwelcome(codes.RALYBND, "too many binds", "ent")),
    ],
)
def test_who_is_not_let_in(more: dict[str, Any], refusal: Unwelcome) -> None:
    assert verdict(**more) == refusal
    assert refusal.guessed == (refusal.status == codes.RINVPASWD)


@pytest.mark.parametrize(
    ("peer", "ips", "welcome"),
    [
        ("192.0.2.7", ["192.0.2.0/24"], True),
        ("192.0.3.7", ["192.0.2.0/24"], False),
        ("::ffff:192.0.2.7", ["192.0.2.7"], True),
        ("2001:db8::7", ["192.0.2.0/24", "2001:db8::/32"], True),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("::1", ["127.0.0.0/8"], False),
    ],
)
def test_addresses(peer: str, ips: list[str], welcome: bool) -> None:
    assert isinstance(verdict(peer, ips=ips), Welcome) == welcome


def test_who_was_let_in_stays_while_the_login_holds() -> None:
    before = login()
    assert may_stay("127.0.0.1", before, login(rate=1, window=3))
    assert not may_stay("127.0.0.1", before, login(password="other"))
    assert not may_stay("127.0.0.1", before, login(system_id="other"))
    assert not may_stay("127.0.0.1", before, login(ips=["192.0.2.7"]))


def test_guessing_costs_more_each_time() -> None:
    penalties = Penalties()
    now = 1000.0
    assert penalties.wait(A, now) == 0
    waits = []
    for _ in range(8):
        waits.append(penalties.failed(A, now))
        now += waits[-1]
        assert penalties.wait(A, now) == 0
    assert waits == [FIRST, 2, 4, 8, 16, MOST, MOST, MOST]


def test_many_connections_guess_no_faster() -> None:
    penalties = Penalties()
    waits = [penalties.failed(A, 1000.0) for _ in range(3)]
    assert waits == [1, 3, 7]
    assert penalties.wait(A, 1000.0) == 7
    assert penalties.wait(("192.0.2.7", "ent"), 1000.0) == 0


def test_who_guesses_no_more_is_forgiven() -> None:
    penalties = Penalties()
    for _ in range(4):
        penalties.failed(A, 1000.0)
    assert penalties.failed(A, 1000.0 + FORGIVEN) == FIRST


def test_penalties_are_bounded() -> None:
    penalties = Penalties()
    for place in range(10_050):
        penalties.failed(("192.0.2.7", str(place)), 1000.0)
    assert penalties.wait(("192.0.2.7", "0"), 1000.0) == 0
    assert penalties.wait(("192.0.2.7", "10049"), 1000.0) == FIRST


@pytest.mark.parametrize("rate", [0.5, 1.0, 10.0, 100.0])
def test_no_more_than_the_rate(rate: float) -> None:
    allowance = Allowance(rate)
    taken = sum(allowance.take(1000 + step / 1000) for step in range(20_000))
    assert taken == pytest.approx(max(1.0, rate) + 20 * rate, abs=1)


def test_a_second_at_once() -> None:
    allowance = Allowance(10)
    assert [allowance.take(1000.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert allowance.take(1000.1)
    assert not allowance.take(1000.1)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("password", ""),
        ("password", "x" * 17),
        ("password", "é"),
        ("ips", ["192.0.2.300"]),
        ("ips", ["192.0.2.7/24"]),
        ("rate", 0),
        ("service_types", {"TOOLONG": "INFO"}),
        ("pieces_timeout", "0s"),
    ],
)
def test_a_login_that_cannot_be(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        login(**{key: value})
