"""A running gateway for the tests of the web: a real store, a real listener, a clock that the test moves."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from gateway.app import OPTIONS
from gateway.config import Settings
from gateway.inbound import rules_of as inbound_rules
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.parts import Parts
from gateway.registry import Registry
from gateway.sealing import Sealer
from gateway.store.database import open_store
from gateway.store.desk import Rules
from gateway.web.server import serve_http

METZ = "0570051W"
REUNION = "9741046A"

#: Key -> (application, schools, scopes).
KEYS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "vgm_send": ("vie-scolaire", (METZ,), ("send",)),
    "vgm_read": ("lecture", (METZ,), ("read",)),
    "vgm_all": ("direction", (METZ,), ("send", "read", "numbers", "release", "consents", "accounts")),
    "vgm_two": ("academie", (METZ, REUNION), ("send", "read")),
    "vgm_other": ("reunion", (REUNION,), ("send", "read", "release", "consents")),
    "vgm_port": ("port", (REUNION,), ("accounts",)),
    "vgm_admin": ("exploitant", (METZ,), ("admin",)),
    "vgm_away": ("college", (REUNION,), ("admin",)),
}

#: 23 November 2026, 08:30 in Paris.
MORNING = 1_795_419_000_000


def settings() -> Settings:
    """Two schools, one account, actions of every kind."""
    return Settings.model_validate(
        {
            "schools": [
                {"uai": METZ, "name": "Lycée Pierre et Marie Curie", "sender": "LYCCURIE", "foreign": ["LU", "DE"]},
                {"uai": REUNION, "name": "Collège du Port", "region": "RE", "timezone": "Indian/Reunion"},
            ],
            "apps": [
                {"name": app, "key_sha256": sha256(key.encode()).hexdigest(), "schools": schools, "scopes": scopes}
                for key, (app, schools, scopes) in KEYS.items()
            ],
            "accounts": [{"name": "operateur-a", "adapter": "smpp", "price": "0.045"}],
            "modes": {"standard": ["operateur-a"], "premium": ["operateur-a"]},
            "actions": [
                {"code": "INFO", "short_label": "SMS", "long_label": "Envoi de SMS"},
                {"code": "ABSENCE", "short_label": "SMS abs.", "long_label": "SMS d'absence", "release": "manual"},
                {"code": "COURRIER", "short_label": "Lettre", "long_label": "Lettre", "treatment": "letter"},
            ],
            "templates": [{"code": "BONJOUR", "label": "Bonjour", "text": "Bonjour #NOM."}],
        }
    )


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return orjson.loads(self.raw)

    @property
    def code(self) -> str:
        """The code of a problem, whose form is checked."""
        assert self.headers["Content-Type"] == "application/problem+json"
        problem = self.json
        assert {"type", "title", "status", "detail", "code", "errors", "request_id"} == set(problem)
        assert problem["status"] == self.status
        assert problem["request_id"] == self.headers["X-Request-Id"]
        assert problem["detail"]
        code: str = problem["code"]
        return code

    @property
    def pointers(self) -> list[str]:
        """Where a problem's errors are."""
        return [error["pointer"] for error in self.json["errors"]]


@dataclass(slots=True)
class Clock:
    """Stands still until a test moves it."""

    now: int = MORNING

    def __call__(self) -> int:
        """Milliseconds."""
        return self.now


@dataclass(slots=True)
class Gateway:
    """A running gateway and a client of it."""

    parts: Parts
    port: int
    session: aiohttp.ClientSession

    def at(self, now: int) -> None:
        """Move the clock, in milliseconds."""
        assert isinstance(self.parts.clock, Clock)
        self.parts.clock.now = now

    async def ask(self, method: str, path: str, key: str | None = "vgm_all", **more: Any) -> Answer:
        """One request; ``json`` is written as JSON, ``data`` goes as it is."""
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key}")
        if isinstance(more.get("data"), bytes):
            headers.setdefault("Content-Type", "application/json")
            more["data"] = BytesIO(more["data"])
        async with self.session.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=headers, **more
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, key: str | None = "vgm_all", **more: Any) -> Answer:
        """GET."""
        return await self.ask("GET", path, key, **more)

    async def post(self, path: str, body: Any = None, key: str | None = "vgm_all", **more: Any) -> Answer:
        """POST of a JSON body, or of ``data``."""
        return await self.ask("POST", path, key, **more if "data" in more else {"json": body, **more})


def rules_of(registry: Registry) -> Rules:
    """Every part costs 0.0450; nobody counts the moves."""
    return Rules(
        zone=registry.zone,
        price=lambda _account, _day, _mode, _number: 45_000,
        receipts_wait=lambda: 72 * 3600 * 1000,
        moved=lambda *_moved: None,
        inbound=inbound_rules(registry),
        response_days=registry.response_days,
    )


@pytest.fixture
def sealer() -> Sealer | None:
    """The key of the database, if there is one."""
    return None


@pytest.fixture
async def parts(tmp_path: Path, sealer: Sealer | None) -> AsyncIterator[Parts]:
    """The parts that a request needs; the clock stands still."""
    declared, metrics = settings(), Metrics()
    async with open_store(f"sqlite:///{tmp_path}/gateway.db", metrics, sealer=sealer) as store:
        registry = Registry(declared, OPTIONS)
        await registry.load(store)
        clock = Clock()
        intake = Intake(store, registry, metrics, clock, lambda: declared.defaults.max_parts, lambda: None)
        yield Parts(
            settings=declared,
            store=store,
            registry=registry,
            intake=intake,
            metrics=metrics,
            clock=clock,
            rules=rules_of(registry),
            queued=lambda: None,
        )


@pytest.fixture
async def gateway(parts: Parts) -> AsyncIterator[Gateway]:
    """The gateway, listening."""
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serve_http(parts, "127.0.0.1:0", 1))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Gateway(parts, port, session)
