"""What the database does and refuses by itself, whoever writes.

The functions are in `sql/`. All of them name every table with its schema and run under a fixed
search_path, so that a table or a function of the same name elsewhere is never taken for ours.
"""

from pathlib import Path

import pgtrigger
from django.db.models import Model
from pgtrigger import compiler

SQL = Path(__file__).parent / "sql"


class HardenedSql(compiler.UpsertTriggerSql):
    """Frozen: migrations refer to it. A changed template needs a class of its own.

    pgtrigger's own template asks the setting `pgtrigger.ignore` first, which any session may set;
    this one has no such way round.
    """

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION public.{pgid}() RETURNS trigger
            LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$;
            REVOKE ALL ON FUNCTION public.{pgid}() FROM PUBLIC;
            DROP TRIGGER IF EXISTS {pgid} ON public.{table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON public.{table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE FUNCTION public.{pgid}();
            COMMENT ON TRIGGER {pgid} ON public.{table} IS '{hash}';
        """


class CompiledTrigger(compiler.Trigger):
    """Takes its function along when it goes, which pgtrigger leaves behind."""

    @property
    def uninstall_sql(self) -> str:
        return f"{super().uninstall_sql} DROP FUNCTION IF EXISTS public.{self.sql.pgid}();"


class HardenedTrigger(pgtrigger.Trigger):
    def compile(self, model: Model) -> CompiledTrigger:
        compiled = super().compile(model)
        return CompiledTrigger(name=compiled.name, sql=HardenedSql(**compiled.sql.kwargs))


def update_of(*columns: str) -> pgtrigger.Operation:
    """An UPDATE that names one of these columns of the table, changed or not."""
    return pgtrigger.UpdateOf(*columns)  # type: ignore[no-untyped-call]


def sql_body(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()


def after_a_lock(body: str) -> str:
    """For a function that reads what is there once it holds a lock: the snapshot must be newer."""
    return sql_body("sees_every_commit") + body


def _at_commit(
    *, operation: pgtrigger.Operation, rule: str, subject: str, declare: tuple[str, str]
) -> HardenedTrigger:
    """The rule is checked for the row `subject` at COMMIT, when the whole is there or gone."""
    return HardenedTrigger(
        name=rule,
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        declare=[("subject", f"bigint := {subject}"), declare],
        func=after_a_lock(sql_body(rule)),
    )


def _user_is_whole(*, operation: pgtrigger.Operation, subject: str) -> HardenedTrigger:
    return _at_commit(
        operation=operation, rule="user_is_whole", subject=subject, declare=("its_kind", "text")
    )


def _wedding_is_whole(*, operation: pgtrigger.Operation, subject: str) -> HardenedTrigger:
    return _at_commit(
        operation=operation,
        rule="wedding_is_whole",
        subject=subject,
        declare=("its_status", "text"),
    )


def _after_truncate(name: str) -> HardenedTrigger:
    """Row triggers don't see a TRUNCATE."""
    return HardenedTrigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Truncate,
        func=sql_body(name),
    )


_IS_VERIFIED = """boolean := EXISTS (
    SELECT FROM public.account_emailaddress
    WHERE user_id = NEW.id AND email = NEW.email AND "primary" AND verified
)"""

USER = [
    HardenedTrigger(
        name="profile_follows_user",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | update_of("email"),
        declare=[("is_verified", _IS_VERIFIED)],
        func=after_a_lock(sql_body("profile_follows_user")),
    ),
    _user_is_whole(operation=pgtrigger.Insert | update_of("id", "kind"), subject="NEW.id"),
    HardenedTrigger(
        name="user_is_not_tombstoned",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | update_of("uid"),
        func=sql_body("user_is_not_tombstoned"),
    ),
    HardenedTrigger(
        name="user_email_is_nobody_elses",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | update_of("email"),
        func=sql_body("user_email_is_nobody_elses"),
    ),
    HardenedTrigger(
        name="user_goes_by_its_tombstone",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func=sql_body("user_goes_by_its_tombstone"),
    ),
]
PROFILE = [
    _user_is_whole(operation=pgtrigger.Delete | update_of("user_id"), subject="OLD.user_id"),
    HardenedTrigger(
        name="step_goes_forward",
        when=pgtrigger.After,
        operation=update_of("step"),
        condition=pgtrigger.Condition("NEW.step < OLD.step AND NEW.step <> 0"),
        func=sql_body("step_goes_forward"),
    ),
    _after_truncate("profiles_not_emptied"),
]
WEDDING = [
    _wedding_is_whole(operation=pgtrigger.Insert | update_of("id", "status"), subject="NEW.id")
]
MEMBER = [
    _user_is_whole(operation=pgtrigger.Delete | update_of("user_id"), subject="OLD.user_id"),
    _wedding_is_whole(
        operation=pgtrigger.Delete | update_of("wedding_id"), subject="OLD.wedding_id"
    ),
    _after_truncate("members_not_emptied"),
]
STATS = [
    _wedding_is_whole(
        operation=pgtrigger.Delete | update_of("wedding_id"), subject="OLD.wedding_id"
    ),
    _after_truncate("stats_not_emptied"),
]
ADDRESS = [
    HardenedTrigger(
        name="profile_follows_addresses",
        when=pgtrigger.After,
        operation=pgtrigger.Insert
        | pgtrigger.Delete
        | update_of("user_id", "email", "verified", "primary"),
        declare=[("owner", "record"), ("is_verified", "boolean")],
        func=after_a_lock(sql_body("profile_follows_addresses")),
    ),
    _after_truncate("no_address_is_verified"),
]
