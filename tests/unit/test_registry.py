"""What is declared, with everything filled in."""

from gateway.config import Settings
from gateway.registry import Registry

METZ, PORT = "0570051W", "9741046A"


def settings(**more: object) -> Settings:
    said: dict[str, object] = {
        "defaults": {"sender": "ACADEMIE", "foreign": ["LU"], "mode": "standard"},
        "schools": [
            {"uai": METZ, "name": "Lycée", "sender": "LYCCURIE"},
            {"uai": PORT, "name": "Collège", "region": "RE", "timezone": "Indian/Reunion", "foreign": []},
        ],
        "accounts": [{"name": "a", "adapter": "smpp"}, {"name": "b", "adapter": "smpp"}],
        "modes": {"standard": ["b", "a"], "premium": []},
        "actions": [
            {"code": "INFO", "short_label": "SMS", "long_label": "Envoi de SMS"},
            {"code": "CHER", "short_label": "SMS", "long_label": "Envoi", "mode": "premium"},
            {"code": "LETTRE", "short_label": "L", "long_label": "Lettre", "treatment": "letter"},
            {"code": "SANS", "short_label": "S", "long_label": "Sans", "template": "NONE"},
        ],
        "templates": [
            {"code": "TOUS", "label": "Tous", "text": "Bonjour"},
            {"code": "METZ", "label": "Metz", "text": "Bonjour", "school": METZ},
        ],
    }
    return Settings.model_validate({**said, **more})


def test_what_a_school_leaves_open_is_filled_from_the_defaults() -> None:
    registry = Registry(settings())
    metz, port = registry.school(METZ), registry.school(PORT)
    assert metz is not None
    assert port is not None
    assert (metz.sender, metz.region, metz.timezone, metz.foreign) == ("LYCCURIE", "FR", "Europe/Paris", ("LU",))
    assert (port.sender, port.region, port.timezone, port.foreign) == ("ACADEMIE", "RE", "Indian/Reunion", ())
    assert registry.zone(PORT).key == "Indian/Reunion"
    assert registry.zone("0000000A").key == "Europe/Paris"
    assert registry.school("0000000A") is None
    assert [school.uai for school in registry.schools()] == [METZ, PORT]


def test_only_actions_that_are_fully_set_up_are_usable() -> None:
    registry = Registry(settings())
    assert [action.code for action in registry.actions() if registry.usable(action)] == ["INFO"]


def test_accounts_of_a_mode_keep_their_order() -> None:
    registry = Registry(settings())
    assert [account.name for account in registry.accounts_of("standard")] == ["b", "a"]
    assert registry.accounts_of("premium") == registry.accounts_of("economique") == ()


def test_a_school_s_template_is_that_school_s() -> None:
    registry = Registry(settings())
    assert registry.template("TOUS", PORT) is not None
    assert registry.template("METZ", METZ) is not None
    assert registry.template("METZ", PORT) is None
    assert registry.template("NONE", METZ) is None


def test_another_configuration_takes_over() -> None:
    registry = Registry(settings())
    registry.replace(settings(actions=[], schools=[]))
    assert registry.actions() == ()
    assert registry.schools() == ()
    assert not registry.declared("INFO")
