"""``condord doctor``: gathers the facts, lets the core judge them, and leaves everything as it was."""

from daemon.app.doctor.examination import Examination, examine
from daemon.app.doctor.gateway import Wanted

__all__ = ["Examination", "Wanted", "examine"]
