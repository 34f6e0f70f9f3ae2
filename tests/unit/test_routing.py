"""The first account that can send takes a mode's messages; the next one after ``failover_after``."""

from dataclasses import dataclass

from gateway.model import AccountSettings
from gateway.routing import Means, means, modes_for


@dataclass
class Link:
    down_since: float | None = None
    failover_after: float = 30.0


MODES = {"economique": ("b",), "standard": ("a", "b", "c"), "premium": ("a",)}


def test_the_first_account_has_all_its_modes() -> None:
    links = {"a": Link(), "b": Link(), "c": Link()}
    assert modes_for("a", MODES, links, 0) == ("standard", "premium")
    assert modes_for("b", MODES, links, 0) == ("economique",)
    assert modes_for("c", MODES, links, 0) == ()
    assert modes_for("unknown", MODES, links, 0) == ()


def test_the_next_takes_over_after_thirty_seconds_and_gives_back_at_once() -> None:
    links = {"a": Link(down_since=100.0), "b": Link(), "c": Link()}
    assert modes_for("b", MODES, links, 129.9) == ("economique",)
    assert modes_for("b", MODES, links, 130.0) == ("economique", "standard")
    assert modes_for("a", MODES, links, 130.0) == ("standard", "premium")
    assert modes_for("c", MODES, links, 1e9) == ()
    links["a"].down_since = None
    assert modes_for("b", MODES, links, 131.0) == ("economique",)


def test_the_third_waits_for_both_before_it() -> None:
    links = {"a": Link(down_since=0.0), "b": Link(down_since=100.0, failover_after=5.0), "c": Link()}
    assert modes_for("c", MODES, links, 104.9) == ()
    assert modes_for("c", MODES, links, 105.0) == ("standard",)


def test_an_account_that_is_no_more_is_passed_over() -> None:
    assert modes_for("b", MODES, {"b": Link()}, 0) == ("economique", "standard")


def test_what_accounts_have_in_common() -> None:
    one = AccountSettings.model_validate({"name": "a", "adapter": "x", "senders": ["36111", "38500"]})
    two = AccountSettings.model_validate({"name": "b", "adapter": "x", "senders": ["38500"]})
    assert means([one, two]) == Means((one, two), False, "", 0, frozenset({"38500"}))
    assert means([]) == Means((), False, "", 0, frozenset())
