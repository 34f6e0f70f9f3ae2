"""What asks for no more messages, and what only looks like it."""

import pytest

from gateway.stop import asked


@pytest.mark.parametrize(
    "text",
    [
        *(
            "STOP",
            "stop",
            "Stop",
            " STOP ",
            "STOP.",
            "stop!!!",
            "« Stop »",
            "STOP\n",
            "\u00a0STOP",
            "S T O P",
            "s.t.o.p",
        ),
        *("ARRET", "ARRÊT", "arrêt", "Arrèt", "arre\u0302t", "A R R Ê T", "ＳＴＯＰ", "STOP 🛑", "stop stop"),
        *("STOP SMS", "stopsms", "stop aux sms", "STOP 36111", "STOP au 36111", "stop au 38000.", "Arrêt des SMS"),
        *("stop pub", "STOP merci", "STOP svp", "stop s'il vous plaît", "Bonjour, stop. Merci.", "stop LycCurie"),
    ],
)
def test_stop(text: str) -> None:
    assert asked(text, "36111", "LYCCURIE") == "stop"


@pytest.mark.parametrize("text", ["START", "start", "Reprise", "REPRISE SMS", "start 36111", "reprise svp"])
def test_start(text: str) -> None:
    assert asked(text, "36111", "") == "start"


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "…", "Oui", "36111", "merci", "sms", "arrêt de bus", "arrêt maladie", "Arrêt de travail"),
        *("stop, elle est guérie", "STOP il est malade", "stop 14h", "stop 12", "non stop", "stopper", "arrêter"),
        *("Elle attend à l'arrêt", "STOP AUTRE", "stop start", "restart", "démarrage", "stop سلام", "стоп"),
        "stop " * 20,
    ],
)
def test_an_answer_for_people(text: str) -> None:
    assert asked(text, "36111", "LYCCURIE") is None


def test_the_number_it_was_sent_to_may_stand_beside() -> None:
    assert asked("STOP 33644000000", "+33644000000", "") == "stop"
    assert asked("STOP 33644000001", "+33644000000", "") is None
