//! A fault in a task ends its run and nothing else. In a file of its own: the switch is one for
//! the whole process.

mod common;

use common::{Silent, options, trainer};
use ridgeline_engine::Code;
use ridgeline_engine::run::job::FAULT;
use std::sync::atomic::Ordering;

#[test]
fn a_fault_ends_the_run_and_only_the_run() {
    let (faulty, data) = trainer();
    FAULT.store(1, Ordering::Relaxed);
    let error = faulty
        .fit(&data, None, None, &options(2, 1), &Default::default(), &mut Silent::default())
        .unwrap_err();
    assert_eq!(error.code, Code::Native);
    assert!(error.message.contains("injected fault"), "{error}");
    let (other, data) = trainer();
    other
        .fit(&data, None, None, &options(2, 1), &Default::default(), &mut Silent::default())
        .unwrap();
}
