"""How the simulator reads the places where Hostaway's documentation is silent or contradicts itself."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class HostawayReadings:
    """One choice for each open point. A good client works under every choice.

    - ``settle_seconds``: a younger token is refused (0: accepted at once).
    - ``missing_token_status``: the answer to a call without ``Authorization``.
    - ``token_enveloped``: the token comes inside ``{"status", "result"}``.
    - ``token_life``: seconds a token lives (its ``expires_in``).
    - ``token_calls_count``, ``refused_calls_count``: whether these use up the limits.
    - ``refusals_with_200``: 400, 404 and 422 come as status 200 with ``status: fail``.
    - ``bad_value``: status for a bad value of a documented parameter; None ignores the parameter.
    - ``largest_page``: more rows than that are not given (None: any number).
    - ``oversized_page_is_error``: a larger ``limit`` is a bad value instead of being cut.
    - ``listings_page``: rows of ``GET /v1/listings`` without ``limit`` (None: all).
    - ``after_id``: the cursor is known (it is since 2026-03-31; else it is ignored).
    - ``sends_updated_on``: reservations carry ``insertedOn`` and ``updatedOn``.
    - ``activity_has_time``: ``latestActivityOn`` has a time part.
    - ``date_bounds_inclusive``: ``arrivalEndDate`` and its like include that day.
    - ``calendar_end_inclusive``: the calendar holds the day ``endDate``.
    - ``calendar_default_days``: days of a calendar asked for without dates.
    - ``availability_end_is_departure``: ``availabilityDateEnd`` is the day of departure, else the last night.
    - ``quote_checks_calendar``: taken, too short or too crowded stays are refused, else priced all the same.
    - ``quote_keeps_deleted``: a struck-out component comes back with ``isDeleted: 1``, else not at all.
    - ``coupon_in_list``: a reservation coupon is answered as a list of one, else as an object.
    - ``users_list_tells_listings``: ``includeResources=1`` fills ``listingMapIds`` in the list of users, too.
    - ``tax_by_apply_to``: a percent tax is taken of what its ``applyTo`` names, else of base rate, discounts,
      extra guests and chosen extras.
    - ``empty_success``: the result of a success that has nothing to say: ``[]``, ``{}``, none, or no body at all.
    - ``archived_status``: status of the refusal to change what is archived.
    - ``knows_image_upload``: pictures can be handed over by address (they can since 2026-01-27).
    - ``fee_update_path``: a fee is updated at an address of ``both``, listing and fee, or of the ``listing`` alone.
    - ``agreement_in_list``: an agreement that was changed is answered as a list of one, else as an object.
    - ``policy_keeps_steps``: an update of a policy adds its steps to those that are there, else replaces them.
    - ``webhook_password_masked``: the password of a unified webhook reads back as ``****``, else as it is.
    - ``interval_end_inclusive``: a change of the calendar holds the night of ``endDate``.
    - ``empty_interval_is_error``: an interval without a night is refused, else it changes nothing.
    - ``interval_resets_left_out``: fields that an interval leaves out go back to what the listing says, else they stay.
    - ``batch_is_atomic``: a bad interval spoils the whole batch, else those before it are done.
    - ``freeing_taken_is_error``: ``isAvailable: 1`` for a night that a reservation holds is refused, else ignored.
    - ``clash_status``: status of the refusal to take taken nights, with ``status: fail`` in any case.
    - ``create_checks_rules``: a reservation against minimum stay or closed days is refused, too.
    - ``past_is_refused``: a reservation may not arrive before today.
    - ``status_is_written``: a reservation may be made as an ``ownerStay``, else ``status`` is ignored.
    - ``put_replaces``: a reservation's fields that an update leaves out are emptied, else they stay.
    - ``put_modifies``: an update of dates, guests or price makes the status ``modified``.
    - ``finance_drops_lines``: price lines that an update leaves out are deleted, else they stay.
    - ``finance_resets_properties``: properties that a price line leaves out are reset, else they stay.
    - ``custom_fields_replace``: an update's custom fields are all there are, else the others stay.
    - ``loses_custom_fields``: an update says yes and does not store custom fields.
    - ``cancelling_twice_is_error``: what is cancelled already is refused, else cancelled once more.
    - ``charges_cards``: the account has a payment rule by which cards are charged at once.
    - ``webhook_body``: a webhook is ``{object, event, accountId, data}``, ``{object, objectId, event}``, or the record.
    """

    settle_seconds: float = 1.0
    missing_token_status: Literal[401, 403] = 403
    token_enveloped: bool = False
    token_life: int = 63_072_000
    token_calls_count: bool = True
    refused_calls_count: bool = False
    refusals_with_200: bool = False
    bad_value: Literal[400, 422] | None = 400
    largest_page: int | None = 100
    oversized_page_is_error: bool = False
    listings_page: int | None = 100
    after_id: bool = True
    sends_updated_on: bool = True
    activity_has_time: bool = True
    date_bounds_inclusive: bool = True
    calendar_end_inclusive: bool = True
    calendar_default_days: int = 31
    availability_end_is_departure: bool = True
    quote_checks_calendar: bool = False
    quote_keeps_deleted: bool = True
    coupon_in_list: bool = True
    users_list_tells_listings: bool = True
    tax_by_apply_to: bool = False
    empty_success: Literal["list", "object", "bare", "nothing"] = "list"
    archived_status: Literal[400, 403, 422] = 400
    knows_image_upload: bool = True
    fee_update_path: Literal["both", "listing"] = "both"
    agreement_in_list: bool = False
    policy_keeps_steps: bool = False
    webhook_password_masked: bool = True
    interval_end_inclusive: bool = True
    empty_interval_is_error: bool = False
    interval_resets_left_out: bool = False
    batch_is_atomic: bool = True
    freeing_taken_is_error: bool = False
    clash_status: Literal[200, 400] = 400
    create_checks_rules: bool = False
    past_is_refused: bool = True
    status_is_written: bool = True
    put_replaces: bool = False
    put_modifies: bool = True
    finance_drops_lines: bool = True
    finance_resets_properties: bool = True
    custom_fields_replace: bool = True
    loses_custom_fields: bool = False
    cancelling_twice_is_error: bool = True
    charges_cards: bool = True
    webhook_body: Literal["enveloped", "thin", "bare"] = "enveloped"
