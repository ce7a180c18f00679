"""The people who work in an account: ``/v1/users`` and ``/v1/user/{id}``."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.hostaway.simulator.envelope import RefusedError, success
from providers.hostaway.simulator.parameters import Parameters
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.staff import CLEANER_ID_OFFSET, USER_ID_OFFSET

CRUD_RIGHTS = ("Listing", "Reservation", "Task", "Automation", "GuestInvoicing", "Review", "OwnerStatement")
READ_UPDATE_RIGHTS = ("Calendar", "BookingEngine", "ChannelManager", "Message")
OTHER_RIGHTS = (
    *("readRevenueManagement", "updateIntegration", "readAnalytics", "readListingsFinancials"),
    *(
        "readOccupancyReport",
        "accessFinancialData",
        "accessContactData",
        "accessGuestNotes",
        "accessTagManagement",
    ),
)
RIGHTS = (
    *(f"{verb}{thing}" for thing in (*CRUD_RIGHTS, "Guestbook") for verb in ("create", "read", "update", "delete")),
    *(f"{verb}{thing}" for thing in READ_UPDATE_RIGHTS for verb in ("read", "update")),
    *OTHER_RIGHTS,
)
"""Permission flags (Hostaway documentation, user object)."""


def listings_of_user(user_id: int, account: SimulatedAccount) -> list[int]:
    """The listings that a user may see: all for the administrator, every second one for the cleaner."""
    if user_id == account.id + USER_ID_OFFSET:
        return list(account.listings)
    if user_id == account.id + CLEANER_ID_OFFSET:
        return list(account.listings)[::2]
    return []


class Users:
    """The calls about users. Each account has two: its owner, who may do everything, and a cleaner."""

    def __init__(self, readings: HostawayReadings) -> None:
        self._readings = readings

    async def many(self, request: Request, account: SimulatedAccount) -> Response:
        tells = self._readings.users_list_tells_listings and self._with_resources(request)
        return success([_owner(account, with_listings=tells), _cleaner(account, with_listings=tells)])

    async def one(self, request: Request, account: SimulatedAccount) -> Response:
        """An array of one, as in the documented sample."""
        tells = self._with_resources(request)
        users = (_owner(account, with_listings=tells), _cleaner(account, with_listings=tells))
        found = [user for user in users if user["id"] == request.path_params["user_id"]]
        if not found:
            raise RefusedError(404, "User not found")
        return success(found)

    def _with_resources(self, request: Request) -> bool:
        return bool(Parameters(request.query_params, self._readings).flag("includeResources"))


def _cleaner(account: SimulatedAccount, *, with_listings: bool) -> dict[str, Any]:
    user_id = account.id + CLEANER_ID_OFFSET
    return {
        **_owner(account, with_listings=False),
        "id": user_id,
        "userGroupId": 1,
        "userGroupName": "Cleaning",
        "email": f"cleaning-{account.id}@example.com",
        "firstName": "Kim",
        "lastName": None,
        "title": "",
        "phone": None,
        "verificationCode": f"code-{account.id}",
        "isAdmin": 0,
        "hasAccessToNewListings": 0,
        "lastLoginOn": "2026-01-02 03:04:05",
        **dict.fromkeys(RIGHTS, 0),
        **dict.fromkeys(("readListing", "readTask", "updateTask"), 1),
        "listingMapIds": listings_of_user(user_id, account) if with_listings else None,
    }


def _owner(account: SimulatedAccount, *, with_listings: bool) -> dict[str, Any]:
    owner = account.business.owner
    user_id = account.id + USER_ID_OFFSET
    return {
        "id": user_id,
        "accountId": account.id,
        "userGroupId": None,
        "userGroupName": None,
        "email": owner.email,
        "secondEmail": None,
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "title": account.business.name,
        "country": owner.country_code,
        "city": owner.city,
        "phone": owner.phone,
        "emergencyPhone": "",
        "preferredContactMethod": None,
        "noteBeforeContact": None,
        "address": None,
        "postalCode": None,
        "profilePictureUrl": None,
        "timezone": account.business.town.time_zone,
        "verificationCode": None,
        "isAdmin": 1,
        "isDisabledByHostaway": 0,
        "isDisabledByAccount": 0,
        "hasAccessToNewListings": 1,
        "receiveReservationNotificationEmail": 1,
        "lastLoginOn": None,
        **dict.fromkeys(RIGHTS, 1),
        "listingMapIds": listings_of_user(user_id, account) if with_listings else None,
    }
