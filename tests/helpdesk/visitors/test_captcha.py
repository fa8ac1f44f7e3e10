"""The picture of a security code: five letters over its whole width."""

from __future__ import annotations

from io import BytesIO
from random import Random

import pytest
from PIL import Image, ImageChops

from helpdesk.visitors import captcha

WIDTH, HEIGHT = 336, 120
#: The widest letters, the narrowest, those that lean, and some at random: the same in each process of a run.
SETS = ["MMMMM", "JJJJJ", "AVAVA", "LTLTL", *("".join(Random(n).choices(captcha.ALPHABET, k=5)) for n in range(60))]


def ink_of(picture):
    return ImageChops.difference(picture, Image.new("RGB", picture.size, captcha.PAPER)).getbbox()


def letters_of(answer):
    return captcha._drawing.create_captcha_image(answer, captcha.INK, captcha.PAPER)


@pytest.mark.parametrize("answer", SETS)
def test_letters_span_the_picture_and_touch_no_edge(answer):
    left, top, right, bottom = ink_of(letters_of(answer))
    assert captcha.MARGIN <= left <= captcha.MARGIN + 8
    assert WIDTH - captcha.MARGIN - 8 <= right <= WIDTH - captcha.MARGIN
    assert top >= 0
    assert bottom <= HEIGHT


@pytest.mark.parametrize("answer", SETS)
def test_letters_stand_beside_each_other(answer):
    columns = (
        letters_of(answer)
        .convert("L")
        .point(lambda level: 255 if level < 160 else 0)
        .resize((WIDTH, 1), Image.Resampling.BOX)
    )
    inked = [columns.getpixel((x, 0)) > 0 for x in range(WIDTH)]
    begins = sum(now and not before for before, now in zip([False, *inked], inked, strict=False))
    assert begins == len(answer)


def test_a_line_runs_through_all_letters():
    picture = Image.open(BytesIO(captcha._draw("ABCDE"))).convert("RGB")
    assert picture.size == (WIDTH, HEIGHT)
    left, _top, right, _bottom = ink_of(picture)
    assert left <= 4
    assert right >= WIDTH - 4
