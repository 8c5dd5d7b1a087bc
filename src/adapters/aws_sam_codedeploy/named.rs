//! Deployment configurations that CodeDeploy and SAM know by name.

/// What such a name says. Minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Everybody at once.
    AllAtOnce,
    /// A share for so long, then everybody.
    Canary { percent: u64, minutes: u64 },
    /// The same step again and again.
    Linear { percent: u64, minutes: u64 },
    /// Of a fleet of servers one half after the other.
    HalfAtATime,
    /// Of a fleet of servers one after the other.
    OneAtATime,
}

impl Named {
    /// The predefined configuration of that name, with or without CodeDeploy's prefix. Every other name is one of the
    /// user's own.
    pub(super) fn new(name: &str) -> Option<Self> {
        let name = name.strip_prefix("CodeDeployDefault.").unwrap_or(name);
        let name = name.strip_prefix("Lambda").or_else(|| name.strip_prefix("ECS")).unwrap_or(name);
        let minutes = |text: &str| text.strip_suffix("Minutes").or_else(|| text.strip_suffix("Minute"))?.parse().ok();
        let percent = 10;
        match name {
            "AllAtOnce" => Some(Self::AllAtOnce),
            "HalfAtATime" => Some(Self::HalfAtATime),
            "OneAtATime" => Some(Self::OneAtATime),
            _ => {
                if let Some(rest) = name.strip_prefix("Canary10Percent") {
                    let minutes = minutes(rest).filter(|m| [5, 10, 15, 30].contains(m))?;
                    return Some(Self::Canary { percent, minutes });
                }
                let minutes = minutes(name.strip_prefix("Linear10PercentEvery")?)?;
                [1, 2, 3, 10].contains(&minutes).then_some(Self::Linear { percent, minutes })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Named;

    #[test]
    fn only_predefined_names_are_known() {
        let linear = |minutes| Some(Named::Linear { percent: 10, minutes });
        assert_eq!(Named::new("Canary10Percent5Minutes"), Some(Named::Canary { percent: 10, minutes: 5 }));
        assert_eq!(Named::new("CodeDeployDefault.LambdaLinear10PercentEvery1Minute"), linear(1));
        assert_eq!(Named::new("Linear10PercentEvery10Minutes"), linear(10));
        assert_eq!(Named::new("CodeDeployDefault.ECSAllAtOnce"), Some(Named::AllAtOnce));
        assert_eq!(Named::new("Canary5Percent60Minutes"), None);
        assert_eq!(Named::new("MyConfig"), None);
    }
}
