"""What strangers send us, made up: the same targets for Hypothesis in the tests and for atheris in ``make fuzz``."""
