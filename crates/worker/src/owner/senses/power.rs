//! Power and heat, by `/sys/class`.

use std::fs;
use std::path::{Path, PathBuf};

/// Whether the machine runs on its battery; `None` when it has none.
pub(super) fn on_battery(classes: &Path) -> Option<bool> {
    let mut has_battery = false;
    let mut discharging = false;
    let mut mains = false;
    for supply in entries(&classes.join("power_supply")) {
        let word = |file: &str| {
            let text = fs::read_to_string(supply.join(file)).unwrap_or_default();
            text.trim().to_owned()
        };
        match word("type").as_str() {
            // A mouse's battery says nothing about the machine.
            "Battery" if word("scope") != "Device" => {
                has_battery = true;
                discharging |= word("status") == "Discharging";
            }
            "Mains" | "USB" => mains |= word("online") == "1",
            _ => {}
        }
    }
    has_battery.then_some(discharging && !mains)
}

/// Degrees of the hottest part that is measured.
pub(super) fn celsius(classes: &Path) -> Option<f64> {
    entries(&classes.join("thermal"))
        .into_iter()
        .filter(|zone| {
            let name = zone.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with("thermal_zone")
        })
        .filter_map(|zone| {
            let text = fs::read_to_string(zone.join("temp")).ok()?;
            let degrees = text.trim().parse::<f64>().ok()? / 1000.0;
            // Sensors that are not there say all kinds of things.
            (1.0..150.0).contains(&degrees).then_some(degrees)
        })
        .max_by(f64::total_cmp)
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn batteries_and_mains() {
        let classes = tempfile::tempdir().unwrap();
        let root = classes.path();
        assert_eq!(on_battery(root), None);
        put(root, "power_supply/mouse/type", "Battery\n");
        put(root, "power_supply/mouse/scope", "Device\n");
        put(root, "power_supply/mouse/status", "Discharging\n");
        assert_eq!(on_battery(root), None);
        put(root, "power_supply/BAT0/type", "Battery\n");
        put(root, "power_supply/BAT0/status", "Discharging\n");
        put(root, "power_supply/AC/type", "Mains\n");
        put(root, "power_supply/AC/online", "0\n");
        assert_eq!(on_battery(root), Some(true));
        put(root, "power_supply/AC/online", "1\n");
        assert_eq!(on_battery(root), Some(false));
    }

    #[test]
    fn the_hottest_part_counts() {
        let classes = tempfile::tempdir().unwrap();
        let root = classes.path();
        assert_eq!(celsius(root), None);
        put(root, "thermal/thermal_zone0/temp", "45000\n");
        put(root, "thermal/thermal_zone1/temp", "81500\n");
        put(root, "thermal/thermal_zone2/temp", "-274000\n");
        put(root, "thermal/cooling_device0/temp", "99000\n");
        assert_eq!(celsius(root), Some(81.5));
    }
}
