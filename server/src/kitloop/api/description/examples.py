"""The guide's own requests and answers, so that what is read there is found here."""

from typing import Any

SAMPLE = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
PROJECT = "67931e57-c374-4c0b-9616-8b809ad5b657"

ORDER: dict[str, Any] = {
    "project_id": PROJECT,
    "recipient_address_name": "Jane Doe",
    "recipient_address_line1": "123 Main Street",
    "recipient_address_city": "San Francisco",
    "recipient_address_state_region": "CA",
    "recipient_address_postal_code": "94102",
    "recipient_address_country_code": "US",
    "recipient_email": "jane.doe@example.com",
    "recipient_phone": "+14155551234",
    "recipient_instructions": "Leave at front desk",
    "metadata": {"customer_id": "cust_12345", "order_number": "ORD-2025-001"},
}
SAMPLE_STATUS = {
    "id": "c0de85f6-5717-4562-b3fc-2c963f66afa6",
    "status": "running",
    "note": "",
    "created": "2025-10-31T12:34:56Z",
}

# By method and the route's name.
REQUESTS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "sample-kit"): {
        "order": {"summary": "Order a kit", "value": ORDER},
        "shortest": {
            "summary": "Without instructions for the courier",
            "value": {
                **{key: value for key, value in ORDER.items() if key != "recipient_instructions"},
                "metadata": {"customer_id": "cust_12345"},
            },
        },
    },
    ("POST", "project-subscriptions"): {
        "webhook": {
            "summary": "Hear of every finished sample",
            "value": {"target": "https://shop.example.com/webhooks", "event_types": ["analysis_complete_v2"]},
        }
    },
}
ANSWERS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "sample-kit"): {"ordered": {"summary": "Keep this id", "value": {"sample_id": SAMPLE}}},
    ("GET", "samples"): {
        "running": {
            "summary": "Its data is being analysed",
            "value": {
                "id": SAMPLE,
                "project": PROJECT,
                "run": None,
                "created": "2025-10-12T19:47:15.332776Z",
                "modified": "2025-10-31T12:34:56Z",
                "hidden": False,
                "client_id": "",
                "physical_id": "",
                "legacy_id": "",
                "last_status": SAMPLE_STATUS,
                "archive_last_status": {
                    "id": "ab125f64-5717-4562-b3fc-2c963f66afa6",
                    "status": "available",
                    "created": "2025-10-12 19:47:15.332776+00:00",
                    "transition_cutoff": None,
                },
                "metadata": {"customer_id": "cust_12345"},
                "files": [],
            },
        }
    },
}
