//! Services.

use std::{collections::BTreeMap, sync::Arc};

use hashbrown::HashMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Labels, Listed, Text, WireVersion, check_id, element, labels, list,
    named::Named,
    nanos, or_default,
    template::{WireAttachment, WireReferences, WireTemplate, read_part},
};
use crate::{
    cluster::{
        Counts, EndpointMode, FailureAction, Mode, NetworkId, Port, PublishMode, STACK_LABEL,
        Service, ServiceId, UpdateConfig, UpdateState, UpdateStatus,
    },
    text::brief,
};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireService<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    version: WireVersion,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    updated_at: Text<'a>,
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
    #[serde(borrow)]
    previous_spec: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "or_default")]
    endpoint: WireEndpoint<'a>,
    #[serde(borrow)]
    update_status: Option<WireUpdateStatus<'a>>,
    service_status: Option<WireCounts>,
    #[serde(deserialize_with = "or_default")]
    job_status: WireJob,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireJob {
    #[serde(deserialize_with = "or_default")]
    job_iteration: WireVersion,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireServiceSpec<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    labels: Labels<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    task_template: WireTemplate<'a>,
    #[serde(borrow)]
    mode: Option<&'a RawValue>,
    #[serde(borrow)]
    update_config: Option<WireUpdateConfig<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    endpoint_spec: WireEndpoint<'a>,
    /// Where old clients wrote what belongs into the template.
    #[serde(borrow)]
    networks: Option<&'a RawValue>,
}

impl<'a> WireServiceSpec<'a> {
    /// The networks it joins.
    fn joins(&self) -> Vec<WireAttachment<'a>> {
        let joins: Vec<WireAttachment<'_>> = read_part(self.task_template.networks);
        if joins.is_empty() { read_part(self.networks) } else { joins }
    }

    /// Ids of the networks, secrets and configs that it names.
    fn names(&self) -> Vec<Arc<str>> {
        let refers: WireReferences<'_> = read_part(self.task_template.container_spec);
        let networks = self.joins();
        let networks = networks.iter().map(|join| Arc::from(&*join.target));
        let secrets = refers.secrets().into_iter().map(|secret| secret.id.as_str().into());
        let configs = refers.configs().into_iter().map(|config| config.id.as_str().into());
        networks.chain(secrets).chain(configs).collect()
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireUpdateConfig<'a> {
    parallelism: u64,
    delay: i64,
    monitor: i64,
    #[serde(borrow)]
    failure_action: Text<'a>,
    #[serde(borrow)]
    order: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireEndpoint<'a> {
    #[serde(borrow)]
    mode: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    ports: Vec<WirePort<'a>>,
    #[serde(rename = "VirtualIPs", borrow, deserialize_with = "or_default")]
    virtual_ips: Vec<WireVip<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireVip<'a> {
    #[serde(rename = "NetworkID", borrow)]
    network_id: Text<'a>,
    #[serde(borrow)]
    addr: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WirePort<'a> {
    #[serde(borrow)]
    protocol: Text<'a>,
    target_port: u32,
    published_port: u32,
    #[serde(borrow)]
    publish_mode: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireUpdateStatus<'a> {
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    started_at: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    completed_at: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireCounts {
    running_tasks: u64,
    desired_tasks: u64,
    completed_tasks: u64,
}

impl WireCounts {
    fn model(&self) -> Counts {
        Counts {
            running: self.running_tasks,
            desired: self.desired_tasks,
            completed: self.completed_tasks,
        }
    }
}

/// `{"Replicated":{"Replicas":3}}`: one key names the mode.
fn mode(raw: Option<&RawValue>) -> Result<Mode, serde_json::Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct ModeFields {
        replicas: Option<u64>,
        max_concurrent: Option<u64>,
        total_completions: Option<u64>,
    }
    let read: Option<BTreeMap<String, Option<ModeFields>>> =
        raw.map(|r| serde_json::from_str(r.get())).transpose()?;
    let Some((name, fields)) = read.and_then(|m| m.into_iter().next()) else {
        return Ok(Mode::Other("unknown".into()));
    };
    let fields = fields.unwrap_or_default();
    Ok(match name.as_str() {
        "Replicated" => Mode::Replicated(fields.replicas.unwrap_or(1)),
        "Global" => Mode::Global,
        "ReplicatedJob" => {
            let total = fields.total_completions.or(fields.max_concurrent).unwrap_or(1);
            Mode::ReplicatedJob { concurrent: fields.max_concurrent.unwrap_or(1), total }
        }
        "GlobalJob" => Mode::GlobalJob,
        other => Mode::Other(other.into()),
    })
}

fn update_config(w: &WireUpdateConfig<'_>) -> UpdateConfig {
    let default = UpdateConfig::default();
    UpdateConfig {
        parallelism: w.parallelism,
        delay: nanos(w.delay),
        monitor: if w.monitor > 0 { nanos(w.monitor) } else { default.monitor },
        on_failure: match &*w.failure_action {
            "" => default.on_failure,
            word => FailureAction::from_word(word),
        },
        order: if w.order.is_empty() { default.order } else { (*w.order).into() },
    }
}

impl TryFrom<WireService<'_>> for Service {
    type Error = serde_json::Error;

    fn try_from(w: WireService<'_>) -> Result<Self, Self::Error> {
        check_id(&w.id)?;
        let spec: WireServiceSpec<'_> =
            w.spec.map(|raw| serde_json::from_str(raw.get())).transpose()?.unwrap_or_default();
        // An engine makes no service without one.
        if spec.name.is_empty() {
            return Err(serde::de::Error::custom("it has no name"));
        }
        let template = &spec.task_template;
        let refers: WireReferences<'_> = read_part(template.container_spec);
        let task = template.model();
        let joins = spec.joins();
        let alias =
            |join: &WireAttachment<'_>, alias: &str| (NetworkId::from(&*join.target), alias.into());
        let before = w.previous_spec.map(|raw| read_part::<WireServiceSpec<'_>>(Some(raw)));
        // The endpoint holds the ports given out; the spec those asked for. Host ports are in both.
        let ports =
            if w.endpoint.ports.is_empty() { &spec.endpoint_spec.ports } else { &w.endpoint.ports };
        Ok(Self {
            id: ServiceId::from(&*w.id),
            version: w.version.index,
            name: (*spec.name).into(),
            stack: spec.labels.get(STACK_LABEL).map(|s| (&**s).into()),
            labels: labels(&spec.labels),
            mode: mode(spec.mode)?,
            image: task.image,
            ports: ports
                .iter()
                .map(|p| Port {
                    protocol: (*p.protocol).into(),
                    target: p.target_port,
                    published: p.published_port,
                    mode: PublishMode::from_word(&p.publish_mode),
                })
                .collect(),
            update: w.update_status.filter(|u| !u.state.is_empty()).map(|u| UpdateStatus {
                state: UpdateState::from_word(&u.state),
                message: brief(&u.message).into(),
                started: u.started_at.time(),
                completed: u.completed_at.time(),
            }),
            update_config: spec.update_config.as_ref().map(update_config).unwrap_or_default(),
            constraints: task.constraints,
            max_per_node: task.max_per_node,
            reserved: task.reserved,
            limits: task.limits,
            networks: joins.iter().map(|join| NetworkId::from(&*join.target)).collect(),
            aliases: joins
                .iter()
                .flat_map(|join| join.aliases.iter().map(|name| alias(join, name)))
                .collect(),
            endpoint_mode: match &*spec.endpoint_spec.mode {
                "" => EndpointMode::Vip,
                word => EndpointMode::from_word(word),
            },
            vips: w
                .endpoint
                .virtual_ips
                .iter()
                .filter(|vip| !vip.addr.is_empty())
                .map(|vip| (NetworkId::from(&*vip.network_id), (*vip.addr).into()))
                .collect(),
            secrets: refers.secrets(),
            configs: refers.configs(),
            mounts: task.mounts,
            health_check: refers.healthcheck.is_set(),
            restart: task.restart,
            platforms: task.platforms,
            spec: w.spec.map_or("", RawValue::get).into(),
            previous: w.previous_spec.map(RawValue::get).filter(|s| *s != "null").map(Into::into),
            previous_template: before.as_ref().map(|spec| spec.task_template.fingerprint()),
            named_before: before.as_ref().map(WireServiceSpec::names).unwrap_or_default(),
            log_driver: task.log_driver,
            template: task.template,
            run: w.job_status.job_iteration.index,
            counts: w.service_status.as_ref().map(WireCounts::model),
            is_unread: false,
            created: w.created_at.time(),
            updated: w.updated_at.time(),
        })
    }
}

/// Reads service lists, one after the other; what did not change since the last is handed on as it
/// was, without reading its spec again.
#[derive(Debug, Default)]
pub struct ServiceReader {
    known: HashMap<ServiceId, Arc<Service>>,
}

impl ServiceReader {
    /// Reads a list. Where it has no counts, those of the last one hold.
    ///
    /// # Errors
    /// Returns a description of the fault if the answer is no list.
    pub fn read(&mut self, json: &[u8]) -> Result<Listed<Arc<Service>>, String> {
        let mut unread = Vec::new();
        let read = |text: &str| {
            let (head, length) = element::<WireHead<'_>>(text)?;
            let known = self.known.get(&*head.id);
            let counts = head
                .service_status
                .as_ref()
                .map(WireCounts::model)
                .or(known.and_then(|k| k.counts));
            let service = match known {
                // The raft index of its last change covers all but the counts.
                Some(known) if known.version == head.version.index && !known.is_unread => {
                    if known.counts == counts {
                        Arc::clone(known)
                    } else {
                        Arc::new(Service { counts, ..Service::clone(known) })
                    }
                }
                _ => {
                    let (wire, _) = element::<WireService<'_>>(text)?;
                    Arc::new(Service { counts, ..Service::try_from(wire)? })
                }
            };
            Ok((service, length))
        };
        let mut services = list(json, read, |text| {
            let Named { id, name } = Named::read(text, "Spec.Name")?;
            let head = element::<WireHead<'_>>(text).ok().and_then(|(head, _)| head.service_status);
            let id = ServiceId::from(&*id);
            let counts = head.map(|counts| counts.model());
            let counts = counts.or_else(|| self.known.get(&id).and_then(|known| known.counts));
            unread.push(Arc::new(Service::unread(id, Arc::clone(&name), counts)));
            Some(name)
        })?;
        services.items.append(&mut unread);
        // The counts of one that can't be read hold, too: its version is that of no list.
        self.known = services.iter().map(|s| (s.id.clone(), Arc::clone(s))).collect();
        Ok(services)
    }
}

/// The fields that decide whether the rest must be read.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireHead<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    version: WireVersion,
    service_status: Option<WireCounts>,
}

/// Reads one service.
pub fn decode_service(json: &[u8]) -> Result<Service, String> {
    serde_json::from_slice::<WireService<'_>>(json)
        .and_then(Service::try_from)
        .map_err(|e| e.to_string())
}
