//! What can be done to a service: [`plan`] (pure) → [`execute`] → [`follow`] until it converges.

pub mod audit;
pub mod execute;
pub mod follow;
pub mod plan;
