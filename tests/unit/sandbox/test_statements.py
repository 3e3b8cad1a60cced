"""Tables and columns out of the SQL that dbt, Fivetran's stand-in and people send."""

import pytest

from altui.sandbox.bigquery_proxy.statements import understand

MERGE = """
merge into `p-1`.`marts`.`m` as DBT_INTERNAL_DEST using (
  with days as (select * from p-1.staging.s) select d.a, 2 * 3 from days d
) as DBT_INTERNAL_SOURCE on FALSE
when not matched by source and d in unnest([date '2026-01-01']) then delete
when not matched then insert (`d`, `a`) values (`d`, `a`)
"""
SCRIPT = """
declare parts array<date>; -- insert into d.no values (1)
set parts = (select array_agg(distinct d) from `d.tmp`);
create or replace table d.new partition by d as (select 'from d.quoted' as x from d.old o, d.two);
drop table if exists d.tmp
"""


@pytest.mark.parametrize(
    ("sql", "reads", "writes", "drops"),
    [
        ("select * from d.t", "d.t", "", ""),
        ("select * from d.t a join `p.e.u` on a.x = u.x", "d.t p.e.u", "", ""),
        ("select extract(day from x) from d.t, unnest(a), d.u as v, d.w", "d.t d.u d.w", "", ""),
        ("select 1 from alone", "home.alone", "", ""),
        ("insert into d.t (a) select b from d.s", "d.s", "d.t", ""),
        ("insert d.t values (1)", "", "d.t", ""),
        ("update d.t set a = 1 from d.s where true", "d.t d.s", "d.t", ""),
        ("delete from d.t where true", "d.t", "d.t", ""),
        ("truncate table d.t", "", "d.t", ""),
        ("alter table d.t add column x int64", "", "d.t", ""),
        ("create view if not exists d.v as select a from d.t", "d.t", "d.v", ""),
        ("create temp table d.t (a int64)", "", "d.t", ""),
        ("drop view if exists d.v", "", "", "d.v"),
        (MERGE, "p-1.marts.m p-1.staging.s home.days", "p-1.marts.m", ""),
        (SCRIPT, "d.tmp d.old d.two", "d.new", "d.tmp"),
        ("this is 'not sql", "", "", ""),
    ],
)
def test_tables(sql: str, reads: str, writes: str, drops: str):
    def names(text: str) -> set[tuple[str, ...]]:
        return {tuple(["p", *one.split(".")][-3:]) for one in text.split()}

    found = understand(sql, "p", "home")
    assert (found.reads, found.writes, found.drops) == (names(reads), names(writes), names(drops))


@pytest.mark.parametrize(
    ("sql", "star"),
    [
        ("select * from d.t", True),
        ("select t.* except (a) from d.t", True),
        ("select a, * from d.t", True),
        ("select count(*), 2 * a, (b) * c from d.t", False),
    ],
)
def test_star(sql: str, star: bool):
    assert understand(sql, "p").star is star


def test_catalog_views_are_no_tables():
    found = understand("select table_name from `p`.d.INFORMATION_SCHEMA.TABLES, d.t", "p")
    assert found.catalog
    assert found.reads == {("p", "d", "t")}


def test_rows_of_values_cost_no_time():
    assert understand("insert into d.t values " + "(1)," * 2_000_000, "p").writes == {
        ("p", "d", "t")
    }
