"""The people who work in an account: ``/v1/users`` and ``/v1/user/{id}``."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.hostaway.simulator.envelope import RefusedError, success
from providers.hostaway.simulator.parameters import Parameters
from providers.hostaway.simulator.readings import HostawayReadings

USER_ID_OFFSET = 5_000_000
"""The user id of an account's administrator is its account id and this."""

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


class Users:
    """The calls about users. Each account has one: its owner, who may do everything."""

    def __init__(self, readings: HostawayReadings) -> None:
        self._readings = readings

    async def many(self, request: Request, account: SimulatedAccount) -> Response:
        return success([self._user(request, account)])

    async def one(self, request: Request, account: SimulatedAccount) -> Response:
        """An array of one, as in the documented sample."""
        if request.path_params["user_id"] != account.id + USER_ID_OFFSET:
            raise RefusedError(404, "User not found")
        return success([self._user(request, account)])

    def _user(self, request: Request, account: SimulatedAccount) -> dict[str, Any]:
        owner = account.business.owner
        with_resources = Parameters(request.query_params, self._readings).flag("includeResources")
        return {
            "id": account.id + USER_ID_OFFSET,
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
            "listingMapIds": list(account.listings) if with_resources else None,
        }
