"""``POST /v1/messages``: one message."""

from gateway.caller import Scope
from gateway.requests import MessageIn
from gateway.store.audit import note
from gateway.web.answers.sending import MessageAccepted
from gateway.web.route import Call, Reply, Route


async def post(call: Call) -> Reply:
    """Accept one message; answered once it is on disk."""
    body: MessageIn = call.body
    public_id, answer = await call.parts.intake.message(body, call.caller, call.claim)
    if body.override is not None:
        entry = call.act("override", public_id, body.override.reason, call.caller.school(body.school))
        await call.parts.store.write(lambda conn: note(conn, entry))
    return Reply(answer, 202, {"Location": f"/v1/messages/{public_id}"})


ROUTES = (
    Route(
        "POST",
        "/v1/messages",
        post,
        frozenset({Scope.SEND}),
        "Envoyer un message",
        body=MessageIn,
        answer=MessageAccepted,
        status=202,
        tag="messages",
        stores_claim=True,
        problems=(
            "school_forbidden",
            "user_blocked",
            "budget_exhausted",
            "release_required",
            "no_provider",
            "unknown_action",
            "unknown_template",
            "unknown_school",
            "school_required",
            "treatment_not_sms",
            "missing_text",
            "missing_variable",
            "text_too_long",
            "text_not_gsm7",
            "text_not_ucs2",
            "sensitive_not_gsm7",
            "empty_text",
            "invalid_sender",
            "flash_not_allowed",
            "invalid_time",
            "not_available",
            "override_not_allowed",
        ),
    ),
)
