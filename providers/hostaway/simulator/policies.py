"""Cancellation policies: the account's own and those of the channels."""

from typing import Any

DAY = 86_400
RULES = {
    "Flexible": ((100, -1),),
    "Moderate": ((100, -5), (50, -1)),
    "Strict": ((100, -30), (50, -7)),
}
"""Percent of the total paid back, and until how many days before (negative) arrival."""

CHANNEL_LISTS = {
    None: {2: "Flexible", 3: "Moderate", 4: "Strict"},
    "airbnb": {101: "Flexible", 102: "Moderate", 103: "Strict"},
    "booking": {201: "Flexible"},
    "marriott": {301: "Strict"},
    "vrbo": {401: "Moderate"},
}
"""Policy ids and names of each list; None is the account's own, for direct bookings."""


def policies(channel: str | None, account_id: int) -> list[dict[str, Any]]:
    """The policies of one list. Numbers inside the items are texts, as in all documented samples."""
    return [_policy(number, name, account_id) for number, name in CHANNEL_LISTS[channel].items()]


def policy_details(channel_id: int) -> dict[str, Any]:
    """The snapshot that a reservation keeps: here numbers are numbers, and items have no ids."""
    return {
        "name": "Moderate",
        "channelId": channel_id,
        "channelSpecificCode": "moderate",
        "longTerm": False,
        "cancellationPolicyItem": [
            {
                "refundAmount": percent,
                "refundType": "percentage",
                "refundField": "totalPrice",
                "timeDelta": days * DAY,
                "event": "arrival",
            }
            for percent, days in RULES["Moderate"]
        ],
    }


def _policy(number: int, name: str, account_id: int) -> dict[str, Any]:
    return {
        "id": number,
        "accountId": account_id,
        "name": name,
        "cancellationPolicyItem": [
            {
                "id": str(number * 10 + index),
                "cancellationPolicyId": str(number),
                "refundAmount": str(percent),
                "refundType": "percentage",
                "refundField": "totalPrice",
                "timeDelta": str(days * DAY),
                "event": "arrival",
            }
            for index, (percent, days) in enumerate(RULES[name])
        ],
    }
