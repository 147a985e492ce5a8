//! `scripts/with-adapter` on small made-up machines: a temporary folder is the system's root, and the programs in
//! `machine/` are its package managers, `sudo` and the like.

use std::fs::{create_dir_all, read_to_string, write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const LAVAPIPE: &str = "usr/share/vulkan/icd.d/lvp_icd.x86_64.json";
const LOADER: &str = "usr/lib/x86_64-linux-gnu/libvulkan.so.1";

/// A Linux machine without a Vulkan adapter, and a user who may install one only if `sudo` or `user` says so.
struct Machine {
    root: TempDir,
    system: &'static str,
    user: &'static str,
    sudo: &'static str,
    variables: Vec<(&'static str, String)>,
}

/// What the script did: its exit code, its two streams, and the calls that changed the machine.
struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
    log: String,
}

impl Machine {
    /// A machine with these programs beside the usual ones, owned by its user.
    fn with(programs: &[&str]) -> Machine {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let machine = Machine { root, system: "Linux", user: "0", sudo: "", variables: Vec::new() };
        for folder in ["bin", "usr/lib", "usr/share/vulkan/icd.d", "dev/dri"] {
            create_dir_all(machine.path(folder)).expect("the root can be filled");
        }
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/with_adapter/machine");
        for (program, target) in [("uname", "uname"), ("id", "id"), ("wanted", "command")] {
            symlink(ours.join(target), machine.path("bin").join(program)).expect("a link can be made");
        }
        symlink("/usr/bin/env", machine.path("bin/env")).expect("a link can be made");
        for program in programs {
            let target = if ["sudo", "doas"].contains(program) { "sudo" } else { "manager" };
            symlink(ours.join(target), machine.path("bin").join(program)).expect("a link can be made");
        }
        machine
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.root.path().join(relative)
    }

    fn add(self, relative: &str, text: &str) -> Machine {
        let path = self.path(relative);
        create_dir_all(path.parent().expect("a file stands in a folder")).expect("the root can be filled");
        write(path, text).expect("the root can be filled");
        self
    }

    /// Adds the manifest of a driver whose library is called `library`.
    fn driver(self, manifest: &str, library: &str) -> Machine {
        self.add(manifest, &format!("{{\n    \"ICD\": {{\n        \"library_path\": \"{library}\"\n    }}\n}}"))
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/with-adapter");
        let output = Command::new("/bin/sh")
            .arg(script)
            .args(arguments)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .env("WITH_ADAPTER_ROOT", self.root.path())
            .envs([("FAKE_SYSTEM", self.system), ("FAKE_USER", self.user), ("FAKE_SUDO", self.sudo)])
            .envs(self.variables.clone())
            .output()
            .expect("/bin/sh runs");
        Outcome {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into(),
            err: String::from_utf8_lossy(&output.stderr).into(),
            log: read_to_string(self.path("log")).unwrap_or_default(),
        }
    }

    /// Runs the wanted program and says whether the script held the machine ready for it: nothing said, nothing done.
    fn is_ready(&self) -> bool {
        let outcome = self.run(&["wanted", "a b", "c"]);
        let quiet = outcome.err.is_empty() && outcome.log.is_empty();
        quiet && outcome.code == Some(7) && outcome.out == "ran with: a b c\n"
    }
}

#[test]
fn with_an_adapter_it_only_runs_the_command() {
    let lavapipe = || Machine::with(&["apt-get"]).add("usr/lib/libvulkan_lvp.so", "");
    assert!(lavapipe().add(LOADER, "").driver(LAVAPIPE, "/usr/lib/libvulkan_lvp.so").is_ready());
    assert!(lavapipe().add(LOADER, "").driver(LAVAPIPE, "libvulkan_lvp.so").is_ready());
    assert!(lavapipe().add(LOADER, "").driver(LAVAPIPE, "../../../lib/libvulkan_lvp.so").is_ready());
    assert!(lavapipe().add("usr/lib64/libvulkan.so.1", "").driver(LAVAPIPE, "libvulkan_lvp.so").is_ready());
    assert!(lavapipe().add(LOADER, "").driver("etc/vulkan/icd.d/lvp.json", "libvulkan_lvp.so").is_ready());
    assert!(lavapipe().add(LOADER, "").driver("home/.local/share/vulkan/icd.d/a.json", "libvulkan_lvp.so").is_ready());
}

#[test]
fn a_driver_needs_its_library_the_loader_and_a_device() {
    let nvidia = || Machine::with(&["apt-get"]).driver("etc/vulkan/icd.d/nvidia_icd.json", "libGLX_nvidia.so.0");
    let library = "usr/lib/x86_64-linux-gnu/libGLX_nvidia.so.0";
    assert!(nvidia().add(LOADER, "").add(library, "").add("dev/nvidia0", "").is_ready());
    assert!(nvidia().add(LOADER, "").add(library, "").add("dev/dri/renderD128", "").is_ready());
    assert!(!nvidia().add(LOADER, "").add(library, "").add("dev/nvidiactl", "").is_ready(), "no device");
    assert!(!nvidia().add(LOADER, "").add("dev/nvidia0", "").is_ready(), "no library");
    assert!(!nvidia().add(library, "").add("dev/nvidia0", "").is_ready(), "no loader");
    assert!(!Machine::with(&["apt-get"]).add(LOADER, "").add("dev/nvidia0", "").is_ready(), "no manifest");
    assert!(!Machine::with(&["apt-get"]).add(LOADER, "").driver(LAVAPIPE, "/usr/lib/libvulkan_lvp.so").is_ready());
}

#[test]
fn the_linkers_own_folders_count() {
    let machine = || {
        let machine = Machine::with(&["apt-get"]).add("opt/libvulkan_lvp.so", "").add("opt/libvulkan.so.1", "");
        machine.driver(LAVAPIPE, "libvulkan_lvp.so")
    };
    assert!(!machine().is_ready());
    let mut listed = machine();
    listed.variables = vec![("LD_LIBRARY_PATH", format!("/none:{}", listed.path("opt").display()))];
    assert!(listed.is_ready());
    let cached = machine();
    create_dir_all(cached.path("sbin")).expect("the root can be filled");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/with_adapter/machine/ldconfig");
    symlink(ours, cached.path("sbin/ldconfig")).expect("a link can be made");
    assert!(cached.is_ready());
}

#[test]
fn the_loaders_variables_are_honoured() {
    let mut machine = Machine::with(&["apt-get"]).add(LOADER, "").add("usr/lib/libvulkan_lvp.so", "");
    machine =
        machine.driver("opt/lvp.json", "libvulkan_lvp.so").driver("data/vulkan/icd.d/lvp.json", "libvulkan_lvp.so");
    for (variable, value) in [
        ("VK_DRIVER_FILES", "opt/lvp.json"),
        ("VK_DRIVER_FILES", "opt"),
        ("VK_ICD_FILENAMES", "opt/lvp.json"),
        ("VK_ADD_DRIVER_FILES", "opt/lvp.json"),
        ("XDG_DATA_DIRS", "data"),
    ] {
        machine.variables = vec![(variable, format!("/none:{}", machine.path(value).display()))];
        assert!(machine.is_ready(), "{variable}={value}");
    }
    machine.variables = vec![("VK_DRIVER_FILES", "/none.json".into())];
    let outcome = machine.run(&["wanted"]);
    assert_eq!((outcome.code, outcome.log.as_str(), outcome.out.as_str()), (Some(1), "", ""));
    assert!(outcome.err.contains("VK_DRIVER_FILES") && outcome.err.contains("/none.json"), "{}", outcome.err);
}

#[test]
fn each_package_manager_installs_mesas_adapter_once() {
    for (manager, calls) in [
        ("apt-get", "apt-get install -y mesa-vulkan-drivers libvulkan1\n"),
        ("dnf", "dnf install -y mesa-vulkan-drivers vulkan-loader\n"),
        ("pacman", "pacman -Sy --needed --noconfirm vulkan-swrast vulkan-icd-loader\n"),
        ("apk", "apk add --update-cache mesa-vulkan-swrast vulkan-loader\n"),
    ] {
        let machine = Machine::with(&[manager]).add("lists", "");
        let outcome = machine.run(&["wanted", "a b"]);
        assert_eq!(outcome.log, calls);
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(7), "ran with: a b\n"), "{}", outcome.err);
        assert!(outcome.err.contains("installing Mesa's software one"), "{}", outcome.err);
        machine.run(&["wanted"]);
        assert_eq!(machine.run(&["wanted"]).log, calls, "a second run has nothing to do");
    }
}

#[test]
fn package_lists_are_fetched_where_they_are_missing() {
    let install = "apt-get install -y mesa-vulkan-drivers libvulkan1\n";
    let outcome = Machine::with(&["apt-get"]).run(&["wanted"]);
    assert_eq!((outcome.code, outcome.log), (Some(7), format!("{install}apt-get update\n{install}")));

    let arch = Machine::with(&["pacman"]).add("lists", "").add("var/lib/pacman/sync/extra.db", "");
    let outcome = arch.run(&["wanted"]);
    assert_eq!(outcome.log, "pacman -S --needed --noconfirm vulkan-swrast vulkan-icd-loader\n");
}

#[test]
fn rights_are_borrowed_if_no_password_is_asked() {
    for tool in ["sudo", "doas"] {
        let machine = Machine::with(&["apk", tool]).add("lists", "");
        let outcome = Machine { user: "1000", sudo: "yes", ..machine }.run(&["wanted"]);
        let call = format!("{tool} apk add --update-cache mesa-vulkan-swrast vulkan-loader\n");
        assert_eq!((outcome.code, outcome.log), (Some(7), call), "{}", outcome.err);
    }
    let machine = Machine::with(&["apt-get", "sudo"]).add("lists", "");
    let outcome = Machine { user: "1000", sudo: "yes", ..machine }.run(&["wanted"]);
    assert_eq!(outcome.log, "sudo apt-get install -y mesa-vulkan-drivers libvulkan1\n");
}

#[test]
fn without_rights_it_says_what_to_type() {
    for (manager, command) in [
        ("apt-get", "apt-get install mesa-vulkan-drivers libvulkan1\n"),
        ("dnf", "dnf install mesa-vulkan-drivers vulkan-loader\n"),
        ("pacman", "pacman -Syu --needed vulkan-swrast vulkan-icd-loader\n"),
        ("apk", "apk add mesa-vulkan-swrast vulkan-loader\n"),
    ] {
        let refused = Machine { user: "1000", ..Machine::with(&[manager, "sudo"]) }.run(&["wanted"]);
        assert_eq!((refused.code, refused.log.as_str(), refused.out.as_str()), (Some(1), "", ""));
        assert!(refused.err.ends_with(&format!("    sudo {command}")), "{}", refused.err);
        let alone = Machine { user: "1000", ..Machine::with(&[manager]) }.run(&["wanted"]);
        assert_eq!((alone.code, alone.log.as_str()), (Some(1), ""));
        assert!(alone.err.contains("As root") && alone.err.ends_with(&format!("    {command}")), "{}", alone.err);
    }
}

#[test]
fn trouble_is_told_and_the_command_is_not_run() {
    let unknown = Machine::with(&[]).run(&["wanted"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(1), ""));
    assert!(unknown.err.contains("libvulkan.so.1") && unknown.err.contains("lavapipe"), "{}", unknown.err);

    let failed = Machine::with(&["dnf"]).run(&["wanted"]);
    assert_eq!((failed.code, failed.out.as_str()), (Some(1), ""));
    assert!(failed.err.contains("dnf talks") && failed.err.contains("dnf install mesa"), "{}", failed.err);

    let nothing = Machine::with(&["dnf"]).run(&[]);
    assert_eq!((nothing.code, nothing.log.as_str()), (Some(2), ""));
    assert!(nothing.err.contains("usage"));

    let missing = Machine { system: "Darwin", ..Machine::with(&[]) }.run(&["no-such-program"]);
    assert_eq!(missing.code, Some(127));
}

#[test]
fn other_systems_bring_their_own_adapter() {
    for system in ["Darwin", "MINGW64_NT-10.0-20348", "MSYS_NT-10.0"] {
        assert!(Machine { system, ..Machine::with(&["apt-get"]) }.is_ready(), "{system}");
    }
}
