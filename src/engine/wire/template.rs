//! The task template, the same in a service and in its tasks.

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Res, Text, WireDriver, nanos, or_default, value::ValueHash};
use crate::cluster::{
    ConfigId, HealthCheck, Mount, NetworkId, Platform, Reference, RestartCondition, RestartPolicy,
    SecretId, TaskCheck, TaskSpec,
};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireResources {
    #[serde(deserialize_with = "or_default")]
    pub limits: Res,
    #[serde(deserialize_with = "or_default")]
    pub reservations: Res,
}

/// The same in a service (`TaskTemplate`) and in its tasks (`Spec`).
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireTemplate<'a> {
    #[serde(borrow)]
    pub container_spec: Option<&'a RawValue>,
    #[serde(borrow)]
    resources: Option<&'a RawValue>,
    #[serde(borrow)]
    pub restart_policy: Option<&'a RawValue>,
    #[serde(borrow)]
    pub networks: Option<&'a RawValue>,
    #[serde(borrow)]
    pub log_driver: Option<&'a RawValue>,
    pub force_update: u64,
    #[serde(borrow, deserialize_with = "or_default")]
    pub placement: WirePlacement<'a>,
}

impl WireTemplate<'_> {
    /// Tells whether a task was made from its service's template as it is now. Placement is left out:
    /// the engine keeps tasks that still meet it (swarmkit `orchestrator/task.go`); so is `Runtime`,
    /// which tasks lack (measured on 20.10, 26.1 and 28.5). The rest is compared by value: a proxy may
    /// have written one list anew.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let parts = [
            self.container_spec,
            self.resources,
            self.restart_policy,
            self.networks,
            self.log_driver,
        ];
        for part in parts {
            part.map(ValueHash::of).hash(&mut hasher);
        }
        self.force_update.hash(&mut hasher);
        hasher.finish()
    }

    /// The part about the container.
    pub fn container(&self) -> WireContainer<'_> {
        read_part(self.container_spec)
    }

    /// The log driver's name, if there is one.
    pub fn driver(&self) -> Option<Arc<str>> {
        let driver: WireDriver<'_> = read_part(self.log_driver);
        (!driver.name.is_empty()).then(|| (*driver.name).into())
    }

    /// Reservations and limits.
    pub fn resources(&self) -> WireResources {
        read_part(self.resources)
    }

    /// The fields that skep uses.
    pub fn model(&self) -> TaskSpec {
        let resources = self.resources();
        let restart: WireRestart<'_> = read_part(self.restart_policy);
        let refers: WireReferences<'_> = read_part(self.container_spec);
        let networks: Vec<WireAttachment<'_>> = read_part(self.networks);
        let container = self.container();
        TaskSpec {
            image: (*container.image).into(),
            health: container.healthcheck.model(),
            stop_grace: container.stop_grace(),
            reserved: resources.reservations.model(),
            limits: resources.limits.model(),
            constraints: self.placement.constraints.iter().map(|c| (&**c).into()).collect(),
            max_per_node: self.placement.max_replicas,
            platforms: self.placement.platforms.iter().map(WirePlatform::model).collect(),
            mounts: refers.mounts.iter().map(WireMount::model).collect(),
            networks: networks.iter().map(|n| NetworkId::from(&*n.target)).collect(),
            log_driver: self.driver(),
            restart: restart.model(),
            template: self.fingerprint(),
        }
    }
}

/// A part of a document; what can't be read is as if it were empty.
pub(super) fn read_part<'a, T: Default + Deserialize<'a>>(part: Option<&'a RawValue>) -> T {
    part.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireContainer<'a> {
    #[serde(borrow)]
    pub image: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub healthcheck: WireHealth<'a>,
    stop_grace_period: Option<i64>,
}

impl WireContainer<'_> {
    /// Grace period for stopping; the engine's default is 10 s (swarmkit
    /// `api/defaults/service.go`).
    pub fn stop_grace(&self) -> Duration {
        self.stop_grace_period.map_or(Duration::from_secs(10), nanos)
    }
}

/// Secrets, configs, mounts and the health check of a container.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireReferences<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    secrets: Vec<WireReference<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    configs: Vec<WireReference<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    privileges: WirePrivileges<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub mounts: Vec<WireMount<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub healthcheck: WireHealth<'a>,
}

impl WireReferences<'_> {
    /// The secrets it is given.
    pub fn secrets(&self) -> Vec<Reference<SecretId>> {
        self.secrets.iter().filter_map(WireReference::model).collect()
    }

    /// The configs it is given; one of them may hold its credentials.
    pub fn configs(&self) -> Vec<Reference<ConfigId>> {
        let credentials = &*self.privileges.credential_spec.config;
        let credentials = (!credentials.is_empty()).then(|| {
            let id = ConfigId::from(credentials);
            let named = self.configs.iter().find(|config| *config.id == *credentials);
            Reference { name: named.map_or(credentials, |config| &*config.name).into(), id }
        });
        let mut all: Vec<_> = self.configs.iter().filter_map(WireReference::model).collect();
        all.extend(credentials.filter(|one| all.iter().all(|known| known.id != one.id)));
        all
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WirePrivileges<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    credential_spec: WireCredentials<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireCredentials<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    config: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireHealth<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    test: Vec<Cow<'a, str>>,
    interval: i64,
    retries: i64,
    start_period: i64,
}

impl WireHealth<'_> {
    /// Whether it checks: `["NONE"]` turns the image's own check off.
    pub fn is_set(&self) -> bool {
        self.test.first().is_some_and(|kind| kind != "NONE")
    }

    /// Its figures, 0 being the default; also those set for a check of the image's.
    pub fn model(&self) -> TaskCheck {
        let has_figures = self.interval != 0 || self.retries != 0 || self.start_period != 0;
        let default = HealthCheck::DEFAULT;
        if !self.test.is_empty() && !self.is_set() {
            return TaskCheck::Off;
        }
        if self.test.is_empty() && !has_figures {
            return TaskCheck::OfImage;
        }
        TaskCheck::Own(HealthCheck {
            interval: if self.interval > 0 { nanos(self.interval) } else { default.interval },
            retries: u32::try_from(self.retries).ok().filter(|n| *n > 0).unwrap_or(default.retries),
            start_period: nanos(self.start_period),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireReference<'a> {
    #[serde(borrow, alias = "SecretID", alias = "ConfigID")]
    id: Text<'a>,
    #[serde(borrow, alias = "SecretName", alias = "ConfigName")]
    name: Text<'a>,
}

impl WireReference<'_> {
    fn model<Id: for<'i> From<&'i str>>(&self) -> Option<Reference<Id>> {
        (!self.id.is_empty())
            .then(|| Reference { id: (&*self.id).into(), name: (*self.name).into() })
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireMount<'a> {
    #[serde(rename = "Type", borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub source: Text<'a>,
    #[serde(borrow)]
    pub target: Text<'a>,
    pub read_only: bool,
    #[serde(borrow, deserialize_with = "or_default")]
    pub volume_options: WireVolume<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireVolume<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    driver_config: WireVolumeDriver<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireVolumeDriver<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    options: WireVolumeOptions<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireVolumeOptions<'a> {
    #[serde(rename = "type", borrow)]
    filesystem: Text<'a>,
}

impl WireMount<'_> {
    /// The model of it.
    pub fn model(&self) -> Mount {
        let driver = &self.volume_options.driver_config;
        Mount {
            kind: (*self.kind).into(),
            source: (*self.source).into(),
            target: (*self.target).into(),
            read_only: self.read_only,
            driver: (*driver.name).into(),
            filesystem: driver.options.filesystem.to_ascii_lowercase().into(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireAttachment<'a> {
    #[serde(borrow)]
    pub target: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub aliases: Vec<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WirePlatform<'a> {
    #[serde(borrow)]
    pub architecture: Text<'a>,
    #[serde(rename = "OS", borrow)]
    pub os: Text<'a>,
}

impl WirePlatform<'_> {
    /// The model of it.
    pub fn model(&self) -> Platform {
        Platform { os: (*self.os).into(), arch: (*self.architecture).into() }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireRestart<'a> {
    #[serde(borrow)]
    condition: Text<'a>,
    delay: Option<i64>,
    max_attempts: u64,
    window: i64,
}

impl WireRestart<'_> {
    /// The model of it.
    pub fn model(&self) -> RestartPolicy {
        let default = RestartPolicy::default();
        RestartPolicy {
            condition: match &*self.condition {
                "" => default.condition,
                word => RestartCondition::from_word(word),
            },
            delay: self.delay.map_or(default.delay, nanos),
            max_attempts: self.max_attempts,
            window: nanos(self.window),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WirePlacement<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    pub platforms: Vec<WirePlatform<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub constraints: Vec<Cow<'a, str>>,
    pub max_replicas: u64,
}
