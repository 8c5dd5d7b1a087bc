//! What each type of step does, as far as a rollout is concerned.

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Deploys beside the old version; nobody meets it yet.
    Nobody,
    /// Deploys some instances beside the old ones.
    Canary,
    /// Sets the routes of a mesh.
    Route,
    /// Sets the share that stands at this path of `spec`.
    Shift(&'static [&'static str]),
    /// Sets the shares of revisions.
    Revisions,
    /// Everybody goes over to what stands beside.
    Swap,
    /// Everybody gets it, instance by instance.
    Roll,
    /// Everybody gets it at once, unless `skipTrafficShift` says not yet.
    Deploy,
    /// Takes the canary away.
    Delete,
    /// Takes the old side away.
    ScaleDown,
    /// Waits.
    Wait,
    /// Asks somebody.
    Approve,
    /// Looks at metrics.
    Verify,
    /// Nothing that counts here.
    Other,
}

/// What a step of this type does.
pub(super) fn does(kind: &str) -> Does {
    match kind {
        "K8sBlueGreenDeploy"
        | "HelmBGDeploy"
        | "HelmBlueGreenDeploy"
        | "EcsBlueGreenCreateService"
        | "AsgBlueGreenDeploy"
        | "ElastigroupBGStageSetup"
        | "DeployCloudFunctionWithNoTraffic" => Does::Nobody,
        "K8sCanaryDeploy" | "HelmCanaryDeploy" | "EcsCanaryDeploy" | "AsgCanaryDeploy" => Does::Canary,
        "K8sTrafficRouting" => Does::Route,
        "CloudFunctionTrafficShift" => Does::Shift(&["trafficPercent"]),
        "AsgShiftTraffic" => Does::Shift(&["weight"]),
        "EcsBlueGreenTrafficShift" => Does::Shift(&["ecsTrafficShiftWrapper", "spec", "weightPercentage"]),
        "ElastigroupBlueGreenTrafficShift" => {
            Does::Shift(&["elastigroupTrafficShiftWrapper", "spec", "weightPercentage"])
        }
        "GoogleCloudRunTrafficShift" => Does::Revisions,
        "K8sBGSwapServices"
        | "K8sSwapServiceSelectors"
        | "HelmBlueGreenSwapStep"
        | "EcsBlueGreenSwapTargetGroups"
        | "AsgBlueGreenSwapService"
        | "ElastigroupSwapRoute" => Does::Swap,
        "K8sRollingDeploy" | "HelmDeploy" | "EcsRollingDeploy" | "AsgRollingDeploy" => Does::Roll,
        "AwsLambdaDeploy" | "DeployCloudFunction" | "DeployCloudFunctionGenOne" | "GoogleCloudRunDeploy" => {
            Does::Deploy
        }
        "K8sCanaryDelete" | "HelmCanaryDelete" | "EcsCanaryDelete" | "AsgCanaryDelete" => Does::Delete,
        "K8sBlueGreenStageScaleDown" => Does::ScaleDown,
        "Wait" => Does::Wait,
        "HarnessApproval" | "JiraApproval" | "ServiceNowApproval" | "CustomApproval" => Does::Approve,
        "Verify" => Does::Verify,
        _ => Does::Other,
    }
}
