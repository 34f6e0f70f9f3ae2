"""What the SMSC simulator can be told to do."""

from dataclasses import dataclass

from adapters.smpp.script import Alphabet


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """Every behaviour of the simulator. Times are seconds, shares go from 0 to 1, 0 switches a count off."""

    host: str = "127.0.0.1"
    port: int = 0  # 0: any free port
    system_id: str = ""  # empty: any
    password: str = ""  # empty: any
    name: str = "simulator"  # our own system_id
    latency: float = 0.0  # before each answer to a submit
    receipt_delay: float = 0.5  # from the answer to the receipt
    receipt_window: int = 500  # unanswered receipts on one session
    receipt_retry: float = 1.0  # before a refused receipt is delivered again
    receipt_tlvs: bool = True  # receipted_message_id and message_state
    receipts: bool = True
    undelivered: float = 0.0  # share of the messages whose receipt says UNDELIV
    mo_reply: float = 0.0  # share of the messages that telephones reply to
    mo_text: str = "Oui"  # what they reply
    rate: float = 0.0  # parts per second of a system_id, beyond which ESME_RTHROTTLED
    no_answer: float = 0.0  # share of the submits taken but never answered
    no_answer_every: int = 0  # every so many submits, one is taken but never answered
    cut_every: int = 0  # every so many submits, the connection is cut once it was taken
    default_alphabet: Alphabet = "gsm"  # in which texts under data_coding 0 and 1 are read
    packed: bool = False  # and whether their septets are packed
    hex_ids: bool = False  # ids are hexadecimal in answers, decimal in receipts
    first_id: int = 0  # 0: from the clock, so that a restart does not reuse ids
    response_timeout: float = 60.0  # for the answer to a receipt
    enquire_link: float = 30.0
    remember: int = 200_000  # submits kept to be looked at; the counts go on
    speed: float = 1.0  # how many times faster than the clock all of this goes
    seed: int = 0  # of everything left to chance
