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
