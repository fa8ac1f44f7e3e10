"""Second factors of agents, their recovery codes, and sign-ins that still wait for a code."""

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator, migrate


class Frozen(Model):
    class Meta:
        legacy_table_names = False


class Agent(Frozen):
    id = BigAutoField()


class SecondFactor(Frozen):
    id = BigAutoField()
    agent = ForeignKeyField(Agent, backref="+", unique=True, on_delete="CASCADE")
    secret = TextField()
    last_step = BigIntegerField()
    confirmed_at = DateTimeField(null=True)
    pending_secret = TextField()
    pending_since = DateTimeField(null=True)


class RecoveryCode(Frozen):
    id = BigAutoField()
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    code_hash = CharField(max_length=64, unique=True)
    used_at = DateTimeField(null=True)


class PendingSignIn(Frozen):
    id = BigAutoField()
    token_hash = CharField(max_length=64, unique=True)
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    expires_at = DateTimeField(index=True)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Agent, SecondFactor, RecoveryCode, PendingSignIn)):
        db.create_tables([SecondFactor, RecoveryCode, PendingSignIn])
    migrate(
        migrator.add_column("role", "requires_second_factor", BooleanField(default=False)),
        migrator.add_column("agent", "second_factor_due_at", DateTimeField(null=True)),
    )
