"""``POST /v1/preview``: what would be sent, in how many parts, at what cost. Nothing is stored."""

import orjson
from pydantic import RootModel

from gateway.caller import Scope
from gateway.requests import BatchIn, PreviewIn
from gateway.web.answers.sending import Preview
from gateway.web.api import messages
from gateway.web.endpoint import check_json, read_json
from gateway.web.media import JSON, media_type
from gateway.web.route import Call, Reply, Route
from gateway.web.uploads import MAX_BYTES, MEDIA, batch_of


class PreviewBody(RootModel[PreviewIn | BatchIn]):
    """Le corps d'un message (« to » facultatif), ou celui d'un envoi groupé."""


async def post(call: Call) -> Reply:
    """Preview a message or a batch."""
    return Reply(await call.parts.intake.preview(await _read(call), call.caller))


async def _read(call: Call) -> PreviewIn | BatchIn:
    """A batch has ``recipients``; nothing else tells them apart."""
    if media_type(call.content_type) == JSON:
        check_json(call.raw)
        body = orjson.loads(call.raw)
        if not (isinstance(body, dict) and "recipients" in body):
            return read_json(PreviewIn, call.raw)
    return await batch_of(call)


ROUTES = (
    Route(
        "POST",
        "/v1/preview",
        post,
        frozenset({Scope.SEND}),
        "Voir ce qui serait envoyé, et son coût",
        body=PreviewBody,
        answer=Preview,
        tag="messages",
        raw_body=True,
        media=MEDIA,
        stores_claim=True,  # nothing to store: asked again, it is worked out again
        max_bytes=MAX_BYTES,
        problems=(*messages.ROUTES[0].problems, "too_many_recipients", "dedupe_would_lose_texts"),
    ),
)
