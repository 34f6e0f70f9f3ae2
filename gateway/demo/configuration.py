"""The configuration file of the demonstration: one school, one application, one account at the embedded SMSC."""

from hashlib import sha256

from gateway.demo import school

#: What one part costs before tax, in euros.
PRICE = "0.045"
APP = "vie-scolaire"
ACCOUNT = "operateur-demo"


def configuration(*, store: str, smsc_port: int, api_port: int, rate: float, key: str) -> str:
    """The YAML of a gateway that keeps everything in the file ``store``; ``api_port`` 0 takes any free port."""
    return f"""\
store: {{url: "sqlite:///{store}"}}
http: {{listen: "127.0.0.1:{api_port}"}}
defaults: {{region: FR, timezone: {school.ZONE.key}, mode: standard}}
log: {{format: console, level: warning}}
schools:
  - {{uai: {school.UAI}, name: "{school.NAME}", sender: {school.SENDER}, foreign: [LU]}}
apps:
  - name: {APP}
    key_sha256: "{sha256(key.encode()).hexdigest()}"
    schools: [{school.UAI}]
    scopes: [send, read, numbers, release, consents, accounts, admin]
accounts:
  - name: {ACCOUNT}
    adapter: smpp
    host: 127.0.0.1
    port: {smsc_port}
    system_id: demo
    password: demo
    rate: {rate:g}
    window: 10
    price: "{PRICE}"
modes: {{economique: [{ACCOUNT}], standard: [{ACCOUNT}], premium: [{ACCOUNT}]}}
"""
