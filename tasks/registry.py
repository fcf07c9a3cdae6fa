"""Every kind of resource that Castra knows: one line each."""

from typing import Any

from tasks.api.api_domain import ApiDomainKind
from tasks.api.api_key import ApiKeyKind
from tasks.api.api_stage import ApiStageKind
from tasks.api.http_api import HttpApiKind
from tasks.api.rest_api import RestApiKind
from tasks.api.rest_stage import RestStageKind
from tasks.api.usage_plan import UsagePlanKind
from tasks.balancing.classic_balancer import ClassicBalancerKind
from tasks.balancing.listener import ListenerKind
from tasks.balancing.listener_rule import ListenerRuleKind
from tasks.balancing.load_balancer import LoadBalancerKind
from tasks.balancing.target_group import TargetGroupKind
from tasks.compute.alarm import AlarmKind
from tasks.compute.image import ImageKind
from tasks.compute.instance import InstanceKind
from tasks.compute.key_pair import KeyPairKind
from tasks.compute.launch_template import LaunchTemplateKind
from tasks.compute.predictive_policy import PredictivePolicyKind
from tasks.compute.scaling_group import ScalingGroupKind
from tasks.compute.scheduled_action import ScheduledActionKind
from tasks.compute.snapshot import SnapshotKind
from tasks.compute.step_policy import StepPolicyKind
from tasks.compute.target_tracking import TargetTrackingKind
from tasks.compute.volume import VolumeKind
from tasks.data.cache_cluster import CacheClusterKind
from tasks.data.cache_parameter_group import CacheParameterGroupKind
from tasks.data.cache_subnet_group import CacheSubnetGroupKind
from tasks.data.database import DatabaseKind
from tasks.data.database_parameter_group import DatabaseParameterGroupKind
from tasks.data.database_replica import DatabaseReplicaKind
from tasks.data.database_subnet_group import DatabaseSubnetGroupKind
from tasks.data.parameter import ParameterKind
from tasks.data.replication_group import ReplicationGroupKind
from tasks.data.secret import SecretKind
from tasks.delivery.certificate import CertificateKind
from tasks.delivery.distribution import DistributionKind
from tasks.delivery.dns_record import DnsRecordKind
from tasks.delivery.edge_function import EdgeFunctionKind
from tasks.delivery.origin_access_control import OriginAccessControlKind
from tasks.identity.access_key import AccessKeyKind
from tasks.identity.group import GroupKind
from tasks.identity.instance_profile import InstanceProfileKind
from tasks.identity.login_profile import LoginProfileKind
from tasks.identity.managed_policy import ManagedPolicyKind
from tasks.identity.role import RoleKind
from tasks.identity.user import UserKind
from tasks.kind import Kind
from tasks.network.address import AddressKind
from tasks.network.firewall import FirewallKind
from tasks.network.flow_log import FlowLogKind
from tasks.network.gateway_endpoint import GatewayEndpointKind
from tasks.network.interface_endpoint import InterfaceEndpointKind
from tasks.network.internet_gateway import InternetGatewayKind
from tasks.network.nat_gateway import NatGatewayKind
from tasks.network.route_table import RouteTableKind
from tasks.network.security_group import SecurityGroupKind
from tasks.network.subnet import SubnetKind
from tasks.network.vpc import VpcKind
from tasks.serverless.event_rule import EventRuleKind
from tasks.serverless.event_source import EventSourceKind
from tasks.serverless.function import FunctionKind
from tasks.serverless.function_url import FunctionUrlKind
from tasks.serverless.layer import LayerKind
from tasks.serverless.log_group import LogGroupKind
from tasks.serverless.permission import PermissionKind
from tasks.serverless.queue import QueueKind
from tasks.serverless.topic import TopicKind
from tasks.storage.bucket import BucketKind
from tasks.storage.bucket_notification import BucketNotificationKind
from tasks.storage.bucket_policy import BucketPolicyKind
from tasks.storage.bucket_replication import BucketReplicationKind
from tasks.storage.site import SiteKind

KINDS: dict[str, Kind[Any, Any]] = {
    kind.name: kind
    for kind in (
        VpcKind(),
        SubnetKind(),
        InternetGatewayKind(),
        AddressKind(),
        NatGatewayKind(),
        RouteTableKind(),
        GatewayEndpointKind(),
        SecurityGroupKind(),
        FirewallKind(),
        InterfaceEndpointKind(),
        FlowLogKind(),
        ManagedPolicyKind(),
        RoleKind(),
        InstanceProfileKind(),
        GroupKind(),
        UserKind(),
        AccessKeyKind(),
        LoginProfileKind(),
        LoadBalancerKind(),
        HttpApiKind(),
        ApiStageKind(),
        RestApiKind(),
        RestStageKind(),
        ApiKeyKind(),
        UsagePlanKind(),
        ApiDomainKind(),
        TargetGroupKind(),
        ListenerKind(),
        ListenerRuleKind(),
        ClassicBalancerKind(),
        KeyPairKind(),
        SnapshotKind(),
        ImageKind(),
        VolumeKind(),
        InstanceKind(),
        LaunchTemplateKind(),
        ScalingGroupKind(),
        TargetTrackingKind(),
        StepPolicyKind(),
        AlarmKind(),
        PredictivePolicyKind(),
        ScheduledActionKind(),
        DatabaseSubnetGroupKind(),
        DatabaseParameterGroupKind(),
        DatabaseKind(),
        DatabaseReplicaKind(),
        LayerKind(),
        CertificateKind(),
        OriginAccessControlKind(),
        EdgeFunctionKind(),
        DistributionKind(),
        DnsRecordKind(),
        LogGroupKind(),
        SecretKind(),
        ParameterKind(),
        CacheSubnetGroupKind(),
        CacheParameterGroupKind(),
        ReplicationGroupKind(),
        CacheClusterKind(),
        QueueKind(),
        TopicKind(),
        BucketKind(),
        BucketPolicyKind(),
        BucketReplicationKind(),
        BucketNotificationKind(),
        FunctionKind(),
        FunctionUrlKind(),
        EventRuleKind(),
        EventSourceKind(),
        PermissionKind(),
        SiteKind(),
    )
}
