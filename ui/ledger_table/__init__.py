"""The ledger's table: any number of rows, of which the browser draws those in sight."""

from ui.ledger_table.wrapper import TableColumn, ledger_table

__all__ = ["TableColumn", "ledger_table"]
