"""A morning at the school, told through the HTTP API: what a school application would post, step by step."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from gateway.demo import school
from gateway.demo.client import Api, Json
from gateway.demo.screen import Screen, euros

ACTION: Json = {
    "short_label": "SMS",
    "long_label": "Envoi de SMS",
    "treatment": "sms",
    "release": "manual",
    "template": "ABSENCE_COURS",
    "validity": "6h",
    "response_delay_days": 2,
}
TEMPLATE: Json = {
    "label": "Absence à un cours",
    "text": "Bonjour, #ELEVE (#DIVISION) est #ABSENT du cours de « #COURS » depuis #HEURE. "
    f"Merci d'appeler la vie scolaire au {school.PHONE}.",
}
GOOD_NEWS = "Bonne nouvelle 🎉 #ELEVE est à la répétition du chœur « Ça c'est Metz » : ne nous rappelez pas. {name}"
ORIGIN = {"user": "vie.scolaire", "workstation": "PC-CPE1"}
AUDIENCE = {"conjoint": True, "responsable_2": True}

#: How often the gateway is asked how far it is, in seconds.
POLL = 0.25
#: When nothing has moved for so long, in seconds, the rest is not waited for.
PATIENCE = 20


@dataclass(slots=True)
class Posted:
    """What the gateway accepted."""

    batch: str
    messages: int
    parts: int


async def prepare(api: Api, screen: Screen) -> None:
    """The action, the template, the consents and the opt-outs, as the school application keeps them."""
    screen.step("1. L'action, le modèle, les consentements")
    await api.put("/v1/templates/ABSENCE_COURS", TEMPLATE)
    await api.put("/v1/actions/ABSENCE", ACTION)
    screen.say(f"Modèle : {TEMPLATE['text']}")
    for name, what in (("consentements.csv", "Consentements"), ("oppositions.csv", "Oppositions (STOP)")):
        done = await api.upload("/v1/consents/import", school.text(name))
        screen.say(f"{what} : {done['changed']} enregistrés, {done['refused']} numéros inutilisables.")


def group(absences: Sequence[school.Absence], day: date) -> Json:
    """The body of the group send."""
    return {
        "action": "ABSENCE",
        "template": "ABSENCE_COURS",
        "audience": AUDIENCE,
        "defaults": {"origin": ORIGIN},
        "recipients": [absence.recipient(day) for absence in absences],
    }


async def preview(api: Api, screen: Screen, body: Json) -> None:
    """What enters, and what it would cost."""
    recipients: list[Json] = body["recipients"]
    contacts = sum(len(recipient["contacts"]) for recipient in recipients)
    screen.step(f"2. Les absences de ce matin : {len(recipients)} élèves, {contacts} responsables")
    shown = recipients[:6]
    screen.table(
        ("Élève", "Division", "Cours", "Depuis", "Responsables"),
        [
            (
                recipient["subject"]["name"],
                recipient["subject"]["division"],
                recipient["variables"]["COURS"],
                recipient["variables"]["HEURE"],
                ", ".join(f"{contact['label']}" for contact in recipient["contacts"]),
            )
            for recipient in shown
        ],
    )
    screen.say(f"… et {len(recipients) - len(shown)} autres.")
    seen = await api.post("/v1/preview", body)
    counted = seen["recipients"]
    screen.say(f"\nAperçu : {seen['text']}")
    screen.say("Remplacements pour tenir dans l'alphabet GSM : " + _replaced(seen["replacements"]))
    screen.say(
        f"{counted['accepted']} destinataires, {counted['ignored']} ignorés ; {counted['total_parts']} SMS "
        f"({counted['min_parts']} à {counted['max_parts']} par message) ; {euros(seen['cost']['amount'])} HT."
    )


def _replaced(replacements: Sequence[Json]) -> str:
    return ", ".join(f"{r['from']} → {r['to']}" for r in replacements) or "aucun"


async def post(api: Api, screen: Screen, absences: Sequence[school.Absence], body: Json, day: date) -> Posted:
    """The group send, and one message with an emoji."""
    screen.step("3. L'envoi groupé et ses destinataires ignorés")
    sent = await api.post("/v1/batches", body, idempotency_key=f"absences-{day.isoformat()}")
    again = await api.post("/v1/batches", body, idempotency_key=f"absences-{day.isoformat()}")
    screen.say(f"Envoi {sent['id']} : {sent['accepted']} messages acceptés, {sent['parts']} SMS.")
    screen.say("Posté une seconde fois avec la même Idempotency-Key : " + _same(sent, again))
    ignored = sent["ignored_rows"]
    screen.table(
        ("Ligne", "Destinataire ignoré", "Raison"),
        [(str(row["row"]), row["label"], row["reason_label"]) for row in ignored],
        numbers=("Ligne",),
    )
    screen.counts("Raison", Counter(row["reason_label"] for row in ignored))
    news = await _good_news(api, screen, absences)
    return Posted(sent["id"], sent["accepted"] + 1, sent["parts"] + news["parts"])


def _same(first: Json, second: Json) -> str:
    return "la même réponse, rien en double." if first["id"] == second["id"] else "UN DOUBLE !"


async def _good_news(api: Api, screen: Screen, absences: Sequence[school.Absence]) -> Json:
    """One message by itself, which no replacement can bring into GSM-7."""
    found = next(absence for absence in absences if absence.adults[0]["qualite"] == "Légal 1" and _plain(absence))
    adult = found.adults[0]
    body: Json = {
        "to": adult["telephone_portable"],
        "action": "ABSENCE",
        "text": GOOD_NEWS.format(name=school.NAME),
        "variables": {"ELEVE": found.pupil["prenom"]},
        "recipient": {"label": school.label(adult), "kind": "responsable"},
        "subject": {"id": found.pupil["eleve"], "name": found.name, "division": found.pupil["division"]},
        "origin": ORIGIN,
    }
    seen = await api.post("/v1/preview", body)
    culprits = ", ".join(f"« {c['char']} »" for c in seen["culprits"] if not c["replaceable"])
    screen.say(f"\nUn message seul, avec un emoji : {seen['text']}")
    screen.say(f"{culprits} n'est pas dans l'alphabet GSM : Unicode, {seen['units']} unités, {seen['parts']} SMS.")
    return await api.post("/v1/messages", body, idempotency_key="bonne-nouvelle")


def _plain(absence: school.Absence) -> bool:
    adult = absence.adults[0]
    return adult["telephone_portable"].startswith("06 00") and len(adult["telephone_portable"]) == 14


async def release(api: Api, screen: Screen) -> None:
    """The list « SMS à diffuser », and the button below it."""
    screen.step("4. SMS à diffuser")
    held = await api.get("/v1/messages", status="held", limit="8", sort="name")
    total = held["page"]["total"]
    screen.say(f"Il y a actuellement {total} SMS en attente de diffusion.")
    screen.table(
        ("Nom élève", "Division", "Destinataire", "Évènement"),
        [
            (row["subject"]["name"], row["subject"]["division"], row["recipient"]["label"], row["event_label"] or "")
            for row in held["data"]
        ],
    )
    body = {"filter": {"status": ["held"], "action": "ABSENCE"}, "expected_count": total}
    done = await api.post("/v1/messages/release", body, idempotency_key="diffuser")
    screen.say(f"« Diffuser les SMS sélectionnés » : {done['done']} messages diffusés.")


async def watch(api: Api, screen: Screen, posted: Posted, rate: float) -> None:
    """Parts leave at the account's rate, receipts come back; told by the second afterwards."""
    screen.step(f"5. Diffusion par SMPP à {rate:g} SMS par seconde au plus")
    loop = asyncio.get_running_loop()
    began = moved = loop.time()
    seconds = [(0, 0)]
    with screen.progress(posted.parts, posted.messages) as tell:
        while seconds[-1][1] < posted.messages and loop.time() - moved < PATIENCE:
            left, ended = await _how_far(api, posted)
            second = int(loop.time() - began) + 1
            if screen.console.is_terminal or second == len(seconds) or ended == posted.messages:
                tell(left, ended)
            if (left, ended) != seconds[-1]:
                moved = loop.time()
            seconds += [seconds[-1]] * (second + 1 - len(seconds))
            seconds[second] = (left, ended)
            await asyncio.sleep(POLL)
    _by_the_second(screen, seconds)


def _by_the_second(screen: Screen, seconds: Sequence[tuple[int, int]]) -> None:
    steps = [(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(seconds)]
    most = max(ended for _, ended in steps)
    rows = [
        (f"{number} s", str(left), str(ended), "▪" * (ended * 40 // max(most, 40)))
        for number, (left, ended) in enumerate(steps, 1)
    ]
    screen.table(("Seconde", "Partis", "Accusés", ""), rows, numbers=("Seconde", "Partis", "Accusés"))


async def _how_far(api: Api, posted: Posted) -> tuple[int, int]:
    """(parts that left, messages of which all is known)."""
    recap = await api.get("/v1/recap", limit="1")
    pending = await api.get("/v1/messages", status="pending", limit="1", count="true")
    return recap["totals_by_mode"]["total"], posted.messages - pending["page"]["total"]
