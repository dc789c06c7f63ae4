//! The same bits for any number of threads, run after run.

mod common;

use common::{Silent, options, trainer};

fn train(threads: usize) -> Vec<Vec<u32>> {
    let (trainer, data) = trainer();
    trainer.fit(&data, None, 1e-2, &options(threads, 5), &mut Silent).unwrap();
    trainer.trainables.iter().map(|t| t.variable.read().words).collect()
}

#[test]
fn weights_do_not_depend_on_the_number_of_threads() {
    let one = train(1);
    for threads in [1, 2, 3, 16] {
        assert_eq!(train(threads), one, "{threads} threads");
    }
}

#[test]
fn a_fault_ends_the_run_and_only_the_run() {
    use ridgeline_engine::Code;
    use ridgeline_engine::run::executor::FAULT;
    use std::sync::atomic::Ordering;
    let (trainer, data) = trainer();
    FAULT.store(1, Ordering::Relaxed);
    let error = trainer.fit(&data, None, 1e-2, &options(2, 1), &mut Silent).unwrap_err();
    assert_eq!(error.code, Code::Native);
    assert!(error.message.contains("injected fault"), "{error}");
    let (other, data) = common::trainer();
    other.fit(&data, None, 1e-2, &options(2, 1), &mut Silent).unwrap();
}
