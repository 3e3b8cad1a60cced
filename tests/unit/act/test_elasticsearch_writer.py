"""Each document's own result, however the server answers."""

import pytest
from elasticsearch import AuthenticationException

from altui.act.permit import permit
from altui.config import ElasticsearchSettings, Secret, Settings
from altui.core.model.observed import Trouble
from altui.services.elasticsearch_writer import BUSY, Document, ElasticsearchWriter
from altui.services.errors import ServiceError

DOCUMENTS = [Document("a", b'{"n":1}'), Document('b"/', b'{"n":2}'), Document("c", b'{"n":3}')]
INVALID = (400, "document_parsing_exception", "failed to parse [n]")
BLOCKED = (403, "cluster_block_exception", "index read-only")
TURNED_AWAY = (429, BUSY, "queue full")


@pytest.fixture
def writer(elastic):
    settings = ElasticsearchSettings(url=Secret(elastic.url))
    writer = ElasticsearchWriter(permit(Settings()), settings, seconds=5)
    yield writer
    writer.close()


@pytest.fixture(autouse=True)
def no_pauses():
    import stamina

    with stamina.set_testing(True, attempts=4):
        yield


def test_documents_go_in_under_their_ids(writer, elastic):
    assert writer.index("x", DOCUMENTS) == []
    assert elastic.documents == {"x/a": {"n": 1}, 'x/b"/': {"n": 2}, "x/c": {"n": 3}}


def test_a_refused_document_is_told_and_the_others_stay(writer, elastic):
    elastic.refusals = {"a": [INVALID], "c": [BLOCKED]}
    first, second = writer.index("x", DOCUMENTS)
    assert (first.id, first.kind) == ("a", "document_parsing_exception")
    assert first.words == "failed to parse [n]: for this"
    assert (second.id, second.kind) == ("c", "cluster_block_exception")
    assert set(elastic.documents) == {'x/b"/'}
    assert len(elastic.server.asked) == 1


def test_only_what_a_busy_server_turned_away_is_sent_again(writer, elastic):
    elastic.refusals = {"a": [INVALID], "c": [TURNED_AWAY, TURNED_AWAY]}
    assert [one.id for one in writer.index("x", DOCUMENTS)] == ["a"]
    assert "x/c" in elastic.documents
    assert len(elastic.server.asked) == 3


def test_a_server_that_stays_busy_is_told(writer, elastic):
    elastic.refusals = {"c": [TURNED_AWAY] * 9}
    (refused,) = writer.index("x", DOCUMENTS)
    assert (refused.id, refused.kind) == ("c", BUSY)
    assert len(elastic.server.asked) == 4


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (401, 1), (503, 4)])
def test_a_request_refused_as_a_whole(writer, elastic, status, tries):
    elastic.status = status
    with pytest.raises(ServiceError, match="as told"):
        writer.index("x", DOCUMENTS)
    assert len(elastic.server.asked) == tries


def test_fewer_results_than_documents_is_an_error(writer, elastic):
    elastic.server.script = lambda method, path, body: (200, {"errors": False, "items": []})
    with pytest.raises(ServiceError) as failed:
        writer.index("x", DOCUMENTS)
    assert failed.value.trouble is Trouble.nonsense


def test_check_tells_wrong_credentials_from_a_small_role(writer, elastic):
    elastic.status = 403
    writer.check()
    elastic.status = 401
    with pytest.raises(ServiceError) as failed:
        writer.check()
    assert isinstance(failed.value.__cause__, AuthenticationException)


def test_nobody_there():
    settings = ElasticsearchSettings(url=Secret("http://user:hidden@127.0.0.1:9"))
    writer = ElasticsearchWriter(permit(Settings()), settings, seconds=5)
    with pytest.raises(ServiceError) as failed:
        writer.check()
    assert failed.value.trouble is Trouble.unreachable
    assert "hidden" not in str(failed.value)
    writer.close()
