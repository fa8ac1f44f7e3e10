"""A text that speaks of a file."""

import time

import pytest

from helpdesk.tickets.forgotten_attachment import speaks_of_a_file


@pytest.mark.parametrize(
    "text",
    [
        "<p>The invoice is attached.</p>",
        "<p>See the ATTACHMENT</p>",
        "<div>Please find enclosed our terms</div>",
        "<p>We attach the form</p>",
        "<p>Voir la pièce jointe</p>",
        "<p>Vous trouverez ci-joint le devis.</p>",
        "<p>Les documents <b>ci-jointes</b></p>",
        "<p>Le plan est en annexe</p>",
        "<p>Je vous joins la facture</p>",
        "<p>Facture en P.J.</p>",
        "<p>Nous vous joignons le bon</p>",
    ],
)
def test_a_file_is_spoken_of(text):
    assert speaks_of_a_file(text)


@pytest.mark.parametrize(
    "text",
    [
        "<p>Good morning</p>",
        "<p>Thank you for your attachment.</p>",
        "<p>Merci pour votre pièce jointe et vos pièces jointes</p>",
        "<blockquote>The invoice is attached.</blockquote><p>We have it.</p>",
        "<p>&gt; see the attachment<br>&gt; of mine</p><p>We have it.</p>",
        "<p>Nous sommes rattachés à Lyon; detached houses</p>",
    ],
)
def test_what_others_sent_or_said_does_not_count(text):
    assert not speaks_of_a_file(text)


def test_unclosed_tags_are_looked_through_in_a_moment():
    started = time.process_time()
    assert not speaks_of_a_file("<a " * 100_000)
    assert time.process_time() - started < 3
