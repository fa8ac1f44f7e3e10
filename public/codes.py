"""The security code: another one, its picture and its sound."""

from __future__ import annotations

from flask import Response, jsonify, url_for
from werkzeug.wrappers import Response as Answer

from helpdesk import i18n
from helpdesk.errors import HelpdeskError
from helpdesk.visitors import captcha
from public import rate_limits
from public.rate_limits import HOUR
from public.routes import blueprint

CODES_PER_NETWORK = 120
#: A browser may ask several times for one sound.
SOUNDS_PER_NETWORK = 60


@blueprint.post("/security-code")
def new_code() -> Answer | tuple[Response, int]:
    """Give the form another code."""
    try:
        rate_limits.count("code", limit=CODES_PER_NETWORK, seconds=HOUR)
    except HelpdeskError as error:
        return jsonify(message=str(error)), 429
    token = captcha.make()
    return jsonify(
        token=token,
        image=url_for("public.code_image", token=token),
        sound=url_for("public.code_sound", token=token),
    )


@blueprint.get("/security-code/<token>.png")
def code_image(token: str) -> Response:
    """Draw a code. Nobody keeps the picture."""
    return _unkept(captcha.image(token), "image/png")


@blueprint.get("/security-code/<token>.wav")
def code_sound(token: str) -> Response:
    """Speak the code that the picture shows. Nobody keeps the sound."""
    captcha.require_valid(token)
    rate_limits.count("sound", limit=SOUNDS_PER_NETWORK, seconds=HOUR)
    return _unkept(captcha.sound(token), "audio/wav")


def can_be_heard() -> bool:
    """Whether the reader is offered the sound: the only voice there is speaks English."""
    return i18n.language() == captcha.VOICE


def _unkept(content: bytes, mimetype: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Cache-Control"] = "no-store"
    return response
