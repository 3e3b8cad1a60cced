"""Who may write, and that nobody else can."""

import copy
import pickle

import pytest

from altui.act.permit import Permit, PermitError, permit
from altui.config import ElasticsearchSettings, Secret, Settings
from altui.services.elasticsearch_writer import ElasticsearchWriter
from altui.services.permit import require

SERVER = ElasticsearchSettings(url=Secret("http://127.0.0.1:9"))


def test_read_only_is_refused_with_why_and_what_to_do():
    with pytest.raises(PermitError) as refused:
        permit(Settings(profile="prod", read_only=True))
    words = str(refused.value)
    assert "'prod' is read-only" in words
    assert "Nothing was changed" in words
    assert "ALTUI_READ_ONLY" in words


def test_a_permit_opens_a_writer():
    ElasticsearchWriter(permit(Settings()), SERVER).close()


@pytest.mark.parametrize("made", [lambda: None, Settings, lambda: object.__new__(Permit)])
def test_nothing_else_opens_a_writer(made):
    with pytest.raises(PermitError):
        ElasticsearchWriter(made(), SERVER)


@pytest.mark.parametrize("proof", [None, object(), True])
def test_a_permit_is_not_made_by_hand(proof):
    with pytest.raises(PermitError):
        Permit(proof, "default")


@pytest.mark.parametrize("again", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_permit_is_not_handed_on(again):
    held = permit(Settings())
    with pytest.raises(PermitError):
        again(held)
    require(held)
