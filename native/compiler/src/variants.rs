//! Which variants of a kernel are translated, from the one table that the engine's ops read too.

use std::collections::BTreeMap;

use crate::{ShaderError, Source};

/// The text of `shaders/variants.toml`, which says how it is to be read.
pub const TABLE: &str = include_str!("../../../shaders/variants.toml");

/// Values of `override` constants, ordered by name.
pub type Overrides = BTreeMap<String, u32>;

/// The variants of kernel `source` for vectors of `lanes` invocations. Each holds the constants that the table gives.
///
/// # Errors
/// What is wrong with the table.
pub fn variants(source: &Source, lanes: u32) -> Result<Vec<Overrides>, ShaderError> {
    let fail = |message: String| ShaderError::Whole { path: "variants.toml".into(), message };
    let table: toml::Table = TABLE.parse().map_err(|error: toml::de::Error| fail(error.to_string()))?;
    let sets = table.get("set").and_then(toml::Value::as_array).ok_or_else(|| fail("there is no [[set]]".into()))?;
    let names = |set: &toml::Value, key: &str| -> Vec<String> {
        let list = set.get(key).and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|name| name.as_str().map(String::from)).collect()
    };
    let Some(set) = sets.iter().find(|set| names(set, "kernels").iter().any(|name| name == source.name)) else {
        return Ok(vec![Overrides::new()]);
    };
    let constants = names(set, "constants");
    let rows = set.get("native").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    let any_lanes = set.get("any_lanes").and_then(toml::Value::as_bool).unwrap_or(false);
    let mut found = Vec::new();
    for row in rows {
        let row: Vec<u32> =
            row.as_array().into_iter().flatten().filter_map(|v| v.as_integer()).map(|v| v as u32).collect();
        if row.len() != constants.len() {
            return Err(fail(format!("{row:?} has not a value for each of {constants:?}")));
        }
        let variant: Overrides = constants.iter().cloned().zip(row).collect();
        if !any_lanes && variant.get("LANES").is_some_and(|given| *given != lanes) {
            continue;
        }
        let switches = names(set, "switches");
        let states = if switches.is_empty() { vec![0] } else { vec![0, 1] };
        for state in states {
            let switched = switches.iter().map(|name| (name.clone(), state));
            found.push(variant.clone().into_iter().chain(switched).collect());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel;

    #[test]
    fn a_kernel_has_its_rows_for_its_lanes_and_all_switches_at_once() {
        let of = |name: &str, lanes| variants(kernel(name).unwrap(), lanes).unwrap();
        assert_eq!(of("add", 16), [Overrides::new()]);
        assert!(of("matmul_panels", 16).iter().all(|variant| variant["LANES"] == 16));
        assert!(of("matmul_panels", 5).is_empty());
        let tiled = of("matmul_tiled", 8);
        assert!(tiled.iter().all(|variant| variant["VEC_A"] == variant["VEC_B"]));
        assert_eq!(tiled.iter().filter(|variant| variant["VEC_A"] == 1).count() * 2, tiled.len());
    }
}
