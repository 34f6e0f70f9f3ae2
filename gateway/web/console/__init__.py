"""The console: pages in French for school staff, the accountant and ops. A client of the API inside the process.

Rules: a page does nothing that the API does not: it asks the same routes (``visit.Visit.ask``) with the scopes of
the person's roles. Every page works without JavaScript unless it says so; what scripts add stands in
``static/console.js``. Every text from outside is escaped by the templates; nothing inline, so that the policy of
the pages forbids every script but ours.
"""

from gateway.web.console.gate import mount

__all__ = ["mount"]
