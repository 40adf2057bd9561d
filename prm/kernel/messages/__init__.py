"""Send a message to people: recorded once for each cause, handed over at least once.

`from prm.kernel.messages import send`
"""

from prm.kernel.messages.sending import send

__all__ = ["send"]
