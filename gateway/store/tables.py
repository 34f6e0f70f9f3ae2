"""The tables. Instants are integers: milliseconds since 1970 in UTC. Money is in millionths of a euro, before tax.

A message's internal ``id`` grows with time; outsiders see its ULID. A part's id is ``message id * 256 + number``.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData()

#: SQLite's own row number, which costs no index; 64 bits everywhere.
RowId = BigInteger().with_variant(Integer(), "sqlite")

#: Numbers handed out in the transaction that uses them: ``message``, ``batch``, ``serial:<UAI>``.
counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

batch = Table(
    "batch",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("ulid", Text, nullable=False, unique=True),
    Column("school", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("selection", Text),
)

message = Table(
    "message",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("ulid", Text, nullable=False),
    Column("school", Text, nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("app", Text, nullable=False),
    Column("batch", BigInteger),
    Column("batch_row", Integer),  # 1-based row of the request
    Column("action", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("priority", Integer, nullable=False),  # Priority.rank
    Column("sender", Text, nullable=False),
    Column("number", Text, nullable=False),  # E.164, or empty when it could not be read
    Column("number_input", Text, nullable=False),  # as it was sent
    Column("label", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rank", Text),  # of a batch's contact: responsable_1, conjoint…
    Column("subject", Text),  # JSON of requests.Subject
    Column("subject_id", Text),
    Column("subject_name", Text),
    Column("division", Text),
    Column("event", Text),  # JSON of requests.Event, with its French label
    Column("event_id", Text),
    Column("event_label", Text),
    Column("user", Text),
    Column("workstation", Text),
    Column("reference", Text),
    Column("metadata", Text),  # JSON
    Column("template", Text),
    Column("text", Text, nullable=False),  # as shown: values named sensitive are •••
    Column("sensitive", Boolean, nullable=False),  # the parts' content is wiped when final
    Column("encoding", Text, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("units", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("replacements", Text, nullable=False),  # JSON
    Column("amount", BigInteger, nullable=False),  # the cost shown at acceptance
    Column("status", Text, nullable=False),
    Column("status_at", BigInteger, nullable=False),
    Column("final_parts", Integer, nullable=False),  # for "2/3"
    Column("reason", Text),  # of an ending: empty_mobile, held_too_long, 0x0000000B…
    Column("detail", Text),  # of the reason: landline, premium…
    Column("created_at", BigInteger, nullable=False),
    Column("released_at", BigInteger),
    Column("released_by", Text),
    Column("sent_at", BigInteger),  # the first claim whose outcome was accepted or unknown
    Column("send_at", BigInteger),
    Column("ahead_ms", BigInteger, nullable=False, server_default="0"),  # before send_at, that providers may have it
    Column("validity_ms", BigInteger, nullable=False),  # from release or send_at
    Column("valid_until", BigInteger),  # absolute; set at release when it was not asked for
    Column("hold_until", BigInteger, nullable=False),
    Column("deadline_at", BigInteger),  # when the janitor must judge it again; NULL once final
    Column("override_reason", Text),
    Column("resend", Boolean, nullable=False),  # an uncertain part is sent once more
    Column("resend_wait_ms", BigInteger, nullable=False),
    Column("possibly_double", Boolean, nullable=False),
    Column("service_code", Text, nullable=False),
    Column("flash", Boolean, nullable=False, server_default=false()),
    Column("tlvs", Text),  # JSON: for the provider alone, by the names that accounts declare
    Column("concat", Integer, nullable=False),  # concatenation reference
    Column("month", Text),  # accounting month: that of the first ledger line, 2026-11
    Column("account", Text),  # of the first ledger line
    Column("lines", Integer, nullable=False),  # ledger lines not reversed
    Column("billed", BigInteger, nullable=False, server_default="0"),  # the sum of its ledger lines
    Column("text_erased_at", BigInteger),  # what it said, see store.erasing
    Column("people_erased_at", BigInteger),  # who it was for and about
    Index("message_ulid", "ulid", unique=True),
    Index("message_school", "school", "id"),
    Index("message_number", "number", "id"),
    Index("message_open", "school", "status", "id", sqlite_where=text("deadline_at IS NOT NULL")),
    Index("message_deadline", "deadline_at", sqlite_where=text("deadline_at IS NOT NULL")),
    Index("message_batch", "batch", "id", sqlite_where=text("batch IS NOT NULL")),
    Index("message_event", "event_id", sqlite_where=text("event_id IS NOT NULL")),
    # The recap is read by it; what it filters by most stands in it, so that only what fits is looked up.
    Index(
        *("message_sent", "school", "sent_at", "action", "mode", "user", "workstation"),
        sqlite_where=text("sent_at IS NOT NULL"),
    ),
)

part = Table(
    "part",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("message", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_at", BigInteger, nullable=False),
    # The queue: what may leave, in the order in which it does.
    Column("mode", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("school", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("account", Text),  # which account claimed it last; kept after an uncertain try
    Column("tries", Integer, nullable=False),
    Column("resends", Integer, nullable=False),
    Column("claimed_at", BigInteger),
    Column("answered_at", BigInteger),
    Column("provider_id", Text),
    Column("provider_key", Text),
    Column("error", Text),
    Column("uncertain_at", BigInteger),
    Column("line_open", Boolean, nullable=False),  # has a ledger line not reversed from its last try
    Column(
        "credited", Boolean, nullable=False, server_default=text("0")
    ),  # its account does not bill what became of it
    Column("joined", Boolean, nullable=False, server_default=false()),  # its last try was one piece with its siblings
    Index(
        "part_queue",
        "mode",
        "priority",
        "school",
        "due_at",
        "id",
        "account",
        sqlite_where=text("state = 'queued'"),
    ),
    Index("part_in_hand", "account", "state", sqlite_where=text("state IN ('sending', 'uncertain')")),
    Index("part_receipt", "account", "provider_key", sqlite_where=text("provider_key IS NOT NULL")),
    Index("part_again", "account", "state", sqlite_where=text("resends > 0")),
)

#: Every step of a message that its other columns do not tell; every ending.
event = Table(
    "event",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("message", BigInteger, nullable=False),
    Column("part", Integer),  # its number, 1-based
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text),  # of the part, or of the message, after it
    Column("detail", Text),
    Column("actor", Text),
    Index("event_message", "message"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("account", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("status", Text),
    Column("error", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("submitted", Text),  # the provider's clock, ISO without zone
    Column("done", Text),
    Column("intermediate", Boolean, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("tlvs", Text, nullable=False),  # JSON: number -> hexadecimal
    Column("part", BigInteger),  # NULL while unmatched
    Column("matched_at", BigInteger),
    Column("matched_by", Text),  # id, number
    Column("waits", Boolean, nullable=False, server_default=text("0")),  # may be of several parts: told later
    Index("receipt_part", "part", sqlite_where=text("part IS NOT NULL")),
    Index("receipt_unmatched", "account", "id", sqlite_where=text("part IS NULL")),
    Index("receipt_of_nobody", "id", sqlite_where=text("part IS NULL")),
    Index("receipt_waiting", "account", "id", sqlite_where=text("part IS NULL AND waits")),
)

#: The forms of an unmatched receipt's id, so that an acceptance finds the receipt that overtook it.
parked = Table(
    "parked",
    metadata,
    Column("account", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("receipt", Integer, primary_key=True),
    Column("form", Text, nullable=False, server_default=text("'same'")),  # provider.Form, or exact
    Index("parked_receipt", "receipt"),
    sqlite_with_rowid=False,
)

#: What the receipts of an account were like: the form of their ids (see ``matching.Habit``).
id_form = Table(
    "id_form",
    metadata,
    Column("account", Text, primary_key=True),
    Column("learned", Text),  # provider.Form; NULL: not known
    Column("last", Text),
    Column("run", Integer, nullable=False),
    Column("mixed", Boolean, nullable=False, server_default=text("0")),
    Column("at", BigInteger, nullable=False),  # when it was learned or forgotten
    sqlite_with_rowid=False,
)

#: Each part of what telephones wrote, as it came. Those of one message share ``bundle``, the id of the first to come.
inbound_part = Table(
    "inbound_part",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bundle", BigInteger, nullable=False),
    Column("inbound", BigInteger),  # the message made of it; NULL while its other parts are waited for
    Column("account", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("number", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("reference", Integer),  # of the concatenation; NULL for a message of one part
    Column("place", Integer, nullable=False),  # 1..of
    Column("of", Integer, nullable=False),
    Column("alphabet", Text, nullable=False),
    Column("octets", LargeBinary, nullable=False),  # of the text, septets unpacked
    Column("coding", Integer, nullable=False),  # the provider's data_coding
    Column("raw", LargeBinary, nullable=False),  # as delivered, with its header
    Column("tlvs", Text, nullable=False),  # JSON: number -> hexadecimal
    Column("provider_id", Text, nullable=False),  # empty where it gives none
    Column("link", Text, nullable=False),
    Column("deliveries", Integer, nullable=False),  # how many times the provider delivered it
    Column("last_at", BigInteger, nullable=False),
    Index("inbound_part_number", "number", "received_at"),
    Index("inbound_part_bundle", "bundle"),
    Index("inbound_part_waiting", "bundle", "received_at", sqlite_where=text("inbound IS NULL")),
)

#: What telephones wrote, as people read it.
inbound = Table(
    "inbound",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ulid", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),  # its first part
    Column("number", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("missing", Text, nullable=False),  # JSON: the places of parts that did not come
    Column("kind", Text, nullable=False),
    Column("school", Text),  # NULL: nobody can tell whose it is
    Column("app", Text),  # of the message that it answers
    Column("message", BigInteger),  # the message that it answers
    Column("event_id", Text),
    Column("action", Text),
    Column("text_erased_at", BigInteger),
    Column("people_erased_at", BigInteger),
    Index("inbound_ulid", "ulid", unique=True),
    Index("inbound_school", "school", "id"),
    Index("inbound_number", "number", "id"),
    Index("inbound_message", "message", sqlite_where=text("message IS NOT NULL")),
)

#: Messages that are to be erased, and had not ended when it was their turn.
erase_later = Table(
    "erase_later",
    metadata,
    Column("message", RowId, primary_key=True, autoincrement=False),
    Column("what", Integer, nullable=False),  # erasing.What
)

#: Events that were answered, by their id; a message without one is its own event: ``msg_`` and its ULID.
answered = Table(
    "answered",
    metadata,
    Column("school", Text, primary_key=True),
    Column("event", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("how", Text, nullable=False),  # reply, api
    Column("by", Text),  # as the application says it; of a reply, the message from the telephone says it
    Column("actor", Text),
    Column("inbound", BigInteger),
    sqlite_with_rowid=False,
)

#: Answers that are waited for: one row an event and action with a « délai de réponse », from the first message sent.
awaited = Table(
    "awaited",
    metadata,
    Column("school", Text, primary_key=True),
    Column("event", Text, primary_key=True),
    Column("action", Text, primary_key=True),
    Column("message", BigInteger, nullable=False),  # the first that was sent
    Column("sent_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # overdue from then on
    Column("answered_at", BigInteger),
    Index("awaited_overdue", "school", "action", "due_at", "message", sqlite_where=text("answered_at IS NULL")),
    sqlite_with_rowid=False,
)

#: Append-only. One line for each try of a part whose outcome is accepted or unknown; a negative one reverses.
ledger = Table(
    "ledger",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("part", BigInteger, nullable=False),
    Column("message", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("school", Text, nullable=False),
    Column("month", Text, nullable=False),  # of the message's first line, in the school's zone
    Column("action", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column(
        "kind", Text, nullable=False
    ),  # accepted, uncertain, reversal; credit, credit_reversal: not billed after all
    Column("parts", Integer, nullable=False),  # 1 or -1
    Column("amount", BigInteger, nullable=False),
    Column("of_month", Text, nullable=False, server_default=""),  # the closed month that this line regularises
    Index("ledger_message", "message"),
    Index("ledger_month", "school", "month"),
)

#: The counters that the synthesis reads; moved in the transaction of what they count.
tally = Table(
    "tally",
    metadata,
    Column("school", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("action", Text, primary_key=True),
    Column("mode", Text, primary_key=True),
    Column("account", Text, primary_key=True),  # empty for not_submitted
    Column("of_month", Text, primary_key=True, server_default=""),  # the closed month that this regularises
    Column("total", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False),
    Column("parts", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("not_submitted", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: Months that the accountant closed: their figures never move again.
month_close = Table(
    "month_close",
    metadata,
    Column("school", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("closed_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("last_receipt", BigInteger, nullable=False),  # what came later regularises
    Column("statement", Text, nullable=False),  # JSON: the figures as they were signed
)

#: A provider's invoice beside the ledger of a month. ``summary`` NULL: not whole yet. Signed, it never changes.
reconciliation = Table(
    "reconciliation",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ulid", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("schools", Text, nullable=False),  # JSON list of UAI
    Column("format", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # of the file
    Column("created_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("summary", Text),  # JSON: the figures
    Column("signed_at", BigInteger),
    Column("signed_by", Text),
    Column("note", Text),
    Index("reconciliation_ulid", "ulid", unique=True),
    Index("reconciliation_month", "account", "month"),
)

#: Its rows: a line of the invoice, a message of ours, or both. No number but a masked one.
reconciliation_line = Table(
    "reconciliation_line",
    metadata,
    Column("reconciliation", BigInteger, primary_key=True),
    Column("place", BigInteger, primary_key=True),
    Column("pile", Text, nullable=False),  # piles.Pile
    Column("why", Text, nullable=False),  # piles.Why
    Column("lines", Text, nullable=False),  # of the file: 12, or 12, 13, 14
    Column("provider_id", Text, nullable=False),
    Column("number", Text, nullable=False),  # masked
    Column("their_at", BigInteger),
    Column("their_parts", Integer),  # NULL: they do not bill it
    Column("their_amount", BigInteger),
    Column("message", BigInteger),  # NULL: not ours
    Column("school", Text),
    Column("our_at", BigInteger),
    Column("our_parts", Integer),
    Column("our_amount", BigInteger),
    Column("month", Text, nullable=False),  # the other month, of other_month and billed_twice; else empty
    Index("reconciliation_line_pile", "reconciliation", "pile", "place"),
    Index("reconciliation_line_message", "message", sqlite_where=text("message IS NOT NULL")),
    sqlite_with_rowid=False,
)

#: Which column of a provider's invoice is what, as it was told last.
invoice_columns = Table(
    "invoice_columns",
    metadata,
    Column("account", Text, primary_key=True),
    Column("columns", Text, nullable=False),  # JSON of invoices.Columns
    Column("updated_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: What a school allows itself to spend, for an action or (action empty) in all.
budget = Table(
    "budget",
    metadata,
    Column("school", Text, primary_key=True),
    Column("action", Text, primary_key=True),
    Column("period", Text, nullable=False),  # month, year, school_year
    Column("amount", BigInteger, nullable=False),
    Column("stop", Boolean, nullable=False),  # refuse what is beyond it, alerts excepted
    Column("updated_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
)

#: The counters that the recap reads: what was submitted on a day of the school, in its month, in its year, by
#: everything that it filters by.
daily = Table(
    "daily",
    metadata,
    Column("school", Text, primary_key=True),
    Column("period", Text, primary_key=True),  # 2026-11-23, 2026-11, 2026
    Column("action", Text, primary_key=True),
    Column("mode", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("user", Text, primary_key=True),  # empty: nobody said
    Column("workstation", Text, primary_key=True),  # empty: nobody said
    Column("status", Text, primary_key=True),
    Column("messages", BigInteger, nullable=False),
    Column("parts", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False, server_default="0"),  # of their ledger lines
    sqlite_with_rowid=False,
)

#: The words of recipients' labels, by school; see ``labels``.
word = Table(
    "word",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("school", Text, nullable=False),
    Column("word", Text, nullable=False),  # as ``french.words`` gives it
    Index("word_word", "school", "word", unique=True),
)

#: In which messages' labels a word stands.
label_word = Table(
    "label_word",
    metadata,
    Column("word", BigInteger, primary_key=True),
    Column("message", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

#: The keys that sealed something here: without one of them nothing is opened at all.
seal_key = Table("seal_key", metadata, Column("mark", Text, primary_key=True))  # hexadecimal

consent = Table(
    "consent",
    metadata,
    Column("school", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("consent", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
)

opt_out = Table(
    "opt_out",
    metadata,
    Column("school", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("sender", Text, primary_key=True),  # in capitals; empty: every sender
    Column("source", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
)

#: Every change of a consent or an opt-out, for ever.
consent_history = Table(
    "consent_history",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("school", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("change", Text, nullable=False),  # consent, refusal, opt_out, opt_in, forgotten
    Column("source", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Index("consent_history_number", "school", "number"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),  # key_ + ULID
    Column("sha256", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),  # its first characters, to recognise it
    Column("app", Text, nullable=False),
    Column("schools", Text, nullable=False),  # JSON list of UAI
    Column("scopes", Text, nullable=False),  # JSON list
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)

action = Table(
    "action",
    metadata,
    Column("code", Text, primary_key=True),
    Column("data", Text, nullable=False),  # JSON of model.Action
    Column("updated_at", BigInteger, nullable=False),
)

template = Table(
    "template",
    metadata,
    Column("code", Text, primary_key=True),
    Column("data", Text, nullable=False),  # JSON of model.Template
    Column("version", Integer, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

provider_account = Table(
    "provider_account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # of contracts.seal
    Column("updated_at", BigInteger, nullable=False),
)

#: A paused account stays paused over a restart.
account_pause = Table(
    "account_pause",
    metadata,
    Column("account", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("app", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body_sha256", Text, nullable=False),  # of the method, path and parsed body
    Column("created_at", BigInteger, nullable=False),
    Column("status", Integer),  # NULL while running
    Column("answer", Text),
    UniqueConstraint("app", "key"),
    Index("idempotency_age", "created_at"),
)

#: What came in by a door: one row for each thing submitted, with the id that it was given.
door_submission = Table(
    "door_submission",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("app", Text, nullable=False),
    Column("public", Text, nullable=False),  # the id that was answered
    Column("ulid", Text, nullable=False),  # of its message, also before there is one
    Column("message", BigInteger),  # NULL while pieces of its text are missing
    Column("wants", Integer, nullable=False),  # door.Wants
    Column("echo", Text, nullable=False),  # the door's own
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),  # when its report was made, or would have been
    # Pieces of a text only; the last three are wiped once it is whole.
    Column("bundle", Text),
    Column("piece", Integer),
    Column("pieces", Integer),
    Column("octets", LargeBinary),
    Column("charset", Text),
    Column("form", Text),  # JSON: the rest of the submission
    Index("door_submission_public", "app", "public", unique=True),
    Index("door_submission_message", "message", sqlite_where=text("message IS NOT NULL")),
    Index("door_submission_bundle", "app", "bundle", sqlite_where=text("octets IS NOT NULL")),
    Index("door_submission_open", "id", sqlite_where=text("ended_at IS NULL")),
    Index("door_submission_progress", "id", sqlite_where=text("wants >= 4 AND ended_at IS NULL")),
    Index("door_submission_ended", "ended_at", sqlite_where=text("ended_at IS NOT NULL")),
)

#: What waits to be delivered to upstream systems; a row goes when it was taken.
door_outbox = Table(
    "door_outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("app", Text, nullable=False),
    Column("submission", BigInteger),  # of which it reports
    Column("inbound", BigInteger),  # or the message from a telephone that it is
    Column("progress", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),  # of what it reports
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Index("door_outbox_app", "app", "due_at", "id"),
)


#: People who use the console.
person = Table(
    "person",
    metadata,
    Column("login", Text, primary_key=True),  # small letters
    Column("name", Text, nullable=False),
    Column("password", Text, nullable=False),  # argon2id, with its salt and costs
    Column("schools", Text, nullable=False),  # JSON list of UAI
    Column("roles", Text, nullable=False),  # JSON list
    Column("recap_all", Boolean, nullable=False),  # « Récapitulatif des SMS pour tous les utilisateurs »
    Column("blocked", Text),  # « Bloquer l'envoi de SMS pour cet utilisateur »: the reason
    Column("disabled_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),  # wrong passwords since the last right one
    Column("locked_until", BigInteger),
    sqlite_with_rowid=False,
)

#: Open sessions of the console; the cookie itself is not stored.
session = Table(
    "session",
    metadata,
    Column("sha256", Text, primary_key=True),  # of the cookie's value
    Column("login", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("school", Text),  # the one being looked at
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Index("session_login", "login"),
    sqlite_with_rowid=False,
)

#: Every act that matters: append-only.
audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),  # application/key, or console/login
    Column("school", Text),  # None: of no school
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what was acted upon: a code, a login, an id; never a number
    Column("detail", Text, nullable=False),
    Column("address", Text, nullable=False),  # from where
    Index("audit_school", "school", "id"),
)
