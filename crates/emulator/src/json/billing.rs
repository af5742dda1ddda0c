//! Plans and subscriptions.

use serde_json::{Value, json};

use crate::{
    config::{Config, Payer, Plan},
    ops::organization::slug_of,
    tokens::INSTANCE_ID,
};

/// Who has a subscription.
pub(crate) struct Subscriber {
    pub(crate) payer: Payer,
    /// ID of the user or organization.
    pub(crate) id: String,
    /// When the user or organization was created, which the subscription begins with.
    pub(crate) created_at: i64,
}

impl Subscriber {
    /// Returns the ID of something that belongs to the subscriber.
    fn id_of(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.id.rsplit('_').next().unwrap_or_default())
    }
}

fn fee(cents: u64) -> Value {
    json!({
        "amount": cents, "amount_formatted": format!("{}.{:02}", cents / 100, cents % 100), "currency": "USD",
        "currency_symbol": "$",
    })
}

/// Returns a plan.
pub(crate) fn plan(config: &Config, plan: &Plan) -> Value {
    let features = plan.features.iter().map(|name| {
        let slug = slug_of(name);
        json!({
            "object": "feature", "id": format!("feat_{slug}"), "name": name, "description": "", "slug": slug,
            "avatar_url": null,
        })
    });
    let payer = match plan.payer {
        Payer::User => "user",
        Payer::Organization => "org",
    };
    json!({
        "object": "commerce_plan", "id": plan_id(plan), "name": plan.name, "slug": plan.slug,
        "description": plan.description, "product_id": "cprod_emulator", "avatar_url": null,
        "fee": fee(plan.monthly.into()), "annual_monthly_fee": plan.annual_monthly.map(|cents| fee(cents.into())),
        "annual_fee": plan.annual_monthly.map(|cents| fee(u64::from(cents) * 12)),
        "is_default": config.billing.default_plan(plan.payer) == Some(plan), "is_recurring": true,
        "publicly_visible": true, "has_base_fee": plan.monthly > 0, "for_payer_type": payer,
        "free_trial_enabled": plan.free_trial_days.is_some(), "free_trial_days": plan.free_trial_days,
        "features": features.collect::<Value>(),
    })
}

/// Returns the ID of a plan.
pub(crate) fn plan_id(plan: &Plan) -> String {
    format!("cplan_{}", plan.slug)
}

/// Returns the subscription of a payer without a paid plan: to the default plan, or to none.
pub(crate) fn subscription(config: &Config, of: &Subscriber) -> Value {
    json!({
        "object": "commerce_subscription", "id": of.id_of("csub"), "instance_id": INSTANCE_ID, "status": "active",
        "payer_id": of.id_of("cpayer"), "created_at": of.created_at, "updated_at": of.created_at,
        "active_at": of.created_at, "past_due_at": null, "next_payment": null,
        "subscription_items": subscription_items(config, of),
        "eligible_for_free_trial": config.billing.plans_for(of.payer).any(|plan| plan.free_trial_days.is_some()),
    })
}

/// Returns the items of a subscription: the default plan, if there is one.
pub(crate) fn subscription_items(config: &Config, of: &Subscriber) -> Vec<Value> {
    let item = |default: &Plan| {
        json!({
            "object": "commerce_subscription_item", "id": of.id_of("csubitem"), "instance_id": INSTANCE_ID,
            "status": "active", "plan_id": plan_id(default), "plan": plan(config, default), "plan_period": "month",
            "payer_id": of.id_of("cpayer"), "amount": fee(0), "is_free_trial": false, "period_start": of.created_at,
            "period_end": null, "canceled_at": null, "past_due_at": null, "ended_at": null,
            "created_at": of.created_at, "updated_at": of.created_at,
        })
    };
    config.billing.default_plan(of.payer).map(item).into_iter().collect()
}
