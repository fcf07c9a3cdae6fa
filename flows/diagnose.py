"""Why an environment is unhealthy: a cause and a fix for each thing that's wrong."""

from prefect import flow

from flows.artifacts import show_diagnosis
from flows.forms import Account, Region, Role
from tasks.diagnosing.diagnose import diagnose as read_and_tell
from tasks.diagnosing.finding import Diagnosis
from tasks.scope import Scope


@flow(name="diagnose", flow_run_name="diagnosis of {environment}")
def diagnose(environment: str, region: Region, account: Account = "", role: Role = "") -> Diagnosis:
    """Tell why an environment is unhealthy, and what mends it. Writes nothing in AWS.

    Args:
        environment: Its name.
        region: Where it stands, such as `eu-west-1`.
        account: If given, checked against the credentials before anything is done.
        role: The ARN of a role to assume, for what stands in another account.
    """
    diagnosis = read_and_tell(Scope(environment, region, account=account, role=role))
    show_diagnosis(diagnosis)
    return diagnosis
