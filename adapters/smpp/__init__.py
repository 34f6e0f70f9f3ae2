"""SMPP 3.4: the codec, the session without sockets, the provider behind the gateway's port, and an SMSC for tests."""
