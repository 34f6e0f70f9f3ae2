"""``POST /v1/batches``: many messages in one durable transaction; and what each contact would become."""

from gateway.caller import Scope
from gateway.requests import BatchIn, Body
from gateway.web.answers.sending import BatchAccepted, Resolved
from gateway.web.api import messages
from gateway.web.route import Call, Reply, Route
from gateway.web.uploads import MAX_BYTES, MEDIA, batch_of


class BatchQuery(Body):
    """``dry_run=true``: everything but the sending."""

    dry_run: bool = False


async def post(call: Call) -> Reply:
    """Accept a batch, or only say what it would give."""
    query: BatchQuery = call.query
    body = await batch_of(call)
    dry_run = query.dry_run
    claim = None if dry_run else call.claim
    public_id, answer = await call.parts.intake.batch(body, call.caller, claim, dry_run=dry_run)
    if public_id is None:
        return Reply(answer)
    return Reply(answer, 202, {"Location": f"/v1/batches/{public_id}"})


async def resolve(call: Call) -> Reply:
    """Each contact, ticked or not, and why not."""
    body = await batch_of(call)
    return Reply(await call.parts.intake.resolve(body, call.caller))


_SEND = frozenset({Scope.SEND})
_PROBLEMS = (*messages.ROUTES[0].problems, "too_many_recipients", "dedupe_would_lose_texts")

ROUTES = (
    Route(
        "POST",
        "/v1/batches",
        post,
        _SEND,
        "Envoyer à plusieurs destinataires",
        body=BatchIn,
        query=BatchQuery,
        answer=BatchAccepted,
        status=202,
        also=(200,),
        tag="batches",
        raw_body=True,
        media=MEDIA,
        stores_claim=True,
        max_bytes=MAX_BYTES,
        problems=_PROBLEMS,
    ),
    Route(
        "POST",
        "/v1/recipients/resolve",
        resolve,
        _SEND,
        "Voir quels contacts seraient retenus",
        body=BatchIn,
        answer=Resolved,
        tag="batches",
        raw_body=True,
        media=MEDIA,
        stores_claim=True,  # nothing to store: asked again, it is worked out again
        max_bytes=MAX_BYTES,
        problems=("school_forbidden", "school_required", "unknown_action", "too_many_recipients"),
    ),
)
