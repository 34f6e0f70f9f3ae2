"""The whole gateway, from HTTP or the command line to the SMSC and back."""
