"""Everything that speaks somebody else's language: providers, and the SMSC simulator.

To add a provider in ten lines: one module here, holding an ``AccountSettings`` subclass with the provider's
options and a ``Provider`` (see ``gateway.provider``) whose ``submit`` names one of five outcomes; then one
line in ``gateway.app.OPTIONS`` and one in ``make_provider``. No loop, no retry, no log and no database in an
adapter: the lane has them. ``docs/adapters.md`` has the rest.
"""
