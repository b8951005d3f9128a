"""The API's address book, by subject. A subject's own routes stand at the end of its module."""

from kitloop.api import lab_protocol, results, sample_kit, samples, subscriptions

v2 = [
    *sample_kit.routes,
    *samples.routes,
    *results.routes,
    *subscriptions.routes,
]
kitloop_v1 = [*samples.own_routes, *subscriptions.own_routes]
lab_v1 = lab_protocol.routes
