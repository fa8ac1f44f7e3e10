"""Passkeys of agents."""

from peewee import BigAutoField, BigIntegerField, CharField, Database, DateTimeField, ForeignKeyField, Model, TextField
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    class Meta:
        legacy_table_names = False


class Agent(Frozen):
    id = BigAutoField()


class Passkey(Frozen):
    id = BigAutoField()
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    credential_id = TextField(unique=True)
    public_key = TextField()
    sign_count = BigIntegerField()
    host = CharField(max_length=253)
    name = CharField(max_length=60)
    last_challenge = BigIntegerField()
    created_at = DateTimeField()
    last_used_at = DateTimeField(null=True)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Agent, Passkey)):
        db.create_tables([Passkey])
