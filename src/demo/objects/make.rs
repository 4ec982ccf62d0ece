//! Makes networks, secrets and configs, and gives addresses to services and tasks.

use std::{net::Ipv4Addr, sync::Arc};

use serde_json::{Value, json};

use super::{
    ObjectKind, PREDEFINED, id_of, name_of,
    pool::{Address, Pool},
    text,
};
use crate::demo::{
    render,
    sim::{Nanos, Sim},
};

impl Sim {
    /// The id of an object; empty if there is none of that name.
    pub fn object_named(&self, kind: ObjectKind, name: &str) -> String {
        let found = kind.all(self).iter().find(|o| name_of(o) == name && o["Scope"] != "local");
        found.map_or(String::new(), |o| id_of(o).to_owned())
    }

    /// Adds a secret or a config of this spec.
    pub fn add_object(&mut self, kind: ObjectKind, spec: &Value, created: Nanos) -> String {
        let (id, index, at) = (self.id(), self.bump(), render::time(created));
        let mut spec = spec.clone();
        if spec["Labels"].is_null() {
            spec["Labels"] = json!({});
        }
        if kind == ObjectKind::Secret
            && let Some(spec) = spec.as_object_mut()
        {
            // Nobody is told what is in it.
            let data = spec.remove("Data").unwrap_or_default();
            self.secret_data.insert(id.clone(), data);
        }
        kind.all_mut(self).push(json!({
            "ID": id, "Version": { "Index": index }, "CreatedAt": at, "UpdatedAt": at, "Spec": spec,
        }));
        id
    }
}

impl Sim {
    /// Adds a network of the Swarm; one without a subnet is given the next.
    pub fn add_network(&mut self, asked: &Value, created: Nanos) -> String {
        let (id, index) = (self.id(), self.bump());
        let mut config = asked["IPAM"]["Config"].as_array().cloned().unwrap_or_default();
        if config.is_empty() {
            let subnet = format!("10.{}.{}.0/24", self.pools.len() / 256, self.pools.len() % 256);
            config.push(json!({ "Subnet": subnet }));
        }
        for one in &mut config {
            let subnet = text(&one["Subnet"]).to_owned();
            if one["Gateway"].is_null()
                && let Some(base) =
                    subnet.split('/').next().and_then(|b| b.parse::<Ipv4Addr>().ok())
            {
                one["Gateway"] = Ipv4Addr::from(u32::from(base).wrapping_add(1)).to_string().into();
            }
        }
        let name = text(&asked["Name"]);
        let of = |key: &str, default: Value| {
            if asked[key].is_null() { default } else { asked[key].clone() }
        };
        let mut options = of("Options", json!({}));
        let vxlan = 4096 + self.pools.len();
        options["com.docker.network.driver.overlay.vxlanid_list"] = vxlan.to_string().into();
        let as_attached = json!({
            "ID": id, "Version": { "Index": index },
            "Spec": { "Name": name, "Scope": "swarm" },
        });
        let subnet = config.first().map_or("", |one| text(&one["Subnet"]));
        if let Some(pool) = Pool::of(subnet, as_attached.to_string().into()) {
            self.pools.insert(id.clone(), pool);
        }
        self.networks.push(json!({
            "Name": name, "Id": id, "Created": render::time(created), "Scope": "swarm",
            "Driver": of("Driver", "overlay".into()),
            "EnableIPv4": true, "EnableIPv6": of("EnableIPv6", false.into()),
            "IPAM": { "Driver": "default", "Options": null, "Config": config },
            "Internal": of("Internal", false.into()),
            "Attachable": of("Attachable", false.into()),
            "Ingress": of("Ingress", false.into()),
            "ConfigFrom": { "Network": "" }, "ConfigOnly": false, "Containers": null,
            "Options": options, "Labels": of("Labels", Value::Null),
        }));
        id
    }

    /// The networks of the manager alone, and the Swarm's entries for those that every node has.
    pub fn add_local_networks(&mut self, created: Nanos) {
        for (name, driver) in [("bridge", "bridge"), ("host", "host"), ("none", "null")]
            .into_iter()
            .chain([("docker_gwbridge", "bridge")])
        {
            let (id, created) = (self.hex(), render::time(created));
            self.networks.push(json!({
                "Name": name, "Id": id, "Created": created, "Scope": "local", "Driver": driver,
                "EnableIPv4": true, "EnableIPv6": false,
                "IPAM": { "Driver": "default", "Options": null, "Config": [] },
                "Internal": false, "Attachable": false, "Ingress": false,
                "ConfigFrom": { "Network": "" }, "ConfigOnly": false, "Containers": {},
                "Options": {}, "Labels": {},
            }));
        }
        for name in ["bridge", "host"] {
            let (id, created) = (self.id(), render::time(created));
            self.networks.push(json!({
                "Name": name, "Id": id, "Created": created, "Scope": "swarm", "Driver": name,
                "EnableIPv4": true, "EnableIPv6": false,
                "IPAM": { "Driver": "", "Options": null, "Config": null },
                "Internal": false, "Attachable": false, "Ingress": false,
                "ConfigFrom": { "Network": "" }, "ConfigOnly": false, "Containers": null,
                "Options": null, "Labels": { PREDEFINED: "true" },
            }));
        }
    }

    /// Ids of the networks that a service's tasks are attached to.
    fn networks_of(&self, spec: &Value) -> Vec<String> {
        let named = spec["TaskTemplate"]["Networks"].as_array().into_iter().flatten();
        let mut ids: Vec<String> = named.map(|one| text(&one["Target"]).to_owned()).collect();
        let mut ports = spec["EndpointSpec"]["Ports"].as_array().into_iter().flatten();
        if ports.any(|port| port["PublishMode"] != "host") {
            let ingress = self.networks.iter().find(|network| network["Ingress"] == true);
            ids.extend(ingress.map(|network| id_of(network).to_owned()));
        }
        ids
    }

    /// Gives addresses to a new task of a service.
    pub fn attach(&mut self, service: &str) -> Vec<Address> {
        let ids = self.networks_of(&self.services[service].spec);
        let mut given = Vec::new();
        for id in ids {
            let Some(pool) = self.pools.get_mut(&id) else { continue };
            if let Some(number) = pool.take() {
                let (network, text) = (Arc::clone(&pool.network), pool.text(number));
                given.push(Address { id: id.into(), network, text, number });
            }
        }
        given
    }

    /// Takes the addresses of a task back.
    pub fn detach(&mut self, addresses: &[Address]) {
        for address in addresses {
            if let Some(pool) = self.pools.get_mut(&*address.id) {
                pool.free.push(address.number);
            }
        }
    }

    /// The addresses of a service itself, as its spec asks for them now.
    pub fn vips(&mut self, spec: &Value, had: &[(String, String)]) -> Vec<(String, String)> {
        if spec["EndpointSpec"]["Mode"] == "dnsrr" {
            return Vec::new();
        }
        let mut vips = Vec::new();
        for id in self.networks_of(spec) {
            if let Some(kept) = had.iter().find(|(of, _)| *of == id) {
                vips.push(kept.clone());
                continue;
            }
            let Some(pool) = self.pools.get_mut(&id) else { continue };
            if let Some(number) = pool.take() {
                vips.push((id, pool.text(number)));
            }
        }
        vips
    }
}
