"""Send a message to people: recorded once for each cause, handed over at least once.

`from prm.kernel.messages import send`
"""

from prm.kernel.messages.sending import Letter, send, send_all

__all__ = ["Letter", "send", "send_all"]
