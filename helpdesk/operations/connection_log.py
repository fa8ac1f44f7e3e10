"""What waitress says of a connection, without the path of a request: that of a link opens something."""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

from waitress.channel import HTTPChannel

#: How it speaks of a request whose answer broke off; what follows is its path.
SERVING = re.compile(r"(while serving) .*", re.DOTALL)


class _WithoutPath(logging.LoggerAdapter[logging.Logger]):
    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        return SERVING.sub(r"\1 a request", str(msg)), kwargs


LOG = _WithoutPath(HTTPChannel.logger)
