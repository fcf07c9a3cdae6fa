"""Zones of Route 53: what is there already isn't made again, and what isn't there can't be deleted."""

from typing import Any

from moto.route53.exceptions import ResourceRecordAlreadyExists, Route53ClientError
from moto.route53.models import Route53Backend

change = Route53Backend.change_resource_record_sets


def change_records(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
    """Moto asks what was changed before, not what there is now."""
    zone = self.get_hosted_zone(zoneid)
    there = {(record.name.rstrip("."), record.type) for record in zone.rrsets}
    for one in change_list:
        name, type = one["ResourceRecordSet"]["Name"], one["ResourceRecordSet"]["Type"]
        if one["Action"] == "CREATE" and (name.rstrip("."), type) in there:
            raise ResourceRecordAlreadyExists(name=name, _type=type)
        if one["Action"] == "DELETE" and (name.rstrip("."), type) not in there:
            why = f"Tried to delete resource record set [name='{name}', type='{type}'] but it was not found"
            raise Route53ClientError("InvalidChangeBatch", why)
    for before in zone.rr_changes:
        before["Action"] = before["Action"].replace("CREATE", "UPSERT")
    change(self, zoneid, change_list)


Route53Backend.change_resource_record_sets = change_records
