"""The school application's side of the HTTP API: a short client, as anyone would write one."""

from typing import Any

import aiohttp

Json = dict[str, Any]


class Refused(Exception):
    """The gateway said no, in its own words."""

    def __init__(self, what: str, status: int, problem: Json) -> None:
        errors = "".join(f"\n  {error['pointer']} : {error['message']}" for error in problem.get("errors", []))
        detail = problem.get("detail", "")
        super().__init__(f"{what} : {status} {problem.get('title', '')}. {detail}{errors}")


class Api:
    """Speaks JSON to one gateway with one key. Every method raises ``Refused`` on an answer of 400 and more."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session = session
        self.url = url
        self.key = key

    async def get(self, path: str, **query: str) -> Json:
        """``GET``."""
        return await self._send("GET", path, params=query)

    async def post(self, path: str, body: Json, idempotency_key: str | None = None) -> Json:
        """``POST`` of a JSON body; repeating it with the same key does nothing twice."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return await self._send("POST", path, json=body, headers=headers)

    async def put(self, path: str, body: Json) -> Json:
        """``PUT`` of a JSON body."""
        return await self._send("PUT", path, json=body)

    async def upload(self, path: str, csv: str) -> Json:
        """``POST`` of a CSV file."""
        return await self._send("POST", path, data=csv.encode(), headers={"Content-Type": "text/csv; charset=utf-8"})

    async def _send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> Json:
        authorized = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        async with self._session.request(method, self.url + path, headers=authorized, **more) as answer:
            body: Json = await answer.json(content_type=None)
            if answer.status >= 400:
                raise Refused(f"{method} {path}", answer.status, body)
            return body
