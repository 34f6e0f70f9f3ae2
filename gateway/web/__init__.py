"""HTTP: the server, who asks, problems, uploads, the reference; one module per resource in ``api``."""
