"""The configuration file: everything wrong in it is told at once, with its line, its key and its cure."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.smpp.door_options import SmppDoorSettings, SmppLogin
from adapters.smpp.options import SmppAccount
from gateway.caller import Scope
from gateway.config import ConfigError, Loaded, Role, read
from gateway.model import split_address
from tests.fakes.certificates import Authority

ADAPTERS = {"smpp": SmppAccount}
SMALL = """\
schools:
  - {uai: 0570051W, name: Lycée}
accounts:
  - {name: a, adapter: smpp, host: localhost, system_id: x, price: "0.045"}
modes: {standard: [a]}
"""


def reading(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Loaded:
    file = folder / "config.yaml"
    file.write_text(text, "utf-8")
    return read(file, ADAPTERS, environ or {})


def faults(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[tuple[int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        reading(folder, text, environ)
    assert all(problem.file == str(folder / "config.yaml") for problem in caught.value.problems)
    return [(problem.line, problem.key, problem.message) for problem in caught.value.problems]


def test_small_file_has_the_defaults_of_the_contract(tmp_path: Path) -> None:
    settings = reading(tmp_path, SMALL).settings
    assert settings.store.url == "sqlite:////var/lib/vaguemestre/gateway.db"
    assert settings.http.listen == "127.0.0.1:8080"
    assert settings.http.metrics_listen is None
    assert settings.defaults.model_dump() == {
        "region": "FR",
        "timezone": "Europe/Paris",
        "sender": "VAGUEMESTR",
        "max_parts": 4,
        "mode": "standard",
        "foreign": (),
        "letter_price": Decimal("1.52"),
    }
    assert settings.receipts.wait == timedelta(hours=72)
    assert isinstance(settings.accounts[0], SmppAccount)
    assert settings.accounts[0].price == Decimal("0.045")
    assert settings.modes == {"standard": ("a",)}


def test_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert reading(tmp_path, "").settings.schools == ()


def test_the_example_of_the_contract_is_read(tmp_path: Path) -> None:
    text = f"""
store: {{url: "sqlite:////var/lib/vaguemestre/gateway.db"}}
http: {{listen: "127.0.0.1:8080", metrics_listen: {{api: "127.0.0.1:9101", dispatch: "127.0.0.1:9102"}}}}
defaults: {{region: FR, timezone: Europe/Paris, sender: VAGUEMESTR, max_parts: 4, mode: standard, foreign: []}}
receipts: {{wait: 72h}}
schools:
  - {{uai: 0570051W, name: "Lycée Pierre et Marie Curie", sender: LYCCURIE, region: FR, foreign: [LU, DE]}}
apps:
  - {{name: vie-scolaire, key_sha256: "{"aB" * 32}", schools: [0570051W], scopes: [send, read]}}
accounts:
  - name: operateur-a
    adapter: smpp
    host: 127.0.0.1
    port: 2775
    system_id: demo
    password: ${{SMSC_PASSWORD}}
    rate: 0.5
    senders: ["36111"]
    prices: [{{from: 2026-01-01, mode: null, to: "*", ht: "0.0450"}}]
modes: {{standard: [operateur-a]}}
actions:
  - {{code: ABSENCE, short_label: SMS, long_label: "Envoi", release: manual, validity: 6h, sender: "36111"}}
"""
    loaded = reading(tmp_path, text, {"SMSC_PASSWORD": "s3cret"})
    account = loaded.settings.accounts[0]
    assert isinstance(account, SmppAccount)
    assert account.password == SecretStr("s3cret")
    assert account.rate == 0.5
    assert loaded.settings.apps[0].key_sha256 == "ab" * 32
    assert loaded.settings.apps[0].scopes == (Scope.SEND, Scope.READ)
    assert loaded.warnings == ()
    assert "s3cret" not in repr(loaded)


def test_everything_wrong_is_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = """\
http: {listn: "127.0.0.1:8080"}
retention: {text_days: 1}
schools:
  - {uai: 0570051W, name: Lycée, timezone: Europe/Pari}
  - {uai: 0570051W, name: 5}
apps:
  - {name: vie, key_sha256: abc, schools: [0570051X], scopes: [send, raed]}
accounts:
  - name: a
    adapter: smpp
    host: localhost
    system_id: x
    password: ${NOT_THERE}
    rate: 0
  - {name: b, adapter: smp}
modes: {economique: [c], standard: [a, b]}
actions:
  - {code: ABSENCE, short_label: SMS, validity: 6x, mode: premium, template: RIEN}
"""
    found = faults(tmp_path, text)
    assert [(line, key) for line, key, _ in found] == [
        (1, "http.listn"),
        (2, "retention.text_days"),
        (4, "schools[0].timezone"),
        (5, "schools[1].uai"),
        (5, "schools[1].name"),
        (7, "apps[0].schools[0]"),
        (7, "apps[0].key_sha256"),
        (7, "apps[0].scopes[1]"),
        (13, "accounts[0].password"),
        (14, "accounts[0].rate"),
        (15, "accounts[1].adapter"),
        (16, "modes.economique[0]"),
        (18, "actions[0].template"),
        (18, "actions[0].mode"),
        (18, "actions[0].long_label"),
        (18, "actions[0].validity"),
    ]


CASES = {
    "unknown key": ("http: {listn: x}", 1, "http.listn", "did you mean listen?"),
    "unknown key at the top": ("scools: []", 1, "scools", "did you mean schools?"),
    "unknown key of an adapter": (
        SMALL.replace("system_id: x", "system_id: x, hots: y"),
        4,
        "accounts[0].hots",
        "did you mean host?",
    ),
    "missing key": ("schools:\n  - {name: x}", 2, "schools[0].uai", "required"),
    "missing adapter": ("accounts:\n  - {name: a}\nmodes: {standard: [a]}", 2, "accounts[0]", "adapter is required"),
    "adapter of the wrong type": ("accounts: [{adapter: [x]}]", 1, "accounts[0].adapter", "expected one of smpp"),
    "an account that is a word": ("accounts: [smpp]", 1, "accounts[0]", "expected keys and values"),
    "a list that is a word": ("schools: lycee", 1, "schools", "expected a list"),
    "a section that is a list": ("http: []", 1, "http", "expected keys and values"),
    "retention": ("retention: {text_days: 1}", 1, "retention.text_days", "7"),
    "retention of ever": ("retention: {number_days: 9999}", 1, "retention.number_days", "3650"),
    "postgresql": ('store: {url: "postgresql://x/y"}', 1, "store.url", "PostgreSQL is not available yet"),
    "memory": ('store: {url: "sqlite:///:memory:"}', 1, "store.url", "plain file"),
    "no database": ("store: {url: gateway.db}", 1, "store.url", "sqlite:////"),
    "address": ('http: {listen: "8080"}', 1, "http.listen", "host:port"),
    "address of metrics": ('http: {metrics_listen: {api: "x:99999"}}', 1, "http.metrics_listen.api", "host:port"),
    "tls": (
        SMALL.replace("system_id: x", "system_id: x, tls: {ca: x}"),
        4,
        "accounts[0].tls.ca",
        "expected one of ca_file",
    ),
    "certificate": (
        SMALL.replace("system_id: x", "system_id: x, tls: {ca_file: none.pem}"),
        *(4, "accounts[0].tls.ca_file", "cannot be read: No such file"),
    ),
    "outbind": (
        SMALL.replace("system_id: x", "system_id: x, outbind: x"),
        4,
        "accounts[0].outbind.listen",
        "host:port",
    ),
    "negative duration": ("receipts: {wait: -3}", 1, "receipts.wait", "such as 30s"),
    "endless duration": ("receipts: {wait: 99999999999999999d}", 1, "receipts.wait", "ten years"),
    "negative rate": (SMALL.replace("price", "rate: -1, price"), 4, "accounts[0].rate", "more than 0"),
    "number for text": ("schools: [{uai: 0570051W, name: 12}]", 1, "schools[0].name", "in quotes"),
    "short code as a number": (
        SMALL.replace("price", "senders: [36111], price"),
        4,
        "accounts[0].senders[0]",
        "in quotes",
    ),
    "unknown mode": ("modes: {premum: []}", 1, "modes.premum", "'premium'"),
    "unknown account": (SMALL.replace("[a]", "[b]"), 5, "modes.standard[0]", "unknown account b: expected one of a"),
    "account twice in a mode": (SMALL.replace("[a]", "[a, a]"), 5, "modes.standard[1]", "already"),
    "mode without account": (SMALL + "defaults: {mode: premium}", 6, "defaults.mode", "modes: {premium: [...]}"),
    "school twice": (
        "schools:\n  - {uai: 0570051W, name: x}\n  - {uai: 0570051W, name: y}",
        3,
        "schools[1].uai",
        "already schools[0]",
    ),
    "unknown school of a template": (
        "templates: [{code: A, label: a, text: b, school: 0570051W}]",
        1,
        "templates[0].school",
        "declare it under `schools`",
    ),
    "sender too long": ("defaults: {sender: VAGUEMESTRES}", 1, "defaults.sender", "more than 11 characters"),
    "sender of digits": ('defaults: {sender: "0612345678"}', 1, "defaults.sender", "has no letter"),
    "confidential keyword that is none": (
        'templates: [{code: X, label: X, text: "#LOGIN", sensitive: [PASS]}]',
        *(1, "templates[0].sensitive[0]", "no keyword of its text"),
    ),
    "short code not listed": ('defaults: {sender: "36111"}', 1, "defaults.sender", "no account lists"),
    "short code of six digits": (
        SMALL.replace("price", 'senders: ["361111"], price'),
        4,
        "accounts[0].senders[0]",
        "five digits",
    ),
    "zone": ("defaults: {timezone: Europe/Pari}", 1, "defaults.timezone", "did you mean Europe/Paris?"),
    "region": ("defaults: {region: XQ}", 1, "defaults.region", "ISO 3166"),
    "two price lists": (SMALL.replace('"0.045"', '1, prices: [{ht: "1"}]'), 4, "accounts[0].prices", "keep one"),
    "twice": ("http: {}\nhttp: {}", 2, "http", "first on line 1"),
    "not YAML": ("http: {listen: [}", 1, "", "not valid YAML"),
    "variable outside quotes": ("a:\n  - {b: ${X}}", 2, "", "in quotes"),
    "two documents": ("http: {}\n---\nhttp: {}", 2, "", "not valid YAML"),
    "a list": ("- http", 1, "", "expected keys"),
    "a key that is a list": ("? [a]\n: b", 1, "", "a key must be a word"),
    "a bottomless file": ("http: " + "[" * 3000, 0, "", "too deep"),
    "a control character": ("http: \x07", 0, "", "not valid YAML"),
    "an impossible date": (
        SMALL.replace("price", 'prices: [{from: 2026-02-31, ht: "1"}], x'),
        4,
        "accounts[0].prices[0].from",
        "cannot be read as timestamp",
    ),
    "an endless alias": ("schools: &a [*a]", 1, "schools[0]", "holds itself"),
    "variable not set": ("defaults: {sender: '${X}'}", 1, "defaults.sender", "X is not set"),
    "variable without a name": ("defaults: {sender: '${}'}", 1, "defaults.sender", "expected ${NAME}"),
}


@pytest.mark.parametrize(("text", "line", "key", "cure"), CASES.values(), ids=CASES.keys())
def test_fault(tmp_path: Path, text: str, line: int, key: str, cure: str) -> None:
    found = faults(tmp_path, text)
    assert any(one[:2] == (line, key) and cure in one[2] for one in found), found


def test_a_key_twice_in_apps_is_told_without_repeating_it(tmp_path: Path) -> None:
    app = f"{{key_sha256: {'a' * 64}, schools: [0570051W], scopes: [send], name:"
    found = faults(tmp_path, f"{SMALL}apps:\n  - {app} x}}\n  - {app} y}}")
    assert [(line, key) for line, key, _ in found] == [(8, "apps[1].key_sha256")]
    assert "aaaa" not in found[0][2]


def test_wrong_values_are_not_repeated_in_case_they_are_secrets(tmp_path: Path) -> None:
    found = faults(tmp_path, SMALL.replace("system_id: x", "system_id: x, password: much-too-long-a-password"))
    assert [key for _, key, _ in found] == ["accounts[0].password"]
    assert "much" not in found[0][2]


def test_no_such_file_and_no_such_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file.*--config"):
        read(tmp_path / "none.yaml", ADAPTERS)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(ConfigError, match=r"latin.yaml:2: not UTF-8"):
        read(latin, ADAPTERS)


# ---- secrets ----


def with_password(value: str) -> str:
    return SMALL.replace("system_id: x", f"system_id: x, {value}")


def password(loaded: Loaded) -> str:
    account = loaded.settings.accounts[0]
    assert isinstance(account, SmppAccount)
    return account.password.get_secret_value()


def test_secret_of_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "smsc").write_text("p$ss\n")
    assert password(reading(tmp_path, with_password("password_file: smsc"))) == "p$ss"


def test_secret_of_a_systemd_credential(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "smsc").write_text("credential")
    environ = {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert password(reading(tmp_path, with_password("password_file: smsc"), environ)) == "credential"


def test_variables_inside_text_and_escaped(tmp_path: Path) -> None:
    text = with_password('password: "a${X}b$${X}"')
    assert password(reading(tmp_path, text, {"X": "1"})) == "a1b${X}"


def test_a_secret_is_not_expanded_twice(tmp_path: Path) -> None:
    assert password(reading(tmp_path, with_password('password: "${X}"'), {"X": "${Y}"})) == "${Y}"


@pytest.mark.parametrize(
    ("value", "cure"),
    [
        ("password_file: none", "cannot be read: No such file"),
        ("password_file: empty", "is empty"),
        ("password_file: 5", "expected the path"),
        ("password_file: empty, password: x", "keep one of the two"),
    ],
)
def test_secret_files_that_do_not_serve(tmp_path: Path, value: str, cure: str) -> None:
    (tmp_path / "empty").touch()
    found = faults(tmp_path, with_password(value))
    assert [key for _, key, _ in found] == ["accounts[0].password_file"]
    assert cure in found[0][2]


@pytest.mark.parametrize("folder", ["beside", "credentials"])
def test_a_certificate_is_looked_for_where_secrets_are(tmp_path: Path, folder: str) -> None:
    place = tmp_path if folder == "beside" else tmp_path / "credentials"
    place.mkdir(exist_ok=True)
    Authority(place, "operateur")
    text = SMALL.replace("system_id: x", "system_id: x, tls: {ca_file: operateur-ca.pem}")
    environ = {"CREDENTIALS_DIRECTORY": str(place)} if folder == "credentials" else {}
    (account,) = reading(tmp_path, text, environ).settings.accounts
    assert isinstance(account, SmppAccount)
    assert account.tls
    assert account.tls.ca_file == place / "operateur-ca.pem"


def test_what_an_account_probably_does_not_mean_is_a_warning(tmp_path: Path) -> None:
    warnings = reading(tmp_path, SMALL.replace("system_id: x", "system_id: x, bind: transmitter")).warnings
    found = [(one.line, one.key, "no_receipt" in one.message) for one in warnings if "bind" in one.key]
    assert found == [(4, "accounts[0].bind", True)]


def test_a_key_that_is_no_secret_takes_no_file(tmp_path: Path) -> None:
    assert "unknown key" in faults(tmp_path, with_password("host_file: x"))[0][2]


# ---- warnings, values ----


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (SMALL.replace("0570051W", "0570051A"), "schools[0].uai", "should be W"),
        (SMALL.replace(', price: "0.045"', ""), "accounts[0]", "cost 0"),
        (SMALL.replace("standard: [a]", ""), "modes", "nothing will leave"),
        (SMALL.replace("standard: [a]", ""), "accounts[0].name", "no mode names"),
    ],
)
def test_warnings_do_not_refuse(tmp_path: Path, text: str, key: str, words: str) -> None:
    assert any(one.key == key and words in one.message for one in reading(tmp_path, text).warnings)


TWO = (
    SMALL.replace("modes: {standard: [a]}", "").replace("price: ", "FORM, price: ")
    + """\
  - {name: b, adapter: smpp, host: localhost, system_id: x, price: 1}
modes: {standard: [a], premium: [a, b]}
"""
)


@pytest.mark.parametrize(("form", "key"), [("flash: data_coding", "flash"), ("schedule: provider", "schedule")])
def test_what_all_accounts_of_a_mode_must_have(tmp_path: Path, form: str, key: str) -> None:
    (warning,) = reading(tmp_path, TWO.replace("FORM", form)).warnings
    assert warning.key == f"accounts[0].{key}"
    assert "mode premium: b has" in warning.message
    both = TWO.replace("price: 1", f"{form}, price: 1")
    assert reading(tmp_path, both.replace("FORM", form)).warnings == ()


def test_norway_and_leading_zeros_are_text(tmp_path: Path) -> None:
    settings = reading(tmp_path, SMALL + "defaults: {foreign: [NO, LU]}\n").settings
    assert settings.defaults.foreign == ("NO", "LU")
    assert settings.schools[0].uai == "0570051W"


@pytest.mark.parametrize(
    ("written", "role", "address"),
    [
        ('"127.0.0.1:1"', Role.ALL, "127.0.0.1:1"),
        ('"127.0.0.1:1"', Role.DISPATCH, "127.0.0.1:1"),
        ('{api: "a:1", dispatch: "b:2"}', Role.API, "a:1"),
        ('{api: "a:1", dispatch: "b:2"}', Role.DISPATCH, "b:2"),
        ('{dispatch: "b:2"}', Role.ALL, "b:2"),
        ('{dispatch: "b:2"}', Role.API, None),
    ],
)
def test_metrics_listen_by_role(tmp_path: Path, written: str, role: Role, address: str | None) -> None:
    listen = reading(tmp_path, f"http: {{metrics_listen: {written}}}").settings.http.metrics_listen
    assert listen is not None
    assert listen.of(role) == address


def test_addresses() -> None:
    assert split_address("127.0.0.1:8080") == ("127.0.0.1", 8080)
    assert split_address("[::1]:8080") == ("::1", 8080)
    assert split_address(":8080") == ("", 8080)
    for wrong in ("8080", "host:", "host:x", "::1:80", "host:65536", "host:²"):
        with pytest.raises(ValueError, match="host:port"):
            split_address(wrong)


@pytest.mark.parametrize("key", ["validity", "hold_max"])
def test_no_action_expires_before_it_can_leave(tmp_path: Path, key: str) -> None:
    action = f"{{code: ABSENCE, short_label: SMS, long_label: Envoi, {key}: 0s}}"
    with pytest.raises(ConfigError) as caught:
        reading(tmp_path, SMALL + f"actions: [{action}]\n")
    assert [problem.key for problem in caught.value.problems] == [f"actions[0].{key}"]


# ---- doors ----


DOOR = (
    SMALL
    + """\
actions:
  - {code: INFO, short_label: Info, long_label: Information}
doors:
  - {kind: smpp, listen: "0.0.0.0:2775"}
apps:
  - name: erp
    key_sha256: "%s"
    schools: [0570051W]
    scopes: [compat]
    smpp: {system_id: erp, password: "${PASSWORD}", action: INFO}
"""
    % ("0" * 64)
)


def with_doors(folder: Path, text: str) -> Loaded:
    file = folder / "config.yaml"
    file.write_text(text, "utf-8")
    return read(file, ADAPTERS, {"PASSWORD": "secret"}, {"smpp": (SmppDoorSettings, SmppLogin)})


def test_a_door_and_a_login_are_read(tmp_path: Path) -> None:
    loaded = with_doors(tmp_path, DOOR)
    (door,), (app,) = loaded.settings.doors, loaded.settings.apps
    assert isinstance(door, SmppDoorSettings)
    assert isinstance(app.smpp, SmppLogin)
    assert app.smpp.password.get_secret_value() == "secret"
    assert loaded.warnings == ()


def test_a_password_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "erp").write_text("filed\n", "utf-8")
    loaded = with_doors(tmp_path, DOOR.replace('password: "${PASSWORD}"', "password_file: erp"))
    login = loaded.settings.apps[0].smpp
    assert isinstance(login, SmppLogin)
    assert login.password.get_secret_value() == "filed"


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("0.0.0.0:2775", "nowhere", "doors[0].listen", "expected host:port, such as 127.0.0.1:8080"),
        ("kind: smpp", "kind: smtp", "doors[0].kind", "unknown kind smtp: did you mean smpp?"),
        ("kind: smpp, ", "", "doors[0]", "kind is required: one of smpp"),
        ("action: INFO}", "action: INFO, iips: []}", "apps[0].smpp.iips", "unknown key: did you mean ips?"),
        ("action: INFO}", "action: INFO, school: 0310053P}", "apps[0].smpp.school", "is not one of its schools"),
        ("[compat]", "[read]", "apps[0].smpp", "its scopes do not let it send: add compat"),
    ],
)
def test_what_is_wrong_with_a_door(tmp_path: Path, old: str, new: str, key: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_doors(tmp_path, DOOR.replace(old, new))
    assert [(one.key, one.message) for one in caught.value.problems] == [(key, message)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("action: INFO}", "action: OTHER}", "OTHER is not declared here: its messages are refused unless it is in the"),
        ('doors:\n  - {kind: smpp, listen: "0.0.0.0:2775"}\n', "", "no door of kind smpp: it cannot come in"),
    ],
)
def test_what_is_worth_a_look_at_a_door(tmp_path: Path, old: str, new: str, message: str) -> None:
    (warning,) = with_doors(tmp_path, DOOR.replace(old, new)).warnings
    assert warning.message.startswith(message)
