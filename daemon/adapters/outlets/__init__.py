"""Ways to reach people by mail, chat and push: the ``apprise`` library, in a process of its own for each outlet."""

from daemon.adapters.outlets.files import Outlet, read_outlets, readable_by_all
from daemon.adapters.outlets.memory import StoredAlerts
from daemon.adapters.outlets.sender import AppriseOutlets, require_apprise

__all__ = ["AppriseOutlets", "Outlet", "StoredAlerts", "read_outlets", "readable_by_all", "require_apprise"]
