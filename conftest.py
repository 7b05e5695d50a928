"""Kernels that execute chapters in the tests get the environment of those that build them."""

import environment

environment.clean()

pytest_plugins = ["recorder"]
