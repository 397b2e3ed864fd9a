"""The share of a bridge's work that one process has, where several share a database."""

from dataclasses import replace
from enum import StrEnum

from bridge.config.schema import Config
from bridge.errors import ConfigError

#: what names a process' role, unless its command does
ROLE_VARIABLE = "SMS_BRIDGE_ROLE"


class Role(StrEnum):
    """The work of one process."""

    #: everything, as a bridge on its own does
    ALL = "all"
    #: answers callers, and has no devices
    API = "api"
    #: has the devices, and answers no callers
    DEVICES = "devices"

    def of(self, config: Config) -> Config:
        """The configuration, which may be the same for all processes, as far as this role goes by it.

        Raises ConfigError where the store is a file, which one process has for itself.
        """
        if self is not Role.ALL and config.store.is_file:
            wants = f"--role {self} is for processes that share a database in PostgreSQL (postgresql://…)"
            raise ConfigError([f"store.url: {wants}; with a file, one process does everything"])
        return replace(config, devices={}, hubs={}) if self is Role.API else config
