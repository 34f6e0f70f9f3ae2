"""What is true of a message whoever the provider is: text, numbers, store, lanes, accounts, HTTP."""

__version__ = "0.1.0"
