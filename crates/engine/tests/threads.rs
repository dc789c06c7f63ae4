//! The same bits for any number of threads, run after run.

mod common;

use common::{Silent, options, trainer};

fn train(threads: usize) -> Vec<Vec<u32>> {
    let (trainer, data) = trainer();
    trainer
        .fit(&data, None, None, &options(threads, 5), &Default::default(), &mut Silent::default())
        .unwrap();
    trainer.trainables.iter().map(|t| t.variable.read().unwrap().words.clone()).collect()
}

#[test]
fn weights_do_not_depend_on_the_number_of_threads() {
    let one = train(1);
    for threads in [1, 2, 3, 16] {
        assert_eq!(train(threads), one, "{threads} threads");
    }
}
