//! Billing: plans, without payment.

use serde::{Deserialize, Serialize};

/// Billing. It is off unless users or organizations can have plans.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Billing {
    /// Whether users can have plans.
    pub users: bool,
    /// Whether organizations can have plans.
    pub organizations: bool,
    /// The plans, in the order of the pricing table.
    pub plans: Vec<Plan>,
}

impl Billing {
    /// Whether there is billing for users or for organizations.
    pub(crate) fn is_on(&self) -> bool {
        self.users || self.organizations
    }

    /// Whether this kind of payer can have plans.
    pub(crate) fn is_for(&self, payer: Payer) -> bool {
        match payer {
            Payer::User => self.users,
            Payer::Organization => self.organizations,
        }
    }

    /// Returns the plans of a kind of payer.
    pub(crate) fn plans_for(&self, payer: Payer) -> impl Iterator<Item = &Plan> {
        self.plans.iter().filter(move |plan| plan.payer == payer && self.is_for(payer))
    }

    /// Returns the plan that a payer has without paying: the first free one.
    pub(crate) fn default_plan(&self, payer: Payer) -> Option<&Plan> {
        self.plans_for(payer).find(|plan| plan.monthly == 0)
    }
}

/// Who has a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Payer {
    /// A user.
    #[default]
    User,
    /// An organization.
    Organization,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Plan {
    /// Name.
    pub name: String,
    /// Slug, which identifies the plan.
    pub slug: String,
    /// Description.
    pub description: String,
    /// Who can have it.
    pub payer: Payer,
    /// Price per month in US cents; the first free plan is the one that everybody has.
    pub monthly: u32,
    /// Price per month in US cents if a year is paid at once; `None` if that is not possible.
    pub annual_monthly: Option<u32>,
    /// Names of features.
    pub features: Vec<String>,
    /// Days of the free trial; `None` for no trial.
    pub free_trial_days: Option<u32>,
}

impl Plan {
    /// Creates a plan for users at a price per month in US cents.
    pub fn new(slug: impl Into<String>, name: impl Into<String>, monthly: u32) -> Self {
        Self { slug: slug.into(), name: name.into(), monthly, ..Self::default() }
    }
}
