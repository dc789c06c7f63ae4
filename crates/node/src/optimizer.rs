//! Optimizers as the facade describes them.

use crate::error::{Result, convert};
use crate::variable::NativeVariable;
use napi::Env;
use napi_derive::napi;
use ridgeline_engine::Error;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::ops::update::rule::Rule;
use ridgeline_engine::train::optimizer::{Clip, Optimizer};

/// An optimizer's formula and bounds.
#[napi]
pub struct NativeOptimizer {
    pub(crate) optimizer: Optimizer,
}

#[napi]
impl NativeOptimizer {
    /// An optimizer from its JSON configuration.
    #[napi(constructor, catch_unwind)]
    pub fn new(config: String) -> Result<NativeOptimizer> {
        let with = Attributes::parse(&config).map_err(convert)?;
        Ok(NativeOptimizer { optimizer: parse(&with).map_err(convert)? })
    }

    /// Names of the state it keeps for each weight.
    #[napi(getter)]
    pub fn slot_names(&self) -> Vec<String> {
        self.optimizer.rule.slots().iter().map(|&name| name.to_owned()).collect()
    }

    /// New state for a weight.
    #[napi(catch_unwind)]
    pub fn slots(&self, env: Env, of: &NativeVariable) -> Result<Vec<NativeVariable>> {
        let slots = self.optimizer.new_slots(&of.variable).map_err(convert)?;
        slots.into_iter().map(|variable| NativeVariable::accounted(env, variable)).collect()
    }
}

fn parse(with: &Attributes) -> Result<Optimizer, Error> {
    let number = |name: &str| with.number(name).map(|n| n as f32);
    let rule = match with.text("name")? {
        "sgd" => Rule::Sgd { momentum: number("momentum")?, nesterov: with.flag("nesterov")? },
        "rmsprop" => Rule::RmsProp {
            rho: with.number("rho")?,
            momentum: number("momentum")?,
            epsilon: number("epsilon")?,
            centered: with.flag("centered")?,
        },
        "adam" | "adamW" => Rule::Adam {
            beta1: with.number("beta1")?,
            beta2: with.number("beta2")?,
            epsilon: number("epsilon")?,
            amsgrad: with.flag("amsgrad")?,
        },
        other => return Err(Error::argument(format!("there is no optimizer '{other}'"))),
    };
    let bound = |name: &str| with.0.get(name).filter(|v| !v.is_null()).map(|_| number(name));
    let clip = match (bound("clipNorm"), bound("clipValue"), bound("globalClipNorm")) {
        (Some(c), None, None) => Clip::Norm(c?),
        (None, Some(c), None) => Clip::Value(c?),
        (None, None, Some(c)) => Clip::GlobalNorm(c?),
        (None, None, None) => Clip::None,
        _ => {
            return Err(Error::argument(
                "at most one of clipNorm, clipValue and globalClipNorm may be set",
            ));
        }
    };
    let weight_decay = bound("weightDecay").transpose()?.unwrap_or(0.0);
    Ok(Optimizer { rule, weight_decay, clip })
}
