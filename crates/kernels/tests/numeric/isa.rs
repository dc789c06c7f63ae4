//! Instruction sets by their names.

use ridgeline_kernels::Isa;

#[test]
fn portable_is_always_there_and_can_be_asked_for() {
    assert_eq!(Isa::select(Some("portable")), Ok(Isa::PORTABLE));
}

#[test]
fn an_unknown_level_is_an_error_that_names_it() {
    let message = Isa::select(Some("sse9")).unwrap_err();
    assert!(message.contains("'sse9'") && message.contains("portable"), "{message}");
}

/// Rust sources below a folder.
#[cfg(target_arch = "x86_64")]
fn sources(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| match path.is_dir() {
        true => sources(&path),
        false => vec![std::fs::read_to_string(path).unwrap()],
    };
    entries.flat_map(read).collect()
}

/// A kernel that enables what the CPU was not asked for may meet an instruction that it does not know.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_cpu_is_asked_for_every_feature_that_kernels_enable() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let asked = std::fs::read_to_string(folder.join("isa.rs")).unwrap();
    let mut seen = 0;
    for source in sources(&folder) {
        let lists = source.split("target_feature(enable = \"").skip(1);
        for feature in lists.filter_map(|rest| rest.split('"').next()).flat_map(|l| l.split(',')) {
            assert!(asked.contains(&format!("_feature_detected!(\"{feature}\")")), "{feature}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}
