"""The ids of e-mails that have left the outbox, so that answers to them go on finding their ticket."""

from peewee import BigAutoField, CharField, Database, ForeignKeyField, Model
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Ticket(Frozen):
    pass


class CustomerAddress(Frozen):
    pass


class Agent(Frozen):
    pass


class MailId(Frozen):
    mail_id = CharField(max_length=200, index=True)
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")
    address = ForeignKeyField(CustomerAddress, backref="+", null=True, on_delete="SET NULL", index=False)
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Ticket, CustomerAddress, Agent, MailId)):
        db.create_tables((MailId,))
