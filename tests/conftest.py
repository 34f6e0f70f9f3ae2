"""What all tests share."""

from hypothesis import HealthCheck, settings

# A machine that is busy with something else is no fault of the code.
settings.register_profile("vaguemestre", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vaguemestre")
