"""What a caller can act on. The domain raises these and knows no HTTP; `api.errors` and the pages turn them into answers."""


class KitloopError(Exception):
    """A fact that the caller can act on. `code` is stable; the message states cause and remedy, never personal data."""

    code = "error"


class FieldErrors(KitloopError):
    """One or more fields can't be accepted. `fields`: name to list of sentences, as the wire spells them."""

    code = "invalid"

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(said)}" for name, said in fields.items()))
        self.fields = fields


class KeyInFlight(KitloopError):
    """A request with this Idempotency-Key is being carried out at this moment."""

    code = "idempotency_key_in_flight"


class KeyReused(KitloopError):
    """This Idempotency-Key came before with another body."""

    code = "idempotency_key_reused"
