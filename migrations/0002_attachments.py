"""Files: those of messages, and those that wait in a form for their message."""

from peewee import BigAutoField, BigIntegerField, CharField, Database, DateTimeField, ForeignKeyField, Model
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Message(Frozen):
    pass


class Attachment(Frozen):
    message = ForeignKeyField(Message, backref="+", on_delete="CASCADE")
    name = CharField(max_length=255)
    media_type = CharField(max_length=100)
    size = BigIntegerField()
    sha256 = CharField(max_length=64)
    path = CharField(max_length=300, unique=True)
    created_at = DateTimeField()


class Upload(Frozen):
    form_key = CharField(max_length=64, index=True)
    owner = CharField(max_length=40)
    name = CharField(max_length=255)
    media_type = CharField(max_length=100)
    size = BigIntegerField()
    sha256 = CharField(max_length=64)
    path = CharField(max_length=300, unique=True)
    expires_at = DateTimeField(index=True)


TABLES = (Message, Attachment, Upload)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES[1:])
