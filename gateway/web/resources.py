"""Every resource of the API: the server mounts them, the reference is made from them, the console asks them."""

from gateway.web import docs, health
from gateway.web.api import (
    accounts,
    actions,
    answers,
    batches,
    consents,
    contracts,
    inbound,
    invoice_columns,
    journal,
    lists,
    messages,
    months,
    persons,
    preview,
    recap,
    receipts,
    reconciliations,
    release,
    reports,
    synthesis,
    templates,
    users,
)
from gateway.web.route import Route

RESOURCES: tuple[Route, ...] = (
    *messages.ROUTES,
    *batches.ROUTES,
    *preview.ROUTES,
    *lists.ROUTES,
    *reports.ROUTES,
    *release.ROUTES,
    *recap.ROUTES,
    *synthesis.ROUTES,
    *actions.ROUTES,
    *templates.ROUTES,
    *consents.ROUTES,
    *persons.ROUTES,
    *inbound.ROUTES,
    *answers.ROUTES,
    *receipts.ROUTES,
    *accounts.ROUTES,
    *contracts.ROUTES,
    *months.ROUTES,
    *reconciliations.ROUTES,
    *invoice_columns.ROUTES,
    *users.ROUTES,
    *journal.ROUTES,
    *health.ROUTES,
)

ROUTES: tuple[Route, ...] = (*RESOURCES, *docs.routes(RESOURCES))
