//! Keys of a compose file that docker ignores without a word (measured with CLIs 20.10 and 28).

use serde_norway::Value;

/// Keys of services that it ignores.
const OF_SERVICES: [(&str, &str); 2] =
    [("depends_on", "services start in any order"), ("tmpfs", "nothing is mounted there")];
/// Keys of a service's networks that it ignores.
const OF_NETWORKS: [&str; 2] = ["ipv4_address", "ipv6_address"];

/// Warnings for a compose file; none for one that can't be read, since docker says why.
pub fn ignored_silently(file: &str) -> Vec<String> {
    let Ok(mut file) = serde_norway::from_str::<Value>(file) else { return Vec::new() };
    let _ = file.apply_merge();
    let mut said = Vec::new();
    for (key, why) in OF_SERVICES {
        let services = entries(&file["services"]).filter(|(_, service)| has(service, key));
        let names: Vec<&str> = services.map(|(name, _)| name).collect();
        if !names.is_empty() {
            said.push(format!("docker ignores {key} of {} silently: {why}", names.join(", ")));
        }
    }
    for key in OF_NETWORKS {
        let services = entries(&file["services"]).filter(|(_, service)| {
            entries(&service["networks"]).any(|(_, network)| has(network, key))
        });
        let names: Vec<&str> = services.map(|(name, _)| name).collect();
        if !names.is_empty() {
            said.push(format!("docker ignores {key} of {} silently", names.join(", ")));
        }
    }
    said
}

/// Networks that a file defines and no service of it joins: docker creates none of them.
pub fn unused_networks<'f>(files: impl Iterator<Item = &'f str>) -> Vec<String> {
    let (mut defined, mut joined) = (Vec::new(), Vec::new());
    for file in files {
        let Ok(mut file) = serde_norway::from_str::<Value>(file) else { return Vec::new() };
        let _ = file.apply_merge();
        defined.extend(entries(&file["networks"]).map(|(name, _)| name.to_owned()));
        for (_, service) in entries(&file["services"]) {
            let networks = &service["networks"];
            joined.extend(entries(networks).map(|(name, _)| name.to_owned()));
            let listed = networks.as_sequence().into_iter().flatten();
            joined.extend(listed.filter_map(Value::as_str).map(str::to_owned));
            if !has(service, "networks") {
                joined.push("default".into());
            }
        }
    }
    defined.retain(|name| !joined.contains(name));
    defined.sort();
    defined.dedup();
    defined
}

fn entries(map: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let map = map.as_mapping().into_iter().flatten();
    map.filter_map(|(key, value)| Some((key.as_str()?, value)))
}

fn has(map: &Value, key: &str) -> bool {
    map.get(key).is_some_and(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_ignores_without_a_word_is_told() {
        let file = "
x-base: &base
  depends_on: [db]
services:
  web:
    <<: *base
    tmpfs: /run
    networks: { front: { ipv4_address: 10.0.0.5 }, back: null }
  db: { image: 'db:${TAG:-1}' }
networks: { front: {}, back: {}, spare: {} }
";
        assert_eq!(
            ignored_silently(file),
            [
                "docker ignores depends_on of web silently: services start in any order",
                "docker ignores tmpfs of web silently: nothing is mounted there",
                "docker ignores ipv4_address of web silently",
            ]
        );
        assert_eq!(unused_networks([file].into_iter()), ["spare"]);
        assert_eq!(ignored_silently("services: [}"), Vec::<String>::new());
    }
}
