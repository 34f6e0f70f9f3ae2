"""The small commands, one module each: ``add_arguments(parser)`` and ``run(args)``, which returns an exit status."""
